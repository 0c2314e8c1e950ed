package cachetest

import (
	"errors"
	"time"

	"github.com/advcache/advcache"
)

// setIfAbsentChecks are about SetIfAbsent, without concurrency: for that, see
// raceChecks.
var setIfAbsentChecks = []check{
	{
		name: "OverAMiss", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "SetIfAbsent succeeds over a miss, once",
		run: func(e *env) {
			e.adds("k", "first")
			e.addsNot("k")
			e.fresh("k", "first")
			e.delete("k")
			e.adds("k", "second")
		},
	},
	{
		name: "OverFresh", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "SetIfAbsent leaves a fresh entry as it is, with its life",
		run: func(e *env) {
			e.set("forever", "old", 0)
			e.addsNot("forever")
			e.fresh("forever", "old")
			entry := lives("old", e.Unit, 0)
			e.setEntry("k", entry)
			e.Until(entry.FreshUntil)
			e.addsNot("k")
			e.fresh("k", "old")
			e.At(entry.FreshUntil, time.Time{}, "FreshUntil of the old entry")
			e.gone("k")
		},
	},
	{
		name: "OverStale", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "SetIfAbsent succeeds over a stale entry",
		run: func(e *env) {
			e.setEntry("k", lives("old", -e.Unit, long))
			e.adds("k", "new")
		},
	},
	{
		name: "OverNegative", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "SetIfAbsent succeeds over a negative entry, fresh or stale",
		run: func(e *env) {
			e.setEntry("fresh", negative(long, 0))
			e.adds("fresh", "new")
			e.setEntry("stale", negative(-e.Unit, long))
			e.adds("stale", "new")
		},
	},
	{
		name: "OverDead", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "SetIfAbsent succeeds over a dead entry",
		run: func(e *env) {
			_, end := e.set("k", "old", e.Unit)
			e.At(end, time.Time{}, "the end of the old ttl")
			e.adds("k", "new")
		},
	},
	{
		name: "OverHeldPast", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "SetIfAbsent succeeds over a copy past its HeldUntil, since Exists is false there",
		run: func(e *env) {
			entry := e.heldEntry("old", long)
			e.setEntry("k", entry)
			e.At(entry.HeldUntil, time.Time{}, "HeldUntil")
			e.adds("k", "new")
		},
	},
	{
		name: "Replaces", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "what SetIfAbsent stores is as Set stores it, with nothing of what was there before",
		run: func(e *env) {
			old := lives("old", -e.Unit, long)
			old.Tags = []string{"tag"}
			e.setEntry("k", old)
			before := time.Now()
			e.adds("k", "new")
			after := time.Now()
			got := e.entry("k")
			e.within("CreatedAt", got.CreatedAt, before, after)
			e.within("FreshUntil", got.FreshUntil, before.Add(long), after.Add(long))
			if !got.StaleUntil.IsZero() || len(got.Tags) != 0 {
				e.Fatalf("GetEntry gives %s; want no StaleUntil and no tags", describe(got))
			}
		},
	},
	{
		name: "TTL", law: lawLife, needs: needs{capSetIfAbsent}, says: "what SetIfAbsent stores lives for its ttl; 0 means no expiry",
		run: func(e *env) {
			soonest, _ := e.addFor("k", e.Unit)
			e.ShortlyBefore(soonest, "the end of its ttl")
			e.fresh("k", "v")
			e.addFor("forever", 0)
			if got := e.entry("forever").FreshUntil; !got.IsZero() {
				e.Fatalf("after SetIfAbsent with ttl 0, FreshUntil = %s; want zero", instant(got))
			}
			_, end := e.addFor("other", e.Unit)
			e.At(end, time.Time{}, "the end of the ttl")
			e.gone("k")
			e.gone("other")
			e.fresh("forever", "v")
		},
	},
	{
		name: "NegativeTTL", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "a ttl below 0 is ErrInvalidTTL, and nothing is written",
		run: func(e *env) {
			e.set("k", "old", long)
			for _, key := range []string{"k", "nothing there"} {
				ok, err := advcache.SetIfAbsent(e.Context(), e.cache, key, "new", -time.Second)
				if ok || !errors.Is(err, advcache.ErrInvalidTTL) {
					e.Fatalf("SetIfAbsent(%q) with ttl -1s = %v, %v; want false, ErrInvalidTTL", key, ok, err)
				}
			}
			e.fresh("k", "old")
			e.gone("nothing there")
		},
	},
	{
		name: "Unsupported", law: lawSetIfAbsent, lacks: capSetIfAbsent, says: "a cache without SetIfAbsent gives errors.ErrUnsupported and writes nothing",
		run: func(e *env) {
			ok, err := advcache.SetIfAbsent(e.Context(), e.cache, "k", "v", long)
			if ok || !errors.Is(err, errors.ErrUnsupported) {
				e.Fatalf("SetIfAbsent = %v, %v; want false, errors.ErrUnsupported", ok, err)
			}
			e.gone("k")
		},
	},
}

// addFor wants SetIfAbsent of the value "v" to succeed, and returns between
// which instants its life ends.
func (e *env) addFor(key string, ttl time.Duration) (soonest, latest time.Time) {
	e.Helper()
	before := time.Now()
	ok, err := advcache.SetIfAbsent(e.Context(), e.cache, key, "v", ttl)
	if !ok || err != nil {
		e.Fatalf("SetIfAbsent(%q) with ttl %v = %v, %v; want true", key, ttl, ok, err)
	}
	return before.Add(ttl), time.Now().Add(ttl)
}
