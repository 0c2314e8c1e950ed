package cachetest

// deleteChecks are about Delete.
var deleteChecks = []check{
	{
		name: "Removes", law: lawDelete, says: "Delete removes a key, and no other",
		run: func(e *env) {
			e.set("k", "v", long)
			e.set("other", "w", long)
			e.delete("k")
			e.gone("k")
			e.fresh("other", "w")
		},
	},
	{
		name: "RemovesForever", law: lawDelete, says: "Delete removes an entry that never expires",
		run: func(e *env) {
			e.set("k", "v", 0)
			e.delete("k")
			e.gone("k")
		},
	},
	{
		name: "RemovesStale", law: lawDelete, says: "Delete removes a stale entry",
		run: func(e *env) {
			e.setEntry("k", lives("v", -e.Unit, long))
			e.delete("k")
			e.gone("k")
		},
	},
	{
		name: "RemovesNegative", law: lawDelete, says: "Delete removes a negative entry",
		run: func(e *env) {
			e.setEntry("k", negative(long, 0))
			e.delete("k")
			e.gone("k")
		},
	},
	{
		name: "Absent", law: lawDelete, says: "deleting a key that is absent is no error",
		run: func(e *env) {
			e.delete("k")
			e.set("k", "v", long)
			e.delete("k")
			e.delete("k")
			e.gone("k")
		},
	},
	{
		name: "Many", law: lawDelete, says: "Delete removes all of its keys, absent and repeated ones among them",
		run: func(e *env) {
			for _, key := range []string{"a", "b", "c", "other"} {
				e.set(key, "v", long)
			}
			e.delete("not there", "a", "b", "a", "nor this", "c")
			for _, key := range []string{"a", "b", "c"} {
				e.gone(key)
			}
			e.fresh("other", "v")
		},
	},
	{
		name: "None", law: lawDelete, says: "Delete without keys removes nothing and is no error",
		run: func(e *env) {
			e.set("k", "v", long)
			e.delete()
			e.fresh("k", "v")
		},
	},
	{
		name: "ThenSet", law: lawDelete, says: "a deleted key can be set again",
		run: func(e *env) {
			for _, value := range []string{"first", "second", "first"} {
				e.set("k", value, long)
				e.fresh("k", value)
				e.delete("k")
				e.gone("k")
			}
		},
	},
	{
		name: "StaysDeleted", law: lawInvalidation, says: "what Delete removed does not come back, nor does what a Set replaced",
		run: func(e *env) {
			e.set("deleted", "old", long)
			e.set("replaced", "old", long)
			// A cache of several levels promotes what it reads, maybe in the
			// background.
			e.fresh("deleted", "old")
			e.fresh("replaced", "old")
			e.delete("deleted")
			e.set("replaced", "new", long)
			for range 3 {
				e.gone("deleted")
				e.fresh("replaced", "new")
				e.h.Advance(e.Unit)
			}
		},
	},
}
