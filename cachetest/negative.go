package cachetest

import "time"

// negativeChecks are about entries that say that the origin has no value.
var negativeChecks = []check{
	{
		name: "IsNoHit", law: lawNegative, says: "a negative entry is a miss of Get, false for Exists, and found by GetEntry",
		run: func(e *env) {
			e.setEntry("k", negative(long, 0))
			e.absent("k")
			e.setEntry("forever", negative(0, 0))
			e.absent("forever")
		},
	},
	{
		name: "EmptyIsAHit", law: lawNegative, says: "an empty value is a value, not a negative entry",
		run: func(e *env) {
			e.set("set", "", long)
			e.setEntry("entry", lives("", long, 0))
			e.fresh("set", "")
			e.fresh("entry", "")
		},
	},
	{
		name: "ReplacesAValue", law: lawNegative, says: "a negative entry replaces a value",
		run: func(e *env) {
			e.set("k", "old", long)
			e.setEntry("k", negative(long, 0))
			e.absent("k")
		},
	},
	{
		name: "IsReplaced", law: lawNegative, says: "a value replaces a negative entry",
		run: func(e *env) {
			e.setEntry("k", negative(long, 0))
			e.setEntry("k", lives("new", long, 0))
			e.fresh("k", "new")
		},
	},
	{
		name: "Life", law: lawLife, says: "a negative entry is fresh, then stale, then dead, as any other",
		run: func(e *env) {
			entry := negative(e.Unit, e.Unit)
			e.setEntry("k", entry)
			e.ShortlyBefore(entry.FreshUntil, "FreshUntil")
			e.absent("k")
			e.At(entry.FreshUntil, entry.StaleUntil, "FreshUntil")
			e.absent("k")
			e.At(entry.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "DeadRemoves", law: lawLife, says: "setting a negative entry that is dead already removes what the key holds",
		run: func(e *env) {
			e.set("k", "old", long)
			e.setEntry("k", negative(-e.Unit, 0))
			e.gone("k")
		},
	},
	{
		name: "IsKept", law: lawCopy, says: "a negative entry keeps its instants and its tags",
		run: func(e *env) {
			entry := negative(long, long)
			entry.HeldUntil = entry.CreatedAt.Add(time.Hour)
			entry.Tags = []string{"tag"}
			e.setEntry("k", entry)
			got := e.entry("k")
			e.kept("CreatedAt", got.CreatedAt, entry.CreatedAt)
			e.kept("FreshUntil", got.FreshUntil, entry.FreshUntil)
			e.kept("StaleUntil", got.StaleUntil, entry.StaleUntil)
			e.kept("HeldUntil", got.HeldUntil, entry.HeldUntil)
			if !sameTags(got.Tags, entry.Tags) {
				e.Fatalf("Tags = %q; want %q", got.Tags, entry.Tags)
			}
		},
	},
}
