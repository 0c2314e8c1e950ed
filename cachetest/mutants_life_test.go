package cachetest

import (
	"context"
	"math"
	"time"

	"github.com/advcache/advcache"
)

type (
	stringEntry  = advcache.Entry[string]
	stringLookup = advcache.Lookup[string]
)

// ttls makes all writes with a ttl go through f.
func ttls(w *wrapper, f func(ttl time.Duration) time.Duration) {
	set, setIfAbsent, setMany := w.set, w.setIfAbsent, w.setMany
	w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
		return set(ctx, key, value, f(ttl))
	}
	w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
		return setIfAbsent(ctx, key, value, f(ttl))
	}
	w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
		return setMany(ctx, values, f(ttl))
	}
}

// stores makes all entries that are set go through f.
func stores(w *wrapper, f func(entry stringEntry) stringEntry) {
	setEntry, setEntries, setEntryIf := w.setEntry, w.setEntries, w.setEntryIf
	w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
		return setEntry(ctx, key, f(entry))
	}
	w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
		other := make(map[string]stringEntry)
		for key, entry := range entries {
			other[key] = f(entry)
		}
		return setEntries(ctx, other)
	}
	w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
		return setEntryIf(ctx, key, f(entry), seen)
	}
}

// gives makes all entries that are read go through f.
func gives(w *wrapper, f func(entry stringEntry, ok bool) (stringEntry, bool)) {
	getEntry, getEntries, headEntry, revalidate := w.getEntry, w.getEntries, w.headEntry, w.revalidate
	w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
		entry, ok, err := getEntry(ctx, key)
		entry, ok = f(entry, ok)
		return entry, ok, err
	}
	w.getEntries = func(ctx context.Context, keys []string) []stringLookup {
		found := getEntries(ctx, keys)
		for i := range found {
			found[i].Entry, found[i].OK = f(found[i].Entry, found[i].OK)
		}
		return found
	}
	w.headEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
		entry, ok, err := headEntry(ctx, key)
		entry, ok = f(entry, ok)
		return entry, ok, err
	}
	w.revalidate = func(ctx context.Context, key string, held stringEntry) (stringEntry, bool, error) {
		entry, ok, err := revalidate(ctx, key, held)
		entry, ok = f(entry, ok)
		return entry, ok, err
	}
}

// wholeSeconds rounds up.
func wholeSeconds(ttl time.Duration) time.Duration {
	if ttl > math.MaxInt64-time.Second {
		return ttl
	}
	return (ttl + time.Second - 1).Truncate(time.Second)
}

var lifeMutants = []mutant{
	{
		name: "Get returns stale entries", breaks: "law 1 (life): Get never returns a stale entry: Get(\"k\") = \"v\", true; want a miss (at FreshUntil)",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				return entry.Value, ok && !entry.Absent, err
			}
		},
	},
	{
		name: "GetMany returns stale entries", breaks: "law 1 (life): GetMany returns nothing that is stale",
		bug: func(m *mapCache, w *wrapper) {
			w.getMany = func(ctx context.Context, keys []string) (map[string]string, error) {
				found := make(map[string]string)
				for _, key := range keys {
					entry, ok, err := m.GetEntry(ctx, key)
					if err != nil {
						return found, err
					}
					if ok && !entry.Absent {
						found[key] = entry.Value
					}
				}
				return found, nil
			}
		},
	},
	{
		name: "StaleUntil is ignored", breaks: "law 1 (life): an entry past FreshUntil is stale while now < StaleUntil",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				entry.StaleUntil = time.Time{}
				return entry
			})
		},
	},
	{
		name: "stale entries never die", breaks: "law 1 (life): nothing returns an entry past StaleUntil",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if !entry.StaleUntil.IsZero() && !entry.IsDead(time.Now()) {
					entry.StaleUntil = entry.StaleUntil.Add(long)
				}
				return entry
			})
		},
	},
	{
		name: "everything may be stale for a while", breaks: "law 1 (life): an entry with a zero StaleUntil",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if !entry.FreshUntil.IsZero() && entry.StaleUntil.IsZero() {
					entry.StaleUntil = entry.FreshUntil.Add(time.Second)
				}
				return entry
			})
		},
	},
	{
		name: "one instant too long", breaks: "law 1 (life): Get never returns a stale entry",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if !entry.FreshUntil.IsZero() {
					entry.FreshUntil = entry.FreshUntil.Add(1)
				}
				return entry
			})
		},
	},
	{
		name: "ttl in whole seconds, rounded up", breaks: "law 1 (life): a ttl of 500 ms is 500 ms",
		bug: func(_ *mapCache, w *wrapper) { ttls(w, wholeSeconds) },
	},
	{
		name: "ttl in whole seconds, rounded down", breaks: "law 1 (life): a ttl of 1.5 s is 1.5 s",
		bug: func(_ *mapCache, w *wrapper) {
			ttls(w, func(ttl time.Duration) time.Duration { return ttl.Truncate(time.Second) })
		},
	},
	{
		name: "ttl in milliseconds, so that a short one is none", breaks: "law 1 (life): a ttl is never rounded up, and none is so short",
		bug: func(_ *mapCache, w *wrapper) {
			ttls(w, func(ttl time.Duration) time.Duration { return ttl.Truncate(time.Millisecond) })
		},
	},
	{
		name: "ttl lasts twice as long", breaks: "law 1 (life): what Set stored is dead when its ttl is over",
		bug: func(_ *mapCache, w *wrapper) {
			ttls(w, func(ttl time.Duration) time.Duration { return 2 * min(ttl, long) })
		},
	},
	{
		name: "ttl lasts half as long", breaks: "law 1 (life): an entry is fresh while now < FreshUntil",
		bug: func(_ *mapCache, w *wrapper) {
			ttls(w, func(ttl time.Duration) time.Duration { return ttl / 2 })
		},
	},
	{
		name: "no ttl means an hour", breaks: "law 1 (life): a ttl of 0 means no expiry",
		bug: func(_ *mapCache, w *wrapper) {
			ttls(w, func(ttl time.Duration) time.Duration {
				if ttl == 0 {
					return time.Hour
				}
				return ttl
			})
		},
	},
	{
		name: "a ttl that overflows", breaks: "law 1 (life): the longest ttl there is does not overflow",
		bug: func(m *mapCache, w *wrapper) {
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				if ttl < 0 {
					return advcache.ErrInvalidTTL
				}
				entry := lives(value, 0, 0)
				if ttl > 0 {
					entry.FreshUntil = time.Unix(0, entry.CreatedAt.UnixNano()+int64(ttl))
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "no FreshUntil means dead at StaleUntil", breaks: "law 1 (life): an entry with a zero FreshUntil is fresh for ever",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if entry.FreshUntil.IsZero() {
					entry.FreshUntil = entry.StaleUntil
				}
				return entry
			})
		},
	},
	{
		name: "no FreshUntil means dead", breaks: "law 2 (no copy lives longer than its original): SetEntry keeps a zero FreshUntil",
		bug: func(m *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if entry.FreshUntil.IsZero() {
					entry.FreshUntil = time.Unix(0, 0)
				}
				return entry
			})
		},
	},
	{
		name: "reads lengthen a life", breaks: "law 1 (life): reading an entry does not lengthen its life",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				m.mu.Lock()
				if entry, ok := m.look(key); ok && !entry.FreshUntil.IsZero() && !entry.StaleUntil.IsZero() {
					entry.StaleUntil = time.Now().Add(entry.StaleUntil.Sub(entry.CreatedAt))
					m.held[key] = entry
				}
				m.mu.Unlock()
				return m.Get(ctx, key)
			}
		},
	},
	{
		name: "Get removes what is stale", breaks: "law 1 (life): an entry past FreshUntil is stale while now < StaleUntil",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				value, ok, err := m.Get(ctx, key)
				if !ok && err == nil {
					err = m.Delete(ctx, key)
				}
				return value, ok, err
			}
		},
	},
	{
		name: "what is stale already is not stored", breaks: "law 1 (life): an entry that is stale when it is set is held as stale",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if !entry.IsFresh(time.Now()) {
					return m.Delete(ctx, key)
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "a dead entry is ignored", breaks: "law 1 (life): setting an entry that is dead already removes what the key holds",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if entry.IsDead(time.Now()) {
					return nil
				}
				return m.SetEntry(ctx, key, entry)
			}
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				if entry.IsDead(time.Now()) {
					return true, nil
				}
				return m.SetEntryIf(ctx, key, entry, seen)
			}
		},
	},
	{
		name: "the life is kept in whole seconds", breaks: "law 2 (no copy lives longer than its original): SetEntry keeps CreatedAt",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				entry.CreatedAt = entry.CreatedAt.Truncate(time.Second)
				entry.FreshUntil = entry.FreshUntil.Truncate(time.Second)
				entry.StaleUntil = entry.StaleUntil.Truncate(time.Second)
				entry.HeldUntil = entry.HeldUntil.Truncate(time.Second)
				return entry
			})
		},
	},
}
