package advcache

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/advcache/advcache/internal/flight"
	"github.com/advcache/advcache/internal/live"
)

// job is the load of one key: the body of a flight, or a part of a batch.
type job[V any] struct {
	engine     *engine[V]
	key        string
	origin     *origin[V]
	call       *flight.Call[V]
	answer     answer[V] // what the level held when the load began; of the run's goroutine
	held       bool      // whether it held something then: for all goroutines
	pending    *live.Pending
	before     time.Time // CreatedAt of the entry that is to be refreshed
	background bool      // nobody waits for it
	forced     bool      // whatever the level holds
	turn       *turn     // of all jobs of a batch
}

// begin registers the load with the level. The key is locked in the flights. The
// caller's answer stays what it was judged by; what is new is for the job.
func (j *job[V]) begin(a *answer[V]) flight.Barrier {
	j.answer = *a
	j.pending = j.engine.level.begin(j.key, &j.answer)
	j.held = j.answer.ok
	a.pending = nil // it is the job's now
	return j
}

// Bar implements flight.Barrier: the call has ended.
func (j *job[V]) Bar() { j.engine.level.end(j.key, j.pending) }

// Barred implements flight.Barrier.
func (j *job[V]) Barred() bool { return j.pending.Barred() }

// Load implements flight.Body.
func (j *job[V]) Load(ctx context.Context) {
	if j.served(ctx) || !j.turn.take(ctx, j.engine.slots) {
		return
	}
	defer j.turn.give(j.engine.slots)
	began := time.Now()
	guarded(func() (loaded[V], error) {
		ctx, err := j.withPrevious(ctx)
		if err != nil {
			return loaded[V]{}, err
		}
		v, err := j.origin.load(ctx)
		return j.appraise(v, err)
	}, func(l loaded[V], err error) {
		j.settle(ctx, l, err, began)
	})
}

// Cut implements flight.Body.
func (j *job[V]) Cut(_ *flight.Call[V], cause error) {
	if !errors.Is(cause, flight.ErrTimeout) {
		return // it was called off
	}
	j.failed(j.engine.outward(j.key, cause), j.engine.opt.LoadTimeout)
}

// served looks at the level again, and reports whether there is nothing to load:
// another load may have ended between the caller's look and the begin of this
// one. A refresh goes on all the same, unless the entry is another one now.
func (j *job[V]) served(ctx context.Context) bool {
	j.engine.level.again(ctx, j.key, j.pending, &j.answer)
	if j.forced {
		return false
	}
	entry := &j.answer.entry
	switch j.engine.judge(&j.answer, time.Now()) {
	case fresh:
		if j.background && entry.CreatedAt.Equal(j.before) {
			return false
		}
		j.call.Finish(entry.Value, nil)
		return true
	case negative:
		j.call.Finish(entry.Value, j.engine.opError("load", j.key, ErrNotFound))
		return true
	default:
		return false
	}
}

// loaded is a value with the life that it is to have.
type loaded[V any] struct {
	value V
	life  time.Duration
	tags  []string
}

// errNothingHeld does not wrap ErrUnchanged: a load further out that returns it
// would renew an entry of its own.
var errNothingHeld = errors.New("the loader answered ErrUnchanged, but the cache holds no entry")

// appraise makes of what the loader returned what is to be kept. LifeOf and TagsOf
// are the user's, so they run where a panic is caught.
func (j *job[V]) appraise(v V, err error) (loaded[V], error) {
	if errors.Is(err, ErrUnchanged) {
		switch held := &j.answer; {
		case !held.ok:
			return loaded[V]{}, j.engine.opError("load", j.key, errNothingHeld)
		case held.entry.Absent:
			return loaded[V]{}, ErrNotFound
		default:
			v, err = held.entry.Value, nil
		}
	}
	if err != nil {
		return loaded[V]{}, err
	}
	l := loaded[V]{value: v, life: j.engine.lifeOf(v, j.origin.life)}
	if j.origin.tags != nil {
		l.tags = j.origin.tags(v)
	}
	return l, nil
}

// settle stores what was loaded, tells the observer, and serves the callers.
func (j *job[V]) settle(ctx context.Context, l loaded[V], err error, began time.Time) {
	took := time.Since(began)
	e := j.engine
	_, panicked := errors.AsType[*PanicError](err)
	if !j.call.Open() { // ended: the callers have gone, and what it loaded is dropped
		if panicked {
			e.observe.loadError(j.key, took, err, true)
		}
		return
	}
	if cause := context.Cause(ctx); cause != nil && err != nil && !panicked {
		if j.call.Finish(l.value, cause) { // the loader heeded its context
			j.Cut(j.call, cause)
		}
		return
	}
	defer func() { j.call.Finish(l.value, err) }() // even if a hook ends this goroutine
	switch {
	case err == nil:
		j.origin.cost.add(took)
		entry, keep := e.entryFor(l.value, began, l.life)
		entry.Tags = l.tags
		j.call.Offer(l.value, nil)
		j.commit(ctx, entry, keep)
		e.backoff.clear(j.key)
		e.observe.loaded(j.key, took, nil, j.background)
	case isNotFound(err):
		entry := Entry[V]{CreatedAt: began, FreshUntil: time.Now().Add(e.opt.NegativeTTL), Absent: true}
		j.call.Offer(l.value, err)
		j.commit(ctx, entry, e.opt.NegativeTTL > 0)
		e.backoff.clear(j.key)
		e.observe.loaded(j.key, took, err, j.background)
	default:
		j.failed(err, took)
	}
}

// commit stores entry; or removes what is held, where entry is not to be kept.
func (j *job[V]) commit(ctx context.Context, entry Entry[V], keep bool) {
	if !keep && !j.answer.ok && !j.answer.unknown {
		return
	}
	store := &entry
	if !keep {
		store = nil
	}
	err := guard(func() error {
		return j.engine.level.commit(ctx, j.key, j.pending, &j.answer, store)
	})
	if err == nil || errors.Is(context.Cause(ctx), flight.ErrClosed) {
		return // Close has ended it: that is no failure of the cache
	}
	j.engine.observe.backendError(j.key, j.engine.opError("set", j.key, err))
}

func (j *job[V]) failed(err error, took time.Duration) {
	if j.background || j.held {
		j.engine.backoff.failed(j.key, time.Now())
	}
	j.engine.observe.loadError(j.key, took, err, j.call.Unattended())
}

// guarded calls then with what fn returns, or with a *PanicError; also where fn
// calls runtime.Goexit, which ends the goroutine after then.
func guarded[R any](fn func() (R, error), then func(R, error)) {
	var r R
	var err error
	returned := false
	defer func() { then(r, err) }()
	func() {
		defer func() {
			if returned {
				return
			}
			var value any = ErrGoexit
			if p := recover(); p != nil {
				value = p
			}
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}()
		r, err = fn()
		returned = true
	}()
}

// guard calls fn, and makes an error of a panic.
func guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return fn()
}
