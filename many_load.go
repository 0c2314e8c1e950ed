package advcache

import (
	"context"
	"slices"
	"time"

	"github.com/advcache/advcache/internal/flight"
)

// batchLoad is one call of a function for many keys: the body of a flight.
type batchLoad[K comparable, V any] struct {
	f    *Func[K, V]
	keys []K
	jobs []*job[V] // of keys
	turn *turn
}

// loadTogether loads what nobody else is loading by one call, and waits for all.
func (b *batch[K, V]) loadTogether(todo []*batchKey[K, V]) {
	e := b.f.engine
	load := &batchLoad[K, V]{f: b.f, turn: newTurn()}
	for _, it := range todo {
		if it.verdict == spare && (e.backoff.waits(it.key, time.Now()) || b.ctx.Err() != nil) {
			b.serveStale(it, it.lookup)
			e.level.release(it.key, &it.answer)
			continue
		}
		loading, nested := e.flights.Loading(b.ctx, it.key)
		if loading {
			b.fail(it.key, e.loadsItself(it.key))
			e.level.release(it.key, &it.answer)
			continue
		}
		if it.verdict == miss {
			e.observe.miss(it.key, it.lookup)
			if err := b.ctx.Err(); err != nil {
				b.fail(it.key, err) // a load would have nobody to wait for it
				e.level.release(it.key, &it.answer)
				continue
			}
		}
		j := &job[V]{engine: e, key: it.key, origin: b.f.origin(it.k), turn: load.turn}
		c, leads := e.flights.Join(it.key, func() flight.Barrier { return j.begin(&it.answer) })
		it.call = c
		if nested {
			hurry(c)
		}
		if leads {
			j.call = c
			load.add(it.k, j)
		} else {
			e.level.release(it.key, &it.answer)
		}
	}
	load.start(b.ctx)
	var soft <-chan time.Time
	if e.opt.SoftTimeout > 0 {
		timer := time.NewTimer(e.opt.SoftTimeout)
		defer timer.Stop()
		soft = timer.C
	}
	for _, it := range todo {
		if it.call != nil {
			soft = b.wait(it, soft)
		}
	}
}

// wait takes the result of one key. It returns a channel that is ready once the
// SoftTimeout is over.
func (b *batch[K, V]) wait(it *batchKey[K, V], soft <-chan time.Time) <-chan time.Time {
	e := b.f.engine
	if it.verdict == spare && soft != nil && it.call.Open() {
		select {
		case <-it.call.Done():
		case <-b.ctx.Done():
		case <-soft:
			over := make(chan time.Time)
			close(over)
			soft = over
			if e.holds(&it.answer) {
				it.call.Detach()
				b.serveStale(it, e.opt.SoftTimeout)
				return soft
			}
		}
	}
	v, err := e.wait(b.ctx, it.call)
	switch {
	case err == nil:
		b.values[it.k] = v
	case it.verdict == spare && !isNotFound(err) && e.holds(&it.answer):
		b.serveStale(it, it.lookup)
		return soft
	default:
		b.fail(it.key, err)
	}
	if it.verdict == spare {
		e.observe.miss(it.key, it.lookup)
	}
	return soft
}

func (b *batch[K, V]) serveStale(it *batchKey[K, V], took time.Duration) {
	b.f.engine.observe.stale(it.key, took)
	b.serve(it)
}

// refreshTogether refreshes in the background, by one call.
func (b *batch[K, V]) refreshTogether(todo []*batchKey[K, V]) {
	load := &batchLoad[K, V]{f: b.f, turn: newTurn()}
	for _, it := range todo {
		if j := b.f.engine.beginRefresh(it.key, &it.answer, b.f.origin(it.k)); j != nil {
			j.turn = load.turn
			load.add(it.k, j)
		}
	}
	load.start(b.ctx)
}

func (l *batchLoad[K, V]) add(k K, j *job[V]) {
	l.keys = append(l.keys, k)
	l.jobs = append(l.jobs, j)
}

func (l *batchLoad[K, V]) start(ctx context.Context) {
	if len(l.jobs) == 0 {
		return
	}
	calls := make([]*flight.Call[V], len(l.jobs))
	for i, j := range l.jobs {
		calls[i] = j.call
	}
	e := l.f.engine
	e.flights.Start(ctx, calls, e.opt.LoadTimeout, l)
}

// Load implements flight.Body.
func (l *batchLoad[K, V]) Load(ctx context.Context) {
	e := l.f.engine
	rest := &batchLoad[K, V]{f: l.f, turn: l.turn}
	for i, j := range l.jobs {
		if !j.served(ctx) {
			rest.add(l.keys[i], j)
		}
	}
	if len(rest.jobs) == 0 || !l.turn.take(ctx, e.slots) {
		return
	}
	defer l.turn.give(e.slots)
	began := time.Now()
	guarded(func() ([]batchResult[V], error) {
		values, err := l.f.loadMany(hidePrevious(ctx), slices.Clone(rest.keys)) // which the loader may sort
		return rest.appraise(values, err), nil
	}, func(results []batchResult[V], err error) {
		rest.settle(ctx, results, err, began)
	})
}

// Cut implements flight.Body.
func (l *batchLoad[K, V]) Cut(c *flight.Call[V], cause error) {
	for _, j := range l.jobs {
		if j.call == c {
			j.Cut(c, cause)
		}
	}
}

type batchResult[V any] struct {
	loaded[V]

	err error
}

func (l *batchLoad[K, V]) appraise(values map[K]V, err error) []batchResult[V] {
	if err == nil {
		err = ErrNotFound // for the keys that are left out
	}
	found := l.f.given(values, l.keys)
	results := make([]batchResult[V], len(l.jobs))
	for i, j := range l.jobs {
		v, ok := found.value(l.keys[i], j.key)
		keyErr := err
		if ok {
			keyErr = nil
		}
		results[i].err = guard(func() (err error) { // LifeOf may panic for one value
			results[i].loaded, err = j.appraise(v, keyErr)
			return err
		})
	}
	return results
}

func (l *batchLoad[K, V]) settle(ctx context.Context, results []batchResult[V], err error, began time.Time) {
	one := func(i int) {
		var r batchResult[V]
		if err != nil {
			r.err = err // a panic
		} else {
			r = results[i]
		}
		l.jobs[i].settle(ctx, r.loaded, r.err, began)
	}
	if !l.f.engine.inMemory {
		for i := range results {
			if r := &results[i]; r.err == nil {
				l.jobs[i].call.Offer(r.value, nil)
			}
		}
		parallel(len(l.jobs), one) // each store is a request
		return
	}
	for i := range l.jobs {
		one(i)
	}
}

// given finds the values that a loader of many keys gave, also those that it
// gave for another K of the same key: one that differs in what keys leave out.
type given[K comparable, V any] struct {
	values map[K]V
	byKey  map[string]V // of those that no k of the load is equal to
}

func (f *Func[K, V]) given(values map[K]V, ks []K) given[K, V] {
	g := given[K, V]{values: values}
	equal := 0
	for _, k := range ks {
		if _, ok := values[k]; ok {
			equal++
		}
	}
	if equal == len(values) {
		return g
	}
	g.byKey = make(map[string]V)
	for k, v := range values {
		if key, err := f.key.Key(k); err == nil {
			g.byKey[key] = v
		}
	}
	return g
}

func (g given[K, V]) value(k K, key string) (v V, ok bool) {
	if v, ok = g.values[k]; ok || g.byKey == nil {
		return v, ok
	}
	v, ok = g.byKey[key]
	return v, ok
}
