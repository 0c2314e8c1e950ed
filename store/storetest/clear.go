package storetest

import (
	"strings"

	"github.com/advcache/advcache/store"
)

// clears puts keys, clears prefix, and wants those gone that begin with it, and
// all others left.
func (e *env) clears(prefix string, keys ...string) {
	e.Helper()
	objs := make(map[string]store.Object)
	for _, key := range keys {
		objs[key] = lives(key, long, 0)
		e.put(key, objs[key])
	}
	e.clear(prefix)
	e.Moment = "after Clear(" + short(prefix) + ")"
	for _, key := range keys {
		if strings.HasPrefix(key, prefix) {
			e.nothing(key)
		} else {
			e.fresh(key, objs[key])
		}
	}
	e.Moment = ""
}

// clearChecks are about keys that are found by their prefix.
var clearChecks = []check{
	{
		name: "Prefix", law: lawClear, needs: needs{capClear}, says: "Clear deletes the keys that begin with the prefix, and no others",
		run: func(e *env) {
			e.clears("user:", "user:1", "user:2", "user:", "user", "users:1", "User:1", "USER:1", "a user:1", " user:1", "session:user:1")
			e.clears("user", "user:1", "users", "use", "user")
		},
	},
	{
		name: "All", law: lawClear, needs: needs{capClear}, says: "Clear of the empty prefix deletes all keys",
		run: func(e *env) {
			e.clears("", "a", "b/c", " ", "*", "ключ", "\x00", ".", "/")
			e.clears("", awkwardKeys(e.store.Info().MaxKey)...)
		},
	},
	{
		name: "OtherStores", law: lawClear, needs: needs{capClear}, says: "Clear deletes no keys of other stores",
		run: func(e *env) {
			other := e.h.New(e.t)
			obj := lives("other", long, 0)
			for _, key := range []string{"k", "user:1"} {
				if _, _, err := other.Put(e.Context(), key, obj, store.Cond{}); err != nil {
					e.Fatalf("Put = %v", err)
				}
			}
			e.clears("user:", "user:1")
			e.clears("", "k")
			for _, key := range []string{"k", "user:1"} {
				got, ok, err := other.Get(e.Context(), key, store.Want{})
				if !ok || err != nil {
					e.Fatalf("in another store, Get(%q) = %v, %v; want a hit", key, ok, err)
				}
				e.is("Get of another store", key, got, obj)
			}
		},
	},
	{
		name: "Marks", law: lawClear, needs: needs{capClear}, says: "no character of a prefix stands for others",
		run: func(e *env) {
			for _, prefix := range []string{
				"*", "?", "a*", "a?", "[ab]", "[^a]", "[", "]", "\\", "\\*", "a\\", "{a,b}", "%", "%2F", "_", ".*", "^a", "a$", "(a|b)", "**/", "'", "\"", "$", "~", "!a", "+",
			} {
				e.clears(prefix, prefix, prefix+"b", prefix+prefix, "a", "b", "aa", "ab", "abc", "x"+prefix)
			}
		},
	},
	{
		name: "Paths", law: lawClear, needs: needs{capClear}, says: "a prefix may end anywhere in a key, at a slash or not",
		run: func(e *env) {
			keys := []string{"a", "a/", "a/b", "a/bc", "a/b/c", "a//b", "ab", "ab/c", "/a", "/", "//", "./a", "../a", ".", "..", "a/../b", "b"}
			for _, prefix := range []string{"a/", "a", "a/b", "a//", "/", "//", ".", "..", "../", "./", "a/.."} {
				e.clears(prefix, keys...)
			}
		},
	},
	{
		name: "Bytes", law: lawClear, needs: needs{capClear}, says: "a prefix is bytes: it may end within a character, or contain any",
		run: func(e *env) {
			keys := []string{"ключ", "кот", "\u00e9", "e\u0301", "e", "\x00", "\x00a", "a\x00b", "a", "\xff", "\xffa", "\xfe", "日本", "日"}
			for _, prefix := range []string{"к", "\xd0", "\u00e9", "\xc3", "e", "\x00", "a\x00", "\xff", "日", "\xe6"} {
				e.clears(prefix, keys...)
			}
		},
	},
	{
		name: "NothingThere", law: lawClear, needs: needs{capClear}, says: "Clear of a prefix that no key has is no error",
		run: func(e *env) {
			e.clear("")
			e.clear("nothing")
			e.clears("nothing", "k")
			e.clears(strings.Repeat("long", 200), "k", "long")
		},
	},
	{
		name: "EveryState", law: lawClear, needs: needs{capClear}, says: "Clear deletes what is held in every state, foreign too",
		run: func(e *env) {
			for _, s := range e.states() {
				s.prepare(e, "clear/"+s.name)
				s.prepare(e, "keep/"+s.name)
			}
			obj := lives("v", long, 0)
			e.put("keep/this", obj)
			e.clear("clear/")
			for _, s := range e.states() {
				e.nothing("clear/" + s.name)
			}
			e.fresh("keep/this", obj)
			e.found("keep/stale", store.Want{Stale: true})
			e.found("keep/negative", store.Want{})
		},
	},
	{
		name: "Many", law: lawClear, needs: needs{capClear}, says: "Clear deletes any number of keys",
		run: func(e *env) {
			e.fill(manyKeys, numbered)
			obj := lives("v", long, 0)
			e.put("kez", obj)
			e.put("kex", obj)
			e.clear("key/")
			e.nothingOfMany()
			e.fresh("kez", obj)
			e.fresh("kex", obj)
		},
	},
	{
		name: "PutAgain", law: lawClear, needs: needs{capClear}, says: "a key that was cleared can be put again",
		run: func(e *env) {
			seen := e.put("k", lives("old", long, 0))
			e.clear("")
			e.refuses("k", store.Cond{Kind: store.IfVersion, Version: seen})
			e.stores("k", lives("new", long, 0), store.Cond{Kind: store.IfGone})
			e.clear("k")
			e.nothing("k")
		},
	},
}
