package cachetest

import (
	"strconv"
	"strings"

	"github.com/advcache/advcache"
)

// awkwardKeys returns keys that a store may confuse with one another, or
// cannot write as they are. All of them are different.
func awkwardKeys() []string {
	keys := []string{
		// Case, and letters that fold into one another.
		"key", "Key", "KEY", "\u212aEY", "\u0130", "i", "I", "\u0131", "stra\u00dfe", "strasse", "STRASSE",
		// The same letter composed, decomposed, and without its accent.
		"\u00e9", "e\u0301", "e",
		// Slashes and dots, which file systems and URLs resolve.
		"a", "a/", "a//", "/a", "//a", "a/b", "a//b", "a/b/c", "a/./b", "a/../b", "./a", "../a", "../../a",
		".", "..", "...", "/", "//", "a.", "a..", ".a", "a/.", "a/..",
		// Spaces at the ends, and those that look like one.
		" ", "  ", " a", "a ", "a b", "a  b", "a\u00a0b", "a+b", "a%20b",
		// What encodings of keys write.
		"%", "%%", "%2F", "%2f", "a%2Fb", "a%2fb", "a%252Fb", "a%00", "a_2Fb", "a=2Fb", "YS9i",
		// Control characters, the null byte, ends of lines.
		"\x00", "a\x00", "a\x00b", "\x01", "\x1f", "\x7f", "k\n", "k\r\n", "k\t", "\ta",
		// Marks with a meaning for some store or some shell.
		"*", "?", "a*", "a?", "[a]", "a\\b", "a:b", "a|b", "a\"b", "a'b", "<a>", "a&b", "#a", "?a=b", "~", "$a", "a;b",
		"{a}", "{a}b", "{b}a", "{}", ":", "::", "-", "--a",
		// Names that some systems keep for themselves.
		"CON", "con", "nul.txt", "aux", ".tmp", ".meta", "ac-format", "__proto__", "null",
		// Other scripts, and signs of four bytes.
		"日本語", "ключ", "\U0001f642", "\u200b", "\ufeffa", "\u202ea",
		// Bytes that are not UTF-8.
		"\xff", "a\xff", "a\xfe", "\xed\xa0\x80", "\ufffd",
	}
	// Too long for a file name, an object name, or a key that is sent as it
	// is, and different only in one place.
	for _, repeat := range []int{60, 300, 1500} {
		for _, end := range []string{"", "a", "b", "/a"} {
			keys = append(keys, strings.Repeat("long", repeat)+end)
		}
	}
	return append(keys, "x"+strings.Repeat("long", 300), "y"+strings.Repeat("long", 300),
		strings.Repeat("long", 150)+"x"+strings.Repeat("long", 150), strings.Repeat("a/", 300)+"a", strings.Repeat("\u65e5", 400))
}

// keyChecks are about law 9: keys are any strings, and all of them are
// different. The empty one may be refused.
var keyChecks = []check{
	{
		name: "OneByOne", law: lawKeys, says: "each key has its own entry, however alike keys are",
		run: func(e *env) {
			keys := awkwardKeys()
			for _, key := range keys {
				e.gone(key)
				e.set(key, valueOf(key), long)
			}
			for _, key := range keys {
				e.fresh(key, valueOf(key))
			}
		},
	},
	{
		name: "Empty", law: lawKeys, says: "the empty key is refused with an error, or is a key like any other",
		run: func(e *env) {
			others := e.setAwkward()
			refused := e.cache.Set(e.Context(), "", valueOf(""), long)
			value, ok, err := e.cache.Get(e.Context(), "")
			if refused == nil && (!ok || err != nil || value != valueOf("")) || refused != nil && ok {
				e.Fatalf("Set of the empty key = %v, then Get = %s, %v, %v; want an error of Set, or its value", refused, short(value), ok, err)
			}
			if err := e.cache.Delete(e.Context(), ""); refused == nil && err != nil {
				e.Fatalf("Delete of the empty key = %v, although Set took it; want nil", err)
			}
			e.getMany(others, awkwardKeys()...)
		},
	},
	{
		name: "EmptyBesideOthers", law: lawKeys, says: "where the empty key is refused, it has an error of its own, and the others are read",
		run: func(e *env) {
			e.set("a", "1", long)
			e.set("b", "2", long)
			_, ok, err := e.cache.GetEntry(e.Context(), "")
			found := e.lookups([]string{"a", "", "b", "nothing there"})
			if none := found[1]; none.OK || ok || (none.Err != nil) != (err != nil) {
				e.Fatalf("GetEntries has %s, %v, %v for the empty key, and GetEntry %v, %v; want an error of both, or of none", describe(none.Entry), none.OK, none.Err, ok, err)
			}
			e.finds(found[0], "1", false)
			e.finds(found[2], "2", false)
			if none := found[3]; none.OK || none.Err != nil {
				e.Fatalf("GetEntries beside the empty key has %s, %v, %v; want a miss", describe(none.Entry), none.OK, none.Err)
			}
		},
	},
	{
		name: "Entries", law: lawKeys, says: "SetEntries, GetEntries and HeadEntry tell keys apart",
		run: func(e *env) {
			keys := awkwardKeys()
			entries := make(map[string]advcache.Entry[string])
			for i, key := range keys {
				entry := lives(valueOf(key), long, 0)
				entry.Tags = []string{strconv.Itoa(i)}
				entries[key] = entry
			}
			e.setEntries(entries)
			for i, l := range e.lookups(keys) {
				e.finds(l, valueOf(keys[i]), false)
			}
			for i, key := range keys {
				entry, ok, err := advcache.HeadEntry(e.Context(), e.cache, key)
				if want := []string{strconv.Itoa(i)}; !ok || err != nil || !sameTags(entry.Tags, want) {
					e.Fatalf("HeadEntry(%s) = %s, %v, %v; want the tags %q", short(key), describe(entry), ok, err, want)
				}
			}
		},
	},
	{
		name: "Many", law: lawKeys, says: "GetMany and SetMany tell keys apart, and give them back as they were",
		run: func(e *env) {
			values := e.setAwkward()
			e.getMany(values, awkwardKeys()...)
		},
	},
	{
		name: "Delete", law: lawKeys, says: "Delete removes its keys and no others, however alike they are",
		run: func(e *env) {
			for _, first := range []int{0, 1} {
				left := e.setAwkward()
				var some []string
				for i, key := range awkwardKeys() {
					if i%2 == first {
						some = append(some, key)
						delete(left, key)
					}
				}
				e.delete(some...)
				e.getMany(left, awkwardKeys()...)
			}
		},
	},
	{
		name: "SetIfAbsent", law: lawKeys, needs: needs{capSetIfAbsent}, says: "SetIfAbsent tells keys apart",
		run: func(e *env) {
			for _, key := range awkwardKeys() {
				if !e.setIfAbsent(key, valueOf(key)) {
					e.Fatalf("SetIfAbsent(%s) = false, although this key was never set; want true", short(key))
				}
			}
			for _, key := range awkwardKeys() {
				e.addsNot(key)
				e.hits(key, valueOf(key))
			}
		},
	},
	{
		name: "SetEntryIf", law: lawKeys, needs: needs{capSetEntryIf}, says: "SetEntryIf tells keys apart",
		run: func(e *env) {
			for _, key := range awkwardKeys() {
				e.replaces(key, lives(valueOf(key), long, 0))
			}
			for _, key := range awkwardKeys() {
				e.hits(key, valueOf(key))
			}
		},
	},
	{
		name: "Revalidate", law: lawKeys, says: "Revalidate tells keys apart",
		run: func(e *env) {
			e.setAwkward()
			for _, key := range awkwardKeys() {
				entry := e.entry(key)
				got, ok, err := advcache.Revalidate(e.Context(), e.cache, key, entry)
				if want := valueOf(key); !ok || err != nil || got.Value != want {
					e.Fatalf("Revalidate(%s) = %s, %v, %v; want %s", short(key), describe(got), ok, err, short(want))
				}
			}
		},
	},
}

// setAwkward sets all awkward keys by SetMany and returns what it set.
func (e *env) setAwkward() map[string]string {
	e.Helper()
	values := make(map[string]string)
	for _, key := range awkwardKeys() {
		values[key] = valueOf(key)
	}
	e.setMany(values, long)
	return values
}
