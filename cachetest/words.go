package cachetest

import (
	"time"

	"github.com/advcache/advcache"
)

// The methods here call the cache and end the check where the answer is wrong.

// set sets a value and returns between which instants its life ends.
func (e *env) set(key, value string, ttl time.Duration) (soonest, latest time.Time) {
	e.Helper()
	before := time.Now()
	if err := e.cache.Set(e.Context(), key, value, ttl); err != nil {
		e.Fatalf("Set(%s, %s, %v) = %v", short(key), short(value), ttl, err)
	}
	return before.Add(ttl), time.Now().Add(ttl)
}

func (e *env) setEntry(key string, entry advcache.Entry[string]) {
	e.Helper()
	if err := e.cache.SetEntry(e.Context(), key, entry); err != nil {
		e.Fatalf("SetEntry(%s, %s) = %v", short(key), describe(entry), err)
	}
}

func (e *env) delete(keys ...string) {
	e.Helper()
	if err := e.cache.Delete(e.Context(), keys...); err != nil {
		e.Fatalf("Delete of %s = %v", list(keys), err)
	}
}

// get calls Get, which must not fail.
func (e *env) get(key string) (string, bool) {
	e.Helper()
	value, ok, err := e.cache.Get(e.Context(), key)
	if err != nil {
		e.Fatalf("Get(%s) = %v; want no error", short(key), err)
	}
	return value, ok
}

// hits wants a hit of Get, with want.
func (e *env) hits(key, want string) {
	e.Helper()
	value, ok := e.get(key)
	if !ok {
		e.Lost("Get(%s) is a miss; want %s", short(key), short(want))
	}
	if value != want {
		e.Fatalf("Get(%s) = %s, true; want %s", short(key), short(value), short(want))
	}
}

// misses wants a miss of Get.
func (e *env) misses(key string) {
	e.Helper()
	if value, ok := e.get(key); ok {
		e.Fatalf("Get(%s) = %s, true; want a miss", short(key), short(value))
	}
}

// exists wants Exists to say want.
func (e *env) exists(key string, want bool) {
	e.Helper()
	ok, err := e.cache.Exists(e.Context(), key)
	switch {
	case err != nil:
		e.Fatalf("Exists(%s) = %v; want no error", short(key), err)
	case ok && !want:
		e.Fatalf("Exists(%s) = true; want false", short(key))
	case want && !ok:
		e.Lost("Exists(%s) = false; want true", short(key))
	}
}

// getEntry calls GetEntry, which must not fail.
func (e *env) getEntry(key string) (advcache.Entry[string], bool) {
	e.Helper()
	entry, ok, err := e.cache.GetEntry(e.Context(), key)
	if err != nil {
		e.Fatalf("GetEntry(%s) = %v; want no error", short(key), err)
	}
	return entry, ok
}

// entry wants GetEntry to find something, and returns it.
func (e *env) entry(key string) advcache.Entry[string] {
	e.Helper()
	entry, ok := e.getEntry(key)
	if !ok {
		e.Lost("GetEntry(%s) is a miss; want an entry", short(key))
	}
	return entry
}

// held wants GetEntry to find an entry with the value want.
func (e *env) held(key, want string) {
	e.Helper()
	if entry := e.entry(key); entry.Value != want || entry.Absent {
		e.Fatalf("GetEntry(%s) = %s; want the value %s", short(key), describe(entry), short(want))
	}
}

// fresh wants all methods to find a fresh value.
func (e *env) fresh(key, want string) {
	e.Helper()
	e.hits(key, want)
	e.exists(key, true)
	e.held(key, want)
}

// stale wants a value that only GetEntry finds.
func (e *env) stale(key, want string) {
	e.Helper()
	e.misses(key)
	e.exists(key, false)
	e.held(key, want)
}

// absent wants a negative entry, which only GetEntry finds.
func (e *env) absent(key string) {
	e.Helper()
	e.misses(key)
	e.exists(key, false)
	if entry := e.entry(key); !entry.Absent || entry.Value != "" {
		e.Fatalf("GetEntry(%s) = %s; want a negative entry", short(key), describe(entry))
	}
}

// gone wants no method to find anything.
func (e *env) gone(key string) {
	e.Helper()
	e.misses(key)
	e.exists(key, false)
	if entry, ok := e.getEntry(key); ok {
		e.Fatalf("GetEntry(%s) = %s; want a miss", short(key), describe(entry))
	}
}

// kept wants got to be an instant that was given as want: not later, and not
// much earlier.
func (e *env) kept(what string, got, want time.Time) {
	e.Helper()
	switch {
	case want.IsZero() != got.IsZero(), got.After(want), want.Sub(got) > e.tolerance():
		e.Fatalf("%s = %s; want %s, no later and at most %v earlier", what, instant(got), instant(want), e.tolerance())
	}
}

// within wants got to lie between the instants first and last.
func (e *env) within(what string, got, first, last time.Time) {
	e.Helper()
	if got.Before(first.Add(-e.tolerance())) || got.After(last.Add(e.h.Resolution)) {
		e.Fatalf("%s = %s; want it between %s and %s, give or take %v", what, instant(got), instant(first), instant(last), e.tolerance())
	}
}
