package cachetest

import (
	"context"
	"time"

	"github.com/advcache/advcache"
)

var copyMutants = []mutant{
	{
		name: "SetEntry sets CreatedAt to now", breaks: "law 2 (no copy lives longer than its original): SetEntry keeps CreatedAt",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				entry.CreatedAt = time.Now()
				return entry
			})
		},
	},
	{
		name: "a copy lives as long again", breaks: "law 2 (no copy lives longer than its original): an entry that is read and set again dies when its original does",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				later := time.Since(entry.CreatedAt)
				if !entry.FreshUntil.IsZero() && !entry.IsDead(time.Now()) {
					entry.FreshUntil = entry.FreshUntil.Add(later)
				}
				if !entry.StaleUntil.IsZero() && !entry.IsDead(time.Now()) {
					entry.StaleUntil = entry.StaleUntil.Add(later)
				}
				return entry
			})
		},
	},
	{
		name: "instants are rounded up to milliseconds", breaks: "law 2 (no copy lives longer than its original): SetEntry keeps CreatedAt, FreshUntil and StaleUntil, and makes none of them later",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if !entry.FreshUntil.IsZero() {
					entry.FreshUntil = entry.FreshUntil.Add(time.Millisecond - 1).Truncate(time.Millisecond)
				}
				return entry
			})
		},
	},
	{
		name: "a zero CreatedAt stays zero", breaks: "contract (SetEntry): a zero CreatedAt means now",
		bug: func(_ *mapCache, w *wrapper) {
			gives(w, func(entry stringEntry, ok bool) (stringEntry, bool) {
				if ok && time.Since(entry.CreatedAt) == 0 {
					entry.CreatedAt = time.Time{}
				}
				return entry, ok
			})
		},
	},
	{
		name: "CreatedAt is when the cache was made", breaks: "contract (Set): Set stores the value as made now",
		bug: func(_ *mapCache, w *wrapper) {
			start := time.Now()
			gives(w, func(entry stringEntry, ok bool) (stringEntry, bool) {
				if ok {
					entry.CreatedAt = start
				}
				return entry, ok
			})
		},
	},
	{
		name: "tags are lost", breaks: "contract (SetEntry): SetEntry keeps the tags",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				entry.Tags = nil
				return entry
			})
		},
	},
	{
		name: "tags become values", breaks: "law 10 (what is read back is what was written): tags do not change the value",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if len(entry.Tags) > 0 {
					entry.Value = entry.Tags[0]
				}
				return entry
			})
		},
	},
	{
		name: "HeldUntil is dropped", breaks: "law 2 (no copy lives longer than its original): past HeldUntil a level no longer answers",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				entry.HeldUntil = time.Time{}
				return entry
			})
		},
	},
	{
		name: "HeldUntil is not given back", breaks: "law 2 (no copy lives longer than its original): GetEntry gives back HeldUntil",
		bug: func(_ *mapCache, w *wrapper) {
			gives(w, func(entry stringEntry, ok bool) (stringEntry, bool) {
				entry.HeldUntil = time.Time{}
				return entry, ok
			})
		},
	},
	{
		name: "HeldUntil shortens the life", breaks: "law 2 (no copy lives longer than its original): GetEntry gives back HeldUntil, and the life of the original",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if !entry.HeldUntil.IsZero() {
					entry.FreshUntil, entry.StaleUntil = entry.HeldUntil, time.Time{}
				}
				return entry
			})
		},
	},
	{
		name: "HeldUntil lengthens the life", breaks: "law 2 (no copy lives longer than its original): HeldUntil does not lengthen",
		bug: func(_ *mapCache, w *wrapper) {
			stores(w, func(entry stringEntry) stringEntry {
				if entry.HeldUntil.After(entry.StaleUntil) {
					entry.StaleUntil = entry.HeldUntil
				}
				return entry
			})
		},
	},
	{
		name: "what is held is never stale", breaks: "law 2 (no copy lives longer than its original): before HeldUntil a level answers with a stale copy",
		bug: func(_ *mapCache, w *wrapper) {
			gives(w, func(entry stringEntry, ok bool) (stringEntry, bool) {
				if !entry.HeldUntil.IsZero() && !entry.IsFresh(time.Now()) {
					return stringEntry{Version: entry.Version}, false
				}
				return entry, ok
			})
		},
	},
	{
		name: "HeldUntil means not at all", breaks: "law 2 (no copy lives longer than its original): before HeldUntil a level answers as usual",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				entry, _, err := m.GetEntry(ctx, key)
				if err != nil || !entry.HeldUntil.IsZero() {
					return "", false, err
				}
				return m.Get(ctx, key)
			}
		},
	},
	{
		name: "an entry set past HeldUntil is ignored", breaks: "law 2 (no copy lives longer than its original): an entry set after its HeldUntil is not answered with, nor is what was there before",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if !entry.HeldUntil.IsZero() && entry.HeldUntil.Before(time.Now()) {
					return nil
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "HeldUntil is for the key, not for the copy", breaks: "contract (Set): Set lifts the HeldUntil of what was there before",
		bug: func(m *mapCache, w *wrapper) {
			limits := make(map[string]time.Time)
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if !entry.HeldUntil.IsZero() {
					m.mu.Lock()
					limits[key] = entry.HeldUntil
					m.mu.Unlock()
				}
				return m.SetEntry(ctx, key, entry)
			}
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				m.mu.Lock()
				limit, ok := limits[key]
				m.mu.Unlock()
				if ok && !time.Now().Before(limit) {
					return "", false, nil
				}
				return m.Get(ctx, key)
			}
		},
	},
	{
		name: "what is dead still gives its entry with a miss", breaks: "contract (miss): a miss of GetEntry is ok == false, a nil error, and an entry that is zero",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if !ok && err == nil {
					m.mu.Lock()
					version := entry.Version
					entry = m.held[key]
					entry.Version = version
					m.mu.Unlock()
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "Revalidate gives the life of the copy", breaks: "contract (Revalidate): Revalidate returns the present life",
		bug: func(m *mapCache, w *wrapper) {
			w.revalidate = func(ctx context.Context, key string, held stringEntry) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if ok && entry.Value == held.Value && !entry.Absent {
					held.Version = entry.Version
					return held, true, err
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "Revalidate always says unchanged", breaks: "contract (Revalidate): Revalidate returns the new value where the content changed",
		bug: func(m *mapCache, w *wrapper) {
			w.revalidate = func(ctx context.Context, key string, held stringEntry) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if ok {
					entry.Value = held.Value
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "Revalidate never misses", breaks: "contract (Revalidate): Revalidate of what was deleted is a miss",
		bug: func(m *mapCache, w *wrapper) {
			w.revalidate = func(ctx context.Context, key string, held stringEntry) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if !ok && err == nil {
					return held, true, nil
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "Revalidate finds only what is fresh", breaks: "contract (Revalidate): Revalidate finds an entry that has become stale",
		bug: func(m *mapCache, w *wrapper) {
			w.revalidate = func(ctx context.Context, key string, _ stringEntry) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if !entry.IsFresh(time.Now()) {
					return stringEntry{Version: entry.Version}, false, err
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "Revalidate gives no Version", breaks: "contract (Revalidate): Revalidate of an unchanged entry returns what GetEntry would",
		bug: func(m *mapCache, w *wrapper) {
			w.revalidate = func(ctx context.Context, key string, _ stringEntry) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				entry.Version = advcache.Version{}
				return entry, ok, err
			}
		},
	},
}
