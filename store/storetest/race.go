package storetest

import (
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/advcache/advcache/store"
)

const (
	racers     = 6  // goroutines that do the same at the same time
	raceRounds = 25 // how often what is over at once is tried
	raceWrites = 40 // how often a key is written while others read it
	raceReads  = 3  // how often each of the others reads it meanwhile
)

// raceChecks are about calls at the same time. They are the same in a bubble,
// where goroutines run as they do outside.
var raceChecks = []check{
	{
		name: "OneIfVacantWins", law: lawCond, says: "of many IfVacant at once exactly one stores, and what it stored stays",
		run: func(e *env) {
			e.oneWins(store.IfVacant, nil, new(over("old")), new(negative(long, 0)))
		},
	},
	{
		name: "OneIfGoneWins", law: lawCond, says: "of many IfGone at once exactly one stores, and what it stored stays",
		run: func(e *env) { e.oneWins(store.IfGone, nil) },
	},
	{
		name: "OneIfVersionWins", law: lawCond, says: "of many IfVersion at once exactly one stores, and what it stored stays",
		run: func(e *env) {
			e.oneWins(store.IfVersion, new(lives("old", long, 0)), new(over("old")), new(negative(long, 0)))
		},
	},
	{
		name: "NoIncrementIsLost", law: lawCond, says: "IfVersion is atomic: a counter that is read and written with it loses no increment",
		run: func(e *env) {
			const each = 15
			e.put("counter", lives("0", long, 0))
			e.Together(racers, func(int) {
				for range each {
					if !e.increment("counter") {
						return
					}
				}
			})
			if got := e.found("counter", store.Want{}); string(got.Body) != strconv.Itoa(racers*each) {
				e.Fatalf("the counter is %s; want %d", got.Body, racers*each)
			}
		},
	},
	{
		name: "IfGoneAndPut", law: lawNoUndo, says: "IfGone and IfVacant are atomic: they never replace what was put at the same time",
		run: func(e *env) {
			obj := lives("put", long, 0)
			for round := range raceRounds {
				key := numbered(round)
				kind := []store.CondKind{store.IfGone, store.IfVacant}[round%2]
				e.Both(round,
					func() error {
						_, _, err := e.store.Put(e.Context(), key, lives("added", long, 0), store.Cond{Kind: kind})
						return err
					},
					func() error {
						_, _, err := e.store.Put(e.Context(), key, obj, store.Cond{})
						return err
					})
				e.fresh(key, obj)
			}
		},
	},
	{
		name: "IfVersionAndDelete", law: lawNoUndo, says: "a Delete is not undone by an IfVersion with a Version read before it",
		run: func(e *env) {
			for round := range raceRounds {
				key := numbered(round)
				seen := e.put(key, lives("old", long, 0))
				e.Both(round,
					func() error {
						_, _, err := e.store.Put(e.Context(), key, lives("new", long, 0), store.Cond{Kind: store.IfVersion, Version: seen})
						return err
					},
					func() error { return e.store.Delete(e.Context(), key) })
				e.nothing(key)
			}
		},
	},
	{
		name: "TouchAndDelete", law: lawNoUndo, needs: needs{capTouch}, says: "a Delete is not undone by a Touch at the same time",
		run: func(e *env) {
			obj := lives("v", long, 0)
			for round := range raceRounds {
				key := numbered(round)
				e.put(key, obj)
				e.Both(round,
					func() error {
						_, err := store.Touch(e.Context(), e.store, key, renewed(obj, 3*long, 0).Meta, store.Cond{})
						return err
					},
					func() error { return e.store.Delete(e.Context(), key) })
				e.nothing(key)
			}
		},
	},
	{
		name: "TouchAndPut", law: lawNoUndo, needs: needs{capTouch}, says: "a Put of other content keeps its life, whatever is touched at the same time",
		run: func(e *env) {
			obj, next := lives("v", long, 0), lives("new content", 2*long, 0)
			for round := range raceRounds {
				key := numbered(round)
				e.put(key, obj)
				e.Both(round,
					func() error {
						_, err := store.Touch(e.Context(), e.store, key, renewed(obj, 9*long, 0).Meta, store.Cond{})
						return err
					},
					func() error {
						_, _, err := e.store.Put(e.Context(), key, next, store.Cond{})
						return err
					})
				e.fresh(key, next)
			}
		},
	},
	{
		name: "TouchAndIfVersion", law: lawNoUndo, needs: needs{capTouch, capTouchVersion}, says: "of a Touch and a Put with the same Version one succeeds, and its life stays",
		run: func(e *env) {
			obj, next := lives("v", long, 0), lives("new", 2*long, 0)
			touched := renewed(obj, 9*long, 0)
			for round := range raceRounds {
				key := numbered(round)
				cond := store.Cond{Kind: store.IfVersion, Version: e.put(key, obj)}
				var touches, puts atomic.Bool
				e.Both(round,
					func() error {
						ok, err := store.Touch(e.Context(), e.store, key, touched.Meta, cond)
						touches.Store(ok)
						return err
					},
					func() error {
						_, ok, err := e.store.Put(e.Context(), key, next, cond)
						puts.Store(ok)
						return err
					})
				switch {
				case touches.Load() == puts.Load():
					e.Fatalf("Touch = %v and Put = %v; want one of them true", touches.Load(), puts.Load())
				case touches.Load():
					e.fresh(key, touched)
				default:
					e.fresh(key, next)
				}
			}
		},
	},
	{
		name: "NothingOlderThanAPut", law: lawNoUndo, says: "a read that begins after a Put has returned never sees an older object, nor a miss",
		run: func(e *env) {
			e.put("k", numberedObject(0, 10))
			var begun, done atomic.Int64
			e.whileReading(func(n int64) error {
				begun.Store(n)
				_, _, err := e.store.Put(e.Context(), "k", numberedObject(n, 10), store.Cond{})
				done.Store(n)
				return err
			}, done.Load, func(before, n int64, ok bool) string {
				if latest := begun.Load(); !ok || n < before || n > latest {
					return fmt.Sprintf("Put had returned with %d, and the last to begin was %d", before, latest)
				}
				return ""
			})
		},
	},
	{
		name: "NothingAfterADelete", law: lawNoUndo, says: "a read that begins after a Delete has returned never sees what was deleted",
		run: func(e *env) {
			var deleted atomic.Int64
			e.whileReading(func(n int64) error {
				if _, _, err := e.store.Put(e.Context(), "k", numberedObject(n, 10), store.Cond{}); err != nil {
					return err
				}
				runtime.Gosched() // lets the others read what is deleted next
				err := e.store.Delete(e.Context(), "k")
				deleted.Store(n)
				return err
			}, deleted.Load, func(before, n int64, ok bool) string {
				if ok && n <= before {
					return fmt.Sprintf("all up to %d had been deleted", before)
				}
				return ""
			})
			e.nothing("k")
		},
	},
	{
		name: "NothingTorn", law: lawReadBack, says: "a reader never sees the Meta of one write with the body of another, whatever is written at the same time",
		run: func(e *env) {
			e.put("k", numberedObject(0, 1))
			var next atomic.Int64
			write := func() error {
				n := next.Add(1)
				obj := numberedObject(n, 1+int(n*7919%4_000))
				_, _, err := e.store.Put(e.Context(), "k", obj, store.Cond{})
				if err != nil || e.h.lacks(capTouch) {
					return err
				}
				_, err = store.Touch(e.Context(), e.store, "k", renewed(obj, long+time.Duration(n)*time.Hour, 0).Meta, store.Cond{})
				return err
			}
			e.whileReading(func(int64) error {
				errs := make(chan error, 2)
				e.Together(2, func(int) { errs <- write() })
				if err := <-errs; err != nil {
					return err
				}
				return <-errs
			}, func() int64 { return 0 }, func(_, _ int64, ok bool) string {
				if !ok {
					return "it is a miss"
				}
				return ""
			})
		},
	},
	{
		name: "KeysDoNotDisturb", law: lawNoUndo, says: "a goroutine that is alone with its key sees each of its own writes, whatever happens to other keys",
		run: func(e *env) {
			e.Together(racers, func(n int) {
				key := fmt.Sprintf("key of %d", n)
				for i := range raceRounds {
					if !e.ownWrites(key, lives(fmt.Sprintf("%d by %d", i, n), long, 0)) {
						return
					}
				}
			})
		},
	},
}
