package cachetest

import (
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/advcache/advcache"
)

const (
	racers     = 4  // goroutines that do the same at the same time
	raceRounds = 25 // how often what is over at once is tried
	raceWrites = 50 // how often a key is written while others read it
	raceReads  = 3  // how often each of the others reads it meanwhile
)

// raceChecks are about calls at the same time. They are the same in a bubble,
// where goroutines run as they do outside.
var raceChecks = []check{
	{
		name: "OneSetIfAbsentWins", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "of many SetIfAbsent at once exactly one succeeds, and its value stays",
		run: func(e *env) {
			for round := range raceRounds {
				key := fmt.Sprintf("k%d", round)
				var wins atomic.Int64
				var winner atomic.Value
				e.Together(racers, func(n int) {
					value := strconv.Itoa(n)
					ok, err := advcache.SetIfAbsent(e.Context(), e.cache, key, value, long)
					if err != nil {
						e.Errorf("SetIfAbsent(%q) = %v", key, err)
					}
					if ok {
						wins.Add(1)
						winner.Store(value)
					}
				})
				if wins.Load() != 1 {
					e.Fatalf("%d of %d SetIfAbsent succeeded; want 1", wins.Load(), racers)
				}
				e.fresh(key, winner.Load().(string))
			}
		},
	},
	{
		name: "SetIfAbsentAndSet", law: lawSetIfAbsent, needs: needs{capSetIfAbsent}, says: "SetIfAbsent is atomic: it never replaces what a Set stored at the same time",
		run: func(e *env) {
			for round := range raceRounds {
				key := fmt.Sprintf("k%d", round)
				e.Both(round,
					func() error {
						_, err := advcache.SetIfAbsent(e.Context(), e.cache, key, "added", long)
						return err
					},
					func() error { return e.cache.Set(e.Context(), key, "set", long) },
				)
				e.fresh(key, "set")
			}
		},
	},
	{
		name: "NoIncrementIsLost", law: lawSetEntryIf, needs: needs{capSetEntryIf}, says: "SetEntryIf is atomic: a counter that is read and set with it loses no increment",
		run: func(e *env) {
			const each = 20
			e.Together(racers, func(int) {
				for range each {
					if !e.increment("counter") {
						return
					}
				}
			})
			e.fresh("counter", strconv.Itoa(racers*each))
		},
	},
	{
		name: "SetEntryIfAndDelete", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "a Delete is not undone by a SetEntryIf with a Version read before it",
		run: func(e *env) {
			for round := range raceRounds {
				key := fmt.Sprintf("k%d", round)
				if round%2 == 0 { // else from a miss
					e.set(key, "old", long)
				}
				seen := e.version(key)
				e.Both(round,
					func() error {
						_, err := advcache.SetEntryIf(e.Context(), e.cache, key, lives("new", long, 0), seen)
						return err
					},
					func() error { return e.cache.Delete(e.Context(), key) },
				)
				e.gone(key)
			}
		},
	},
	{
		name: "SetEntryIfAndSet", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "a Set is not undone by a SetEntryIf with a Version read before it",
		run: func(e *env) {
			for round := range raceRounds {
				key := fmt.Sprintf("k%d", round)
				if round%2 == 0 {
					e.set(key, "old", long)
				}
				seen := e.version(key)
				e.Both(round,
					func() error {
						_, err := advcache.SetEntryIf(e.Context(), e.cache, key, lives("new", long, 0), seen)
						return err
					},
					func() error { return e.cache.Set(e.Context(), key, "set", long) },
				)
				e.fresh(key, "set")
			}
		},
	},
	{
		name: "SetEntryIfAndSetEntries", law: lawInvalidation, needs: needs{capSetEntryIf}, says: "a SetEntries is not undone by a SetEntryIf with a Version of GetEntries read before it",
		run: func(e *env) {
			for round := range raceRounds {
				keys := []string{fmt.Sprintf("a%d", round), fmt.Sprintf("b%d", round)}
				e.set(keys[0], "old", long) // the other from a miss
				seen := e.getEntries(keys...)
				one := round % 2
				e.Both(round,
					func() error {
						_, err := advcache.SetEntryIf(e.Context(), e.cache, keys[one], lives("new", long, 0), seen[one].Entry.Version)
						return err
					},
					func() error {
						return advcache.SetEntries(e.Context(), e.cache, map[string]advcache.Entry[string]{keys[0]: lives("set", long, 0), keys[1]: lives("set", long, 0)})
					},
				)
				e.fresh(keys[0], "set")
				e.fresh(keys[1], "set")
			}
		},
	},
	{
		name: "NothingOlderThanSetEntries", law: lawInvalidation, says: "a read of one of its keys that begins after SetEntries has returned never sees an older value, nor a miss",
		run: func(e *env) {
			both := func(n int64) map[string]advcache.Entry[string] {
				entry := lives(strconv.FormatInt(n, 10), long, 0)
				return map[string]advcache.Entry[string]{"k": entry, "another": entry}
			}
			e.setEntries(both(0))
			e.neverOlder(func(n int64) error { return advcache.SetEntries(e.Context(), e.cache, both(n)) })
			e.fresh("another", strconv.Itoa(raceWrites))
		},
	},
	{
		name: "NothingOlderThanASet", law: lawInvalidation, says: "a read that begins after a Set has returned never sees an older value, nor a miss",
		run: func(e *env) {
			e.set("k", "0", long)
			e.neverOlder(func(n int64) error { return e.cache.Set(e.Context(), "k", strconv.FormatInt(n, 10), long) })
		},
	},
	{
		name: "NothingAfterADelete", law: lawInvalidation, says: "a read that begins after a Delete has returned never sees what was deleted",
		run: func(e *env) {
			var deleted atomic.Int64
			e.whileReading("k",
				func(n int64) error {
					if err := e.cache.Set(e.Context(), "k", strconv.FormatInt(n, 10), long); err != nil {
						return err
					}
					runtime.Gosched() // lets the others read what is deleted next
					err := e.cache.Delete(e.Context(), "k")
					deleted.Store(n)
					return err
				},
				deleted.Load,
				func(before, value int64, ok bool) string {
					if ok && value <= before {
						return fmt.Sprintf("all up to %d had been deleted", before)
					}
					return ""
				})
			e.gone("k")
			e.h.Advance(e.Unit) // for what is promoted in the background
			e.gone("k")
		},
	},
	{
		name: "KeysDoNotDisturb", law: lawInvalidation, says: "a goroutine that is alone with its key sees each of its own writes, whatever happens to other keys",
		run: func(e *env) {
			e.Together(racers, func(n int) {
				key := fmt.Sprintf("k%d", n)
				for i := range raceRounds {
					if !e.ownWrites(key, fmt.Sprintf("%d by %d", i, n)) {
						return
					}
				}
			})
		},
	},
}
