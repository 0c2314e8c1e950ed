package main

import (
	"context"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// cached is a function wrapped by TTL over inmem.
func cached[K comparable](s setup[K]) *subject[K] { return cachedWith(s, nameOurs, nil) }

func cachedWith[K comparable](s setup[K], name string, o *advcache.TTLOptions) *subject[K] {
	mem := inmem.New(&inmem.Options[*User]{MaxEntries: s.capacity})
	ttl := advcache.NewTTL[K](mem, life, o)
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
		close: func() { closeOurs(ttl, mem) },
	}
}

// cachedFunc is the same with the handle that can also set.
func cachedFunc[K comparable](s setup[K]) *subject[K] {
	mem := inmem.New(&inmem.Options[*User]{MaxEntries: s.capacity})
	ttl := advcache.NewTTL[K](mem, life, nil)
	f := ttl.Func(s.kind.template, s.load)
	ctx := context.Background()
	return &subject[K]{
		name: nameOurs,
		get:  f.Get,
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					if err := f.Set(ctx, k, fresh); err != nil {
						fail(err)
					}
				} else {
					check(f.Get(ctx, k))
				}
			}
		},
		close: func() { closeOurs(ttl, mem) },
	}
}

func closeOurs[K comparable](ttl *advcache.TTL[K, *User], mem *inmem.Cache[*User]) {
	if err := ttl.Close(context.Background()); err != nil {
		fail(err)
	}
	if err := mem.Close(); err != nil {
		fail(err)
	}
}

// inmemGet is inmem alone, asked by string key.
func inmemGet(s setup[string]) *subject[string] {
	mem := inmem.New(&inmem.Options[*User]{MaxEntries: s.capacity})
	ctx := context.Background()
	return &subject[string]{
		name: nameInmem,
		get: func(ctx context.Context, k string) (*User, error) {
			if u, ok, err := mem.Get(ctx, k); ok || err != nil {
				return u, err
			}
			u, err := s.load(ctx, k)
			if err != nil {
				return nil, err
			}
			return u, mem.Set(ctx, k, u, life)
		},
		hits: func(keys []string) {
			for _, k := range keys {
				u, _, err := mem.Get(ctx, k)
				check(u, err)
			}
		},
		close: func() {
			if err := mem.Close(); err != nil {
				fail(err)
			}
		},
	}
}
