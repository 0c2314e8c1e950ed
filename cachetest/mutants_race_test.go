package cachetest

import (
	"context"
	"time"

	"github.com/advcache/advcache"
)

var raceMutants = []mutant{
	{
		name: "SetIfAbsent looks, then sets", breaks: "contract (SetIfAbsent): of many SetIfAbsent at once exactly one succeeds",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				if ttl < 0 {
					return false, advcache.ErrInvalidTTL
				}
				there, err := m.Exists(ctx, key)
				if err != nil || there {
					return false, err
				}
				pause()
				return true, m.Set(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "SetIfAbsent is atomic among its own alone", breaks: "contract (SetIfAbsent): SetIfAbsent is atomic: it never replaces what a Set stored",
		bug: func(m *mapCache, w *wrapper) {
			turn := make(chan struct{}, 1)
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				turn <- struct{}{}
				defer func() { <-turn }()
				if ttl < 0 {
					return false, advcache.ErrInvalidTTL
				}
				there, err := m.Exists(ctx, key)
				if err != nil || there {
					return false, err
				}
				pause()
				return true, m.Set(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "SetEntryIf compares, then sets", breaks: "contract (SetEntryIf): SetEntryIf is atomic: a counter",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				now, _, err := m.GetEntry(ctx, key)
				if err != nil || now.Version != seen {
					return false, err
				}
				pause()
				return true, m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "SetEntryIf writes twice", breaks: "law 3 (an invalidation wins): a Delete is not undone by a SetEntryIf",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				ok, err := m.SetEntryIf(ctx, key, entry, seen)
				if ok {
					pause() // what a promotion would do
					err = m.SetEntry(ctx, key, entry)
				}
				return ok, err
			}
		},
	},
	{
		name: "Set returns before it is done", breaks: "law 3 (an invalidation wins): a read that begins after a Set has returned never sees an older value",
		bug: func(m *mapCache, w *wrapper) {
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				if ttl < 0 {
					return advcache.ErrInvalidTTL
				}
				time.AfterFunc(time.Microsecond, func() { _ = m.Set(context.WithoutCancel(ctx), key, value, ttl) })
				return ctx.Err()
			}
		},
	},
	{
		name: "Set deletes, then sets", breaks: "law 3 (an invalidation wins): a read that begins after a Set has returned never sees an older value, nor a miss",
		bug: func(m *mapCache, w *wrapper) {
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				if ttl < 0 {
					return advcache.ErrInvalidTTL
				}
				if err := m.Delete(ctx, key); err != nil {
					return err
				}
				pause()
				return m.Set(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "a read puts back what it saw", breaks: "law 3 (an invalidation wins): a read that begins after a Delete has returned never sees what was deleted",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if ok && err == nil && entry.IsFresh(time.Now()) {
					pause()
					err = m.SetEntry(ctx, key, entry) // a promotion that does not look
				}
				if err != nil {
					return "", false, err
				}
				return m.Get(ctx, key)
			}
		},
	},
	{
		name: "writers share a buffer", breaks: "law 3 (an invalidation wins): a goroutine that is alone with its key",
		bug: func(m *mapCache, w *wrapper) {
			var buffer struct{ key, value string }
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				m.mu.Lock()
				buffer.key, buffer.value = key, value
				m.mu.Unlock()
				pause()
				m.mu.Lock()
				key, value = buffer.key, buffer.value
				m.mu.Unlock()
				return m.Set(ctx, key, value, ttl)
			}
		},
	},
}

var contextMutants = []mutant{
	{
		name: "a done context is a miss", breaks: "contract (context): a read with a done context gives an error that wraps ctx.Err()",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				if ctx.Err() != nil {
					return "", false, nil
				}
				return m.Get(ctx, key)
			}
		},
	},
	{
		name: "a done context is a hit", breaks: "contract (context): a read with a done context invents nothing",
		bug: func(m *mapCache, w *wrapper) {
			w.exists = func(ctx context.Context, key string) (bool, error) {
				if ctx.Err() != nil {
					return true, nil
				}
				return m.Exists(ctx, key)
			}
		},
	},
	{
		name: "a done context is another error", breaks: "contract (context): a read with a done context gives an error that wraps ctx.Err()",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				if ctx.Err() != nil {
					return stringEntry{}, false, context.Cause(ctx)
				}
				return m.GetEntry(ctx, key)
			}
		},
	},
	{
		name: "a write with a done context is dropped", breaks: "contract (context): a write with a done context gives an error that wraps ctx.Err(), or is done",
		bug: func(m *mapCache, w *wrapper) {
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				if ctx.Err() != nil {
					return nil
				}
				return m.Set(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "conditional writes and Clear with a done context are dropped", breaks: "contract (context): a SetIfAbsent with a done context",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				if ctx.Err() != nil {
					return true, nil
				}
				return m.SetIfAbsent(ctx, key, value, ttl)
			}
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				if ctx.Err() != nil {
					return true, nil
				}
				return m.SetEntryIf(ctx, key, entry, seen)
			}
			w.clear = func(ctx context.Context, prefix string) error {
				if ctx.Err() != nil {
					return nil
				}
				return m.Clear(ctx, prefix)
			}
		},
	},
	{
		name: "callers that leave break the cache for the others", breaks: "law 5 (callers are independent): callers that left do no harm",
		bug: func(m *mapCache, w *wrapper) {
			failures := 0
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				value, ok, err := m.Get(ctx, key)
				if err != nil {
					failures++
				}
				return value, ok && failures < 5, err
			}
		},
	},
}
