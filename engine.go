package advcache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/advcache/advcache/internal/flight"
	"github.com/advcache/advcache/internal/live"
)

// engine is what a TTL is, but for K: it serves keys from a level and loads
// them from origins.
type engine[V any] struct {
	cache   Cache[V]
	level   level[V]
	live    live.Source[V] // the same cache, where hot paths may hold its entries; else nil
	ttl     time.Duration  // 0: bypass
	opt     TTLOptions     // with defaults
	observe *reporter
	hits    *hitCounter // nil: nobody asks
	flights *flight.Group[V]
	backoff backoffs
	slots   slots     // MaxConcurrentLoads
	copy    func(V) V // copies values on their way out; nil: they are shared
}

// origin is where the value of a key comes from.
type origin[V any] struct {
	load func(context.Context) (V, error)
	life func(V) time.Duration // nil: the TTL's
	cost *loadCost
}

func newEngine[V any](c Cache[V], ttl time.Duration, o TTLOptions) *engine[V] {
	e := &engine[V]{
		cache:   c,
		ttl:     ttl,
		opt:     o,
		observe: &reporter{name: o.Name, observer: o.Observer, log: o.Logger},
		hits:    newHitCounter(o.Name, o.Observer, o.Logger),
		flights: flight.NewGroup[V](),
		backoff: backoffs{policy: o.RefreshBackoff},
	}
	if o.MaxConcurrentLoads > 0 {
		e.slots = make(slots, o.MaxConcurrentLoads)
	}
	if s, ok := c.(interface{ Live() live.Source[V] }); ok {
		// A wrapper that embeds a cache has its Live by promotion; what the
		// wrapper does must not be left out.
		if source := s.Live(); source.Owner() == any(c) {
			e.live = source
		}
	}
	if e.live != nil {
		e.level = liveLevel[V]{e.live, c}
		e.copy = e.live.Copier()
	} else {
		e.level = newPlainLevel(c, e.observe)
	}
	return e
}

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

// get serves key from the level, or loads it.
func (e *engine[V]) get(ctx context.Context, key string, o *origin[V]) (V, error) {
	start := time.Now()
	a := e.level.ask(ctx, key)
	now := time.Now()
	v := e.judge(&a, now)
	switch v {
	case fresh:
		e.hits.add()
		if e.wantsRefresh(&a.entry, now, o.cost) {
			e.refresh(ctx, key, &a, o)
		}
		e.level.release(key, &a)
		return e.own(a.entry.Value)
	case negative:
		e.level.release(key, &a)
		e.observe.negative(key, now.Sub(start))
		return a.entry.Value, ErrNotFound
	case stale:
		e.refresh(ctx, key, &a, o)
		e.level.release(key, &a)
		e.observe.stale(key, now.Sub(start))
		return e.own(a.entry.Value)
	}
	return e.load(ctx, key, &a, o, v == spare, now.Sub(start))
}

// load makes the caller wait for a load of key. With a spare, the caller is
// served that if the load fails, is backing off, or takes longer than the
// SoftTimeout or the caller's own deadline.
func (e *engine[V]) load(ctx context.Context, key string, a *answer[V], o *origin[V], spare bool, lookup time.Duration) (V, error) {
	if spare && (e.backoff.waits(key, time.Now()) || ctx.Err() != nil) {
		e.level.release(key, a)
		e.observe.stale(key, lookup)
		return e.own(a.entry.Value)
	}
	if !spare {
		e.observe.miss(key, lookup)
	}
	if err := ctx.Err(); err != nil {
		e.level.release(key, a)
		return *new(V), err // a load would have nobody to wait for it
	}
	c, err := e.join(ctx, a, &job[V]{key: key, origin: o})
	if err != nil {
		return *new(V), err
	}
	if spare && e.opt.SoftTimeout > 0 {
		timer := time.NewTimer(e.opt.SoftTimeout)
		defer timer.Stop()
		select {
		case <-c.Done():
		case <-ctx.Done():
		case <-timer.C:
			if e.holds(a) {
				c.Detach()
				e.observe.stale(key, e.opt.SoftTimeout)
				return e.own(a.entry.Value)
			}
		}
	}
	v, err := e.wait(ctx, c)
	if err == nil || !spare || errors.Is(err, ErrNotFound) || !e.holds(a) {
		if spare {
			e.observe.miss(key, lookup)
		}
		return v, err
	}
	e.observe.stale(key, lookup)
	return e.own(a.entry.Value)
}

// reload makes the caller wait for a load of key, whatever the level holds.
func (e *engine[V]) reload(ctx context.Context, key string, o *origin[V]) (V, error) {
	if e.ttl == 0 {
		return bypass(ctx, o.load)
	}
	if err := ctx.Err(); err != nil {
		return *new(V), err
	}
	a := e.level.ask(ctx, key)
	c, err := e.join(ctx, &a, &job[V]{key: key, origin: o, forced: true})
	if err != nil {
		return *new(V), err
	}
	return e.wait(ctx, c)
}

// join makes the caller wait for a load, and starts j if there is none under
// way. It takes over or releases the answer.
func (e *engine[V]) join(ctx context.Context, a *answer[V], j *job[V]) (*flight.Call[V], error) {
	defer e.level.release(j.key, a)
	loading, nested := e.flights.Loading(ctx, j.key)
	if loading {
		return nil, e.loadsItself(j.key)
	}
	j.engine, j.turn = e, newTurn()
	c, leads := e.flights.Join(j.key, func() flight.Barrier { return j.begin(a) })
	if nested {
		hurry(c)
	}
	if leads {
		j.call = c
		e.flights.Start(ctx, []*flight.Call[V]{c}, e.opt.LoadTimeout, j)
	}
	return c, nil
}

// hurry lets a call go without a slot.
func hurry[V any](c *flight.Call[V]) {
	if j, ok := c.Barrier.(*job[V]); ok {
		j.turn.hurry()
	}
}

// wait returns what the call gives. Where values are copied, each caller has
// its own.
func (e *engine[V]) wait(ctx context.Context, c *flight.Call[V]) (V, error) {
	v, err := c.Wait(ctx)
	if err != nil {
		return v, e.outward(c.Key, err)
	}
	return e.own(v)
}

// own returns the caller's copy of v, where values are copied. The copier is the
// user's, and may panic.
func (e *engine[V]) own(v V) (own V, err error) {
	if e.copy == nil {
		return v, nil
	}
	err = guard(func() error {
		own = e.copy(v)
		return nil
	})
	return own, err
}

func (e *engine[V]) loadsItself(key string) error {
	return e.opError("load", key, errors.New("the loader asks for the key that it is loading"))
}

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

func (e *engine[V]) set(ctx context.Context, key string, v V, life func(V) time.Duration) error {
	if e.ttl == 0 {
		return nil
	}
	start := time.Now()
	var lasts time.Duration
	if err := guard(func() error {
		lasts = e.lifeOf(v, life)
		return nil
	}); err != nil {
		return e.opError("set", key, err)
	}
	entry, keep := e.entryFor(v, start, lasts)
	if !keep {
		return e.invalidate(ctx, []string{key})
	}
	if err := e.level.set(ctx, key, entry); err != nil {
		return e.opError("set", key, err)
	}
	e.backoff.clear(key)
	e.observe.set(key, time.Since(start))
	return nil
}

func (e *engine[V]) invalidate(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	start := time.Now()
	if err := e.level.delete(ctx, keys); err != nil {
		key := ""
		if len(keys) == 1 {
			key = keys[0]
		}
		return e.opError("delete", key, err)
	}
	for _, key := range keys {
		e.backoff.clear(key)
		e.observe.deleted(key, time.Since(start))
	}
	return nil
}

// bypass calls the loader for the caller alone.
func bypass[R any](ctx context.Context, load func(context.Context) (R, error)) (r R, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	r, err = load(hidePrevious(ctx))
	if errors.Is(err, ErrUnchanged) {
		err = errNothingHeld
	}
	return r, err
}

// peek returns what is held and fresh.
func (e *engine[V]) peek(ctx context.Context, key string) (v V, ok bool, err error) {
	err = guard(func() (err error) {
		v, ok, err = e.level.peek(ctx, key)
		return err
	})
	return v, ok, err
}

func (e *engine[V]) close(ctx context.Context) error {
	err := e.flights.Close(ctx)
	e.hits.close()
	return err
}

// outward says in the words of this package why a load has no result.
func (e *engine[V]) outward(key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, flight.ErrTimeout):
		return e.opError("load", key, fmt.Errorf("it took longer than the LoadTimeout of %v: %w", e.opt.LoadTimeout, context.DeadlineExceeded))
	case errors.Is(err, flight.ErrClosed):
		return e.opError("load", key, ErrClosed)
	case errors.Is(err, flight.ErrExited):
		return &PanicError{Value: ErrGoexit}
	}
	return err
}

func (e *engine[V]) opError(op, key string, err error) error {
	return opError(op, e.opt.Name, key, err)
}
