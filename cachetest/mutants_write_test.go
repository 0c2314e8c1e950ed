package cachetest

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache"
)

// asIf makes Set behave as if entry were changed by f, given what the key
// holds.
func asIf(m *mapCache, w *wrapper, f func(old stringEntry, there bool, entry stringEntry) stringEntry) {
	w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
		entry, err := m.made(value, ttl)
		if err != nil {
			return err
		}
		old, there, err := m.GetEntry(ctx, key)
		if err != nil {
			return err
		}
		return m.SetEntry(ctx, key, f(old, there, entry))
	}
}

var writeMutants = []mutant{
	{
		name: "New returns the same cache", breaks: "contract (harness): New returns an empty cache",
		bug: func(_ *mapCache, w *wrapper) { *w = *wrap(shared) },
	},
	{
		name: "Advance does nothing", still: true,
		breaks: "contract (harness): after Advance(d), now is at least d later",
		bug:    func(*mapCache, *wrapper) {},
	},
	{
		name: "a miss is an error", breaks: "contract (miss): a miss of Get is ok == false with a nil error",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				value, ok, err := m.Get(ctx, key)
				if !ok && err == nil {
					err = advcache.ErrNotFound
				}
				return value, ok, err
			}
		},
	},
	{
		name: "Exists gives an error for a miss", breaks: "contract (miss): a miss of Exists is false with a nil error",
		bug: func(m *mapCache, w *wrapper) {
			w.exists = func(ctx context.Context, key string) (bool, error) {
				ok, err := m.Exists(ctx, key)
				if !ok && err == nil {
					err = errors.New("no such key")
				}
				return ok, err
			}
		},
	},
	{
		name: "a miss leaves a negative entry", breaks: "contract (miss): a miss leaves nothing behind",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				value, ok, err := m.Get(ctx, key)
				if entry, held, _ := m.GetEntry(ctx, key); err == nil && !held {
					entry.Absent = true
					err = m.SetEntry(ctx, key, entry)
				}
				return value, ok, err
			}
		},
	},
	{
		name: "any key finds any value", breaks: "contract (miss): a key that was never set is a miss",
		bug: func(_ *mapCache, w *wrapper) { rekey(w, func(key string) string { return key[:min(len(key), 1)] }) },
	},
	{
		name: "one key finds another", breaks: "contract (miss): a key that was never set is a miss",
		bug: func(_ *mapCache, w *wrapper) { rekey(w, func(string) string { return "k" }) },
	},
	{
		name: "Get takes the value away", breaks: "contract (Set): Get returns what Set stored",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				value, ok, err := m.Get(ctx, key)
				if ok {
					err = m.Delete(ctx, key)
				}
				return value, ok, err
			}
		},
	},
	{
		name: "Set keeps a fresh entry", breaks: "contract (Set): Set replaces a fresh entry",
		bug: func(m *mapCache, w *wrapper) {
			asIf(m, w, func(old stringEntry, there bool, entry stringEntry) stringEntry {
				if there && old.IsFresh(time.Now()) && !old.Absent {
					return old
				}
				return entry
			})
		},
	},
	{
		name: "Set keeps the stale window", breaks: "contract (Set): Set replaces a stale entry, and its stale window",
		bug: func(m *mapCache, w *wrapper) {
			asIf(m, w, func(old stringEntry, _ bool, entry stringEntry) stringEntry {
				entry.StaleUntil = old.StaleUntil
				return entry
			})
		},
	},
	{
		name: "Set keeps a negative entry", breaks: "contract (Set): Set replaces a negative entry",
		bug: func(m *mapCache, w *wrapper) {
			asIf(m, w, func(old stringEntry, _ bool, entry stringEntry) stringEntry {
				entry.Absent = old.Absent
				return entry
			})
		},
	},
	{
		name: "Set keeps the tags", breaks: "contract (Set): Set leaves no tags",
		bug: func(m *mapCache, w *wrapper) {
			asIf(m, w, func(old stringEntry, _ bool, entry stringEntry) stringEntry {
				entry.Tags = old.Tags
				return entry
			})
		},
	},
	{
		name: "Set keeps a longer life", breaks: "contract (Set): the ttl of the last Set counts, where it is shorter",
		bug: func(m *mapCache, w *wrapper) {
			asIf(m, w, func(old stringEntry, there bool, entry stringEntry) stringEntry {
				if there && (old.FreshUntil.IsZero() || old.FreshUntil.After(entry.FreshUntil)) {
					entry.FreshUntil = old.FreshUntil
				}
				return entry
			})
		},
	},
	{
		name: "Set keeps a shorter life", breaks: "contract (Set): the ttl of the last Set counts, where it is longer",
		bug: func(m *mapCache, w *wrapper) {
			asIf(m, w, func(old stringEntry, there bool, entry stringEntry) stringEntry {
				if there && !old.FreshUntil.IsZero() && (entry.FreshUntil.IsZero() || old.FreshUntil.Before(entry.FreshUntil)) {
					entry.FreshUntil = old.FreshUntil
				}
				return entry
			})
		},
	},
	{
		name: "a key is set once and never again", breaks: "contract (Set): a key whose entry is dead can be set again",
		bug: func(m *mapCache, w *wrapper) {
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				m.mu.Lock()
				_, before := m.held[key]
				m.mu.Unlock()
				if before && ttl >= 0 {
					return ctx.Err()
				}
				return m.Set(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "a negative ttl deletes", breaks: "contract (Set): a ttl below 0 is ErrInvalidTTL",
		bug: func(m *mapCache, w *wrapper) {
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				if ttl < 0 {
					_ = m.Delete(ctx, key)
				}
				return m.Set(ctx, key, value, ttl)
			}
		},
	},
	{
		name: "SetEntry stores nothing", breaks: "contract (SetEntry): Get returns what SetEntry stored",
		bug: func(_ *mapCache, w *wrapper) {
			w.setEntry = func(context.Context, string, stringEntry) error { return nil }
		},
	},
	{
		name: "SetEntry keeps the life", breaks: "contract (SetEntry): SetEntry replaces the value, the life and the tags",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if old, ok, _ := m.GetEntry(ctx, key); ok {
					entry.FreshUntil, entry.StaleUntil = old.FreshUntil, old.StaleUntil
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "SetEntry keeps what was made later", breaks: "contract (SetEntry): SetEntry replaces an entry with one that was made before it",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if old, ok, _ := m.GetEntry(ctx, key); ok && old.CreatedAt.After(entry.CreatedAt) {
					return nil
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "SetEntry wants its Version", breaks: "contract (SetEntry): SetEntry ignores the Version",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntry = func(ctx context.Context, key string, entry stringEntry) error {
				if old, _, _ := m.GetEntry(ctx, key); !entry.Version.IsZero() && entry.Version != old.Version {
					return nil
				}
				return m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "Exists is true for what is stale", breaks: "contract (Exists): Exists is true exactly where Get would be a hit",
		bug: func(m *mapCache, w *wrapper) {
			w.exists = func(ctx context.Context, key string) (bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				return ok && !entry.Absent, err
			}
		},
	},
	{
		name: "Exists is true for negative entries", breaks: "contract (Exists): Exists is true exactly where Get would be a hit",
		bug: func(m *mapCache, w *wrapper) {
			w.exists = func(ctx context.Context, key string) (bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				return ok && entry.IsFresh(time.Now()), err
			}
		},
	},
}

// shared is a cache that a wrong New returns again and again.
var shared = newMapCache()
