// Package inmem is a cache in the memory of this process: advcache.Cache[V] on
// the otter engine, bounded by entries or by weight, with a life of its own for
// each entry.
package inmem

import (
	"log/slog"
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/live"
	"github.com/advcache/advcache/internal/ratelog"
)

// DefaultMaxEntries bounds a cache for which no bound is set.
const DefaultMaxEntries = 10_000

// Options of [New]. The zero value is the documented default.
type Options[V any] struct {
	// Name is the cache's name in events and errors. Empty: "inmem".
	Name string

	// MaxEntries is how many entries the cache may hold; the policy (W-TinyLFU)
	// keeps those used often and lately. 0: DefaultMaxEntries, or no such bound
	// where MaxWeight is set.
	MaxEntries int

	// MaxWeight is the weight that all entries together may have, by Weigher.
	// Both go together, and exclude MaxEntries. An entry heavier than
	// MaxWeight is not kept.
	MaxWeight uint64

	// Weigher returns the weight of an entry, in the unit of MaxWeight, such
	// as bytes. An entry of weight 0 is evicted only by its age. Weigher is
	// called by many goroutines at once, and must not call the cache.
	Weigher func(key string, value V) uint32

	// Copy returns a copy of a value, for users who change what they put in
	// or get: each value is copied on its way in and on its way out. Nil:
	// values are shared, and must not be changed. It is called by many
	// goroutines at once, and must not call the cache.
	Copy func(V) V

	// OnEvict is told of each entry that the cache drops by itself, some time
	// after it is gone, on a goroutine of its own. It may call the cache.
	OnEvict func(key string, value V, why Eviction)

	// Exact makes every read look at the clock. By default, a read within
	// 10 ms of the last look goes without, where the entry's end is further
	// away than that: see the package's guarantees on time.
	Exact bool

	// Observer is told of writes, deletes and evictions. Nil costs nothing.
	Observer *advcache.Observer

	// Logger is told where a hook of the Observer, or OnEvict, panics. Nil:
	// slog.Default().
	Logger *slog.Logger
}

// Eviction is why the cache dropped an entry by itself.
type Eviction int

const (
	// Expired means that the entry's life had ended.
	Expired Eviction = iota + 1
	// Overflow means that the cache was full.
	Overflow
)

// String returns "expired" or "overflow".
func (e Eviction) String() string {
	switch e {
	case Expired:
		return "expired"
	case Overflow:
		return "overflow"
	}
	return "unknown"
}

// Cache is a cache in memory. It implements [advcache.Cache] and all optional
// capabilities. Create it with [New], and Close it. It is safe for concurrent
// use.
//
// Instants are kept exactly, but for 10 ms of running time (law 1): a read may
// rely on a look at the clock that is some milliseconds old, and looks itself
// only where the entry's end is near. After a stop of the whole process, this
// holds from when its timers have run. With [Options.Exact], every read looks.
type Cache[V any] struct {
	name     string
	table    *otter.Cache[string, *live.Node[V]]
	clock    *live.Clock
	ticks    *ticks
	tasks    tasks
	pendings *live.Pendings
	copy     func(V) V
	observer *advcache.Observer
	log      *slog.Logger
	closed   atomic.Bool

	// writes counts the Deletes and Sets of keys, by stripe: the Version of a
	// miss.
	writes [1024]atomic.Uint64
}

// New returns an empty cache. It panics if the options make no sense together.
func New[V any](o *Options[V]) *Cache[V] {
	if o == nil {
		o = &Options[V]{}
	}
	o.check()
	c := &Cache[V]{
		name:     o.Name,
		clock:    live.NewClock(o.Exact),
		pendings: live.NewPendings(),
		copy:     o.Copy,
		observer: o.Observer,
		log:      o.Logger,
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.name == "" {
		c.name = "inmem"
	}
	c.ticks = newTicks(c.clock)
	settings := &otter.Options[string, *live.Node[V]]{
		Clock:            c.ticks,
		Executor:         c.tasks.run,
		ExpiryCalculator: otter.ExpiryWritingFunc(untilGone[V]),
		OnAtomicDeletion: func(e otter.DeletionEvent[string, *live.Node[V]]) { e.Value.End() },
	}
	if o.OnEvict != nil || o.Observer != nil && o.Observer.Evict != nil {
		settings.OnDeletion = c.whenDeleted(o.OnEvict)
	}
	if o.MaxWeight > 0 {
		weigh := o.Weigher
		settings.MaximumWeight = o.MaxWeight
		settings.Weigher = func(key string, n *live.Node[V]) uint32 { return weigh(key, n.Value) }
	} else {
		settings.MaximumSize = o.MaxEntries
		if o.MaxEntries == 0 {
			settings.MaximumSize = DefaultMaxEntries
		}
	}
	c.table = otter.Must(settings)
	// A cache that is dropped without Close must not tick for ever. The flag
	// is all that a cleanup may touch: it runs outside any synctest bubble.
	runtime.AddCleanup(c, func(t *ticks) { t.dropped.Store(true) }, c.ticks)
	return c
}

func (o *Options[V]) check() {
	switch {
	case o.MaxEntries < 0:
		panic("inmem: Options.MaxEntries is negative; use 0 for the default, or a bound")
	case o.MaxEntries > 0 && o.MaxWeight > 0:
		panic("inmem: Options.MaxEntries and MaxWeight are both set; use one bound")
	case o.MaxWeight > 0 && o.Weigher == nil:
		panic("inmem: Options.MaxWeight is set without Weigher; set both")
	case o.MaxWeight == 0 && o.Weigher != nil:
		panic("inmem: Options.Weigher is set without MaxWeight; set both")
	}
}

// untilGone tells the engine when to drop an entry.
func untilGone[V any](e otter.Entry[string, *live.Node[V]]) time.Duration {
	kept, _ := e.Value.Kept()
	until := max(kept, e.Value.Life().Gone())
	if until == live.Never {
		return time.Duration(math.MaxInt64 - e.SnapshotAtNano)
	}
	return time.Duration(max(1, until-e.SnapshotAtNano))
}

func (c *Cache[V]) whenDeleted(hook func(string, V, Eviction)) func(otter.DeletionEvent[string, *live.Node[V]]) {
	return func(e otter.DeletionEvent[string, *live.Node[V]]) {
		if !e.WasEvicted() {
			return
		}
		if c.observer != nil && c.observer.Evict != nil {
			c.tell(c.observer.Evict, advcache.Event{Cache: c.name, Key: e.Key})
		}
		if hook == nil {
			return
		}
		why := Overflow
		if e.Cause == otter.CauseExpiration {
			why = Expired
		}
		defer c.catch(e.Key)
		hook(e.Key, e.Value.Value, why)
	}
}

// tell calls a hook of the Observer. What it does must not undo, or seem to undo,
// what was done to the cache.
func (c *Cache[V]) tell(hook func(advcache.Event), e advcache.Event) {
	defer c.catch(e.Key)
	hook(e)
}

func (c *Cache[V]) catch(key string) {
	if p := recover(); p != nil {
		c.log.Warn("inmem: a hook panicked", slog.String("cache", c.name), ratelog.Key(key), slog.Any("panic", p))
	}
}

// Len returns how many entries the cache holds, stale ones and some that are
// dead but not yet dropped among them.
func (c *Cache[V]) Len() int { return c.table.EstimatedSize() }

// Weight returns the weight of all entries, 0 where none is set. It does what is
// left to do for the writes before it, which takes a while under many.
func (c *Cache[V]) Weight() uint64 {
	c.table.CleanUp() // or writes that wait for another goroutine may not be counted
	return c.table.WeightedSize()
}

// Close empties the cache, stops its goroutines and waits for them. Reads then
// miss and writes give [advcache.ErrClosed]. It may be called again, but not
// from OnEvict. The error is always nil.
func (c *Cache[V]) Close() error {
	if !c.closed.Swap(true) {
		c.table.StopAllGoroutines()
		c.ticks.stop()
		c.clock.Close()
		c.pendings.InterruptPrefix("")
		c.table.InvalidateAll()
	}
	c.tasks.wait()
	return nil
}
