package main

import (
	"context"

	"github.com/Yiling-J/theine-go"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/jellydator/ttlcache/v3"
)

// Peers that are keyed by K itself.

func theineLoading[K comparable](s setup[K]) *subject[K] {
	cache, err := theine.NewBuilder[K, *User](int64(s.capacity)).
		BuildWithLoader(func(ctx context.Context, k K) (theine.Loaded[*User], error) {
			u, err := s.load(ctx, k)
			return theine.Loaded[*User]{Value: u, Cost: 1, TTL: life}, err
		})
	if err != nil {
		fail(err)
	}
	ctx := context.Background()
	return &subject[K]{
		name: nameTheine,
		get:  cache.Get,
		hits: func(keys []K) {
			for _, k := range keys {
				check(cache.Get(ctx, k))
			}
		},
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					cache.SetWithTTL(k, fresh, 1, life)
				} else {
					check(cache.Get(ctx, k))
				}
			}
		},
		close: cache.Close,
	}
}

// ttlCache does not extend lives on hits, which is its default: the others do
// not either.
func ttlCache[K comparable](s setup[K]) *subject[K] {
	load := ttlcache.LoaderFunc[K, *User](func(c *ttlcache.Cache[K, *User], k K) *ttlcache.Item[K, *User] {
		// Its loaders get no context.
		u, err := s.load(context.Background(), k)
		if err != nil {
			return nil
		}
		return c.Set(k, u, ttlcache.DefaultTTL)
	})
	cache := ttlcache.New(
		ttlcache.WithTTL[K, *User](life),
		ttlcache.WithCapacity[K, *User](uint64(s.capacity)),
		ttlcache.WithDisableTouchOnHit[K, *User](),
		ttlcache.WithLoader(ttlcache.NewSuppressedLoader(load, nil)),
	)
	go cache.Start()
	get := func(k K) (*User, error) {
		item := cache.Get(k)
		if item == nil {
			return nil, errNothing
		}
		return item.Value(), nil
	}
	return &subject[K]{
		name: nameTTLCache,
		get:  func(_ context.Context, k K) (*User, error) { return get(k) },
		hits: func(keys []K) {
			for _, k := range keys {
				check(cache.Get(k).Value(), nil)
			}
		},
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					cache.Set(k, fresh, ttlcache.DefaultTTL)
				} else {
					check(get(k))
				}
			}
		},
		close: cache.Stop,
	}
}

// lru has no loader: its users write the miss themselves, without sharing it.
func lru[K comparable](s setup[K]) *subject[K] {
	cache := expirable.NewLRU[K, *User](s.capacity, nil, life)
	get := func(ctx context.Context, k K) (*User, error) {
		if u, ok := cache.Get(k); ok {
			return u, nil
		}
		u, err := s.load(ctx, k)
		if err == nil {
			cache.Add(k, u)
		}
		return u, err
	}
	return &subject[K]{
		name: nameLRU,
		get:  get,
		hits: func(keys []K) {
			for _, k := range keys {
				u, ok := cache.Get(k)
				if !ok {
					u, _ = get(context.Background(), k)
				}
				check(u, nil)
			}
		},
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					cache.Add(k, fresh)
				} else {
					check(get(context.Background(), k))
				}
			}
		},
		// Its goroutine runs for ever and would keep the entries.
		close: cache.Purge,
	}
}
