package cachetest

import (
	"time"

	"github.com/advcache/advcache"
)

// revalidateChecks are about the function Revalidate, with the method or
// without.
var revalidateChecks = []check{
	{
		name: "Unchanged", law: lawRevalidate, says: "Revalidate of an unchanged entry returns what GetEntry would",
		run: func(e *env) {
			entry := lives("v", time.Hour, long)
			entry.HeldUntil = entry.CreatedAt.Add(time.Hour)
			entry.Tags = []string{"tag"}
			e.setEntry("k", entry)
			got := e.revalidates("k", e.entry("k"), "v")
			e.kept("HeldUntil", got.HeldUntil, entry.HeldUntil)
		},
	},
	{
		name: "Renewed", law: lawRevalidate, says: "Revalidate returns the present life where the same content was set again",
		run: func(e *env) {
			old := lives("v", time.Hour, 0)
			e.setEntry("k", old)
			held := e.entry("k")
			entry := lives("v", 2*time.Hour, 3*time.Hour)
			entry.Tags = []string{"tag"}
			e.setEntry("k", entry)
			got := e.revalidates("k", held, "v")
			e.kept("FreshUntil", got.FreshUntil, entry.FreshUntil)
			e.kept("StaleUntil", got.StaleUntil, entry.StaleUntil)
		},
	},
	{
		name: "Changed", law: lawRevalidate, says: "Revalidate returns the new value where the content changed",
		run: func(e *env) {
			entry := lives("old", long, 0)
			e.setEntry("k", entry)
			held := e.entry("k")
			entry.Value = "new" // with the same life
			e.setEntry("k", entry)
			e.revalidates("k", held, "new")
			e.set("k", "", long)
			e.revalidates("k", held, "")
		},
	},
	{
		name: "ChangedBack", law: lawRevalidate, says: "Revalidate of a copy that is not the last one returns what GetEntry would",
		run: func(e *env) {
			e.set("k", "a", long)
			first := e.entry("k")
			e.set("k", "b", long)
			second := e.entry("k")
			e.set("k", "a", long)
			e.revalidates("k", first, "a")
			e.revalidates("k", second, "a")
		},
	},
	{
		name: "Stale", law: lawRevalidate, says: "Revalidate finds an entry that has become stale",
		run: func(e *env) {
			entry := lives("v", e.Unit, long)
			e.setEntry("k", entry)
			held := e.entry("k")
			e.At(entry.FreshUntil, entry.StaleUntil, "FreshUntil")
			e.revalidates("k", held, "v")
		},
	},
	{
		name: "Negative", law: lawRevalidate, says: "Revalidate tells a value from a negative entry, both ways",
		run: func(e *env) {
			e.set("k", "", long)
			value := e.entry("k")
			e.setEntry("k", negative(long, 0))
			e.revalidates("k", value, "")
			none := e.entry("k")
			e.revalidates("k", none, "")
			e.set("k", "", long)
			e.revalidates("k", none, "")
		},
	},
	{
		name: "Gone", law: lawRevalidate, says: "Revalidate of what was deleted is a miss",
		run: func(e *env) {
			e.set("k", "v", long)
			held := e.entry("k")
			e.delete("k")
			e.revalidatesNot("k", held)
		},
	},
	{
		name: "Died", law: lawLife, says: "Revalidate of what is dead or past its HeldUntil is a miss",
		run: func(e *env) {
			soonest, end := e.set("dead", "v", e.Unit)
			entry := e.heldEntry("v", long)
			e.setEntry("held", entry)
			e.Until(soonest.Add(-e.Unit / 4))
			dead, held := e.entry("dead"), e.entry("held")
			e.At(latest(end, entry.HeldUntil), time.Time{}, "the end of their lives")
			e.revalidatesNot("dead", dead)
			e.revalidatesNot("held", held)
		},
	},
	{
		name: "NeverSet", law: lawRevalidate, says: "Revalidate of a key that was never set is a miss",
		run: func(e *env) {
			e.set("other", "v", long)
			e.revalidatesNot("k", e.entry("other"))
		},
	},
}

// revalidates wants Revalidate of the copy held to give the value want, and
// all else as GetEntry does.
func (e *env) revalidates(key string, held advcache.Entry[string], want string) advcache.Entry[string] {
	e.Helper()
	got, ok, err := advcache.Revalidate(e.Context(), e.cache, key, held)
	if err != nil {
		e.Fatalf("Revalidate(%s) = %v; want no error", short(key), err)
	}
	if !ok {
		e.Lost("Revalidate(%s) is a miss; want the value %s", short(key), short(want))
	}
	if got.Value != want {
		e.Fatalf("Revalidate(%s) = %s; want the value %s", short(key), describe(got), short(want))
	}
	entry := e.entry(key)
	if got.Absent != entry.Absent || !sameTags(got.Tags, entry.Tags) || !e.sameInstants(got, entry) {
		e.Fatalf("Revalidate(%s) = %s; GetEntry gives %s", short(key), describe(got), describe(entry))
	}
	if got.Version != entry.Version {
		e.Fatalf("Revalidate(%s) gives the Version %v; GetEntry gives %v", short(key), got.Version, entry.Version)
	}
	return got
}

func (e *env) revalidatesNot(key string, held advcache.Entry[string]) {
	e.Helper()
	got, ok, err := advcache.Revalidate(e.Context(), e.cache, key, held)
	if ok || err != nil {
		e.Fatalf("Revalidate(%s) = %s, %v, %v; want a miss", short(key), describe(got), ok, err)
	}
}

// sameInstants reports whether two entries have the same life. HeldUntil may
// differ, since a chain may have promoted the entry between the two reads.
func (e *env) sameInstants(a, b advcache.Entry[string]) bool {
	same := func(a, b time.Time) bool { return a.IsZero() == b.IsZero() && a.Sub(b).Abs() <= e.tolerance() }
	return same(a.CreatedAt, b.CreatedAt) && same(a.FreshUntil, b.FreshUntil) && same(a.StaleUntil, b.StaleUntil)
}
