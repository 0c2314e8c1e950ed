package advcache

import (
	"math/rand/v2"
	"time"
)

// verdict is what a look-up means for a caller.
type verdict int

const (
	miss     verdict = iota
	fresh            // serve it
	negative         // serve ErrNotFound
	stale            // serve it and refresh in the background
	spare            // load, and serve it only if that fails
)

func (e *engine[V]) judge(a *answer[V], now time.Time) verdict {
	switch {
	case !a.ok:
		return miss
	case a.entry.IsFresh(now):
		if a.entry.Absent {
			return negative
		}
		return fresh
	case a.entry.Absent || a.entry.IsDead(now):
		return miss
	case now.Before(a.entry.FreshUntil.Add(e.opt.Stale)):
		return stale
	case now.Before(a.entry.FreshUntil.Add(e.opt.StaleIfError)):
		return spare
	}
	return miss
}

// holds reports whether a spare may still be served: its life goes on ending
// while a load is waited for.
func (e *engine[V]) holds(a *answer[V]) bool { return e.judge(a, time.Now()) != miss }

// entryFor returns the entry of a value that is had now; ok is false where the
// value is not to be kept.
func (e *engine[V]) entryFor(v V, created time.Time, life time.Duration) (entry Entry[V], ok bool) {
	if life <= 0 {
		return entry, false
	}
	if e.opt.Jitter > 0 {
		life -= time.Duration(float64(life) * e.opt.Jitter * rand.Float64()) //nolint:gosec // no secret hangs on it
	}
	entry = Entry[V]{Value: v, CreatedAt: created, FreshUntil: time.Now().Add(life)}
	if window := max(e.opt.Stale, e.opt.StaleIfError); window > 0 {
		entry.StaleUntil = entry.FreshUntil.Add(window)
	}
	return entry, true
}

// lifeOf calls the user's LifeOf, which may panic.
func (e *engine[V]) lifeOf(v V, life func(V) time.Duration) time.Duration {
	if life == nil {
		return e.ttl
	}
	return life(v)
}
