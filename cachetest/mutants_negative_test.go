package cachetest

import (
	"context"
	"time"

	"github.com/advcache/advcache"
)

var negativeMutants = []mutant{
	{
		name: "Get returns negative entries", breaks: "contract (negative entries): a negative entry is a miss of Get",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				return entry.Value, ok && entry.IsFresh(time.Now()), err
			}
		},
	},
	{
		name: "GetMany returns negative entries", breaks: "contract (GetMany): GetMany returns the values of those keys that Get would hit",
		bug: func(m *mapCache, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string) (map[string]string, error) {
				found, err := m.GetMany(ctx, keys)
				for _, key := range keys {
					if entry, ok, _ := m.GetEntry(ctx, key); ok && entry.Absent {
						found[key] = ""
					}
				}
				return found, err
			}
		},
	},
	{
		name: "GetEntry misses negative entries", breaks: "contract (negative entries): a negative entry is a miss of Get, false for Exists, and found by GetEntry",
		bug: func(_ *mapCache, w *wrapper) {
			gives(w, func(entry stringEntry, ok bool) (stringEntry, bool) {
				if entry.Absent {
					return stringEntry{Version: entry.Version}, false
				}
				return entry, ok
			})
		},
	},
	{
		name: "an empty value is a negative entry", breaks: "contract (negative entries): an empty value is a value",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				entry.Absent = entry.Value == ""
				return entry
			})
		},
	},
	{
		name: "a negative entry is not stored over a value", breaks: "contract (negative entries): a negative entry replaces a value",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if ok, _ := m.Exists(ctx, key); ok && entry.Absent {
					return nil
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "a negative entry is not replaced", breaks: "contract (negative entries): a value replaces a negative entry",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if old, ok, _ := m.GetEntry(ctx, key); ok && old.Absent {
					return nil
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "a negative entry is never stale", breaks: "law 1 (life): a negative entry is fresh, then stale, then dead",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if entry.Absent {
					entry.StaleUntil = time.Time{}
				}
				return entry
			})
		},
	},
	{
		name: "a negative entry loses its tags", breaks: "law 2 (no copy lives longer than its original): a negative entry keeps its instants and its tags",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if entry.Absent {
					entry.Tags = nil
				}
				return entry
			})
		},
	},
	{
		name: "a dead negative entry is ignored", breaks: "law 1 (life): setting a negative entry that is dead already removes",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if entry.Absent && entry.IsDead(time.Now()) {
					return nil
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "Revalidate takes a negative entry for an empty value", breaks: "contract (Revalidate): Revalidate tells a value from a negative entry",
		bug: func(m *mapCache, w *wrapper) {
			w.revalidate = func(ctx context.Context, key string, held stringEntry) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if ok && entry.Value == held.Value {
					entry.Absent = held.Absent
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "Delete leaves negative entries", breaks: "contract (Delete): Delete removes a negative entry",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(ctx context.Context, keys ...string) error {
				for _, key := range keys {
					if entry, ok, _ := m.GetEntry(ctx, key); ok && entry.Absent {
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
		name: "SetIfAbsent fails over negative entries", breaks: "contract (SetIfAbsent): SetIfAbsent succeeds over a negative entry",
		bug: func(m *mapCache, w *wrapper) {
			w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
				if entry, ok, err := m.GetEntry(ctx, key); err == nil && ok && entry.Absent {
					return false, nil
				}
				return m.SetIfAbsent(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "SetEntryIf fails over negative entries", breaks: "contract (SetEntryIf): SetEntryIf succeeds with the Version of a stale or a negative entry",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				if old, ok, err := m.GetEntry(ctx, key); err == nil && ok && old.Absent {
					return false, nil
				}
				return m.SetEntryIf(ctx, key, entry, seen)
			}
		},
	},
}
