package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
)

// BusOptions are those of a [Bus]. The zero value is the default.
type BusOptions struct {
	// Name stands in errors and log lines. Empty: "redis bus".
	Name string

	// Channel is what the messages are published to. Empty: "advcache". Buses of
	// one channel hear each other, whatever database their clients have
	// selected. It has no braces, which the bus needs for itself. Where users
	// have ACLs, they need the channels advcache and {advcache}:*, to publish too.
	Channel string

	// Heartbeat is how often a bus that has subscribers sends a message to
	// itself, which nobody else gets. 0: a second. It must be between 100 ms and a
	// minute. How soon the bus finds that it is cut off depends on it: see
	// Connections in the documentation of the package.
	Heartbeat time.Duration

	// Logger is told, at level Warn, when the bus is not connected, when a message
	// makes no sense, and where a subscriber panics. Nil: slog.Default().
	Logger *slog.Logger
}

// The default of BusOptions.Heartbeat, and its bounds.
const (
	DefaultHeartbeat = time.Second
	MinHeartbeat     = 100 * time.Millisecond
	MaxHeartbeat     = time.Minute
)

// Bus is an [advcache.Bus] on the pub/sub of Redis or Valkey. It is safe for
// concurrent use. With subscribers it has a connection and a few goroutines, and
// nothing without. The client stays with its owner, who closes it after the Bus.
//
// Subscribers share the slices of a message, and must not change them. A stop
// function, and Close, wait for calls of the subscriber; so it must not call them.
type Bus struct {
	client  redis.UniversalClient
	via     *Store // sends commands, with regard to contexts
	opt     BusOptions
	sharded bool // SPUBLISH and SSUBSCRIBE

	closing sync.Once

	mu     sync.Mutex
	closed bool
	link   *link // nil: there are no subscribers
}

var _ advcache.Bus = (*Bus)(nil)

// NewBus returns a Bus on the server, the master behind Sentinel, or the Cluster
// that c is a client of. It sends nothing. In a Cluster it uses sharded pub/sub,
// which Redis has from version 7 on.
//
// It panics where c is nil, or of another type: the clients of a Ring do not
// agree at all times on the shard that has the channel, so that messages would be
// lost and nobody would know. It panics where the options make no sense, too.
func NewBus(c redis.UniversalClient, o *BusOptions) *Bus {
	b := &Bus{client: c}
	if o != nil {
		b.opt = *o
	}
	b.opt = b.opt.complete()
	known := false
	switch c := c.(type) {
	case *redis.Client:
		known = c != nil
	case *redis.ClusterClient:
		known = c != nil
		// ClusterSlots makes a Cluster of servers that know of none.
		b.sharded = known && c.Options().ClusterSlots == nil
	case *redis.Ring:
		panic("redisstore: NewBus with a *redis.Ring, whose clients may each take another shard for the channel; " +
			"it needs the client of one server that all of them use, or of a Cluster")
	}
	if !known {
		panic(fmt.Sprintf("redisstore: NewBus with a client that is nil or unknown (%T); "+
			"it needs a *redis.Client or a *redis.ClusterClient, such as redis.NewClient returns", c))
	}
	b.via = New(c, &Options{Name: b.opt.Name})
	return b
}

func (o BusOptions) complete() BusOptions {
	if o.Name == "" {
		o.Name = "redis bus"
	}
	if o.Channel == "" {
		o.Channel = "advcache"
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = DefaultHeartbeat
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if strings.ContainsAny(o.Channel, "{}") {
		panic(fmt.Sprintf("redisstore: BusOptions.Channel is %q; it must have no braces, with which the bus keeps its heartbeats on the same node",
			o.Channel))
	}
	if o.Heartbeat < MinHeartbeat || o.Heartbeat > MaxHeartbeat {
		panic(fmt.Sprintf("redisstore: BusOptions.Heartbeat is %v; it must be between %v and %v, or 0 for %v",
			o.Heartbeat, MinHeartbeat, MaxHeartbeat, DefaultHeartbeat))
	}
	return o
}

// Publish implements [advcache.Bus]. What is larger than 64 KiB goes as several
// messages, one after the other, and arrives as such. After an error, some of
// them may have been sent. A message may arrive twice, where the client tries again.
//
// A key, tag or prefix of more than 4 MiB cannot be sent.
func (b *Bus) Publish(ctx context.Context, m advcache.Invalidation) error {
	var errs []error
	for part := range parts(m) {
		if len(part) > maxMessage { // the others can be told all the same
			errs = append(errs, fmt.Errorf("redisstore: a message of %d bytes, of at most %d", len(part), maxMessage))
			continue
		}
		if err := b.send(ctx, part); err != nil {
			errs = append(errs, err)
			break
		}
	}
	if len(errs) > 0 {
		return &advcache.OpError{Op: "publish", Backend: b.opt.Name, Err: errors.Join(errs...)}
	}
	return nil
}

func (b *Bus) send(ctx context.Context, part []byte) error {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return advcache.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := b.publish(ctx, b.opt.Channel, part)
	return err
}

// publish returns how many have got the message at the server that it was sent to.
func (b *Bus) publish(ctx context.Context, channel string, payload any) (receivers int64, err error) {
	name := "publish"
	if b.sharded {
		name = "spublish"
	}
	cmd := redis.NewIntCmd(ctx, name, channel, payload)
	cmd.SetFirstKeyPos(1) // so that all go to the node that has the channel
	if err := b.via.process(ctx, cmd); err != nil {
		return 0, err
	}
	return cmd.Val(), nil
}

// Subscribe implements [advcache.Bus]. It does not wait for the server: s is told
// when there is a connection. Functions of s that are nil are not called. Where
// one panics, or calls runtime.Goexit, s is told that messages were lost. Up to
// 1,024 messages, or 16 MiB, wait for s; it loses them all if there are more.
//
// After Close it gives an error that wraps advcache.ErrClosed.
func (b *Bus) Subscribe(s advcache.BusSubscriber) (stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, &advcache.OpError{Op: "subscribe", Backend: b.opt.Name, Err: advcache.ErrClosed}
	}
	if b.link == nil {
		b.link = newLink(b)
	}
	link, sub := b.link, newSubscriber(s, b.opt)
	link.add(sub)
	return func() { b.stop(link, sub) }, nil
}

// stop ends a subscription, and the connection with the last one.
func (b *Bus) stop(l *link, sub *subscriber) {
	b.mu.Lock()
	last := l.remove(sub)
	if last && b.link == l {
		b.link = nil
	}
	b.mu.Unlock()
	sub.end(false)
	<-sub.over
	if last {
		l.end()
	}
}

// Close ends the connection, and waits until nobody is told anything any more.
// Subscribers that were connected are told that they are not. It may be called
// again, and always returns nil.
func (b *Bus) Close() error {
	b.closing.Do(func() {
		b.mu.Lock()
		b.closed = true
		l := b.link
		b.link = nil
		b.mu.Unlock()
		if l == nil {
			return
		}
		l.end()
		for _, sub := range l.all() {
			sub.end(true)
			<-sub.over
		}
	})
	return nil
}
