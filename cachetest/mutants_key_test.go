package cachetest

import (
	"cmp"
	"context"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/advcache/advcache"
)

// rekey makes the cache use f(key) in place of key.
func rekey(w *wrapper, f func(key string) string) {
	in := *w
	all := func(keys []string) []string {
		other := make([]string, 0, len(keys))
		for _, key := range keys {
			other = append(other, f(key))
		}
		return other
	}
	w.get = func(ctx context.Context, key string) (string, bool, error) { return in.get(ctx, f(key)) }
	w.getEntry = func(ctx context.Context, key string) (stringEntry, bool, error) { return in.getEntry(ctx, f(key)) }
	w.exists = func(ctx context.Context, key string) (bool, error) { return in.exists(ctx, f(key)) }
	w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
		return in.set(ctx, f(key), value, ttl)
	}
	w.setEntry = func(ctx context.Context, key string, entry stringEntry) error { return in.setEntry(ctx, f(key), entry) }
	w.delete = func(ctx context.Context, keys ...string) error { return in.delete(ctx, all(keys)...) }
	w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
		return in.setIfAbsent(ctx, f(key), value, ttl)
	}
	w.setEntryIf = func(ctx context.Context, key string, entry stringEntry, seen advcache.Version) (bool, error) {
		return in.setEntryIf(ctx, f(key), entry, seen)
	}
	w.getMany = func(ctx context.Context, keys []string) (map[string]string, error) {
		found, err := in.getMany(ctx, all(keys))
		asked := make(map[string]string)
		for _, key := range keys {
			if value, ok := found[f(key)]; ok {
				asked[key] = value
			}
		}
		return asked, err
	}
	w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
		other := make(map[string]string)
		for key, value := range values {
			other[f(key)] = value
		}
		return in.setMany(ctx, other, ttl)
	}
	w.getEntries = func(ctx context.Context, keys []string) []stringLookup { return in.getEntries(ctx, all(keys)) }
	w.setEntries = func(ctx context.Context, entries map[string]stringEntry) error {
		other := make(map[string]stringEntry)
		for key, entry := range entries {
			other[f(key)] = entry
		}
		return in.setEntries(ctx, other)
	}
	w.headEntry = func(ctx context.Context, key string) (stringEntry, bool, error) { return in.headEntry(ctx, f(key)) }
	w.revalidate = func(ctx context.Context, key string, held stringEntry) (stringEntry, bool, error) {
		return in.revalidate(ctx, f(key), held)
	}
}

// recode makes the cache store f(value) in place of value.
func recode(w *wrapper, f func(value string) string) {
	set, setMany, setIfAbsent := w.set, w.setMany, w.setIfAbsent
	w.set = func(ctx context.Context, key, value string, ttl time.Duration) error {
		return set(ctx, key, f(value), ttl)
	}
	w.setIfAbsent = func(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
		return setIfAbsent(ctx, key, f(value), ttl)
	}
	w.setMany = func(ctx context.Context, values map[string]string, ttl time.Duration) error {
		other := make(map[string]string)
		for key, value := range values {
			other[key] = f(value)
		}
		return setMany(ctx, other, ttl)
	}
	stores(w, func(entry stringEntry) stringEntry {
		entry.Value = f(entry.Value)
		return entry
	})
}

// keyMutants confuse keys, or spoil values.
var keyMutants = []mutant{
	{
		name: "keys are lower-cased", breaks: "law 9 (keys are injective): each key has its own entry",
		bug: func(_ *mapCache, w *wrapper) { rekey(w, strings.ToLower) },
	},
	{
		name: "keys are trimmed", breaks: "law 9 (keys are injective): each key has its own entry",
		bug: func(_ *mapCache, w *wrapper) { rekey(w, strings.TrimSpace) },
	},
	{
		name: "keys are cleaned as paths", breaks: "law 9 (keys are injective): GetMany and SetMany tell keys apart",
		bug: func(_ *mapCache, w *wrapper) { rekey(w, path.Clean) },
	},
	{
		name: "keys are made UTF-8", breaks: "law 9 (keys are injective): SetIfAbsent tells keys apart",
		bug: func(_ *mapCache, w *wrapper) {
			rekey(w, func(key string) string { return strings.ToValidUTF8(key, "\ufffd") })
		},
	},
	{
		name: "keys are cut", breaks: "law 9 (keys are injective): SetEntryIf tells keys apart",
		bug: func(_ *mapCache, w *wrapper) { rekey(w, func(key string) string { return key[:min(len(key), 1024)] }) },
	},
	{
		name: "keys end at the null byte", breaks: "law 9 (keys are injective): Revalidate tells keys apart",
		bug: func(_ *mapCache, w *wrapper) {
			rekey(w, func(key string) string {
				before, _, _ := strings.Cut(key, "\x00")
				return before
			})
		},
	},
	{
		name: "keys are escaped, but not the escape", breaks: "law 9 (keys are injective): each key has its own entry",
		bug: func(_ *mapCache, w *wrapper) {
			rekey(w, func(key string) string { return strings.ReplaceAll(key, "/", "%2F") })
		},
	},
	{
		name: "the empty key is that of another", breaks: "law 9 (keys are injective): the empty key is refused with an error, or is a key like any other",
		bug: func(_ *mapCache, w *wrapper) { rekey(w, func(key string) string { return cmp.Or(key, ".") }) },
	},
	{
		name: "values are trimmed", breaks: "law 10 (what is read back is what was written): a value is returned as it was set",
		bug: func(_ *mapCache, w *wrapper) { recode(w, strings.TrimSpace) },
	},
	{
		name: "null is empty", breaks: "law 10 (what is read back is what was written): a value is returned by GetMany as SetMany stored it",
		bug: func(_ *mapCache, w *wrapper) {
			recode(w, func(value string) string { return strings.TrimPrefix(value, "null") })
		},
	},
	{
		name: "long values are cut", breaks: "law 10 (what is read back is what was written): a value is returned as SetEntryIf stored it",
		bug: func(_ *mapCache, w *wrapper) {
			recode(w, func(value string) string { return value[:min(len(value), 1<<16)] })
		},
	},
	{
		name: "values are made UTF-8", breaks: "law 10 (what is read back is what was written): a value that is not UTF-8 is returned as it was set, or not at all",
		bug: func(_ *mapCache, w *wrapper) {
			recode(w, func(value string) string { return strings.ToValidUTF8(value, string(utf8.RuneError)) })
		},
	},
	{
		name: "a marker for what is not there", breaks: "law 10 (what is read back is what was written): a value is returned as SetIfAbsent stored it",
		bug: func(m *mapCache, w *wrapper) {
			w.get = func(ctx context.Context, key string) (string, bool, error) {
				value, ok, err := m.Get(ctx, key)
				return value, ok && value != "*", err
			}
		},
	},
	{
		name: "a shorter value is written over a longer one", breaks: "law 10 (what is read back is what was written): nothing is left of a longer value",
		bug: func(m *mapCache, w *wrapper) {
			asIf(m, w, func(old stringEntry, _ bool, entry stringEntry) stringEntry {
				if len(old.Value) > len(entry.Value) {
					entry.Value += old.Value[len(entry.Value):]
				}
				return entry
			})
		},
	},
}
