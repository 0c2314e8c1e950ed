package cachetest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/advcache/advcache"
)

// getManyChecks are about the function GetMany, with the method or without.
var getManyChecks = []check{
	{
		name: "OnlyHits", law: lawGetMany, says: "GetMany returns the values of those keys that Get would hit, and of no others",
		run: func(e *env) {
			e.set("fresh", "v", long)
			e.set("forever", "w", 0)
			e.set("empty", "", long)
			e.set("not asked", "v", long)
			e.set("deleted", "v", long)
			e.delete("deleted")
			e.setEntry("stale", lives("v", -e.Unit, long))
			e.setEntry("negative", negative(long, 0))
			e.getMany(map[string]string{"fresh": "v", "forever": "w", "empty": ""},
				"stale", "fresh", "negative", "deleted", "forever", "never set", "empty")
		},
	},
	{
		name: "AfterALife", law: lawLife, says: "GetMany returns nothing that is stale, dead, or past its HeldUntil",
		run: func(e *env) {
			e.set("fresh", "v", long)
			soonest, end := e.set("dead", "v", e.Unit)
			stale := lives("v", e.Unit, long)
			e.setEntry("stale", stale)
			held := e.heldEntry("v", long)
			e.setEntry("held", held)
			e.Until(soonest) // all others come later
			e.getMany(map[string]string{"fresh": "v", "dead": "v", "stale": "v", "held": "v"}, "fresh", "dead", "stale", "held")
			e.At(latest(end, held.HeldUntil), time.Time{}, "the end of their lives")
			e.getMany(map[string]string{"fresh": "v"}, "fresh", "dead", "stale", "held")
		},
	},
	{
		name: "Repeated", law: lawGetMany, says: "a key may be asked for twice",
		run: func(e *env) {
			e.set("k", "v", long)
			e.getMany(map[string]string{"k": "v"}, "k", "nothing there", "k", "nothing there")
		},
	},
	{
		name: "None", law: lawGetMany, says: "GetMany of no keys, or of misses alone, gives an empty map and no error",
		run: func(e *env) {
			e.set("k", "v", long)
			e.getMany(map[string]string{})
			e.getMany(map[string]string{}, "a", "b", "c")
		},
	},
}

// setManyChecks are about the function SetMany, with the method or without.
var setManyChecks = []check{
	{
		name: "SetsEach", law: lawSetMany, says: "SetMany sets every key, as Set does, and no other",
		run: func(e *env) {
			e.set("other", "old", long)
			e.setMany(map[string]string{"a": "1", "b": "2", "c": ""}, long)
			e.fresh("a", "1")
			e.fresh("b", "2")
			e.fresh("c", "")
			e.fresh("other", "old")
		},
	},
	{
		name: "Replaces", law: lawSetMany, says: "SetMany replaces whatever the keys held",
		run: func(e *env) {
			e.set("fresh", "old", long)
			stale := lives("old", -e.Unit, long)
			stale.Tags = []string{"tag"}
			e.setEntry("stale", stale)
			e.setEntry("negative", negative(long, 0))
			e.setMany(map[string]string{"fresh": "new", "stale": "new", "negative": "new"}, long)
			e.fresh("fresh", "new")
			e.fresh("stale", "new")
			e.fresh("negative", "new")
			if got := e.entry("stale"); len(got.Tags) != 0 || !got.StaleUntil.IsZero() {
				e.Fatalf("GetEntry gives %s; want no StaleUntil and no tags", describe(got))
			}
		},
	},
	{
		name: "TTL", law: lawLife, says: "what SetMany stored lives for its ttl; 0 means no expiry",
		run: func(e *env) {
			e.setMany(map[string]string{"forever": "v"}, 0)
			if got := e.entry("forever").FreshUntil; !got.IsZero() {
				e.Fatalf("after SetMany with ttl 0, FreshUntil = %s; want zero", instant(got))
			}
			before := time.Now()
			e.setMany(map[string]string{"a": "v", "b": "w"}, e.Unit)
			end := time.Now().Add(e.Unit)
			e.ShortlyBefore(before.Add(e.Unit), "the end of their ttl")
			e.fresh("a", "v")
			e.fresh("b", "w")
			e.At(end, time.Time{}, "the end of their ttl")
			e.gone("a")
			e.gone("b")
			e.fresh("forever", "v")
		},
	},
	{
		name: "NegativeTTL", law: lawSetMany, says: "a ttl below 0 is ErrInvalidTTL, and nothing is written",
		run: func(e *env) {
			e.set("k", "old", long)
			err := advcache.SetMany(e.Context(), e.cache, map[string]string{"k": "new", "nothing there": "new"}, -time.Second)
			if !errors.Is(err, advcache.ErrInvalidTTL) {
				e.Fatalf("SetMany with ttl -1s = %v; want ErrInvalidTTL", err)
			}
			e.fresh("k", "old")
			e.gone("nothing there")
		},
	},
	{
		name: "None", law: lawSetMany, says: "SetMany of nothing is no error",
		run: func(e *env) {
			e.set("k", "v", long)
			e.setMany(map[string]string{}, long)
			e.setMany(nil, long)
			e.fresh("k", "v")
		},
	},
}

// getMany wants GetMany of keys to give want.
func (e *env) getMany(want map[string]string, keys ...string) {
	e.Helper()
	got, err := advcache.GetMany(e.Context(), e.cache, keys)
	if err != nil {
		e.Fatalf("GetMany of %s = %v; want no error", list(keys), err)
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		wanted, ok := want[key]
		switch {
		case !ok:
			e.Fatalf("GetMany of %s has %s: %s; want nothing for this key", list(keys), short(key), short(got[key]))
		case got[key] != wanted:
			e.Fatalf("GetMany of %s has %s: %s; want %s", list(keys), short(key), short(got[key]), short(wanted))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[key]; !ok {
			e.Lost("GetMany of %s has nothing for %s; want %s", list(keys), short(key), short(want[key]))
		}
	}
}

func (e *env) setMany(values map[string]string, ttl time.Duration) {
	e.Helper()
	if err := advcache.SetMany(e.Context(), e.cache, values, ttl); err != nil {
		e.Fatalf("SetMany of %s with ttl %v = %v", list(slices.Sorted(maps.Keys(values))), ttl, err)
	}
}
