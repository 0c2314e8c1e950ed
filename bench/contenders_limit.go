package main

import (
	"context"

	"github.com/puzpuzpuz/xsync/v4"
)

// lockFree is a lock-free map keyed by K with a coarse clock: no bound, no
// policy, no shared loads. A cache that looks its entries up cannot be faster.
func lockFree[K comparable](s setup[K]) *subject[K] {
	type entry struct {
		user    *User
		expires int64
	}
	entries := xsync.NewMap[K, entry]()
	set := func(k K, u *User) {
		entries.Store(k, entry{user: u, expires: s.clock.NowNano() + int64(life)})
	}
	get := func(ctx context.Context, k K) (*User, error) {
		if e, ok := entries.Load(k); ok && s.clock.NowNano() < e.expires {
			return e.user, nil
		}
		u, err := s.load(ctx, k)
		if err == nil {
			set(k, u)
		}
		return u, err
	}
	return &subject[K]{
		name: nameLimit,
		get:  get,
		hits: func(keys []K) {
			for _, k := range keys {
				e, _ := entries.Load(k)
				if s.clock.NowNano() >= e.expires {
					fail("expired")
				}
				check(e.user, nil)
			}
		},
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					set(k, fresh)
				} else {
					check(get(context.Background(), k))
				}
			}
		},
		close: func() {},
	}
}

// callAlone calls a function that does nothing: what the loop and the call of
// a function value cost in every row.
func callAlone[K comparable](s setup[K]) *subject[K] {
	get := s.nothing
	ctx := context.Background()
	return &subject[K]{
		name: nameCall,
		get:  s.load,
		hits: func(keys []K) {
			for _, k := range keys {
				check(get(ctx, k))
			}
		},
		close: func() {},
	}
}
