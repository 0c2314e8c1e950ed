package cachetest

import (
	"errors"
	"maps"
	"strings"

	"github.com/advcache/advcache"
)

// clearChecks are about Clear.
var clearChecks = []check{
	{
		name: "Prefix", law: lawClear, needs: needs{capClear}, says: "Clear deletes the keys that begin with its prefix, and only these",
		run: func(e *env) {
			e.clears([]string{"user:", "a/", "a"}, "user:1", "user:2", "user:", "user", "users:1", "xuser:1", "User:1",
				"a", "a/", "a/b", "a/b/c", "ab", "b", "ba", "b/a/", "/a/", "A")
		},
	},
	{
		name: "All", law: lawClear, needs: needs{capClear}, says: "Clear with an empty prefix deletes all keys",
		run: func(e *env) { e.clears([]string{""}, "a", "b/c", "é", " ", "\x00") },
	},
	{
		name: "NoMatch", law: lawClear, needs: needs{capClear}, says: "Clear of a prefix that no key has is no error",
		run: func(e *env) {
			e.clear("a")
			e.clears([]string{"b", "abc"}, "a", "ab")
		},
	},
	{
		name: "PrefixIsNoPattern", law: lawClear, needs: needs{capClear}, says: "a prefix is taken literally, not as a pattern",
		run: func(e *env) {
			e.clears([]string{"[a-c]", "[a]", ".*", "a_", "a.", "a%", "a\\", "a?", "a*", "{a}", "?", "^", "%", "_", "*", "."},
				"a", "ab", "abc", "a*", "a*b", "a?", "a?b", "[a]", "[a]b", "a\\", "a\\*", "a%", "a_b", "a.b",
				".b", ".*", "*", "?", "^a", "{a}", "{a}b", "%", "_")
		},
	},
	{
		name: "AwkwardKeys", law: lawClear, needs: needs{capClear}, says: "Clear finds keys by their prefix however a store writes them",
		run: func(e *env) {
			e.clears([]string{"../", "a/", "é", " ", "\x00", "%2", "k\n", strings.Repeat("long", 100), "a"}, awkwardKeys()...)
		},
	},
	{
		name: "EveryKind", law: lawClear, needs: needs{capClear}, says: "Clear deletes stale and negative entries and those that never expire",
		run: func(e *env) {
			e.setEntry("x/stale", lives("v", -e.Unit, long))
			e.setEntry("x/negative", negative(long, 0))
			e.set("x/forever", "v", 0)
			e.setEntry("y/stale", lives("v", -e.Unit, long))
			e.clear("x/")
			e.gone("x/stale")
			e.gone("x/negative")
			e.gone("x/forever")
			e.stale("y/stale", "v")
		},
	},
	{
		name: "ThenSet", law: lawClear, needs: needs{capClear}, says: "a key can be set again after Clear, and stays",
		run: func(e *env) {
			e.set("a", "old", long)
			e.clear("")
			e.set("a", "new", long)
			e.fresh("a", "new")
			e.h.Advance(e.Unit)
			e.fresh("a", "new")
		},
	},
	{
		name: "Unsupported", law: lawClear, lacks: capClear, says: "a cache without Clear gives errors.ErrUnsupported and removes nothing",
		run: func(e *env) {
			e.set("k", "v", long)
			if err := advcache.Clear(e.Context(), e.cache, ""); !errors.Is(err, errors.ErrUnsupported) {
				e.Fatalf("Clear = %v; want errors.ErrUnsupported", err)
			}
			e.fresh("k", "v")
		},
	},
}

func (e *env) clear(prefix string) {
	e.Helper()
	if err := advcache.Clear(e.Context(), e.cache, prefix); err != nil {
		e.Fatalf("Clear(%s) = %v", short(prefix), err)
	}
}

// clears sets the keys, clears one prefix after the other, and wants the right
// ones to be gone each time.
func (e *env) clears(prefixes []string, keys ...string) {
	e.Helper()
	left := make(map[string]string, len(keys))
	for _, key := range keys {
		left[key] = valueOf(key)
	}
	e.setMany(left, long)
	for _, prefix := range prefixes {
		e.clear(prefix)
		e.Moment = "after Clear(" + short(prefix) + ")"
		maps.DeleteFunc(left, func(key, _ string) bool { return strings.HasPrefix(key, prefix) })
		e.getMany(left, keys...)
	}
}
