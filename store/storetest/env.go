package storetest

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

// long is a life that no check outlives.
const long = 24 * time.Hour

// env is what a check works with: a store, its time, and words for what is
// expected of it. Failures quote the check's law.
type env struct {
	tb
	t     *testing.T // for the functions of h, whose failures are not the store's
	h     Harness
	check check
	store store.Store

	// unit is a life that comes to its end while the check runs; margin is how
	// long before the end of a life the check still asks for the object.
	unit, margin time.Duration

	// deadline is until when the store can be expected to find what it was
	// given. Zero: for ever.
	deadline time.Time
	moment   string // where in a life, or in a table, the check is, for its messages
	tooLate  bool   // the deadline had passed when an object was not found
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
	e.store = h.New(t)
	if e.store == nil {
		r.Fatalf("%s: New returns an empty store: it returned nil", lawHarness)
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

// lost reports that the store did not find what it should have found, unless
// it was asked too late.
func (e *env) lost(format string, args ...any) {
	e.Helper()
	if !e.deadline.IsZero() && !time.Now().Before(e.deadline) {
		e.tooLate = true
		panic("storetest: too late to tell")
	}
	e.Fatalf(format, args...)
}

// until says that the store can be expected to answer until end. Zero: for ever.
func (e *env) until(end time.Time) {
	e.deadline = end
	if !end.IsZero() {
		e.deadline = end.Add(-e.h.Resolution - time.Millisecond) // since instants are cut to milliseconds
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

// hashOf returns a hash of a content. Which one is no matter of backends.
func hashOf(content string) store.Hash { return sha256.Sum256([]byte(content)) }

// lives returns an object that is made now, fresh for fresh and then stale for
// stale. 0: no end of the fresh part, or no stale part.
func lives(content string, fresh, stale time.Duration) store.Object {
	now := time.Now()
	meta := store.Meta{CreatedAt: now, Hash: hashOf(content), Encoding: "raw", Schema: "1"}
	if fresh != 0 {
		meta.FreshUntil = now.Add(fresh)
	}
	if stale != 0 {
		meta.StaleUntil = meta.FreshUntil.Add(stale)
	}
	return store.Object{Meta: meta, Body: []byte(content)}
}

// negative returns lives without content: the origin's word that there is none.
func negative(fresh, stale time.Duration) store.Object {
	obj := lives("", fresh, stale)
	obj.Meta.Absent, obj.Meta.Hash, obj.Meta.Encoding, obj.Body = true, store.Hash{}, "", nil
	return obj
}

// over returns an object that was fresh and is stale, for long.
func over(content string) store.Object {
	obj := lives(content, -time.Minute, 0)
	obj.Meta.CreatedAt = obj.Meta.FreshUntil.Add(-time.Minute)
	obj.Meta.StaleUntil = time.Now().Add(long)
	return obj
}

// dead returns an object whose life is over.
func dead(content string) store.Object {
	obj := lives(content, -2*time.Minute, time.Minute)
	obj.Meta.CreatedAt = obj.Meta.FreshUntil.Add(-time.Minute)
	return obj
}

// with returns a copy of obj with another Meta.
func with(obj store.Object, change func(m *store.Meta)) store.Object {
	obj.Meta = ownMeta(obj.Meta)
	change(&obj.Meta)
	return obj
}
