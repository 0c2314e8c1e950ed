package cachetest

import (
	"time"

	"github.com/advcache/advcache"
)

// harnessChecks are about New, on which all other checks rely.
var harnessChecks = []check{
	{
		name: "NewIsEmpty", law: lawHarness, says: "New returns an empty cache, which shares nothing with those returned before",
		run: func(e *env) {
			e.gone("k")
			e.set("k", "v", long)
			next := e.h.New(e.t)
			if next == nil {
				e.Fatalf("New returned nil")
			}
			first := e.cache
			e.cache = next
			e.gone("k")
			e.set("k", "w", long)
			e.cache = first
			e.hits("k", "v")
		},
	},
	{
		name: "AdvanceMovesTime", law: lawHarness, says: "after Advance(d), now is at least d later",
		run: func(e *env) {
			before := time.Now()
			e.h.Advance(e.Unit)
			if passed := time.Since(before); passed < e.Unit {
				e.Fatalf("Advance(%v) moved time by %v", e.Unit, passed)
			}
		},
	},
	{
		name: "Capabilities", law: lawHarness, says: "a cache has all capabilities but those that its harness lists in Without",
		run: func(e *env) {
			for _, c := range capabilities {
				switch has := c.has(e); {
				case has && e.h.lacks(c.name):
					e.Errorf("%T has %s; take it out of Without", e.cache, c.name)
				case !has && !e.h.lacks(c.name):
					e.Errorf("%T has no %s; add the method, or list it in Without", e.cache, c.name)
				}
			}
		},
	},
}

// missChecks are about keys that hold nothing.
var missChecks = []check{
	{
		name: "Get", law: lawMiss, says: "a miss of Get is ok == false with a nil error",
		run: func(e *env) {
			e.misses("k")
			e.misses("k") // the first miss must leave nothing behind
		},
	},
	{
		name: "Exists", law: lawMiss, says: "a miss of Exists is false with a nil error",
		run: func(e *env) { e.exists("k", false) },
	},
	{
		name: "GetEntry", law: lawMiss, says: "a miss of GetEntry is ok == false, a nil error, and an entry that is zero but for its Version",
		run: func(e *env) {
			e.zeroMiss("never set")

			e.set("deleted", "v", long)
			e.delete("deleted")
			e.zeroMiss("deleted")

			_, end := e.set("expired", "v", e.Unit)
			held := e.heldEntry("v", long)
			held.Tags = []string{"tag"}
			e.setEntry("held", held)
			e.At(latest(end, held.HeldUntil), time.Time{}, "the end of its life")
			e.zeroMiss("expired")
			e.zeroMiss("held")
		},
	},
	{
		name: "LeavesNothing", law: lawMiss, says: "a miss leaves nothing behind",
		run: func(e *env) {
			e.misses("k")
			e.exists("k", false)
			e.gone("k")
			e.set("k", "v", long)
			e.fresh("k", "v")
		},
	},
	{
		name: "OtherKeys", law: lawMiss, says: "a key that was never set is a miss, whatever other keys hold",
		run: func(e *env) {
			e.set("k", "v", long)
			e.gone("other")
			e.gone("kk")
		},
	},
}

// zeroMiss wants GetEntry to miss with an entry that is zero but for its
// Version.
func (e *env) zeroMiss(key string) {
	e.Helper()
	entry, ok := e.getEntry(key)
	if ok {
		e.Fatalf("GetEntry(%s) = %s, true; want a miss", short(key), describe(entry))
	}
	if !isZero(entry) {
		e.Fatalf("GetEntry(%s) = %s, false; want a zero entry", short(key), describe(entry))
	}
}

// isZero reports whether entry is zero but for its Version.
func isZero(entry advcache.Entry[string]) bool {
	return entry.Value == "" && entry.CreatedAt.IsZero() && entry.FreshUntil.IsZero() && entry.StaleUntil.IsZero() &&
		entry.HeldUntil.IsZero() && !entry.Absent && len(entry.Tags) == 0
}

// latest returns the later of two instants.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
