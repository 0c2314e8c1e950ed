package cachetest

import (
	"context"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

var deleteMutants = []mutant{
	{
		name: "Delete removes only its first key", breaks: "contract (Delete): Delete removes all of its keys",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error { return m.Delete(ctx, keys[:min(1, len(keys))]...) }
		},
	},
	{
		name: "Delete of an absent key is an error", breaks: "contract (Delete): deleting a key that is absent is no error",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if _, ok, err := m.GetEntry(ctx, key); err == nil && !ok {
						return advcache.ErrNotFound
					}
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "Delete of nothing removes all", breaks: "contract (Delete): Delete without keys removes nothing",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				if len(keys) == 0 {
					return m.Clear(ctx, "")
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "Delete removes a whole prefix", breaks: "law 9 (keys are injective): Delete removes its keys and no others",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if strings.HasSuffix(key, "/") {
						if err := m.Clear(ctx, key); err != nil {
							return err
						}
					}
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
	{
		name: "Delete finds only what Get finds", breaks: "contract (Delete): Delete removes a stale entry",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if ok, err := m.Exists(ctx, key); err != nil || !ok {
						continue
					}
					if err := m.Delete(ctx, key); err != nil {
						return err
					}
				}
				return ctx.Err()
			}
		},
	},
	{
		name: "Delete leaves what never expires", breaks: "contract (Delete): Delete removes an entry that never expires",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if entry, ok, err := m.GetEntry(ctx, key); err != nil || ok && entry.FreshUntil.IsZero() {
						continue
					}
					if err := m.Delete(ctx, key); err != nil {
						return err
					}
				}
				return ctx.Err()
			}
		},
	},
	{
		name: "Delete is for ever", breaks: "contract (Delete): a deleted key can be set again",
		bug: func(m *mapCache, w *wrapper) {
			gone := make(map[string]bool)
			w.delete = func(ctx context.Context, keys ...string) error {
				m.mu.Lock()
				for _, key := range keys {
					gone[key] = true
				}
				m.mu.Unlock()
				return m.Delete(ctx, keys...)
			}
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				value, ok, err := m.Get(ctx, key)
				m.mu.Lock()
				defer m.mu.Unlock()
				return value, ok && !gone[key], err
			}
		},
	},
	{
		name: "Delete removes a value but not a thing less", breaks: "contract (Delete): Delete removes a key",
		bug: func(_ *mapCache, w *wrapper) {
			w.delete = func(context.Context, ...string) error { return nil }
		},
	},
	{
		name: "what was deleted comes back", breaks: "law 3 (an invalidation wins): what Delete removed does not come back",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if entry, ok, _ := m.GetEntry(ctx, key); ok { // a promotion that is still under way
						time.AfterFunc(time.Millisecond, func() { _ = m.SetEntry(context.WithoutCancel(ctx), key, entry) })
					}
				}
				return m.Delete(ctx, keys...)
			}
		},
	},
}
