package main

import (
	"context"

	"github.com/maypok86/otter/v2"
)

func newOtter[K comparable, V any](capacity int, clock *otter.CoarseClock) *otter.Cache[K, V] {
	o := &otter.Options[K, V]{
		MaximumSize:      capacity,
		ExpiryCalculator: otter.ExpiryWriting[K, V](life),
	}
	if clock != nil { // a nil pointer in the interface would not be a nil Clock
		o.Clock = clock
	}
	return otter.Must(o)
}

// otterCoarse is otter keyed by K, with its coarse clock.
func otterCoarse[K comparable](s setup[K]) *subject[K] { return otterWith(s, nameOtter, s.clock) }

// otterReal is otter as it comes, reading the time at each call.
func otterReal[K comparable](s setup[K]) *subject[K] { return otterWith(s, nameOtterReal, nil) }

func otterWith[K comparable](s setup[K], name string, clock *otter.CoarseClock) *subject[K] {
	cache := newOtter[K, *User](s.capacity, clock)
	loader := otter.LoaderFunc[K, *User](s.load)
	ctx := context.Background()
	return &subject[K]{
		name: name,
		get:  func(ctx context.Context, k K) (*User, error) { return cache.Get(ctx, k, loader) },
		hits: func(keys []K) {
			for _, k := range keys {
				check(cache.Get(ctx, k, loader))
			}
		},
		mix: func(keys []K) {
			for i, k := range keys {
				if isSet(i) {
					cache.Set(k, fresh)
				} else {
					check(cache.Get(ctx, k, loader))
				}
			}
		},
		close: func() { cache.StopAllGoroutines() },
	}
}

// present is otter without loading: the baseline of inmem.Get.
func presentCoarse(s setup[string]) *subject[string] { return present(s, nameOtter, s.clock) }
func presentReal(s setup[string]) *subject[string]   { return present(s, nameOtterReal, nil) }

func present(s setup[string], name string, clock *otter.CoarseClock) *subject[string] {
	cache := newOtter[string, *User](s.capacity, clock)
	loader := otter.LoaderFunc[string, *User](s.load)
	return &subject[string]{
		name: name,
		get:  func(ctx context.Context, k string) (*User, error) { return cache.Get(ctx, k, loader) },
		hits: func(keys []string) {
			for _, k := range keys {
				u, _ := cache.GetIfPresent(k)
				check(u, nil)
			}
		},
		close: func() { cache.StopAllGoroutines() },
	}
}
