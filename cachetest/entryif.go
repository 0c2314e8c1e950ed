package cachetest

import (
	"errors"
	"time"

	"github.com/advcache/advcache"
)

// setEntryIfChecks are about SetEntryIf, without concurrency: for that, see
// raceChecks.
var setEntryIfChecks = []check{
	{
		name: "OverAMiss", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf succeeds with the Version of a miss, once",
		run: func(e *env) {
			seen := e.replaces("k", lives("first", long, 0))
			e.fresh("k", "first")
			e.refuses("k", seen, "the first SetEntryIf")
			e.fresh("k", "first")
		},
	},
	{
		name: "OverAnEntry", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf succeeds with the Version of an entry, once",
		run: func(e *env) {
			e.set("k", "old", long)
			seen := e.replaces("k", lives("new", long, 0))
			e.fresh("k", "new")
			e.refuses("k", seen, "the first SetEntryIf")
			e.fresh("k", "new")
		},
	},
	{
		name: "OverStaleAndNegative", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf succeeds with the Version of a stale or a negative entry",
		run: func(e *env) {
			e.setEntry("stale", lives("old", -e.Unit, long))
			e.setEntry("negative", negative(long, 0))
			e.replaces("stale", lives("new", long, 0))
			e.replaces("negative", lives("new", long, 0))
			e.fresh("stale", "new")
			e.fresh("negative", "new")
		},
	},
	{
		name: "OverWhatDied", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf succeeds with the Version of a miss where a dead entry, or one past HeldUntil, may still lie",
		run: func(e *env) {
			_, end := e.set("dead", "old", e.Unit)
			held := e.heldEntry("old", long)
			e.setEntry("held", held)
			e.At(latest(end, held.HeldUntil), time.Time{}, "the end of the old life")
			e.gone("dead")
			e.gone("held")
			e.replaces("dead", lives("new", long, 0))
			e.replaces("held", lives("new", long, 0))
			e.fresh("dead", "new")
			e.fresh("held", "new")
		},
	},
	{
		name: "Stores", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf stores the entry as SetEntry does, with its instants and tags",
		run: func(e *env) {
			entry := lives("v", time.Hour, long)
			entry.CreatedAt = entry.CreatedAt.Add(-time.Hour)
			entry.HeldUntil = entry.CreatedAt.Add(long)
			entry.Tags = []string{"tag"}
			e.replaces("k", entry)
			got := e.entry("k")
			e.kept("CreatedAt", got.CreatedAt, entry.CreatedAt)
			e.kept("FreshUntil", got.FreshUntil, entry.FreshUntil)
			e.kept("StaleUntil", got.StaleUntil, entry.StaleUntil)
			e.kept("HeldUntil", got.HeldUntil, entry.HeldUntil)
			if !sameTags(got.Tags, entry.Tags) {
				e.Fatalf("Tags = %q; want %q", got.Tags, entry.Tags)
			}
			e.replaces("none", negative(long, 0))
			e.absent("none")
		},
	},
	{
		name: "AfterSet", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "SetEntryIf does not undo a Set that came after the read, even of the same value",
		run: func(e *env) {
			e.set("k", "v", long)
			for _, value := range []string{"new", "new"} {
				hit, miss := e.version("k"), e.version("nothing there")
				e.set("k", value, long)
				e.set("nothing there", value, long)
				e.refuses("k", hit, "Set")
				e.refuses("nothing there", miss, "Set")
				e.fresh("k", "new")
				e.fresh("nothing there", "new")
			}
		},
	},
	{
		name: "AfterSetEntry", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "SetEntryIf does not undo a SetEntry that came after the read, even of the same entry",
		run: func(e *env) {
			entry := lives("v", long, 0)
			e.setEntry("k", entry)
			seen := e.version("k")
			e.setEntry("k", entry)
			e.refuses("k", seen, "SetEntry")
			e.fresh("k", "v")
		},
	},
	{
		name: "AfterDelete", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "SetEntryIf does not undo a Delete that came after the read, even of a key that was absent",
		run: func(e *env) {
			e.set("k", "v", long)
			hit, miss := e.version("k"), e.version("nothing there")
			e.delete("k")
			e.delete("nothing there")
			e.refuses("k", hit, "Delete")
			e.refuses("nothing there", miss, "Delete")
			e.gone("k")
			e.gone("nothing there")
		},
	},
	{
		name: "AfterDeleteAndSet", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "SetEntryIf refuses a Version when the key was deleted and set to the same value since, or set and deleted",
		run: func(e *env) {
			entry := lives("v", long, 0)
			e.setEntry("k", entry)
			hit, miss := e.version("k"), e.version("nothing there")
			e.delete("k")
			e.setEntry("k", entry)
			e.refuses("k", hit, "Delete and SetEntry")
			e.fresh("k", "v")
			e.set("nothing there", "v", long)
			e.delete("nothing there")
			e.refuses("nothing there", miss, "Set and Delete")
			e.gone("nothing there")
		},
	},
	{
		name: "AfterClear", law: lawInvalidation, needs: needs{capSetEntryIf, capClear}, says: "SetEntryIf does not undo a Clear of an entry that was read before",
		run: func(e *env) {
			e.set("k", "v", long)
			seen := e.version("k")
			e.clear("")
			e.refuses("k", seen, "Clear")
			e.gone("k")
		},
	},
	{
		name: "ZeroVersion", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "a zero Version is refused with an error, and nothing is written",
		run: func(e *env) {
			e.set("k", "old", long)
			for _, key := range []string{"k", "nothing there"} {
				ok, err := advcache.SetEntryIf(e.Context(), e.cache, key, lives("new", long, 0), advcache.Version{})
				if ok || err == nil {
					e.Fatalf("SetEntryIf(%q) with a zero Version = %v, %v; want false and an error", key, ok, err)
				}
			}
			e.fresh("k", "old")
			e.gone("nothing there")
		},
	},
	{
		name: "DeadRemoves", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf with a dead entry removes what the key holds, if its Version holds",
		run: func(e *env) {
			e.set("k", "old", long)
			seen := e.version("k")
			e.set("k", "newer", long)
			if e.setEntryIf("k", e.dead("v"), seen) {
				e.Fatalf("SetEntryIf with a dead entry = true with a Version read before Set; want false")
			}
			e.fresh("k", "newer")
			e.replaces("k", e.dead("v"))
			e.gone("k")
		},
	},
	{
		name: "Unsupported", law: lawSetEntryIf, lacks: capSetEntryIf, says: "a cache without SetEntryIf gives errors.ErrUnsupported and writes nothing",
		run: func(e *env) {
			entry, _ := e.getEntry("k")
			ok, err := advcache.SetEntryIf(e.Context(), e.cache, "k", lives("v", long, 0), entry.Version)
			if ok || !errors.Is(err, errors.ErrUnsupported) {
				e.Fatalf("SetEntryIf = %v, %v; want false, errors.ErrUnsupported", ok, err)
			}
			e.gone("k")
		},
	},
}
