package cachetest

import (
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/trial"
)

// long is a life that no check outlives.
const long = 24 * time.Hour

// env is what a check works with: a cache, its time, and words for what is
// expected of it. Failures quote the check's law.
type env struct {
	*trial.Trial

	t     *testing.T // for the functions of h, whose failures are not the cache's
	h     Harness
	cache advcache.Cache[string]
}

func newEnv(tr *trial.Trial, t *testing.T, h Harness) *env {
	tr.Helper()
	e := &env{Trial: tr, t: t, h: h, cache: h.New(t)}
	if e.cache == nil {
		tr.HarnessFatalf("New returns an empty cache: it returned nil")
	}
	return e
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
	entry := lives(value, -2*e.Unit, e.Unit)
	entry.CreatedAt = entry.FreshUntil.Add(-e.Unit)
	return entry
}
