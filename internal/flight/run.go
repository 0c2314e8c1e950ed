package flight

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Body is the work of a run.
type Body[V any] interface {
	// Load finishes all calls of the run. It must not panic.
	Load(ctx context.Context)
	// Cut is told of each call that was ended without a result, and why.
	Cut(c *Call[V], cause error)
}

// Run is one goroutine that works for one or more calls.
type Run[V any] struct {
	group  *Group[V]
	outer  *Run[V] // the run whose body started this one, if any
	calls  []*Call[V]
	body   Body[V]
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	active int  // calls that somebody waits for, or that are in the background; guarded by mu
	ended  bool // guarded by mu
}

// Start runs body for calls that the caller leads, in a goroutine of its own.
// The context of body has the values of ctx, but ends only after timeout, when
// the last caller has left, or by Close. All calls then have the cause for their
// error at once, whether or not body heeds its context, and the body is told.
func (g *Group[V]) Start(ctx context.Context, calls []*Call[V], timeout time.Duration, body Body[V]) {
	inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	outer, _ := ctx.Value(runKey[V]{}).(*Run[V])
	r := &Run[V]{group: g, outer: outer, calls: calls, body: body, cancel: cancel, active: len(calls)}
	for _, c := range calls {
		s := g.shard(c.Key)
		s.mu.Lock()
		c.run = r
		s.mu.Unlock()
	}
	if !g.add(r) {
		r.end(ErrClosed)
		return
	}
	timed, stop := context.WithTimeoutCause(context.WithValue(inner, runKey[V]{}, r), timeout, ErrTimeout)
	unwatch := context.AfterFunc(timed, func() { r.end(context.Cause(timed)) })
	go func() {
		defer func() {
			unwatch()
			cause := context.Cause(timed)
			stop()
			if cause == nil {
				cause = ErrExited // merely releases, where the calls have their results
			}
			r.end(cause)
			g.remove(r)
		}()
		body.Load(timed)
	}()
}

type runKey[V any] struct{}

// Loading reports whether ctx is that of a load of key in g, so that waiting
// for the key would never end. Nested says whether it is that of any load in g.
// A load that nobody need wait for has nothing to do with the load that began
// it.
func (g *Group[V]) Loading(ctx context.Context, key string) (loading, nested bool) {
	r, _ := ctx.Value(runKey[V]{}).(*Run[V])
	for ; r != nil; r = r.outer {
		if r.group == g {
			nested = true
			for _, c := range r.calls {
				if c.Key == key && c.Open() {
					return true, true
				}
			}
		}
		if r.detached() {
			break
		}
	}
	return false, nested
}

// detached reports whether nobody need wait for what the run loads.
func (r *Run[V]) detached() bool {
	for _, c := range r.calls {
		s := r.group.shard(c.Key)
		s.mu.Lock()
		waited := !c.background && !c.finished
		s.mu.Unlock()
		if waited {
			return false
		}
	}
	return true
}

// retain reports whether the run still goes on, and counts one more call.
func (r *Run[V]) retain() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	r.active++
	return true
}

// release counts one call less, and reports whether it was the last.
func (r *Run[V]) release() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active--
	if r.active > 0 || r.ended {
		return false
	}
	r.ended = true
	return true
}

// settled counts one call less that has its result. It ends nothing: the body is
// at work on the others, if there are any.
func (r *Run[V]) settled() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active--
}

// end cancels the run's context, and gives err to all calls that have no
// result. A run that has none left is merely released.
func (r *Run[V]) end(err error) {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.cancel(err)
	for _, c := range r.calls {
		if c.cut(err) {
			r.body.Cut(c, err)
		}
	}
}

// unattended reports whether nobody waits for what the run loads.
func (r *Run[V]) unattended() bool {
	for _, c := range r.calls {
		s := r.group.shard(c.Key)
		s.mu.Lock()
		attended := c.waiters > 0 && !c.finished
		s.mu.Unlock()
		if attended {
			return false
		}
	}
	return true
}

func (g *Group[V]) add(r *Run[V]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.runs[r] = struct{}{}
	return true
}

func (g *Group[V]) remove(r *Run[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.runs, r)
	if len(g.runs) == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// Close keeps new runs from starting, cancels those that nobody waits for, and
// waits for all. When ctx is done first, it cancels the rest too and returns
// the context's error. It may be called again.
func (g *Group[V]) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	runs := slices.Collect(maps.Keys(g.runs))
	g.mu.Unlock()
	for _, r := range runs {
		if r.unattended() {
			r.end(ErrClosed)
		}
	}

	idle := g.whenIdle()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	runs = slices.Collect(maps.Keys(g.runs))
	g.mu.Unlock()
	for _, r := range runs {
		r.end(ErrClosed)
	}
	select {
	case <-idle:
		return nil
	default:
		return ctx.Err()
	}
}

func (g *Group[V]) whenIdle() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.runs) == 0 {
		idle := make(chan struct{})
		close(idle)
		return idle
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	return g.idle
}
