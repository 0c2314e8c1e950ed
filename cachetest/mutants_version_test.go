package cachetest

import (
	"context"
	"maps"
	"time"

	"github.com/advcache/advcache"
)

// versions makes all reads give another Version, and SetEntryIf succeed where it
// is the one that the key has now.
func versions(m *mapCache, w *wrapper, f func(key string, entry stringEntry, there bool) advcache.Version) {
	versioned := func(key string, entry stringEntry, ok bool, err error) (stringEntry, bool, error) {
		if err == nil {
			entry.Version = f(key, entry, ok)
		}
		return entry, ok, err
	}
	w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
		entry, ok, err := m.GetEntry(ctx, key)
		return versioned(key, entry, ok, err)
	}
	w.getEntries = func(ctx context.Context, keys []string) []stringLookup {
		found := m.GetEntries(ctx, keys)
		for i, key := range keys {
			l := &found[i]
			l.Entry, l.OK, l.Err = versioned(key, l.Entry, l.OK, l.Err)
		}
		return found
	}
	w.headEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
		entry, ok, err := m.HeadEntry(ctx, key)
		return versioned(key, entry, ok, err)
	}
	w.revalidate = func(ctx context.Context, key string, held stringEntry) (stringEntry, bool, error) {
		entry, ok, err := m.Revalidate(ctx, key, held)
		return versioned(key, entry, ok, err)
	}
	w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
		now, ok, err := m.GetEntry(ctx, key)
		if err != nil || f(key, now, ok) != seen {
			return false, err
		}
		return m.SetEntryIf(ctx, key, entry, now.Version)
	}
}

var versionMutants = []mutant{
	{
		name: "SetEntryIf ignores the Version", breaks: "law 3 (an invalidation wins): SetEntryIf does not undo a Delete that came after the read",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, _ advcache.Version) (bool, error) {
				return true, m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "SetEntryIf takes a zero Version", breaks: "contract (SetEntryIf): a zero Version is refused with an error",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				if seen.IsZero() {
					return false, ctx.Err()
				}
				return m.SetEntryIf(ctx, key, entry, seen)
			}
		},
	},
	{
		name: "SetEntryIf writes, then says no", breaks: "law 3 (an invalidation wins): SetEntryIf does not undo a Set",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				ok, err := m.SetEntryIf(ctx, key, entry, seen)
				if err == nil && !ok {
					err = m.SetEntry(ctx, key, entry)
				}
				return ok, err
			}
		},
	},
	{
		name: "SetEntryIf never succeeds", breaks: "contract (SetEntryIf): SetEntryIf succeeds with the Version of an entry",
		bug: func(_ *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, _ string, _ stringEntry, _ advcache.Version) (bool, error) {
				return false, ctx.Err()
			}
		},
	},
	{
		name: "SetEntryIf succeeds once in a life", breaks: "contract (SetEntryIf): writes of other keys leave a Version good",
		bug: func(m *mapCache, w *wrapper) {
			var total uint64
			w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
				m.mu.Lock()
				total++
				m.mu.Unlock()
				return m.Set(ctx, key, value, ttl)
			}
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				m.mu.Lock()
				busy := total > 1
				m.mu.Unlock()
				if busy {
					return false, ctx.Err()
				}
				return m.SetEntryIf(ctx, key, entry, seen)
			}
		},
	},
	{
		name: "a miss has no Version", breaks: "contract (SetEntryIf): SetEntryIf succeeds with the Version of a miss",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if !ok {
					entry.Version = advcache.Version{}
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "all misses have the same Version", breaks: "law 3 (an invalidation wins): SetEntryIf refuses a Version when the key was deleted and set to the same value since, or set and deleted",
		bug: func(m *mapCache, w *wrapper) {
			versions(m, w, func(_ string, entry stringEntry, there bool) advcache.Version {
				if !there {
					return advcache.NewVersion("a miss", 0)
				}
				return entry.Version
			})
		},
	},
	{
		name: "the Version is the value", breaks: "contract (Version): each write of a key gives it a Version that it never had",
		bug: func(m *mapCache, w *wrapper) {
			versions(m, w, func(_ string, entry stringEntry, _ bool) advcache.Version {
				return advcache.NewVersion(entry.Value, 0)
			})
		},
	},
	{
		name: "the Version is CreatedAt", breaks: "law 3 (an invalidation wins): SetEntryIf does not undo a SetEntry that came after the read, even of the same entry",
		bug: func(m *mapCache, w *wrapper) {
			versions(m, w, func(_ string, entry stringEntry, _ bool) advcache.Version {
				return advcache.NewVersion("created", uint64(entry.CreatedAt.UnixNano()))
			})
		},
	},
	{
		name: "the Version is another one each time", breaks: "contract (Version): two GetEntry without a write between them give the same Version",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if ok {
					entry.Version = advcache.NewVersion(new(int), 0)
				}
				return entry, ok, err
			}
		},
	},
	{
		name: "the Version is not comparable", breaks: "contract (Version): each write of a key gives it a Version that it never had: the token of the Version of \"k\" is a []uint8, which is not comparable",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				entry, ok, err := m.GetEntry(ctx, key)
				if !ok {
					entry.Version = advcache.NewVersion([]byte("a miss"), 0)
				}
				return entry, ok, err
			}
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, _ advcache.Version) (bool, error) {
				return true, m.SetEntry(ctx, key, entry)
			}
		},
	},
	{
		name: "Clear leaves the Version", breaks: "law 3 (an invalidation wins): SetEntryIf does not undo a Clear",
		bug: func(m *mapCache, w *wrapper) {
			w.clear = func(ctx context.Context, prefix string) error {
				m.mu.Lock()
				before := maps.Clone(m.writes)
				m.mu.Unlock()
				err := m.Clear(ctx, prefix)
				m.mu.Lock()
				defer m.mu.Unlock()
				m.writes = before
				return err
			}
		},
	},
	{
		name: "Delete leaves the Version", breaks: "law 3 (an invalidation wins): SetEntryIf does not undo a Delete",
		bug: func(m *mapCache, w *wrapper) {
			w.delete = func(_ context.Context, keys ...string) error {
				m.mu.Lock()
				defer m.mu.Unlock()
				for _, key := range keys {
					delete(m.held, key)
				}
				return nil
			}
		},
	},
	{
		name: "SetEntryIf stores without the instants", breaks: "contract (SetEntryIf): SetEntryIf stores the entry as SetEntry does",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				return m.SetEntryIf(ctx, key, stringEntry{Value: entry.Value, Absent: entry.Absent, FreshUntil: entry.FreshUntil}, seen)
			}
		},
	},
	{
		name: "SetEntryIf fails where something dead lies", breaks: "contract (SetEntryIf): SetEntryIf succeeds with the Version of a miss where a dead entry",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				m.mu.Lock()
				_, lies := m.held[key]
				_, there := m.look(key)
				m.mu.Unlock()
				if lies && !there {
					return false, ctx.Err()
				}
				return m.SetEntryIf(ctx, key, entry, seen)
			}
		},
	},
	{
		name: "SetEntryIf with a dead entry leaves what is there", breaks: "contract (SetEntryIf): SetEntryIf with a dead entry removes",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
				if entry.IsDead(time.Now()) {
					return true, ctx.Err()
				}
				return m.SetEntryIf(ctx, key, entry, seen)
			}
		},
	},
}
