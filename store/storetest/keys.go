package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/advcache/advcache/store"
)

// awkwardKeys returns keys that a backend may confuse with one another, or
// cannot write as they are, of most bytes at the most. 0: of any number. All of
// them are different.
func awkwardKeys(most int) []string {
	keys := []string{
		// Case, and letters that fold into one another.
		"key", "Key", "KEY", "\u212aEY", "\u0130", "i", "I", "\u0131", "stra\u00dfe", "strasse", "STRASSE",
		// The same letter composed, decomposed, and without its accent.
		"\u00e9", "e\u0301", "e", "\u1e9b\u0323", "\u1e69", "\ufb01", "fi",
		// Slashes and dots, which file systems and URLs resolve.
		"a", "a/", "a//", "/a", "//a", "a/b", "a//b", "a/b/c", "a/./b", "a/../b", "./a", "../a", "../../a", "..\\a", "a\\", "\\a", "\\", "\\\\",
		".", "..", "...", "/", "//", "a.", "a..", ".a", "a/.", "a/..", "/.", "/..", "../", "./",
		// Spaces at the ends, and those that look like one.
		" ", "  ", " a", "a ", "a b", "a  b", "a\u00a0b", "a+b", "a%20b", "\t", "a\v",
		// What encodings of keys write.
		"%", "%%", "%2F", "%2f", "a%2Fb", "a%2fb", "a%252Fb", "a%00", "a_2Fb", "a=2Fb", "YS9i", "_", "__", "%2e", "%2e%2e",
		// Control characters, the null byte, ends of lines.
		"\x00", "a\x00", "a\x00b", "\x00\x00", "\x01", "\x1f", "\x7f", "k\n", "k\r\n", "k\t", "\ta", "k\r", "\u0085", "\u2028",
		// Marks with a meaning for some store or some shell.
		"*", "?", "a*", "a?", "[a]", "a\\b", "a:b", "a|b", "a\"b", "a'b", "<a>", "a&b", "#a", "?a=b", "~", "$a", "a;b", "a,b", "a@b", "a!", "^", "`",
		"{a}", "{a}b", "{b}a", "{}", "{", "}", ":", "::", "-", "--a", "a=b",
		// Names that some systems keep for themselves.
		"CON", "con", "nul.txt", "aux", ".tmp", ".meta", ".lock", "tmp", "lock", "ac-format", "__proto__", "null", ".DS_Store", "index.html",
		".well-known/acme-challenge/a", "soap:", "a.zip", "COM1", "desktop.ini", "0", "00", "-1", "true",
		// Other scripts, and signs of four bytes.
		"日本語", "ключ", "\U0001f642", "\u200b", "\ufeffa", "\u202ea", "\U0010ffff",
		// Bytes that are not UTF-8.
		"\xff", "a\xff", "a\xfe", "\xed\xa0\x80", "\ufffd", "\xc3", "\xc3\x28",
	}
	// Too long for a file name, an object name, or a key that is sent as it is,
	// and different only in one place. Names of one length differ too.
	for _, size := range []int{100, 240, 255, 256, 1000, 1023, 1024, 1025, 10_000} {
		for _, end := range []string{"", "a", "b", "A", "/a"} {
			keys = append(keys, strings.Repeat("l", size-len(end))+end)
		}
		keys = append(keys, "x"+strings.Repeat("l", size-1), "X"+strings.Repeat("l", size-1))
	}
	keys = append(keys, strings.Repeat("l", 500)+"x"+strings.Repeat("l", 499), strings.Repeat("a/", 300)+"a", strings.Repeat("a/", 300)+"b",
		strings.Repeat("../", 100)+"a", strings.Repeat("日", 300), strings.Repeat("日", 300)+"本", strings.Repeat("%", 400), strings.Repeat("\x00", 300))
	if most == 0 {
		return keys
	}
	return slices.DeleteFunc(keys, func(key string) bool { return len(key) > most })
}

// awkward stores an object under each awkward key, its name.
func (e *env) awkward() map[string]store.Object {
	e.Helper()
	objs := make(map[string]store.Object)
	for _, key := range e.keys() {
		objs[key] = lives(fmt.Sprintf("content of %q", key), long, 0)
		e.put(key, objs[key])
	}
	return objs
}

func (e *env) keys() []string { return awkwardKeys(e.store.Info().MaxKey) }

// keyChecks are about law 9: keys are any strings but the empty one, and all
// of them are different.
var keyChecks = []check{
	{
		name: "OneByOne", law: lawKeys, says: "each key has its own object, however alike keys are",
		run: func(e *env) {
			objs := make(map[string]store.Object)
			for _, key := range e.keys() {
				e.nothing(key)
				objs[key] = lives(fmt.Sprintf("content of %q", key), long, 0)
				e.put(key, objs[key])
			}
			for key, obj := range objs {
				e.fresh(key, obj)
			}
		},
	},
	{
		name: "LongestAllowed", law: lawKeys, says: "a key may have as many bytes as Info.MaxKey says",
		run: func(e *env) {
			most := e.store.Info().MaxKey
			if most == 0 {
				most = 10_000
			}
			objs := make(map[string]store.Object)
			for _, letter := range []string{"a", "%", "日"[:1], "/", "\x00", " "} {
				key := strings.Repeat(letter, most)
				objs[key] = lives(letter, long, 0)
				e.put(key, objs[key])
			}
			for key, obj := range objs {
				e.fresh(key, obj)
			}
		},
	},
	{
		name: "Delete", law: lawKeys, says: "Delete removes its keys and no others, however alike they are",
		run: func(e *env) {
			for _, first := range []int{0, 1} {
				left := e.awkward()
				var some []string
				for i, key := range e.keys() {
					if i%2 == first {
						some = append(some, key)
						delete(left, key)
					}
				}
				e.delete(some...)
				for _, key := range some {
					e.nothing(key)
				}
				for key, obj := range left {
					e.fresh(key, obj)
				}
			}
		},
	},
	{
		name: "Conditions", law: lawKeys, says: "conditions tell keys apart",
		run: func(e *env) {
			obj := lives("v", long, 0)
			versions := make(map[string]store.Version)
			for _, key := range e.keys() {
				versions[key] = e.stores(key, obj, store.Cond{Kind: store.IfGone})
			}
			next := lives("new", long, 0)
			for _, key := range e.keys() {
				e.stores(key, next, store.Cond{Kind: store.IfVersion, Version: versions[key]})
			}
		},
	},
	{
		name: "GetMany", law: lawKeys, needs: needs{capGetMany}, says: "GetMany tells keys apart, and gives them back as they were",
		run: func(e *env) { e.findsMany(e.awkward(), e.keys()...) },
	},
	{
		name: "PutMany", law: lawKeys, needs: needs{capPutMany}, says: "PutMany tells keys apart",
		run: func(e *env) {
			objs := make(map[string]store.Object)
			for _, key := range e.keys() {
				objs[key] = lives(fmt.Sprintf("content of %q", key), long, 0)
			}
			e.putMany(objs)
			for key, obj := range objs {
				e.fresh(key, obj)
			}
		},
	},
	{
		name: "Touch", law: lawKeys, needs: needs{capTouch}, says: "Touch tells keys apart",
		run: func(e *env) {
			objs := e.awkward()
			for _, key := range e.keys() {
				objs[key] = renewed(objs[key], 3*long, 0)
				e.renews(key, objs[key], store.Cond{})
			}
			for key, obj := range objs {
				e.fresh(key, obj)
			}
		},
	},
	{
		name: "Prefixes", law: lawKeys, says: "a key may be the beginning of others",
		run: func(e *env) {
			long := strings.Repeat("a/b", 100)
			if most := e.store.Info().MaxKey; most > 0 && most < len(long) {
				long = long[:most]
			}
			objs := make(map[string]store.Object)
			for i := range long {
				key := long[:i+1]
				objs[key] = lives(key, 0, 0)
				e.put(key, objs[key])
			}
			for key, obj := range objs {
				e.is("Get", key, e.found(key, store.Want{}), obj)
			}
			e.delete("a", "a/")
			e.nothing("a")
			e.nothing("a/")
			e.fresh("a/b", objs["a/b"])
		},
	},
	{
		name: "VeryMany", law: lawKeys, says: "very many keys have their own objects",
		run: func(e *env) {
			const many = 3000
			for key, obj := range e.fill(many, func(i int) string { return fmt.Sprintf("%d-of-many/%x", i, i*i) }) {
				e.is("Get", key, e.found(key, store.Want{}), obj)
			}
		},
	},
}
