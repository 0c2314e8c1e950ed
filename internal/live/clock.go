package live

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Tick is how often a running Clock reads the time.
	Tick = 5 * time.Millisecond

	// Margin is how far ahead of the last tick the horizon lies. A tick that
	// comes late by no more than Margin - Tick lets nothing outlive its life.
	Margin = 10 * time.Millisecond

	// Stopped is the horizon of a clock that does not run. No instant lies
	// beyond it, so hot paths fall back to reading the time.
	Stopped = math.MaxInt64
)

// Clock is the time as a hot path can afford it: one atomic load instead of a
// reading. It runs, by a timer, only while it is used, so that nothing ticks in
// an idle process and nothing is left behind. To look at the horizon is not
// counted as use, since counting would cost more than the look: a clock that is
// in use stops after two ticks at the most, and is started again by the next
// two hits, which read the time.
//
// What lies beyond [Clock.Horizon] is certainly still to come. For anything
// nearer, ask [Clock.Now]. So instants are kept exactly, but for ticks that come
// late: after a stop of the whole process until its timers have run, and where
// all processors are busy for longer than Margin.
type Clock struct {
	horizon atomic.Int64 // last + Margin while running, else Stopped
	used    atomic.Bool  // Now was called since the last tick
	exact   bool
	_       [64]byte     // the above is read by all hits, and seldom written
	last    atomic.Int64 // the newest reading, running or not

	mu     sync.Mutex
	timer  *time.Timer
	closed bool
}

// NewClock returns a clock that starts when it is first used. An exact one
// never does: all its users read the time.
func NewClock(exact bool) *Clock {
	c := &Clock{exact: exact}
	c.horizon.Store(Stopped)
	c.last.Store(time.Now().UnixNano())
	return c
}

// Horizon returns an instant, in Unix nanoseconds, that has certainly not yet
// come; Stopped if the clock does not run.
func (c *Clock) Horizon() int64 { return c.horizon.Load() }

// Now reads the time, in Unix nanoseconds, and starts a clock that is being
// asked more often than it would tick.
func (c *Clock) Now() int64 {
	now := time.Now().UnixNano()
	if !c.used.Load() {
		c.used.Store(true)
	}
	before := c.last.Swap(now)
	if !c.exact && now-before < int64(Tick) && c.horizon.Load() == Stopped {
		c.start(now)
	}
	return now
}

// Last returns the newest reading of the time, which may be long ago.
func (c *Clock) Last() int64 { return c.last.Load() }

// Refresh reads the time for those who ask Last.
func (c *Clock) Refresh() { c.last.Store(time.Now().UnixNano()) }

// Exact reports whether the clock never runs.
func (c *Clock) Exact() bool { return c.exact }

func (c *Clock) start(now int64) {
	if !c.mu.TryLock() {
		return // somebody else is at it
	}
	defer c.mu.Unlock()
	if c.closed || c.horizon.Load() != Stopped {
		return
	}
	c.used.Store(true)
	c.horizon.Store(now + int64(Margin))
	if c.timer == nil {
		c.timer = time.AfterFunc(Tick, c.tick)
	} else {
		c.timer.Reset(Tick)
	}
}

func (c *Clock) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !c.used.Swap(false) {
		c.horizon.Store(Stopped)
		return
	}
	now := time.Now().UnixNano()
	c.last.Store(now)
	c.horizon.Store(now + int64(Margin))
	c.timer.Reset(Tick)
}

// Close stops the clock for good. Its users read the time from then on.
func (c *Clock) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.horizon.Store(Stopped)
	if c.timer != nil {
		c.timer.Stop()
	}
}
