package cachetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/advcache/advcache"
)

// finds makes GetEntries give what f makes of its answers.
func finds(m *mapCache, w *wrapper, f func(keys []string, found []stringLookup) []stringLookup) {
	w.getEntries = func(ctx context.Context, keys []string) []stringLookup { return f(keys, m.GetEntries(ctx, keys)) }
}

// findsEach is finds for one answer at a time.
func findsEach(m *mapCache, w *wrapper, f func(l stringLookup) stringLookup) {
	finds(m, w, func(_ []string, found []stringLookup) []stringLookup {
		for i, l := range found {
			found[i] = f(l)
		}
		return found
	})
}

// missing is the answer of GetEntries in place of another.
func missing(l stringLookup) stringLookup {
	return stringLookup{Entry: stringEntry{Version: l.Entry.Version}, Err: l.Err}
}

// setsEach makes SetEntries set what f makes of each entry; false: none.
func setsEach(m *mapCache, w *wrapper, f func(key string, entry stringEntry) (stringEntry, bool)) {
	w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
		other := make(map[string]stringEntry)
		for key, entry := range entries {
			if entry, ok := f(key, entry); ok {
				other[key] = entry
			}
		}
		return m.SetEntries(ctx, other)
	}
}

// heads makes HeadEntry give what f makes of its answer.
func heads(m *mapCache, w *wrapper, f func(key string, entry stringEntry, ok bool) (stringEntry, bool)) {
	w.headEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
		entry, ok, err := m.HeadEntry(ctx, key)
		if err == nil {
			entry, ok = f(key, entry, ok)
		}
		return entry, ok, err
	}
}

// lies returns what lies in the map for key, whatever has become of it.
func lies(m *mapCache, key string) (entry stringEntry, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, ok = m.held[key]
	entry.Version = advcache.NewVersion(nil, m.writes[key]+1)
	return entry, ok
}

// believes makes SetEntryIf succeed for the keys that were seen, whatever has
// happened since. It returns what notes that keys were.
func believes(m *mapCache, w *wrapper) (saw func(keys ...string)) {
	var seen sync.Map
	w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, version advcache.Version) (bool, error) {
		if _, ok := seen.Load(key); ok && !version.IsZero() {
			return true, m.SetEntry(ctx, key, entry)
		}
		return m.SetEntryIf(ctx, key, entry, version)
	}
	return func(keys ...string) {
		for _, key := range keys {
			seen.Store(key, true)
		}
	}
}

var getEntriesMutants = []mutant{
	{
		name: "GetEntries is there, but not declared", without: []string{capGetEntries},
		breaks: "contract (harness): a cache has all capabilities but those",
		bug:    func(*mapCache, *wrapper) {},
	},
	{
		name: "GetEntries leaves misses out", breaks: "contract (GetEntries): GetEntries returns what GetEntry would for each key",
		bug: func(m *mapCache, w *wrapper) {
			finds(m, w, func(_ []string, found []stringLookup) []stringLookup {
				return slices.DeleteFunc(found, func(l stringLookup) bool { return !l.OK && l.Err == nil })
			})
		},
	},
	{
		name: "GetEntries answers in an order of its own", breaks: "contract (GetEntries): GetEntries returns what GetEntry would for each key, at the place of the key",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntries = func(ctx context.Context, keys []string) []stringLookup {
				return m.GetEntries(ctx, slices.Sorted(slices.Values(keys)))
			}
		},
	},
	{
		name: "GetEntries sorts the keys of its caller", breaks: "contract (GetEntries): GetEntries returns what GetEntry would for each key, at the place of the key: hits, stale and negative entries, and misses: GetEntries has changed the keys",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntries = func(ctx context.Context, keys []string) []stringLookup {
				found := m.GetEntries(ctx, keys)
				slices.Sort(keys)
				return found
			}
		},
	},
	{
		name: "GetEntries finds only what is fresh", breaks: "law 1 (life): GetEntries returns what is fresh, then what is stale",
		bug: func(m *mapCache, w *wrapper) {
			findsEach(m, w, func(l stringLookup) stringLookup {
				if !l.Entry.IsFresh(time.Now()) {
					return missing(l)
				}
				return l
			})
		},
	},
	{
		name: "GetEntries takes negative entries for misses", breaks: "contract (GetEntries): GetEntries returns what GetEntry would for each key",
		bug: func(m *mapCache, w *wrapper) {
			findsEach(m, w, func(l stringLookup) stringLookup {
				if l.Entry.Absent {
					return missing(l)
				}
				return l
			})
		},
	},
	{
		name: "GetEntries takes negative entries for values", breaks: "law 2 (no copy lives longer than its original): GetEntries gives back the instants and the tags of an entry, negative or not",
		bug: func(m *mapCache, w *wrapper) {
			findsEach(m, w, func(l stringLookup) stringLookup {
				l.Entry.Absent = false
				return l
			})
		},
	},
	{
		name: "GetEntries does not give HeldUntil back", breaks: "law 2 (no copy lives longer than its original): GetEntries gives back the instants",
		bug: func(m *mapCache, w *wrapper) {
			findsEach(m, w, func(l stringLookup) stringLookup {
				l.Entry.HeldUntil = time.Time{}
				return l
			})
		},
	},
	{
		name: "GetEntries gives values alone", breaks: "contract (GetEntries): GetEntries returns what GetEntry would for each key",
		bug: func(m *mapCache, w *wrapper) {
			findsEach(m, w, func(l stringLookup) stringLookup {
				l.Entry = stringEntry{Value: l.Entry.Value, Absent: l.Entry.Absent, Version: l.Entry.Version}
				return l
			})
		},
	},
	{
		name: "GetEntries finds what is past its HeldUntil", breaks: "law 1 (life): GetEntries returns what is fresh, then what is stale, and nothing that is dead or past its HeldUntil",
		bug: func(m *mapCache, w *wrapper) {
			finds(m, w, func(keys []string, found []stringLookup) []stringLookup {
				for i, key := range keys {
					if entry, ok := lies(m, key); ok && found[i].Err == nil && !entry.IsDead(time.Now()) {
						found[i] = stringLookup{Entry: entry, OK: true}
					}
				}
				return found
			})
		},
	},
	{
		name: "GetEntries answers a key once", breaks: "contract (GetEntries): a key may be asked for more than once",
		bug: func(m *mapCache, w *wrapper) {
			finds(m, w, func(keys []string, found []stringLookup) []stringLookup {
				for i, key := range keys {
					if slices.Contains(keys[:i], key) {
						found[i] = missing(found[i])
					}
				}
				return found
			})
		},
	},
	{
		name: "GetEntries of nothing is an error", breaks: "contract (GetEntries): GetEntries of no keys gives nothing",
		bug: func(m *mapCache, w *wrapper) {
			finds(m, w, func(keys []string, found []stringLookup) []stringLookup {
				if len(keys) == 0 {
					return []stringLookup{{Err: errors.New("nothing to get")}}
				}
				return found
			})
		},
	},
	{
		name: "GetEntries asks once, for as many keys as it may", breaks: "contract (GetEntries): GetEntries takes more keys than a store reads in one request",
		bug: func(m *mapCache, w *wrapper) {
			finds(m, w, func(_ []string, found []stringLookup) []stringLookup {
				for i := 512; i < len(found); i++ {
					found[i] = missing(found[i])
				}
				return found
			})
		},
	},
	{
		name: "GetEntries gives no Version of a miss", breaks: "contract (SetEntryIf): SetEntryIf succeeds with a Version of GetEntries",
		bug: func(m *mapCache, w *wrapper) {
			findsEach(m, w, func(l stringLookup) stringLookup {
				if !l.OK {
					l.Entry.Version = advcache.Version{}
				}
				return l
			})
		},
	},
	{
		name: "what GetEntries has seen may be replaced for ever", breaks: "law 3 (an invalidation wins): SetEntryIf with a Version of GetEntries does not undo",
		bug: func(m *mapCache, w *wrapper) {
			saw := believes(m, w)
			finds(m, w, func(keys []string, found []stringLookup) []stringLookup {
				saw(keys...)
				return found
			})
		},
	},
	{
		name: "one bad key is the end of GetEntries", breaks: "law 9 (keys are injective): where the empty key is refused, it has an error of its own",
		bug: func(m *mapCache, w *wrapper) {
			refusal := errors.New("the key is empty")
			w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				if key == "" {
					return stringEntry{}, false, refusal
				}
				return m.GetEntry(ctx, key)
			}
			finds(m, w, func(keys []string, found []stringLookup) []stringLookup {
				if slices.Contains(keys, "") {
					for i := range found {
						found[i] = stringLookup{Err: refusal}
					}
				}
				return found
			})
		},
	},
	{
		name: "GetEntries passes a bad key over", breaks: "law 9 (keys are injective): where the empty key is refused, it has an error of its own",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				if key == "" {
					return stringEntry{}, false, errors.New("the key is empty")
				}
				return m.GetEntry(ctx, key)
			}
		},
	},
	{
		name: "GetEntries with a done context gives misses", breaks: "contract (context): a read with a done context gives an error that wraps ctx.Err(), or the right answer: GetEntries has",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntries = func(ctx context.Context, keys []string) []stringLookup {
				if ctx.Err() != nil {
					return make([]stringLookup, len(keys))
				}
				return m.GetEntries(ctx, keys)
			}
		},
	},
	{
		name: "GetEntries with a done context gives nothing", breaks: "contract (context): a read with a done context gives an error that wraps ctx.Err(), or the right answer: GetEntries of 2 keys gives 0 answers",
		bug: func(m *mapCache, w *wrapper) {
			w.getEntries = func(ctx context.Context, keys []string) []stringLookup {
				if ctx.Err() != nil {
					return nil
				}
				return m.GetEntries(ctx, keys)
			}
		},
	},
	{
		name: "GetEntries tells keys apart by their length", breaks: "law 9 (keys are injective): SetEntries, GetEntries and HeadEntry tell keys apart",
		bug: func(m *mapCache, w *wrapper) {
			finds(m, w, func(keys []string, found []stringLookup) []stringLookup {
				first := make(map[int]int)
				for i, key := range keys {
					if _, ok := first[len(key)]; !ok {
						first[len(key)] = i
					}
					found[i] = found[first[len(key)]]
				}
				return found
			})
		},
	},
	{
		name: "GetEntries cuts values", breaks: "law 10 (what is read back is what was written): a value is returned by GetEntries as SetEntries stored it",
		bug: func(m *mapCache, w *wrapper) {
			findsEach(m, w, func(l stringLookup) stringLookup {
				l.Entry.Value = l.Entry.Value[:min(len(l.Entry.Value), 4096)]
				return l
			})
		},
	},
}

var setEntriesMutants = []mutant{
	{
		name: "SetEntries sets one key", breaks: "contract (SetEntries): SetEntries sets every key",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				for key, entry := range entries {
					return m.SetEntry(ctx, key, entry)
				}
				return nil
			}
		},
	},
	{
		name: "SetEntries sets values alone", breaks: "law 2 (no copy lives longer than its original): SetEntries keeps the instants and the tags",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(_ string, entry stringEntry) (stringEntry, bool) {
				return stringEntry{Value: entry.Value, Absent: entry.Absent, FreshUntil: entry.FreshUntil}, true
			})
		},
	},
	{
		name: "SetEntries drops HeldUntil", breaks: "law 1 (life): each of the entries that SetEntries stored lives as long as it says",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(_ string, entry stringEntry) (stringEntry, bool) {
				entry.HeldUntil = time.Time{}
				return entry, true
			})
		},
	},
	{
		name: "SetEntries stores negative entries as values", breaks: "contract (SetEntries): SetEntries sets every key, as SetEntry does",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(_ string, entry stringEntry) (stringEntry, bool) {
				entry.Absent = false
				return entry, true
			})
		},
	},
	{
		name: "SetEntries writes into the map of its caller", breaks: "contract (SetEntries): a zero CreatedAt means now, and the caller's map stays as it is: SetEntries of",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				for key, entry := range entries {
					if entry.CreatedAt.IsZero() {
						entry.CreatedAt = time.Now()
						entries[key] = entry
					}
				}
				return m.SetEntries(ctx, entries)
			}
		},
	},
	{
		name: "SetEntries leaves CreatedAt zero", breaks: "contract (SetEntries): a zero CreatedAt means now, and the caller's map stays as it is: CreatedAt",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				err := m.SetEntries(ctx, entries)
				m.mu.Lock()
				defer m.mu.Unlock()
				for key, entry := range entries {
					if held, ok := m.held[key]; ok {
						held.CreatedAt = entry.CreatedAt
						m.held[key] = held
					}
				}
				return err
			}
		},
	},
	{
		name: "SetEntries adds only", breaks: "contract (SetEntries): SetEntries replaces whatever the keys held",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(key string, entry stringEntry) (stringEntry, bool) {
				held, ok := lies(m, key)
				return entry, !ok || !held.IsFresh(time.Now())
			})
		},
	},
	{
		name: "SetEntries keeps what was made later", breaks: "contract (SetEntries): SetEntries replaces whatever the keys held, also what was made later",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(key string, entry stringEntry) (stringEntry, bool) {
				held, ok := lies(m, key)
				return entry, !ok || entry.CreatedAt.IsZero() || !held.CreatedAt.After(entry.CreatedAt)
			})
		},
	},
	{
		name: "SetEntries passes dead entries over", breaks: "law 1 (life): an entry of SetEntries that is dead already, or past its HeldUntil, removes",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(_ string, entry stringEntry) (stringEntry, bool) { return entry, !entry.IsDead(time.Now()) })
		},
	},
	{
		name: "SetEntries passes over what is past its HeldUntil", breaks: "law 1 (life): an entry of SetEntries that is dead already, or past its HeldUntil, removes",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(_ string, entry stringEntry) (stringEntry, bool) {
				return entry, entry.HeldUntil.IsZero() || entry.HeldUntil.After(time.Now())
			})
		},
	},
	{
		name: "a dead entry is the end of SetEntries", breaks: "law 1 (life): an entry of SetEntries that is dead already, or past its HeldUntil, removes what the key holds, and the others are set",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				dead := maps.Clone(entries)
				maps.DeleteFunc(dead, func(_ string, entry stringEntry) bool { return !entry.IsDead(time.Now()) })
				if len(dead) > 0 {
					return m.SetEntries(ctx, dead)
				}
				return m.SetEntries(ctx, entries)
			}
		},
	},
	{
		name: "SetEntries gives all of them the longest life", breaks: "law 1 (life): each of the entries that SetEntries stored lives as long as it says",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				other := make(map[string]stringEntry)
				for key, entry := range entries {
					for _, one := range entries {
						if one.FreshUntil.IsZero() {
							entry.FreshUntil = time.Time{}
						}
					}
					other[key] = entry
				}
				return m.SetEntries(ctx, other)
			}
		},
	},
	{
		name: "SetEntries wants the Versions of its entries", breaks: "contract (SetEntries): SetEntries ignores the Versions",
		bug: func(m *mapCache, w *wrapper) {
			setsEach(m, w, func(key string, entry stringEntry) (stringEntry, bool) {
				held, _ := lies(m, key)
				return entry, entry.Version.IsZero() || entry.Version == held.Version
			})
		},
	},
	{
		name: "SetEntries leaves the Version", breaks: "law 3 (an invalidation wins): SetEntryIf does not undo a SetEntries that came after the read",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				m.mu.Lock()
				before := maps.Clone(m.writes)
				m.mu.Unlock()
				err := m.SetEntries(ctx, entries)
				m.mu.Lock()
				defer m.mu.Unlock()
				m.writes = before
				return err
			}
		},
	},
	{
		name: "SetEntries leaves the Version of what it removes", breaks: "law 3 (an invalidation wins): SetEntryIf does not undo a SetEntries that came after the read, even of the same entry, nor one that removed",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				err := m.SetEntries(ctx, entries)
				m.mu.Lock()
				defer m.mu.Unlock()
				for key, entry := range entries {
					if entry.IsDead(time.Now()) && err == nil {
						m.writes[key]--
					}
				}
				return err
			}
		},
	},
	{
		name: "GetMany does not find what SetEntries stored", breaks: "contract (SetEntries): what SetEntries stored is found by GetMany",
		bug: func(m *mapCache, w *wrapper) {
			var elsewhere sync.Map
			setsEach(m, w, func(key string, entry stringEntry) (stringEntry, bool) {
				elsewhere.Store(key, true)
				return entry, true
			})
			w.getMany = func(ctx context.Context, keys []string) (map[string]string, error) {
				found, err := m.GetMany(ctx, keys)
				maps.DeleteFunc(found, func(key, _ string) bool {
					_, ok := elsewhere.Load(key)
					return ok
				})
				return found, err
			}
		},
	},
	{
		name: "SetEntries of nothing is an error", breaks: "contract (SetEntries): SetEntries of nothing is no error",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				if len(entries) == 0 {
					return errors.New("nothing to set")
				}
				return m.SetEntries(ctx, entries)
			}
		},
	},
	{
		name: "SetEntries with a done context is dropped", breaks: "contract (context): a write with a done context gives an error that wraps ctx.Err(), or is done: SetEntries gave no error",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				if ctx.Err() != nil {
					return nil
				}
				return m.SetEntries(ctx, entries)
			}
		},
	},
	{
		name: "SetEntries returns before it is done", breaks: "law 3 (an invalidation wins): a read of one of its keys that begins after SetEntries has returned never sees an older value",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				entries = maps.Clone(entries)
				time.AfterFunc(time.Microsecond, func() { _ = m.SetEntries(context.WithoutCancel(ctx), entries) })
				return ctx.Err()
			}
		},
	},
	{
		name: "SetEntries deletes, then sets", breaks: "law 3 (an invalidation wins): a read of one of its keys that begins after SetEntries has returned never sees an older value, nor a miss",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				if err := m.Delete(ctx, slices.Collect(maps.Keys(entries))...); err != nil {
					return err
				}
				pause()
				return m.SetEntries(ctx, entries)
			}
		},
	},
	{
		name: "SetEntries counts its writes too late", breaks: "law 3 (an invalidation wins): a SetEntries is not undone by a SetEntryIf",
		bug: func(m *mapCache, w *wrapper) {
			w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				for key, entry := range entries {
					m.mu.Lock()
					before := m.writes[key]
					m.put(key, entry)
					m.writes[key] = before
					m.mu.Unlock()
				}
				pause()
				m.mu.Lock()
				defer m.mu.Unlock()
				for key := range entries {
					m.writes[key]++
				}
				return nil
			}
		},
	},
}

var headEntryMutants = []mutant{
	{
		name: "HeadEntry gives the value", breaks: "contract (HeadEntry): HeadEntry returns what GetEntry would, but for the Value",
		bug: func(m *mapCache, w *wrapper) { w.headEntry = m.GetEntry },
	},
	{
		name: "HeadEntry is Exists", breaks: "contract (HeadEntry): HeadEntry returns what GetEntry would",
		bug: func(m *mapCache, w *wrapper) {
			heads(m, w, func(_ string, entry stringEntry, _ bool) (stringEntry, bool) {
				return stringEntry{Version: entry.Version}, !entry.Absent && entry.IsFresh(time.Now())
			})
		},
	},
	{
		name: "HeadEntry misses what is stale", breaks: "law 1 (life): HeadEntry finds what is fresh, then what is stale",
		bug: func(m *mapCache, w *wrapper) {
			heads(m, w, func(_ string, entry stringEntry, ok bool) (stringEntry, bool) {
				if !entry.IsFresh(time.Now()) {
					return stringEntry{Version: entry.Version}, false
				}
				return entry, ok
			})
		},
	},
	{
		name: "HeadEntry finds what is past its HeldUntil", breaks: "law 1 (life): HeadEntry finds what is fresh, then what is stale, and nothing that is dead or past its HeldUntil",
		bug: func(m *mapCache, w *wrapper) {
			heads(m, w, func(key string, entry stringEntry, ok bool) (stringEntry, bool) {
				if held, lie := lies(m, key); lie && !held.IsDead(time.Now()) {
					held.Value = ""
					return held, true
				}
				return entry, ok
			})
		},
	},
	{
		name: "HeadEntry does not give HeldUntil back", breaks: "law 2 (no copy lives longer than its original): HeadEntry gives back the instants",
		bug: func(m *mapCache, w *wrapper) {
			heads(m, w, func(_ string, entry stringEntry, ok bool) (stringEntry, bool) {
				entry.HeldUntil = time.Time{}
				return entry, ok
			})
		},
	},
	{
		name: "HeadEntry gives no Version", breaks: "contract (SetEntryIf): SetEntryIf succeeds with a Version of HeadEntry",
		bug: func(m *mapCache, w *wrapper) {
			heads(m, w, func(_ string, entry stringEntry, ok bool) (stringEntry, bool) {
				entry.Version = advcache.Version{}
				return entry, ok
			})
		},
	},
	{
		name: "what HeadEntry has seen may be replaced for ever", breaks: "law 3 (an invalidation wins): SetEntryIf with a Version of HeadEntry does not undo",
		bug: func(m *mapCache, w *wrapper) {
			saw := believes(m, w)
			heads(m, w, func(key string, entry stringEntry, ok bool) (stringEntry, bool) {
				saw(key)
				return entry, ok
			})
		},
	},
	{
		name: "HeadEntry looks at the wrong key", breaks: "law 9 (keys are injective): SetEntries, GetEntries and HeadEntry tell keys apart",
		bug: func(m *mapCache, w *wrapper) {
			w.headEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				return m.HeadEntry(ctx, key[:min(len(key), 1024)])
			}
		},
	},
	{
		name: "HeadEntry with a done context is a hit", breaks: "contract (context): a read with a done context invents nothing: HeadEntry",
		bug: func(m *mapCache, w *wrapper) {
			w.headEntry = func(ctx context.Context, key string) (stringEntry, bool, error) {
				if ctx.Err() != nil {
					return stringEntry{}, true, nil
				}
				return m.HeadEntry(ctx, key)
			}
		},
	},
}
