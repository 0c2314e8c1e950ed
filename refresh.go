package advcache

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/advcache/advcache/internal/flight"
	"github.com/advcache/advcache/internal/live"
)

// refresh starts a load of key in the background, unless one is under way or
// backing off. The answer stays the caller's to release.
func (e *engine[V]) refresh(ctx context.Context, key string, a *answer[V], o *origin[V]) {
	if j := e.beginRefresh(key, a, o); j != nil {
		e.flights.Start(ctx, []*flight.Call[V]{j.call}, e.opt.LoadTimeout, j)
	}
}

// beginRefresh is refresh up to the start; nil, where there is to be none.
func (e *engine[V]) beginRefresh(key string, a *answer[V], o *origin[V]) *job[V] {
	if e.backoff.waits(key, time.Now()) || e.flights.Busy(key) {
		return nil
	}
	j := &job[V]{engine: e, key: key, origin: o, turn: newTurn(), before: a.entry.CreatedAt, background: true}
	j.call = e.flights.Background(key, func() flight.Barrier { return j.begin(a) })
	if j.call == nil {
		return nil
	}
	return j
}

// calmUntil returns the instant, in Unix nanoseconds, up to which no hit
// refreshes an entry of this life ahead of time.
func (e *engine[V]) calmUntil(l live.Life, cost *loadCost) int64 {
	calm := int64(live.Never)
	if l.Fresh == live.Never {
		return calm
	}
	if f := e.opt.RefreshAhead; f > 0 {
		calm = l.Created + int64(f*float64(l.Fresh-l.Created))
	}
	if gap := e.earlyGap(cost); gap > 0 {
		calm = min(calm, l.Fresh-int64(math.Ceil(gap*earlyReach)))
	}
	return calm
}

// earlyReach is how many mean gaps before the end of its life an entry may first
// be refreshed early: at 16, a share of 1e-7 of the hits is left out.
const earlyReach = 16

// earlyGap returns the mean of the random gap of XFetch, in nanoseconds; no more
// than two years, so that the sums made of it do not overflow.
func (e *engine[V]) earlyGap(cost *loadCost) float64 {
	return min(e.opt.EarlyExpiry*float64(cost.mean()), 1<<56)
}

// wantsRefresh reports whether a hit of a fresh entry refreshes it.
func (e *engine[V]) wantsRefresh(entry *Entry[V], now time.Time, cost *loadCost) bool {
	if entry.FreshUntil.IsZero() {
		return false
	}
	if f := e.opt.RefreshAhead; f > 0 {
		life := entry.FreshUntil.Sub(entry.CreatedAt)
		if now.Sub(entry.CreatedAt) >= time.Duration(f*float64(life)) {
			return true
		}
	}
	gap := e.earlyGap(cost)
	return gap > 0 && now.Add(time.Duration(gap*rand.ExpFloat64())).After(entry.FreshUntil) //nolint:gosec // no secret hangs on it
}
