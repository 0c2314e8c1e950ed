package main

import (
	"context"
	"errors"

	rediscache "github.com/go-redis/cache/v9"
	gocache "github.com/patrickmn/go-cache"
	"github.com/viccon/sturdyc"
)

// Peers that are keyed by strings: their users format the key at each call.

// errNothing is what a loader that failed leaves where a peer hides its error.
var errNothing = errors.New("no value")

// sturdyCache has the shards and the eviction share of its README.
func sturdyCache[K comparable](s setup[K]) *subject[K] {
	const shards, evictPercent = 10, 10
	cache := sturdyc.New[*User](s.capacity, shards, life, evictPercent)
	get := func(ctx context.Context, k K) (*User, error) {
		return cache.GetOrFetch(ctx, s.kind.format(k), func(ctx context.Context) (*User, error) {
			return s.load(ctx, k)
		})
	}
	ctx := context.Background()
	return &subject[K]{
		name: nameSturdyc,
		get:  get,
		hits: func(keys []K) {
			for _, k := range keys {
				check(cache.GetOrFetch(ctx, s.kind.format(k), func(ctx context.Context) (*User, error) {
					return s.load(ctx, k)
				}))
			}
		},
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					cache.Set(s.kind.format(k), fresh)
				} else {
					check(get(ctx, k))
				}
			}
		},
		close: func() {}, // it has no way to end its goroutine
	}
}

// redisCache has its local cache alone: what a call costs that needs no Redis.
// It takes no part in mixes, as its TinyLFU can lose the set of a key it holds.
func redisCache[K comparable](s setup[K]) *subject[K] {
	return onceOver(s, rediscache.New(&rediscache.Options{LocalCache: rediscache.NewTinyLFU(s.capacity, life)}))
}

// onceOver is a function wrapped by go-redis/cache.
func onceOver[K comparable](s setup[K], cache *rediscache.Cache) *subject[K] {
	get := func(ctx context.Context, k K) (*User, error) {
		u := new(User)
		err := cache.Once(&rediscache.Item{
			Ctx: ctx, Key: s.kind.format(k), Value: u, TTL: life,
			Do: func(*rediscache.Item) (any, error) { return s.load(ctx, k) },
		})
		return u, err
	}
	ctx := context.Background()
	return &subject[K]{
		name: nameRedis,
		get:  get,
		hits: func(keys []K) {
			for _, k := range keys {
				check(get(ctx, k))
			}
		},
		close: func() {},
	}
}

// goCache has no loader and no bound: its users write the miss themselves.
func goCache[K comparable](s setup[K]) *subject[K] {
	cache := gocache.New(life, life)
	get := func(ctx context.Context, k K) (*User, error) {
		key := s.kind.format(k)
		if v, ok := cache.Get(key); ok {
			return v.(*User), nil
		}
		u, err := s.load(ctx, k)
		if err == nil {
			cache.Set(key, u, gocache.DefaultExpiration)
		}
		return u, err
	}
	ctx := context.Background()
	return &subject[K]{
		name: nameGoCache,
		get:  get,
		hits: func(keys []K) {
			for _, k := range keys {
				check(get(ctx, k))
			}
		},
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					cache.Set(s.kind.format(k), fresh, gocache.DefaultExpiration)
				} else {
					check(get(ctx, k))
				}
			}
		},
		close: func() {},
	}
}
