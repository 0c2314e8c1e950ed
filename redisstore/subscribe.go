package redisstore

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
)

// handover is a subscription that is made by one goroutine for another one, which
// may have left.
type handover struct {
	mu     sync.Mutex
	node   *redis.Client
	pubsub *redis.PubSub
	left   bool
}

func (h *handover) give(node *redis.Client, pubsub *redis.PubSub) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		_ = pubsub.Close()
		return
	}
	h.node, h.pubsub = node, pubsub
}

func (h *handover) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = true
	if h.pubsub != nil {
		_ = h.pubsub.Close()
	}
}

// open subscribes to the channel and to that of the heartbeats. The client may not
// watch ctx: it is left alone then, as commands are.
func (s *session) open(ctx context.Context) (pubsub *redis.PubSub, err error) {
	b := s.link.bus
	ctx, cancel := context.WithTimeout(ctx, silence(b.opt.Heartbeat))
	defer cancel()
	var made handover
	defer func() {
		if p := recover(); p != nil { // in a hook
			err = &advcache.PanicError{Value: p}
		}
		if err != nil {
			made.leave()
		}
	}()
	err = b.via.guard(ctx, func() error {
		node, err := b.node(ctx)
		if err != nil {
			return err
		}
		pubsub, err := b.subscribe(ctx, node, s.beats)
		if err == nil {
			made.give(node, pubsub)
		}
		return err
	})
	s.node = made.node
	return made.pubsub, err
}

// subscribe opens a connection to the node that messages go to: not to one of its
// replicas, even if the client prefers them.
func (b *Bus) subscribe(ctx context.Context, node *redis.Client, beats string) (pubsub *redis.PubSub, err error) {
	if b.sharded {
		pubsub = node.SSubscribe(ctx)
		err = pubsub.SSubscribe(ctx, b.opt.Channel, beats)
	} else {
		pubsub = node.Subscribe(ctx)
		err = pubsub.Subscribe(ctx, b.opt.Channel, beats)
	}
	if err != nil {
		_ = pubsub.Close()
		return nil, err
	}
	return pubsub, nil
}

// node returns the client of the server that has the channel, as far as the client
// of the bus knows.
func (b *Bus) node(ctx context.Context) (*redis.Client, error) {
	if c, ok := b.client.(*redis.ClusterClient); ok {
		return c.MasterForKey(ctx, b.opt.Channel)
	}
	c, _ := b.client.(*redis.Client)
	return c, nil
}

// isMaster asks a server whether it is the master that has the channel.
func (b *Bus) isMaster(ctx context.Context, node *redis.Client) (bool, error) {
	if !b.sharded {
		role, err := node.Do(ctx, "role").Slice()
		return err != nil || len(role) == 0 || role[0] == "master", err
	}
	id, err := node.Do(ctx, "cluster", "myid").Text()
	if err != nil {
		return false, err
	}
	slot, err := node.ClusterKeySlot(ctx, b.opt.Channel).Result()
	if err != nil {
		return false, err
	}
	shards, err := node.ClusterShards(ctx).Result()
	if err != nil {
		return false, err
	}
	for _, shard := range shards {
		if !slices.ContainsFunc(shard.Slots, func(r redis.SlotRange) bool { return r.Start <= slot && slot <= r.End }) {
			continue
		}
		for _, n := range shard.Nodes {
			if n.ID == id {
				return n.Role == "master", nil
			}
		}
	}
	return false, nil
}
