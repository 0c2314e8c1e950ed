package cachetest

import (
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/advcache/advcache"
)

// awkwardValues returns values that an encoding, a compression or a marker of
// some store may take for something else. They are made once, which takes
// longer than the checks.
var awkwardValues = sync.OnceValue(func() []string {
	return []string{
		"", " ", "a", "0", "null", "nil", "true", "*", `""`, `"a"`, `{"a":1}`, "[]", "\n", "a\r\nb", "\ufeffa", "\u00e9", "e\u0301", "日本語", "\U0001f642",
		"\x00", "a\x00b", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x1b", "\x7f", "NOTFOUND", "not found", "__nil__",
		strings.Repeat("a", 511), strings.Repeat("a", 512), strings.Repeat("a", 513), strings.Repeat(" ", 4096),
		strings.Repeat("compressible ", 40_000), // half a megabyte
		incompressible(300_000),
	}
})

// awkwardBytes returns values that are not UTF-8, which some codecs cannot
// write: starts of gzip, zstd and msgpack data among them.
func awkwardBytes() []string {
	return []string{
		"\xff", "\xff\xfe", "a\xffb", "\xed\xa0\x80", "\xc0", "\xc1", "\x80", "\xde\xad\xbe\xef",
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", "\x28\xb5\x2f\xfd\x00\x58\x09\x00",
		strings.Repeat("\xff\x00", 1000),
	}
}

// incompressible returns n letters in no order, the same ones each time.
func incompressible(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[random.IntN(len(letters))]
	}
	return string(b)
}

// valueChecks are about law 10: what is read back is what was written.
var valueChecks = []check{
	{
		name: "Set", law: lawReadBack, says: "a value is returned as it was set, byte for byte",
		run: func(e *env) {
			for _, value := range awkwardValues() {
				e.set("k", value, long)
				e.fresh("k", value)
			}
		},
	},
	{
		name: "SetEntry", law: lawReadBack, says: "a value is returned as SetEntry stored it, byte for byte",
		run: func(e *env) {
			for _, value := range awkwardValues() {
				e.setEntry("k", lives(value, long, long))
				e.fresh("k", value)
			}
		},
	},
	{
		name: "Many", law: lawReadBack, says: "a value is returned by GetMany as SetMany stored it, byte for byte",
		run: func(e *env) {
			want := make(map[string]string)
			var keys []string
			for i, value := range awkwardValues() {
				key := "k" + strings.Repeat("'", i)
				keys = append(keys, key)
				want[key] = value
			}
			e.setMany(want, long)
			e.getMany(want, keys...)
			e.fresh(keys[len(keys)-1], want[keys[len(keys)-1]])
		},
	},
	{
		name: "Entries", law: lawReadBack, says: "a value is returned by GetEntries as SetEntries stored it, byte for byte",
		run: func(e *env) {
			entries := make(map[string]advcache.Entry[string])
			keys := make([]string, len(awkwardValues()))
			for i, value := range awkwardValues() {
				keys[i] = "k" + strings.Repeat("'", i)
				entries[keys[i]] = lives(value, long, long)
			}
			e.setEntries(entries)
			for i, l := range e.lookups(keys) {
				e.finds(l, awkwardValues()[i], false)
			}
			e.fresh(keys[len(keys)-1], entries[keys[len(keys)-1]].Value)
		},
	},
	{
		name: "SetIfAbsent", law: lawReadBack, needs: needs{capSetIfAbsent}, says: "a value is returned as SetIfAbsent stored it, byte for byte",
		run: func(e *env) {
			for _, value := range awkwardValues() {
				e.delete("k")
				e.adds("k", value)
			}
		},
	},
	{
		name: "SetEntryIf", law: lawReadBack, needs: needs{capSetEntryIf}, says: "a value is returned as SetEntryIf stored it, byte for byte",
		run: func(e *env) {
			for _, value := range awkwardValues() {
				e.replaces("k", lives(value, long, 0))
				e.fresh("k", value)
			}
		},
	},
	{
		name: "Revalidate", law: lawReadBack, says: "Revalidate returns the value as it was set, byte for byte",
		run: func(e *env) {
			for _, value := range awkwardValues() {
				e.set("k", value, long)
				e.revalidates("k", e.entry("k"), value)
			}
		},
	},
	{
		name: "Shorter", law: lawReadBack, says: "nothing is left of a longer value, nor of one of another kind",
		run: func(e *env) {
			for _, value := range []string{incompressible(5000), "short", "", strings.Repeat("a", 5000), "a"} {
				e.set("k", value, long)
				e.fresh("k", value)
			}
		},
	},
	{
		name: "NotUTF8", law: lawReadBack, says: "a value that is not UTF-8 is returned as it was set, or not at all",
		run: func(e *env) {
			for _, value := range awkwardBytes() {
				e.delete("k")
				if err := e.cache.Set(e.Context(), "k", value, long); err != nil {
					continue // the codec says that it cannot: no harm done
				}
				if got, ok := e.get("k"); ok && got != value {
					e.Fatalf("Get(%q) = %s, true; want %s", "k", short(got), short(value))
				}
				if got, ok := e.getEntry("k"); ok && got.Value != value {
					e.Fatalf("GetEntry(%q) = %s, true; want %s", "k", describe(got), short(value))
				}
			}
		},
	},
	{
		name: "Tags", law: lawReadBack, says: "tags do not change the value",
		run: func(e *env) {
			for _, value := range []string{"", "v", "tag"} {
				entry := advcache.Entry[string]{Value: value, Tags: []string{"tag", "another"}}
				e.setEntry("k", entry)
				e.fresh("k", value)
			}
		},
	},
}
