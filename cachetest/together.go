package cachetest

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/advcache/advcache"
)

// The methods here are the goroutines of raceChecks. In a goroutine, a check
// reports by Errorf alone, since Fatalf is for the goroutine of the test.

// increment adds 1 to the number that key holds, by GetEntry and SetEntryIf.
func (e *env) increment(key string) bool {
	const most = 10_000 // refusals, of which each is the success of another
	for range most {
		entry, ok, err := e.cache.GetEntry(e.Context(), key)
		if err != nil {
			e.Errorf("GetEntry(%q) = %v", key, err)
			return false
		}
		n := 0
		if ok {
			if n, err = strconv.Atoi(entry.Value); err != nil {
				e.Errorf("GetEntry(%q) gives %s; want a number", key, describe(entry))
				return false
			}
		}
		ok, err = advcache.SetEntryIf(e.Context(), e.cache, key, lives(strconv.Itoa(n+1), long, 0), entry.Version)
		if err != nil {
			e.Errorf("SetEntryIf(%q) = %v", key, err)
			return false
		}
		if ok {
			return true
		}
	}
	e.Errorf("SetEntryIf(%q) gave false %d times in a row", key, most)
	return false
}

// whileReading calls write with 1, 2, 3, …, and at the same time reads the
// number that key holds, in all the ways there are. Before each read it calls
// before, and then judge with what that gave, which says what is wrong, if
// anything. It goes by rounds, since goroutines that read without end would let
// no time pass in a bubble.
func (e *env) whileReading(key string, write func(n int64) error, before func() int64, judge func(before, value int64, ok bool) string) {
	reads := e.reads(key)
	for n := int64(1); n <= raceWrites; n++ {
		var failed atomic.Bool
		e.Together(1+len(reads), func(i int) {
			if i == len(reads) {
				if err := write(n); err != nil {
					e.Errorf("write %d gave %v", n, err)
					failed.Store(true)
				}
				return
			}
			for range raceReads {
				first := before()
				text, ok, err := reads[i].do()
				value, notNumber := strconv.ParseInt(text, 10, 64)
				wrong := "want a number or a miss"
				if err == nil && (!ok || notNumber == nil) {
					wrong = judge(first, value, ok)
				}
				if wrong != "" {
					e.Errorf("%s(%q) gives %s, %v, %v; %s", reads[i].name, key, short(text), ok, err, wrong)
					failed.Store(true)
				}
			}
		})
		if failed.Load() {
			return
		}
	}
}

// neverOlder sets the key "k", which holds 0, to 1, 2, 3, …, and wants no read to
// see less than what was set before it began.
func (e *env) neverOlder(set func(n int64) error) {
	e.Helper()
	var begun, done atomic.Int64
	e.whileReading("k",
		func(n int64) error {
			begun.Store(n)
			err := set(n)
			done.Store(n)
			return err
		},
		done.Load,
		func(before, value int64, ok bool) string {
			if latest := begun.Load(); !ok || value < before || value > latest {
				return fmt.Sprintf("the write of %d had returned, and the last to begin was that of %d", before, latest)
			}
			return ""
		})
	e.fresh("k", strconv.Itoa(raceWrites))
}

type read struct {
	name string
	do   func() (string, bool, error)
}

// reads returns the ways to read a key.
func (e *env) reads(key string) []read {
	return []read{
		{"Get", func() (string, bool, error) { return e.cache.Get(e.Context(), key) }},
		{"GetEntry", func() (string, bool, error) {
			entry, ok, err := e.cache.GetEntry(e.Context(), key)
			return entry.Value, ok, err
		}},
		{"GetMany", func() (string, bool, error) {
			values, err := advcache.GetMany(e.Context(), e.cache, []string{"another", key})
			value, ok := values[key]
			return value, ok, err
		}},
		{"GetEntries", func() (string, bool, error) {
			found := advcache.GetEntries(e.Context(), e.cache, []string{"another", key})
			if len(found) != 2 {
				return "", false, fmt.Errorf("%d answers for 2 keys", len(found))
			}
			return found[1].Entry.Value, found[1].OK, found[1].Err
		}},
		{"Revalidate", func() (string, bool, error) {
			held, ok, err := e.cache.GetEntry(e.Context(), key)
			if ok && err == nil {
				held, ok, err = advcache.Revalidate(e.Context(), e.cache, key, held)
			}
			return held.Value, ok, err
		}},
	}
}

// ownWrites sets, reads and deletes a key that nobody else touches.
func (e *env) ownWrites(key, value string) bool {
	sees := func(after string, want bool) bool {
		got, ok, err := e.cache.Get(e.Context(), key)
		if err != nil || ok != want || want && got != value {
			e.Errorf("after %s of %q, Get(%q) = %s, %v, %v", after, value, key, short(got), ok, err)
			return false
		}
		return true
	}
	if err := e.cache.Set(e.Context(), key, value, long); err != nil {
		e.Errorf("Set(%q) = %v", key, err)
		return false
	}
	if !sees("Set", true) {
		return false
	}
	if err := e.cache.Delete(e.Context(), key); err != nil {
		e.Errorf("Delete(%q) = %v", key, err)
		return false
	}
	return sees("Delete", false)
}
