package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/advcache/advcache/codec"
)

const (
	manyKeys       = 100
	redisGoroutine = 64
)

const noteTimeout = "the CPU time is that of this process, the server is another; " +
	"like is compared with like: " + nameGoRedis + " without a timeout with " + nameUntimed + ", all others with " + nameOurs

// redisWork is reads and writes of a Redis that runs on the same machine.
func redisWork(r *runner) {
	server := r.redis("redis")
	if server == nil {
		return
	}
	readsAndWrites(r, server, articles(small))
	readsAndWrites(r, server, articles(large))
	readsOfGenerated(r, server)
	manyReads(r, server, articles(small))
	manyReads(r, server, content[string]{"32 B", codec.Raw, func(id int64) string { return fmt.Sprintf("%032d", id) }})
}

func readsAndWrites(r *runner, server *redisServer, c content[Article]) {
	clients := dialRedis(server)
	defer clients.close()
	keepers, _ := redisKeepers(c, clients)
	reads, writes, together := make([]trial, len(keepers)), make([]trial, len(keepers)), make([]trial, len(keepers))
	for i, k := range keepers {
		keys, values := c.kept(i, keptKeys)
		k.prove(keys, values)
		reads[i], writes[i], together[i] = k.reads(keys), k.writes(keys, values), k.reads(keys)
		switch k.name {
		case nameTimed:
			reads[i] = reads[i].against(nameOurs, 1.05, 1)
			writes[i] = writes[i].against(nameOurs, 0, -1)
			together[i] = together[i].against(nameOurs, 0, -1)
		case nameGoRedis:
			reads[i] = reads[i].against(nameUntimed, 1.05, 1)
			writes[i] = writes[i].against(nameUntimed, 0, -1)
			together[i] = together[i].against(nameUntimed, 0, -1)
		case nameRedis:
			reads[i] = reads[i].against(nameOurs, 0, -1)
			writes[i] = writes[i].against(nameOurs, 0, -1)
			together[i] = together[i].against(nameOurs, 0.85, -1)
		case nameRueidis:
			reads[i] = reads[i].against(nameOurs, 0, -1)
			writes[i] = writes[i].against(nameOurs, 0, -1)
			together[i] = together[i].against(nameOurs, 0, -1)
		}
	}
	r.trials("Redis, read of "+c.name, 1, reads, noteTimeout)
	r.trials("Redis, write of "+c.name, 1, writes)
	if c.name == size(small) {
		r.trials("Redis, read of "+c.name, redisGoroutine, together)
	}
}

// readsOfGenerated reads values with generated methods, which ours uses without
// being told, and go-redis/cache does not.
func readsOfGenerated(r *runner, server *redisServer) {
	clients := dialRedis(server)
	defer clients.close()
	c := content[Generated]{size(large), codec.Msgpack, func(id int64) Generated { return Generated(article(id, large)) }}
	keepers, _ := redisKeepers(c, clients)
	trials := make([]trial, len(keepers))
	for i, k := range keepers {
		keys, values := c.kept(i, keptKeys)
		k.prove(keys, values)
		trials[i] = k.reads(keys)
		switch k.name {
		case nameTimed:
			trials[i] = trials[i].against(nameOurs, 1.05, 1)
		case nameGoRedis:
			trials[i] = trials[i].against(nameUntimed, 1.05, 1)
		case nameRedis:
			trials[i] = trials[i].against(nameOurs, 0.45, -1)
		case nameRueidis:
			trials[i] = trials[i].against(nameOurs, 0, -1)
		}
	}
	r.trials("Redis, read of "+c.name+" with generated methods", 1, trials)
}

// manyReads reads 100 keys at once.
func manyReads[V any](r *runner, server *redisServer, c content[V]) {
	clients := dialRedis(server)
	defer clients.close()
	keepers, cache := redisKeepers(c, clients)
	keys, _ := c.kept(ownerOf(keepers, nameUntimed), manyKeys)
	bareKeys, _ := c.kept(ownerOf(keepers, nameGoRedis), manyKeys)
	trials := []trial{
		manyTrial(nameOurs, func(ctx context.Context) (map[string]V, error) { return cache.GetMany(ctx, keys) }),
		manyTrial(nameGoRedis+" MGET", func(ctx context.Context) (map[string]V, error) {
			return bareMGet[V](ctx, c.codec, clients.shared, bareKeys)
		}).against(nameOurs, 1.10, -1),
		manyTrial(nameRueidis+" MGET", func(ctx context.Context) (map[string]V, error) {
			return rueidisMGet[V](ctx, c.codec, clients.fast, bareKeys)
		}).against(nameOurs, 0, -1),
	}
	for i, k := range keepers {
		keys, values := c.kept(i, manyKeys)
		k.prove(keys, values)
		t := manyTrial(fmt.Sprintf("%s, %d reads", k.name, manyKeys), func(ctx context.Context) (map[string]V, error) {
			found := make(map[string]V, len(keys))
			for _, key := range keys {
				value, err := k.get(ctx, key)
				if err != nil {
					return nil, err
				}
				found[key] = value
			}
			return found, nil
		})
		switch k.name {
		case nameGoRedis:
			trials = append(trials, t.against(nameOurs, 0.08, -1))
		case nameRedis:
			trials = append(trials, t.against(nameOurs, 0, -1))
		}
	}
	r.trials(fmt.Sprintf("Redis, read of %d values of %s", manyKeys, c.name), 1, trials,
		"an operation is all of them, into a map; "+nameOurs+" is GetMany, here without a Timeout as the others are")
}

// ownerOf returns the place of a keeper, which its keys begin with.
func ownerOf[V any](keepers []keeper[V], name string) int {
	return slices.IndexFunc(keepers, func(k keeper[V]) bool { return k.name == name })
}

func manyTrial[V any](name string, read func(context.Context) (map[string]V, error)) trial {
	ctx := context.Background()
	return goalless(name, func(_, n int) {
		for range n {
			found, err := read(ctx)
			if err != nil || len(found) != manyKeys {
				fail(fmt.Sprintf("%s: %d of %d values, %v", name, len(found), manyKeys, err))
			}
		}
	})
}

func bareMGet[V any](ctx context.Context, c codec.Codec, client *redis.Client, keys []string) (map[string]V, error) {
	answers, err := client.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, err
	}
	found := make(map[string]V, len(keys))
	for i, answer := range answers {
		if text, ok := answer.(string); ok {
			if found[keys[i]], err = decoded[V](c, []byte(text), nil); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

func rueidisMGet[V any](ctx context.Context, c codec.Codec, client rueidis.Client, keys []string) (map[string]V, error) {
	answers, err := client.Do(ctx, client.B().Mget().Key(keys...).Build()).ToArray()
	if err != nil {
		return nil, err
	}
	found := make(map[string]V, len(keys))
	for i, answer := range answers {
		data, err := answer.AsBytes()
		if rueidis.IsRedisNil(err) {
			continue
		}
		if found[keys[i]], err = decoded[V](c, data, err); err != nil {
			return nil, err
		}
	}
	return found, nil
}
