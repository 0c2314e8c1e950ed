package cachetest

import (
	"errors"
	"slices"
	"time"

	"github.com/advcache/advcache"
)

// foreignVersion is one that no level has handed out.
var foreignVersion = advcache.NewVersion("cachetest: not yours", 1<<60)

// writeChecks are about Set, SetEntry and Exists.
var writeChecks = []check{
	{
		name: "SetThenGet", law: lawSet, says: "Get returns what Set stored",
		run: func(e *env) {
			e.set("k", "v", long)
			e.fresh("k", "v")
			e.fresh("k", "v") // reading takes nothing away
		},
	},
	{
		name: "SetReplacesFresh", law: lawSet, says: "Set replaces a fresh entry",
		run: func(e *env) {
			e.set("k", "old", long)
			e.set("k", "new", long)
			e.fresh("k", "new")
		},
	},
	{
		name: "SetReplacesStale", law: lawSet, says: "Set replaces a stale entry, and its stale window",
		run: func(e *env) {
			e.setEntry("k", lives("old", -e.Unit, long))
			e.set("other", "v", long)
			_, end := e.set("k", "new", e.Unit)
			e.At(end, time.Time{}, "the end of the new ttl")
			e.gone("k")
		},
	},
	{
		name: "SetReplacesNegative", law: lawSet, says: "Set replaces a negative entry",
		run: func(e *env) {
			e.setEntry("k", negative(long, 0))
			e.set("k", "new", long)
			e.fresh("k", "new")
		},
	},
	{
		name: "SetReplacesTags", law: lawSet, says: "Set leaves no tags of what was there before",
		run: func(e *env) {
			entry := lives("old", long, 0)
			entry.Tags = []string{"tag"}
			e.setEntry("k", entry)
			e.set("k", "new", long)
			if tags := e.entry("k").Tags; len(tags) != 0 {
				e.Fatalf("Tags = %q; want none", tags)
			}
		},
	},
	{
		name: "SetShortens", law: lawSet, says: "the ttl of the last Set counts, where it is shorter",
		run: func(e *env) {
			e.set("long", "old", long)
			e.set("forever", "old", 0)
			e.set("long", "new", e.Unit)
			_, end := e.set("forever", "new", e.Unit)
			e.At(end, time.Time{}, "the end of the new ttl")
			e.gone("long")
			e.gone("forever")
		},
	},
	{
		name: "SetLengthens", law: lawSet, says: "the ttl of the last Set counts, where it is longer",
		run: func(e *env) {
			e.set("long", "old", e.Unit)
			_, end := e.set("forever", "old", e.Unit)
			e.set("long", "new", long)
			e.set("forever", "new", 0)
			e.At(end, time.Time{}, "the end of the old ttl")
			e.fresh("long", "new")
			e.fresh("forever", "new")
		},
	},
	{
		name: "SetAfterDeath", law: lawSet, says: "a key whose entry is dead can be set again",
		run: func(e *env) {
			_, end := e.set("k", "old", e.Unit)
			e.At(end, time.Time{}, "the end of the ttl")
			e.set("k", "new", long)
			e.fresh("k", "new")
		},
	},
	{
		name: "SetNegativeTTL", law: lawSet, says: "a ttl below 0 is ErrInvalidTTL, and nothing is written",
		run: func(e *env) {
			e.set("k", "old", long)
			for _, ttl := range []time.Duration{-1, -time.Second, -long} {
				for _, key := range []string{"k", "nothing there"} {
					if err := e.cache.Set(e.Context(), key, "new", ttl); !errors.Is(err, advcache.ErrInvalidTTL) {
						e.Fatalf("Set(%q) with ttl %v = %v; want ErrInvalidTTL", key, ttl, err)
					}
				}
			}
			e.fresh("k", "old")
			e.gone("nothing there")
		},
	},
	{
		name: "SetEntryThenGet", law: lawSetEntry, says: "Get returns what SetEntry stored",
		run: func(e *env) {
			e.setEntry("k", lives("v", long, 0))
			e.fresh("k", "v")
		},
	},
	{
		name: "SetEntryReplaces", law: lawSetEntry, says: "SetEntry replaces the value, the life and the tags of what was there before",
		run: func(e *env) {
			old := lives("old", long, long)
			old.Tags = []string{"tag"}
			e.setEntry("k", old)
			entry := lives("new", e.Unit, 0)
			e.setEntry("k", entry)
			e.Until(entry.FreshUntil)
			e.fresh("k", "new")
			if tags := e.entry("k").Tags; len(tags) != 0 {
				e.Fatalf("Tags = %q; want none", tags)
			}
			e.At(entry.FreshUntil, time.Time{}, "FreshUntil of the new entry")
			e.gone("k")
		},
	},
	{
		name: "SetEntryOlder", law: lawSetEntry, says: "SetEntry replaces an entry with one that was made before it",
		run: func(e *env) {
			e.set("k", "made later, set first", long)
			entry := lives("made first, set later", long, 0)
			entry.CreatedAt = entry.CreatedAt.Add(-time.Hour)
			e.setEntry("k", entry)
			e.fresh("k", "made first, set later")
		},
	},
	{
		name: "Exists", law: lawExists, says: "Exists is true exactly where Get would be a hit",
		run: func(e *env) {
			stale := lives("v", -e.Unit, long)
			e.setEntry("stale", stale)
			e.setEntry("negative", negative(long, 0))
			e.setEntry("stale negative", negative(-e.Unit, long))
			e.set("fresh", "v", long)
			e.set("empty", "", long)
			e.set("deleted", "v", long)
			e.delete("deleted")
			for _, key := range []string{"fresh", "empty", "stale", "negative", "stale negative", "deleted", "never set"} {
				e.exists(key, key == "fresh" || key == "empty")
				if _, hit := e.get(key); hit != (key == "fresh" || key == "empty") {
					e.Fatalf("Get(%q) is a hit: %v", key, hit)
				}
			}
		},
	},
}

// sameTags reports whether two entries are in the same groups.
func sameTags(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
