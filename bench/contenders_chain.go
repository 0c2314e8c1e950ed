package main

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// Names of the contenders of several levels.
const (
	nameInmem  = nameOurs + " inmem"
	nameHybrid = nameOurs + " Hybrid, inmem over Redis"
	nameThree  = nameOurs + " Chain, inmem over Redis over S3"
	nameLocal  = nameRedis + ", TinyLFU over Redis"
)

// below is what the contenders of several levels have below the first.
type below struct {
	client *redis.Client
	bucket *s3Depot
	asked  atomic.Int64 // of Redis
}

// levelsBelow are a Redis that runs, emptied, and a bucket in this process that
// answers at once.
func levelsBelow(server *redisServer) *below {
	b := &below{
		client: redis.NewClient(&redis.Options{Addr: server.addr, ContextTimeoutEnabled: true}),
		bucket: fakeS3(fakes3.Options{}),
	}
	if err := b.client.FlushDB(context.Background()).Err(); err != nil {
		fail(err)
	}
	b.client.AddHook(countingHook{&b.asked})
	return b
}

func (b *below) close() {
	if err := b.client.Close(); err != nil {
		fail(err)
	}
}

// countingHook counts commands.
type countingHook struct{ count *atomic.Int64 }

func (h countingHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h countingHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.count.Add(1)
		return next(ctx, cmd)
	}
}

func (h countingHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.count.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// redisLevel is a cache over Redis with keys of its own.
func redisLevel[V any](b *below, prefix string) *store.Cache[V] {
	return store.New[V](redisstore.New(b.client, &redisstore.Options{Prefix: prefix}), nil)
}

// stacked is the levels of a contender: level 1 is its own.
type stacked[V any] struct {
	memory *inmem.Cache[V]
	hybrid *advcache.Hybrid[V] // nil: it is a chain
	chain  *advcache.Chain[V]
}

// stackHybrid is inmem over Redis, with the documented defaults.
func stackHybrid[V any](b *below, capacity int, prefix string) stacked[V] {
	mem := inmem.New(&inmem.Options[V]{MaxEntries: capacity})
	h := advcache.NewHybrid(mem, redisLevel[V](b, prefix), nil)
	return stacked[V]{mem, h, h.Chain}
}

// stackThree is inmem over Redis over S3, with the limits that the README has.
func stackThree[V any](b *below, capacity int, prefix string) stacked[V] {
	mem := inmem.New(&inmem.Options[V]{MaxEntries: capacity})
	bucket := store.New[V](s3store.New(b.bucket.client, bucketName, &s3store.Options{Prefix: prefix}), nil)
	c := advcache.NewChain(
		advcache.Level[V](mem, life/60),
		advcache.Level[V](redisLevel[V](b, prefix), life/12),
		advcache.Level[V](bucket, life),
	)
	return stacked[V]{memory: mem, chain: c}
}

func (s stacked[V]) close() {
	ctx := context.Background()
	if err := errors.Join(s.chain.Close(ctx), s.memory.Close()); err != nil {
		fail(err)
	}
}

// getOrSet is what a program does that has a cache and no read-through function.
func getOrSet(c advcache.Cache[*User], load func(context.Context, string) (*User, error)) func(context.Context, string) (*User, error) {
	return func(ctx context.Context, k string) (*User, error) {
		if u, ok, err := c.Get(ctx, k); ok || err != nil {
			return u, err
		}
		u, err := load(ctx, k)
		if err != nil {
			return nil, err
		}
		return u, c.Set(ctx, k, u, life)
	}
}

// hybridGet and threeGet are the chains alone, asked by string key.
func hybridGet(b *below) contender[string] {
	return func(s setup[string]) *subject[string] {
		levels := stackHybrid[*User](b, s.capacity, "hybrid/")
		ctx, c := context.Background(), levels.hybrid
		return &subject[string]{
			name: nameHybrid,
			get:  getOrSet(c, s.load),
			hits: func(keys []string) {
				for _, k := range keys {
					u, _, err := c.Get(ctx, k)
					check(u, err)
				}
			},
			close: levels.close,
		}
	}
}

func threeGet(b *below) contender[string] {
	return func(s setup[string]) *subject[string] {
		levels := stackThree[*User](b, s.capacity, "three/")
		ctx, c := context.Background(), levels.chain
		return &subject[string]{
			name: nameThree,
			get:  getOrSet(c, s.load),
			hits: func(keys []string) {
				for _, k := range keys {
					u, _, err := c.Get(ctx, k)
					check(u, err)
				}
			},
			close: levels.close,
		}
	}
}

// localRedisCache is go-redis/cache with both of its levels.
func localRedisCache(b *below) contender[string] {
	return func(s setup[string]) *subject[string] {
		cache := rediscache.New(&rediscache.Options{Redis: b.client, LocalCache: rediscache.NewTinyLFU(s.capacity, life)})
		ctx := context.Background()
		return &subject[string]{
			name: nameLocal,
			get: func(ctx context.Context, k string) (*User, error) {
				u := new(User)
				err := cache.Get(ctx, k, u)
				if !errors.Is(err, rediscache.ErrCacheMiss) {
					return u, err
				}
				if u, err = s.load(ctx, k); err != nil {
					return nil, err
				}
				return u, cache.Set(&rediscache.Item{Ctx: ctx, Key: k, Value: u, TTL: life})
			},
			hits: func(keys []string) {
				for _, k := range keys {
					u := new(User)
					check(u, cache.Get(ctx, k, u))
				}
			},
			close: func() {},
		}
	}
}

// onceRedisCache is the same for a function.
func onceRedisCache[K comparable](b *below) contender[K] {
	return func(s setup[K]) *subject[K] {
		o := &rediscache.Options{Redis: b.client, LocalCache: rediscache.NewTinyLFU(s.capacity, life)}
		subject := onceOver(s, rediscache.New(o))
		subject.name = nameLocal
		return subject
	}
}

// wrappedHybrid and wrappedThree are functions wrapped over them.
func wrappedHybrid[K comparable](b *below) contender[K] {
	return func(s setup[K]) *subject[K] {
		return wrappedOver(s, nameHybrid, stackHybrid[*User](b, s.capacity, "hybrid/"))
	}
}

func wrappedThree[K comparable](b *below) contender[K] {
	return func(s setup[K]) *subject[K] {
		return wrappedOver(s, nameThree, stackThree[*User](b, s.capacity, "three/"))
	}
}

func wrappedOver[K comparable](s setup[K], name string, levels stacked[*User]) *subject[K] {
	var over advcache.Cache[*User] = levels.chain
	if levels.hybrid != nil {
		over = levels.hybrid
	}
	ttl := advcache.NewTTL[K](over, life, nil)
	get := ttl.Cached(s.kind.template, s.load)
	ctx := context.Background()
	return &subject[K]{
		name: name,
		get:  get,
		hits: func(keys []K) {
			for _, k := range keys {
				check(get(ctx, k))
			}
		},
		close: func() {
			if err := ttl.Close(ctx); err != nil {
				fail(err)
			}
			levels.close()
		},
	}
}
