package advcache

import (
	"fmt"
	"time"
)

// ChainLevel is one level of a [Chain]: a cache, how long it may hold a copy, and
// how it is used. [Level] makes one.
type ChainLevel[V any] struct {
	cache Cache[V]
	limit time.Duration
	opt   LevelOptions
}

// Level returns c as a level whose copies are held for limit at the most: past
// it the level no longer answers with a copy, and the next level is asked. In the
// last level, which holds the original, limit is the longest life of an entry,
// fresh and stale. 0: no limit. It panics if limit is negative or c is nil.
func Level[V any](c Cache[V], limit time.Duration) ChainLevel[V] {
	if isNil(c) {
		panic(fmt.Sprintf("advcache: Level: the cache is nil (%T); hand in a Cache such as inmem.New[V](nil)", c))
	}
	if limit < 0 {
		panic(fmt.Sprintf("advcache: Level: the limit %v is negative; use 0 for none, or how long the level may hold a copy", limit))
	}
	return ChainLevel[V]{cache: c, limit: limit}
}

// With returns the level with a policy.
func (l ChainLevel[V]) With(o LevelOptions) ChainLevel[V] {
	l.opt = o
	return l
}

// LevelOptions are how a [Chain] uses a level. The zero value is the default.
type LevelOptions struct {
	// Name is the level's name in events, errors and [Chain.Levels]. Empty: "L1"
	// for the first level, "L2" for the next, and so on.
	Name string

	// Timeout ends a request of the level, within the time that the caller's
	// context leaves it. 0: nothing but the cache's own, such as the 250 ms of
	// one over Redis.
	Timeout time.Duration

	// Breaker says when the level is left out because it keeps failing. Deletes
	// are tried all the same.
	Breaker Breaker

	// Keep is how much longer a copy is kept in memory past its limit, so that
	// the next level need only say that it has not changed, and moves no value. It
	// is for levels in memory. 0: not at all.
	Keep time.Duration

	// Hedge is how long a read of one key may take before a second one is sent;
	// the first answer is taken, and the other request is called off. Reads of
	// many keys, and Exists, are made once. 0: all are.
	Hedge time.Duration

	// Behind has writes queued, and made in the background: Set returns before
	// the level has the value, and what is queued is read from the queue. A write
	// that fails is tried again after a growing delay, of 5 s at the most. Deletes
	// and conditional writes are made at once, after the write of their key that
	// is under way. Who sets it must call [Chain.Close], or what is queued may be
	// lost. It is not for levels in memory.
	Behind bool

	// Queue is how many keys may wait where Behind is set. A write that finds
	// no room is dropped, which fails Set unless MayFail is set, and the level is
	// not read for its key until it is written again or deleted there, as the
	// chain does in the background. 0: DefaultQueue.
	Queue int

	// MinSize and MaxSize are the bytes, as they are stored, that a value must
	// and may have for the level to hold it; a write of another one removes what
	// the key holds there, and is no error; but SetIfAbsent is one, where the last
	// level does not take the value. They need a cache that knows sizes, such as
	// store.Cache. 0: none.
	MinSize, MaxSize int64

	// MayFail says that a failed write of this level does not fail Set: it is
	// told to the Observer instead, unless the level is left out, which has been
	// told. Failed deletes are returned all the same.
	MayFail bool

	// Local says that the level belongs to this process alone, though it is not
	// in memory: what other processes change is dropped from it too, where there
	// is a Bus.
	Local bool
}

// DefaultQueue is LevelOptions.Queue where none is set.
const DefaultQueue = 1024

// complete checks the options of a level, and fills in what is not set.
func (o *LevelOptions) complete(number int) {
	if o.Name == "" {
		o.Name = fmt.Sprintf("L%d", number)
	}
	for _, d := range []struct {
		name  string
		value int64
	}{
		{"Timeout", int64(o.Timeout)},
		{"Breaker.Window", int64(o.Breaker.Window)},
		{"Keep", int64(o.Keep)},
		{"Hedge", int64(o.Hedge)},
		{"Queue", int64(o.Queue)},
		{"MinSize", o.MinSize},
		{"MaxSize", o.MaxSize},
	} {
		if d.value < 0 {
			panic(fmt.Sprintf("advcache: level %s: LevelOptions.%s is negative; use 0 for the default, or a positive value", o.Name, d.name))
		}
	}
	if o.MaxSize > 0 && o.MaxSize < o.MinSize {
		panic(fmt.Sprintf("advcache: level %s: LevelOptions.MaxSize is %d, less than MinSize, %d, so that nothing is ever held; make it more", o.Name, o.MaxSize, o.MinSize))
	}
	if o.Queue > 0 && !o.Behind {
		panic(fmt.Sprintf("advcache: level %s: LevelOptions.Queue is set without Behind, which has writes queued; set both", o.Name))
	}
	if o.Queue == 0 {
		o.Queue = DefaultQueue
	}
	if o.Breaker.Failures == 0 {
		o.Breaker.Failures = DefaultBreakerFailures
	}
	if o.Breaker.Window == 0 {
		o.Breaker.Window = DefaultBreakerWindow
	}
}

// Sized is implemented by caches that know how many bytes they keep of a value.
type Sized[V any] interface {
	// Within returns the same cache, but a value of fewer than minSize bytes or
	// more than maxSize, as it is stored, is not kept: a write of it removes what
	// the key holds, and is no error. 0: no such bound.
	Within(minSize, maxSize int64) Cache[V]
}

// admitting returns the cache of a level with its bounds.
func admitting[V any](c Cache[V], o *LevelOptions) Cache[V] {
	if o.MinSize == 0 && o.MaxSize == 0 {
		return c
	}
	s, ok := c.(Sized[V])
	if !ok {
		panic(fmt.Sprintf("advcache: level %s: LevelOptions.MinSize or MaxSize is set, but a %T does not know sizes; set them for a store.Cache", o.Name, c))
	}
	return s.Within(o.MinSize, o.MaxSize)
}

// heldUntil returns until when a copy may be held here, given what is so for the
// level below it.
func (t *tier[V]) heldUntil(below, now time.Time) time.Time {
	limit := t.limit
	if t.trusted != nil && !t.trusted() && (limit == 0 || limit > DistrustedFor) {
		limit = DistrustedFor
	}
	if limit == 0 {
		return below
	}
	own := now.Add(limit)
	if below.IsZero() || own.Before(below) {
		return own
	}
	return below
}

// shorten gives an entry the longest life that the last level allows.
func (t *tier[V]) shorten(e *Entry[V], now time.Time) {
	if t.limit == 0 {
		return
	}
	end := now.Add(t.limit)
	if e.FreshUntil.IsZero() || e.FreshUntil.After(end) {
		e.FreshUntil = end
	}
	if e.StaleUntil.After(end) {
		e.StaleUntil = end
	}
}
