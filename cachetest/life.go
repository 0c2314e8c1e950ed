package cachetest

import (
	"math"
	"time"
)

// lifeChecks are about law 1: fresh, then stale, then dead.
var lifeChecks = []check{
	{
		name: "SetIsFreshForItsTTL", law: lawLife, says: "an entry is fresh while now < FreshUntil",
		run: func(e *env) {
			end, _ := e.set("k", "v", e.Unit)
			e.Until(end)
			e.fresh("k", "v")
			e.ShortlyBefore(end, "the end of its ttl")
			e.fresh("k", "v")
		},
	},
	{
		name: "SetDiesAfterItsTTL", law: lawLife, says: "what Set stored is dead when its ttl is over",
		run: func(e *env) {
			_, end := e.set("k", "v", e.Unit)
			e.At(end, time.Time{}, "the end of its ttl")
			e.gone("k")
		},
	},
	{
		name: "HalfASecond", law: lawLife, says: "a ttl of 500 ms is 500 ms, not 1 s and not 0",
		run: func(e *env) { e.livesExactly(500 * time.Millisecond) },
	},
	{
		name: "SecondAndAHalf", law: lawLife, says: "a ttl of 1.5 s is 1.5 s, not 1 s and not 2 s",
		run: func(e *env) { e.livesExactly(1500 * time.Millisecond) },
	},
	{
		name: "TinyTTL", law: lawLife, says: "a ttl is never rounded up, and none is so short that it becomes no expiry",
		run: func(e *env) {
			for _, ttl := range []time.Duration{1, time.Microsecond, time.Millisecond - 1, time.Millisecond} {
				_, end := e.set("k", "v", ttl)
				e.At(end, time.Time{}, "the end of a ttl of "+ttl.String())
				e.gone("k")
			}
		},
	},
	{
		name: "ZeroTTLNeverExpires", law: lawLife, says: "a ttl of 0 means no expiry",
		run: func(e *env) {
			e.set("k", "v", 0)
			if got := e.entry("k").FreshUntil; !got.IsZero() {
				e.Fatalf("after Set with ttl 0, FreshUntil = %s; want zero", instant(got))
			}
			e.At(time.Now().Add(3*e.Unit), time.Time{}, "after a while")
			e.fresh("k", "v")
		},
	},
	{
		name: "LongestTTL", law: lawLife, says: "the longest ttl there is does not overflow",
		run: func(e *env) {
			e.set("k", "v", math.MaxInt64)
			e.fresh("k", "v")
		},
	},
	{
		name: "StaleIsNoHit", law: lawLife, says: "Get never returns a stale entry",
		run: func(e *env) {
			entry := lives("v", e.Unit, 2*e.Unit)
			e.setEntry("k", entry)
			e.Until(entry.FreshUntil)
			e.fresh("k", "v")
			e.At(entry.FreshUntil, entry.StaleUntil, "FreshUntil")
			e.stale("k", "v")
		},
	},
	{
		name: "StaleUntilItsEnd", law: lawLife, says: "an entry past FreshUntil is stale while now < StaleUntil",
		run: func(e *env) {
			entry := lives("v", e.Unit, e.Unit)
			e.setEntry("k", entry)
			e.ShortlyBefore(entry.StaleUntil, "StaleUntil")
			e.stale("k", "v")
		},
	},
	{
		name: "SetStale", law: lawLife, says: "an entry that is stale when it is set is held as stale",
		run: func(e *env) {
			entry := lives("v", -e.Unit, 3*e.Unit)
			e.setEntry("k", entry)
			e.Until(entry.StaleUntil)
			e.stale("k", "v")
		},
	},
	{
		name: "DeadAfterStale", law: lawLife, says: "nothing returns an entry past StaleUntil",
		run: func(e *env) {
			entry := lives("v", e.Unit, e.Unit)
			e.setEntry("k", entry)
			e.At(entry.StaleUntil, time.Time{}, "StaleUntil")
			e.gone("k")
		},
	},
	{
		name: "DeadAfterFresh", law: lawLife, says: "an entry with a zero StaleUntil, or one before FreshUntil, is dead at FreshUntil",
		run: func(e *env) {
			none := lives("v", e.Unit, 0)
			early := lives("v", e.Unit, -e.Unit/2)
			e.setEntry("none", none)
			e.setEntry("early", early)
			e.ShortlyBefore(none.FreshUntil, "FreshUntil")
			e.fresh("none", "v")
			e.fresh("early", "v")
			e.At(early.FreshUntil, time.Time{}, "FreshUntil")
			e.gone("none")
			e.gone("early")
		},
	},
	{
		name: "ZeroFreshUntilNeverDies", law: lawLife, says: "an entry with a zero FreshUntil is fresh for ever, whatever its StaleUntil",
		run: func(e *env) {
			entry := lives("v", 0, 0)
			entry.StaleUntil = entry.CreatedAt.Add(e.Unit)
			e.setEntry("k", entry)
			e.At(entry.StaleUntil.Add(e.Unit), time.Time{}, "past StaleUntil")
			e.fresh("k", "v")
		},
	},
	{
		name: "ReadsDoNotRenew", law: lawLife, says: "reading an entry does not lengthen its life",
		run: func(e *env) {
			entry := lives("v", e.Unit, e.Unit)
			e.setEntry("k", entry)
			for step := range 8 {
				e.Wait(entry.CreatedAt.Add(time.Duration(step) * e.Unit / 4))
				e.get("k")
				e.getEntry("k")
			}
			e.At(entry.StaleUntil, time.Time{}, "StaleUntil, after many reads")
			e.gone("k")
		},
	},
	{
		name: "DeadRemoves", law: lawLife, says: "setting an entry that is dead already removes what the key holds",
		run: func(e *env) {
			e.set("k", "old", long)
			e.setEntry("k", e.dead("new"))
			e.gone("k")
			e.set("forever", "old", 0)
			e.setEntry("forever", lives("new", -e.Unit, 0))
			e.gone("forever")
			e.setEntry("nothing there", e.dead("new"))
			e.gone("nothing there")
		},
	},
}

// livesExactly wants Set with ttl to live just as long.
func (e *env) livesExactly(ttl time.Duration) {
	e.Helper()
	soonest, latest := e.set("k", "v", ttl)
	e.ShortlyBefore(soonest, "the end of its ttl")
	e.fresh("k", "v")
	e.At(latest, time.Time{}, "the end of its ttl")
	e.gone("k")
}
