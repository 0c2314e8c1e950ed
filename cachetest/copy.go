package cachetest

import "time"

// copyChecks are about law 2: a copy of an entry keeps the life of its
// original.
var copyChecks = []check{
	{
		name: "InstantsAreKept", law: lawCopy, says: "SetEntry keeps CreatedAt, FreshUntil and StaleUntil, and makes none of them later",
		run: func(e *env) {
			entry := lives("v", long, long)
			// Not whole milliseconds, so that rounding up shows.
			entry.CreatedAt = entry.CreatedAt.Add(-time.Hour - 123_456*time.Nanosecond)
			entry.FreshUntil = entry.FreshUntil.Truncate(time.Millisecond).Add(567_891 * time.Nanosecond)
			entry.StaleUntil = entry.StaleUntil.Truncate(time.Millisecond).Add(678_912 * time.Nanosecond)
			e.setEntry("k", entry)
			got := e.entry("k")
			e.kept("CreatedAt", got.CreatedAt, entry.CreatedAt)
			e.kept("FreshUntil", got.FreshUntil, entry.FreshUntil)
			e.kept("StaleUntil", got.StaleUntil, entry.StaleUntil)
		},
	},
	{
		name: "ZeroInstantsAreKept", law: lawCopy, says: "SetEntry keeps a zero FreshUntil and a zero StaleUntil",
		run: func(e *env) {
			e.setEntry("forever", lives("v", 0, 0))
			got := e.entry("forever")
			e.kept("FreshUntil", got.FreshUntil, time.Time{})
			e.kept("StaleUntil", got.StaleUntil, time.Time{})
			e.setEntry("never stale", lives("v", long, 0))
			e.kept("StaleUntil", e.entry("never stale").StaleUntil, time.Time{})
		},
	},
	{
		name: "ZeroCreatedAtMeansNow", law: lawSetEntry, says: "a zero CreatedAt means now",
		run: func(e *env) {
			entry := lives("v", long, 0)
			entry.CreatedAt = time.Time{}
			before := time.Now()
			e.setEntry("k", entry)
			e.within("CreatedAt", e.entry("k").CreatedAt, before, time.Now())
		},
	},
	{
		name: "SetIsMadeNow", law: lawSet, says: "Set stores the value as made now, fresh for ttl, and never stale",
		run: func(e *env) {
			e.Wait(time.Now().Add(e.Unit)) // the time of New must not do for now
			before := time.Now()
			e.set("k", "v", long)
			after := time.Now()
			got := e.entry("k")
			e.within("CreatedAt", got.CreatedAt, before, after)
			e.within("FreshUntil", got.FreshUntil, before.Add(long), after.Add(long))
			if !got.StaleUntil.IsZero() {
				e.Fatalf("StaleUntil = %s; want zero", instant(got.StaleUntil))
			}
		},
	},
	{
		name: "CopyOfACopy", law: lawCopy, says: "an entry that is read and set again dies when its original does",
		run: func(e *env) {
			entry := lives("v", e.Unit, e.Unit)
			e.setEntry("original", entry)
			e.Until(entry.FreshUntil)
			e.Wait(entry.CreatedAt.Add(e.Unit / 2))
			e.setEntry("copy", e.entry("original"))
			e.setEntry("copy of copy", e.entry("copy"))
			e.At(entry.FreshUntil, entry.StaleUntil, "FreshUntil")
			e.stale("copy of copy", "v")
			e.At(entry.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("copy of copy")
		},
	},
	{
		name: "TagsAreKept", law: lawSetEntry, says: "SetEntry keeps the tags",
		run: func(e *env) {
			for _, tags := range [][]string{{"a"}, {"b", "a"}, {"a,b", "c d", "é", `"q"`, "x=y;z", "a|b", "日本"}, nil} {
				entry := lives("v", long, 0)
				entry.Tags = tags
				e.setEntry("k", entry)
				if got := e.entry("k").Tags; !sameTags(got, tags) {
					e.Fatalf("Tags = %q; want %q", got, tags)
				}
			}
		},
	},
	{
		name: "VersionIsIgnored", law: lawSetEntry, says: "SetEntry ignores the Version of the entry it is given",
		run: func(e *env) {
			e.set("other", "v", long)
			e.set("k", "old", long)
			entry := lives("new", long, 0)
			entry.Version = e.entry("other").Version
			e.setEntry("k", entry)
			e.fresh("k", "new")
			entry = lives("newer", long, 0)
			entry.Version = foreignVersion
			e.setEntry("k", entry)
			e.fresh("k", "newer")
			if e.entry("k").Version == foreignVersion {
				e.Fatalf("GetEntry gave back the Version that the entry was set with; want one of the level's own")
			}
		},
	},
}
