package cachetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

// long is a life that no check outlives.
const long = 24 * time.Hour

// env is what a check works with: a cache, its time, and words for what is
// expected of it. Failures quote the check's law.
type env struct {
	tb
	t     *testing.T // for New, whose failures are not the cache's
	h     Harness
	check check
	cache advcache.Cache[string]

	// unit is a life that comes to its end while the check runs; margin is how
	// long before the end of a life the check still asks for the entry.
	unit, margin time.Duration

	// deadline is until when the cache can be expected to find what it was
	// given. Zero: for ever.
	deadline time.Time
	moment   string // where in a life the check is, for its messages
	tooLate  bool   // the deadline had passed when an entry was not found
}

// newEnv returns what the nth attempt at a check works with. The first asks
// just before the end of a life, which a bubble makes exact; the later ones
// leave more and more time.
func newEnv(t *testing.T, r tb, h Harness, c check, n int) *env {
	r.Helper()
	e := &env{tb: r, t: t, h: h, check: c, unit: h.Unit, margin: h.Resolution + 2*time.Millisecond}
	if n > 0 {
		e.unit <<= n - 1
		e.margin = e.unit / 2
	}
	e.cache = h.New(t)
	if e.cache == nil {
		r.Fatalf("%s: New returns an empty cache: it returned nil", lawHarness)
	}
	return e
}

// attempt runs the check and reports whether it came to an end, rather than
// too late to tell.
func (e *env) attempt() (done bool) {
	e.Helper()
	defer func() {
		// Only the panic of lost is caught: any other goes its way.
		if e.tooLate {
			_ = recover()
		}
	}()
	e.check.run(e)
	return true
}

// Errorf reports that the law is broken.
func (e *env) Errorf(format string, args ...any) {
	e.Helper()
	e.tb.Errorf("%s", e.broken(fmt.Sprintf(format, args...)))
}

// Fatalf reports that the law is broken, and ends the check.
func (e *env) Fatalf(format string, args ...any) {
	e.Helper()
	e.tb.Fatalf("%s", e.broken(fmt.Sprintf(format, args...)))
}

func (e *env) broken(what string) string {
	if e.moment != "" {
		what += " (" + e.moment + ")"
	}
	return e.check.law + ": " + e.check.says + ": " + what
}

// lost reports that the cache did not find what it should have found, unless
// it was asked too late.
func (e *env) lost(format string, args ...any) {
	e.Helper()
	if !e.deadline.IsZero() && !time.Now().Before(e.deadline) {
		e.tooLate = true
		panic("cachetest: too late to tell")
	}
	e.Fatalf(format, args...)
}

// until says that the cache can be expected to answer until end. Zero: for ever.
func (e *env) until(end time.Time) {
	e.deadline = end
	if !end.IsZero() {
		// 1 ms for caches that cut instants to milliseconds.
		e.deadline = end.Add(-e.h.Resolution - time.Millisecond)
	}
}

// shortlyBefore moves time to where the life that ends at end is almost over.
func (e *env) shortlyBefore(end time.Time, what string) {
	e.wait(end.Add(-e.margin))
	e.until(end)
	e.moment = "shortly before " + what
}

// at moves time to end, where a part of a life is over, and the next one, if
// any, lasts until next.
func (e *env) at(end, next time.Time, what string) {
	e.wait(end.Add(e.h.Resolution))
	e.until(next)
	e.moment = "at " + what
}

// wait lets time pass until now is not before t.
func (e *env) wait(t time.Time) {
	for d := time.Until(t); d > 0; {
		e.h.Advance(d)
		left := time.Until(t)
		if left >= d {
			e.tb.Fatalf("%s: after Advance(d), now is at least d later: Advance(%v) moved time by nothing", lawHarness, d)
		}
		d = left
	}
}

// tolerance is by how much an instant may be off that the cache gives back.
func (e *env) tolerance() time.Duration { return max(e.h.Resolution, time.Millisecond) }

// lives returns an entry that is made now, fresh for fresh and then stale for
// stale. 0: no end of the fresh part, or no stale part.
func lives(value string, fresh, stale time.Duration) advcache.Entry[string] {
	now := time.Now()
	entry := advcache.Entry[string]{Value: value, CreatedAt: now}
	if fresh != 0 {
		entry.FreshUntil = now.Add(fresh)
	}
	if stale != 0 {
		entry.StaleUntil = entry.FreshUntil.Add(stale)
	}
	return entry
}

// negative returns lives without a value: the origin's word that there is none.
func negative(fresh, stale time.Duration) advcache.Entry[string] {
	entry := lives("", fresh, stale)
	entry.Absent = true
	return entry
}

// dead returns an entry whose life is over.
func (e *env) dead(value string) advcache.Entry[string] {
	entry := lives(value, -2*e.unit, e.unit)
	entry.CreatedAt = entry.FreshUntil.Add(-e.unit)
	return entry
}
