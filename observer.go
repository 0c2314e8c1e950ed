package advcache

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Observer is told what happens in a cache. All hooks may be nil, and a nil
// *Observer costs nothing. Hooks are called on the goroutine that did the work,
// often one that a caller waits for: they must be quick, safe for concurrent
// use, and must not call the cache. A panic in a hook is the hook's own.
//
// [Stats] is a ready Observer. [Observers] joins several.
type Observer struct {
	// Hits is told of fresh hits, in batches: within 100 ms of the hit, on
	// Close, and whenever a Stats is asked. Keys are not told.
	Hits func(HitEvent)

	// Stale is told of each value served stale.
	Stale func(Event)
	// Miss is told of each call that found nothing to serve: the call then
	// loads, or shares a load. Duration is the time of the look-up.
	Miss func(Event)
	// Negative is told of each call answered by a negative entry.
	Negative func(Event)

	// Load is told of each load that a caller waited for and that gave a
	// value, or the origin's word that there is none (then Err is
	// ErrNotFound). Duration is the loader's time.
	Load func(Event)
	// LoadError is told of each load or refresh that failed, panics too.
	LoadError func(Event)
	// Refresh is told of each load in the background that gave a value.
	Refresh func(Event)

	// Set is told of each successful write of a value: by a wrapper, of those
	// that its callers asked for; by a cache, of all. That a load has stored its
	// value, a wrapper tells as Load or Refresh.
	Set func(Event)
	// Delete is told of each key deleted, in the same way.
	Delete func(Event)
	// Evict is told of each entry that the cache dropped by itself, to stay
	// within its bounds or because its life had ended.
	Evict func(Event)

	// BackendError is told of each operation of a cache that failed and was
	// worked around; Err is mostly an [*OpError].
	BackendError func(Event)

	// attach hands the observer a function that delivers the hits counted so
	// far through Hits, and reports whether more can come. The function must be
	// safe for concurrent use; once it reports false, the observer drops it. It
	// must not keep its cache alive, so it holds a weak pointer to it.
	attach func(flush func() (alive bool))
}

// Event is one thing that happened.
type Event struct {
	Cache    string        // the name of the cache or wrapper
	Key      string        // the key concerned
	Duration time.Duration // how long it took; 0 where nothing was waited for
	Err      error         // what went wrong, if anything
}

// HitEvent is a batch of hits.
type HitEvent struct {
	Cache string
	// Count is how many hits there were since the last batch.
	Count int64
	// Sample is how long one of them took; 0 if none was timed. One hit in
	// 1,024 is.
	Sample time.Duration
}

// Observers joins observers into one that tells each of them, in the order
// given. Nil ones are left out: if none is left the result is nil, and one
// alone is returned as it is. The hooks are taken as they are now: one that is
// changed in an observer later is not seen by the result.
func Observers(observers ...*Observer) *Observer {
	var all []*Observer
	for _, o := range observers {
		if o != nil {
			all = append(all, o)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &Observer{
		Hits:         joinHooks(all, func(o *Observer) func(HitEvent) { return o.Hits }),
		Stale:        joinHooks(all, func(o *Observer) func(Event) { return o.Stale }),
		Miss:         joinHooks(all, func(o *Observer) func(Event) { return o.Miss }),
		Negative:     joinHooks(all, func(o *Observer) func(Event) { return o.Negative }),
		Load:         joinHooks(all, func(o *Observer) func(Event) { return o.Load }),
		LoadError:    joinHooks(all, func(o *Observer) func(Event) { return o.LoadError }),
		Refresh:      joinHooks(all, func(o *Observer) func(Event) { return o.Refresh }),
		Set:          joinHooks(all, func(o *Observer) func(Event) { return o.Set }),
		Delete:       joinHooks(all, func(o *Observer) func(Event) { return o.Delete }),
		Evict:        joinHooks(all, func(o *Observer) func(Event) { return o.Evict }),
		BackendError: joinHooks(all, func(o *Observer) func(Event) { return o.BackendError }),
		attach:       joinHooks(all, func(o *Observer) func(func() bool) { return o.attach }),
	}
}

// joinHooks returns nil where no observer has the hook, because a cache spares
// itself the work of making an event that nobody wants.
func joinHooks[E any](observers []*Observer, hook func(*Observer) func(E)) func(E) {
	var hooks []func(E)
	for _, o := range observers {
		if h := hook(o); h != nil {
			hooks = append(hooks, h)
		}
	}
	switch len(hooks) {
	case 0:
		return nil
	case 1:
		return hooks[0]
	}
	return func(event E) {
		for _, h := range hooks {
			h(event)
		}
	}
}

// flushers are the functions that an observer was given through attach. The
// zero value is ready for use.
type flushers struct {
	mu      sync.Mutex // never held while a function runs: it calls the Hits hook
	all     []*flusher
	pruneAt int // how many it takes to look for dead ones
}

type flusher struct {
	flush func() (alive bool)
	dead  atomic.Bool
}

// attach keeps flush until it reports false. Dead ones are dropped by flush,
// which attach calls each time their number has doubled, so that caches that
// come and go leave nothing behind even if nobody ever asks for the hits.
func (f *flushers) attach(flush func() (alive bool)) {
	f.mu.Lock()
	f.all = append(f.all, &flusher{flush: flush})
	many := len(f.all) > max(f.pruneAt, 64)
	f.mu.Unlock()
	if many {
		f.flush()
	}
}

// flush has all hits delivered.
func (f *flushers) flush() {
	f.mu.Lock()
	all := slices.Clone(f.all)
	f.mu.Unlock()
	for _, one := range all {
		if !one.flush() {
			one.dead.Store(true)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.DeleteFunc(f.all, func(one *flusher) bool { return one.dead.Load() })
	f.pruneAt = 2 * len(f.all)
}
