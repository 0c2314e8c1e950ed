package advcache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/advcache/advcache/internal/flight"
	"github.com/advcache/advcache/internal/live"
	"github.com/advcache/advcache/internal/ratelog"
)

// engine is what a TTL is, but for K: it serves keys from a level and loads
// them from origins.
type engine[V any] struct {
	cache    Cache[V]
	level    level[V]
	live     live.Front[V] // what of it hot paths may hold; else nil
	inMemory bool          // the level is, as a whole
	ttl      time.Duration // 0: bypass
	opt      TTLOptions    // with defaults
	observe  *reporter
	hits     *hitCounter // nil: nobody asks
	flights  *flight.Group[V]
	backoff  backoffs
	slots    slots     // MaxConcurrentLoads
	copy     func(V) V // copies values on their way out; nil: they are shared
}

// origin is where the value of a key comes from.
type origin[V any] struct {
	load func(context.Context) (V, error)
	life func(V) time.Duration // nil: the TTL's
	tags func(V) []string      // nil: none
	cost *loadCost
}

func newEngine[V any](c Cache[V], ttl time.Duration, o TTLOptions) *engine[V] {
	observe := &reporter{name: o.Name, observer: o.Observer, log: ratelog.New(o.Logger)}
	e := &engine[V]{
		cache:   c,
		ttl:     ttl,
		opt:     o,
		observe: observe,
		hits:    newHitCounter(observe),
		flights: flight.NewGroup[V](),
		backoff: backoffs{policy: o.RefreshBackoff},
	}
	if o.MaxConcurrentLoads > 0 {
		e.slots = make(slots, o.MaxConcurrentLoads)
	}
	if e.live = frontOf(c); e.live != nil {
		e.copy = e.live.Copier()
	}
	e.level = levelOf(c, e.observe)
	_, e.inMemory = e.level.(liveLevel[V])
	return e
}

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
		return a.entry.Value, e.opError("load", key, ErrNotFound)
	case stale:
		e.refresh(ctx, key, &a, o)
		e.level.release(key, &a)
		e.observe.stale(key, now.Sub(start))
		return e.own(a.entry.Value)
	default: // miss, spare
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
	start := time.Now()
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
				e.observe.stale(key, lookup+time.Since(start))
				return e.own(a.entry.Value)
			}
		}
	}
	v, err := e.wait(ctx, c)
	if err == nil || !spare || isNotFound(err) || !e.holds(a) {
		if spare {
			e.observe.miss(key, lookup)
		}
		return v, err
	}
	e.observe.stale(key, lookup+time.Since(start))
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
