package main

import (
	"context"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// Names of the contenders that need Redis.
const (
	nameUntimed = nameOurs + ", no Timeout"
	nameGoRedis = "go-redis"
	nameTimed   = nameGoRedis + ", with a timeout"
	nameRueidis = "rueidis"
)

// redisTimeout is what ours gives a request unless told otherwise.
const redisTimeout = 250 * time.Millisecond

// redisClients are the clients of one work. All but rueidis share one, with the
// options that redisstore recommends; rueidis has those of its README, without
// the cache on its own side.
type redisClients struct {
	shared *redis.Client
	fast   rueidis.Client
}

func dialRedis(s *redisServer) redisClients {
	fast, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.addr}, DisableCache: true})
	if err != nil {
		fail(err)
	}
	shared := redis.NewClient(&redis.Options{Addr: s.addr, ContextTimeoutEnabled: true})
	if err := shared.FlushDB(context.Background()).Err(); err != nil { // of the work before
		fail(err)
	}
	return redisClients{shared: shared, fast: fast}
}

func (c redisClients) close() {
	c.fast.Close()
	if err := c.shared.Close(); err != nil {
		fail(err)
	}
}

// redisKeepers are the contenders, and the cache of ours that has no Timeout.
func redisKeepers[V any](c content[V], clients redisClients) ([]keeper[V], *store.Cache[V]) {
	const noTimeout = -1
	ours, _ := advcacheOver(c, nameOurs, redisstore.New(clients.shared, nil), redisTimeout)
	untimed, cache := advcacheOver(c, nameUntimed, redisstore.New(clients.shared, nil), noTimeout)
	bare := bareRedis(c, clients.shared)
	timed := keeper[V]{
		name: nameTimed,
		get: func(ctx context.Context, key string) (V, error) {
			ctx, cancel := context.WithTimeout(ctx, redisTimeout)
			defer cancel()
			return bare.get(ctx, key)
		},
		set: func(ctx context.Context, key string, value V) error {
			ctx, cancel := context.WithTimeout(ctx, redisTimeout)
			defer cancel()
			return bare.set(ctx, key, value)
		},
	}
	return []keeper[V]{ours, untimed, timed, bare, remoteRedisCache[V](clients.shared), bareRueidis(c, clients.fast)}, cache
}

// decoded is what a program without a cache library does with an answer.
func decoded[V any](c codec.Codec, data []byte, err error) (value V, _ error) {
	if err == nil {
		err = c.Decode(data, &value)
	}
	return value, err
}

// bareRedis is GET and SET with the codec of ours.
func bareRedis[V any](c content[V], client *redis.Client) keeper[V] {
	return keeper[V]{
		name: nameGoRedis,
		get: func(ctx context.Context, key string) (V, error) {
			data, err := client.Get(ctx, key).Bytes()
			return decoded[V](c.codec, data, err)
		},
		set: func(ctx context.Context, key string, value V) error {
			data, err := c.codec.Append(nil, &value)
			if err != nil {
				return err
			}
			return client.Set(ctx, key, data, life).Err()
		},
	}
}

// remoteRedisCache is go-redis/cache as it comes, MessagePack and S2, without
// its local cache.
func remoteRedisCache[V any](client *redis.Client) keeper[V] {
	cache := rediscache.New(&rediscache.Options{Redis: client})
	_, isText := any(*new(V)).(string) // which it stores as it is, and a pointer to it not
	return keeper[V]{
		name: nameRedis,
		get: func(ctx context.Context, key string) (value V, err error) {
			err = cache.Get(ctx, key, &value)
			return value, err
		},
		set: func(ctx context.Context, key string, value V) error {
			item := rediscache.Item{Ctx: ctx, Key: key, Value: &value, TTL: life}
			if isText {
				item.Value = value
			}
			return cache.Set(&item)
		},
	}
}

// bareRueidis is GET and SET with the codec of ours, and rueidis' own way of
// sending what many goroutines ask for together.
func bareRueidis[V any](c content[V], client rueidis.Client) keeper[V] {
	return keeper[V]{
		name: nameRueidis,
		get: func(ctx context.Context, key string) (V, error) {
			data, err := client.Do(ctx, client.B().Get().Key(key).Build()).AsBytes()
			return decoded[V](c.codec, data, err)
		},
		set: func(ctx context.Context, key string, value V) error {
			data, err := c.codec.Append(nil, &value)
			if err != nil {
				return err
			}
			return client.Do(ctx, client.B().Set().Key(key).Value(rueidis.BinaryString(data)).Px(life).Build()).Error()
		},
	}
}
