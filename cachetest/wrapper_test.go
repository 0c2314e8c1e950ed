package cachetest

import (
	"context"
	"time"

	"github.com/advcache/advcache"
)

// wrapper passes every call on, as wrappers of the library do. A mutant is one
// with another function in some of its fields.
type wrapper struct {
	get         func(ctx context.Context, key string) (string, bool, error)
	getEntry    func(ctx context.Context, key string) (advcache.Entry[string], bool, error)
	exists      func(ctx context.Context, key string) (bool, error)
	set         func(ctx context.Context, key, value string, ttl time.Duration) error
	setEntry    func(ctx context.Context, key string, entry advcache.Entry[string]) error
	delete      func(ctx context.Context, keys ...string) error
	setIfAbsent func(ctx context.Context, key, value string, ttl time.Duration) (bool, error)
	setEntryIf  func(ctx context.Context, key string, entry advcache.Entry[string], seen advcache.Version) (bool, error)
	getMany     func(ctx context.Context, keys []string) (map[string]string, error)
	setMany     func(ctx context.Context, values map[string]string, ttl time.Duration) error
	getEntries  func(ctx context.Context, keys []string) []advcache.Lookup[string]
	setEntries  func(ctx context.Context, entries map[string]advcache.Entry[string]) error
	headEntry   func(ctx context.Context, key string) (advcache.Entry[string], bool, error)
	clear       func(ctx context.Context, prefix string) error
	revalidate  func(ctx context.Context, key string, held advcache.Entry[string]) (advcache.Entry[string], bool, error)
}

// wrap returns a wrapper that passes every call on to c.
func wrap(c advcache.Cache[string]) *wrapper {
	return &wrapper{
		get: c.Get, getEntry: c.GetEntry, exists: c.Exists, set: c.Set, setEntry: c.SetEntry, delete: c.Delete,
		setIfAbsent: func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
			return advcache.SetIfAbsent(ctx, c, key, value, ttl)
		},
		setEntryIf: func(ctx context.Context, key string, entry advcache.Entry[string], seen advcache.Version) (bool, error) {
			return advcache.SetEntryIf(ctx, c, key, entry, seen)
		},
		getMany: func(ctx context.Context, keys []string) (map[string]string, error) {
			return advcache.GetMany(ctx, c, keys)
		},
		setMany: func(ctx context.Context, values map[string]string, ttl time.Duration) error {
			return advcache.SetMany(ctx, c, values, ttl)
		},
		getEntries: func(ctx context.Context, keys []string) []advcache.Lookup[string] {
			return advcache.GetEntries(ctx, c, keys)
		},
		setEntries: func(ctx context.Context, entries map[string]advcache.Entry[string]) error {
			return advcache.SetEntries(ctx, c, entries)
		},
		headEntry: func(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
			return advcache.HeadEntry(ctx, c, key)
		},
		clear: func(ctx context.Context, prefix string) error { return advcache.Clear(ctx, c, prefix) },
		revalidate: func(ctx context.Context, key string, held advcache.Entry[string]) (advcache.Entry[string], bool, error) {
			return advcache.Revalidate(ctx, c, key, held)
		},
	}
}

func (w *wrapper) Get(ctx context.Context, key string) (string, bool, error) { return w.get(ctx, key) }

func (w *wrapper) GetEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	return w.getEntry(ctx, key)
}

func (w *wrapper) Exists(ctx context.Context, key string) (bool, error) { return w.exists(ctx, key) }

func (w *wrapper) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	return w.set(ctx, key, value, ttl)
}

func (w *wrapper) SetEntry(ctx context.Context, key string, entry advcache.Entry[string]) error {
	return w.setEntry(ctx, key, entry)
}

func (w *wrapper) Delete(ctx context.Context, keys ...string) error { return w.delete(ctx, keys...) }

func (w *wrapper) SetIfAbsent(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
	return w.setIfAbsent(ctx, key, value, ttl)
}

func (w *wrapper) SetEntryIf(ctx context.Context, key string, entry advcache.Entry[string], seen advcache.Version) (bool, error) {
	return w.setEntryIf(ctx, key, entry, seen)
}

func (w *wrapper) GetMany(ctx context.Context, keys []string) (map[string]string, error) {
	return w.getMany(ctx, keys)
}

func (w *wrapper) SetMany(ctx context.Context, values map[string]string, ttl time.Duration) error {
	return w.setMany(ctx, values, ttl)
}

func (w *wrapper) GetEntries(ctx context.Context, keys []string) []advcache.Lookup[string] {
	return w.getEntries(ctx, keys)
}

func (w *wrapper) SetEntries(ctx context.Context, entries map[string]advcache.Entry[string]) error {
	return w.setEntries(ctx, entries)
}

func (w *wrapper) HeadEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	return w.headEntry(ctx, key)
}

func (w *wrapper) Clear(ctx context.Context, prefix string) error { return w.clear(ctx, prefix) }

func (w *wrapper) Revalidate(ctx context.Context, key string, held advcache.Entry[string]) (advcache.Entry[string], bool, error) {
	return w.revalidate(ctx, key, held)
}

// bare hides what a cache can do beside the methods of advcache.Cache.
type bare struct{ advcache.Cache[string] }
