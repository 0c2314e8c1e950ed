package cachetest

import (
	"time"

	"github.com/advcache/advcache"
)

// heldChecks are about HeldUntil, the limit of a level on its copy.
var heldChecks = []check{
	{
		name: "IsGivenBack", law: lawCopy, says: "GetEntry gives back HeldUntil, and the life of the original beside it",
		run: func(e *env) {
			entry := lives("v", long, long)
			entry.HeldUntil = entry.CreatedAt.Add(time.Hour + 345_678*time.Nanosecond)
			e.setEntry("k", entry)
			e.fresh("k", "v")
			got := e.entry("k")
			e.kept("HeldUntil", got.HeldUntil, entry.HeldUntil)
			e.kept("FreshUntil", got.FreshUntil, entry.FreshUntil)
			e.kept("StaleUntil", got.StaleUntil, entry.StaleUntil)
		},
	},
	{
		name: "AnswersBefore", law: lawCopy, says: "before HeldUntil a level answers as usual",
		run: func(e *env) {
			entry := e.heldEntry("v", long)
			e.setEntry("k", entry)
			e.Until(entry.HeldUntil)
			e.fresh("k", "v")
			e.ShortlyBefore(entry.HeldUntil, "HeldUntil")
			e.fresh("k", "v")
		},
	},
	{
		name: "NoAnswerAfter", law: lawCopy, says: "past HeldUntil a level no longer answers with its copy, fresh or stale, a value or none",
		run: func(e *env) {
			fresh := e.heldEntry("v", long)
			forever := e.heldEntry("v", 0)
			stale := e.heldEntry("v", e.Unit/2)
			stale.StaleUntil = stale.FreshUntil.Add(long)
			none := e.heldEntry("", long)
			none.Absent = true
			e.setEntry("fresh", fresh)
			e.setEntry("forever", forever)
			e.setEntry("stale", stale)
			e.setEntry("none", none)
			e.At(none.HeldUntil, time.Time{}, "HeldUntil")
			e.gone("fresh")
			e.gone("forever")
			e.gone("stale")
			e.gone("none")
		},
	},
	{
		name: "AnswersStale", law: lawCopy, says: "before HeldUntil a level answers with a stale copy",
		run: func(e *env) {
			entry := lives("v", e.Unit, long)
			entry.HeldUntil = entry.FreshUntil.Add(2 * e.Unit)
			e.setEntry("k", entry)
			e.At(entry.FreshUntil, entry.HeldUntil, "FreshUntil")
			e.stale("k", "v")
		},
	},
	{
		name: "DoesNotProlong", law: lawCopy, says: "HeldUntil does not lengthen the life of the original",
		run: func(e *env) {
			entry := lives("v", e.Unit, e.Unit)
			entry.HeldUntil = entry.CreatedAt.Add(long)
			e.setEntry("k", entry)
			e.At(entry.FreshUntil, entry.StaleUntil, "FreshUntil")
			e.stale("k", "v")
			e.At(entry.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "SetPast", law: lawCopy, says: "an entry set after its HeldUntil is not answered with, nor is what was there before",
		run: func(e *env) {
			e.set("k", "old", long)
			entry := lives("new", long, 0)
			entry.HeldUntil = time.Now().Add(-e.Unit)
			e.setEntry("k", entry)
			e.gone("k")
		},
	},
	{
		name: "SetLiftsIt", law: lawSet, says: "Set lifts the HeldUntil of what was there before",
		run: func(e *env) {
			entry := e.heldEntry("old", long)
			e.setEntry("k", entry)
			e.set("k", "new", long)
			e.setEntry("k2", entry)
			e.setEntry("k2", lives("new", long, 0))
			e.At(entry.HeldUntil, time.Time{}, "HeldUntil of the old entry")
			e.fresh("k", "new")
			e.fresh("k2", "new")
		},
	},
	{
		name: "RefillAfter", law: lawSet, says: "a key whose copy is past HeldUntil can be set again",
		run: func(e *env) {
			entry := e.heldEntry("old", long)
			e.setEntry("k", entry)
			e.At(entry.HeldUntil, time.Time{}, "HeldUntil")
			e.set("k", "new", long)
			e.fresh("k", "new")
		},
	},
}

// heldEntry returns an entry that is fresh for fresh, and held for one unit.
func (e *env) heldEntry(value string, fresh time.Duration) advcache.Entry[string] {
	entry := lives(value, fresh, 0)
	entry.HeldUntil = entry.CreatedAt.Add(e.Unit)
	return entry
}
