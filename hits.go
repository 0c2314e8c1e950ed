package advcache

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
	"weak"
)

const (
	// hitBatch is how long hits may wait to be told.
	hitBatch = 100 * time.Millisecond
	// hitSample is how many hits there are to one that is timed.
	hitSample = 1024
)

// hitCounter counts hits without letting processors wait for each other, and
// tells the Observer some time later. All methods do nothing on a nil counter.
type hitCounter struct {
	report  *reporter
	waiting atomic.Bool  // a timer will tell
	sample  atomic.Int64 // the newest time measured, in nanoseconds; 0: none
	twice   atomic.Int64 // hits that were counted twice, since they were timed

	mu     sync.Mutex
	told   int64       // guarded by mu
	timer  *time.Timer // guarded by mu
	closed bool        // guarded by mu

	shards [64]hitShard
}

type hitShard struct {
	count  atomic.Int64
	timing atomic.Bool // a hit is being served once more
	_      [48]byte    // one shard in one cache line
}

func newHitCounter(r *reporter) *hitCounter {
	o := r.observer
	if o == nil || o.Hits == nil {
		return nil
	}
	h := &hitCounter{report: r}
	if o.attach != nil {
		w := weak.Make(h)
		o.attach(func() bool {
			h := w.Value()
			h.flush()
			return h != nil
		})
	}
	return h
}

// shard returns the shard of the goroutine that calls: stacks lie apart, so
// that processors seldom meet.
func (h *hitCounter) shard() *hitShard {
	var here byte
	at := uint64(uintptr(unsafe.Pointer(&here)))
	return &h.shards[(at>>10)*0x9E3779B97F4A7C15>>58]
}

// add counts a hit.
func (h *hitCounter) add() {
	if h == nil {
		return
	}
	h.shard().count.Add(1)
	h.arm()
}

// counted counts a hit, and reports whether that was all: it need not be timed,
// and a timer will tell it.
func (h *hitCounter) counted() bool {
	return h.shard().count.Add(1)%hitSample != 0 && h.waiting.Load()
}

// startTimed returns the shard that the hit was counted in, if it is to be timed:
// the caller serves it once more, and then calls endTimed. That it is counted
// twice is noted, rather than taken back: the second time may be counted in
// another shard, and this one would never come past the hit that is to be timed.
func (h *hitCounter) startTimed() *hitShard {
	s := h.shard()
	if s.count.Load()%hitSample != 0 || !s.timing.CompareAndSwap(false, true) {
		return nil
	}
	h.twice.Add(1)
	return s
}

func (h *hitCounter) endTimed(s *hitShard, start time.Time) {
	h.sample.Store(max(1, int64(time.Since(start))))
	s.timing.Store(false)
}

// arm starts the timer, unless it runs.
func (h *hitCounter) arm() {
	if h.waiting.Load() || !h.waiting.CompareAndSwap(false, true) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
	case h.timer == nil:
		h.timer = time.AfterFunc(hitBatch, h.flush)
	default:
		h.timer.Reset(hitBatch)
	}
}

// flush tells what has been counted.
func (h *hitCounter) flush() {
	if h == nil {
		return
	}
	h.waiting.Store(false) // before counting: a hit that comes now is told next time
	h.mu.Lock()
	var sum int64
	for i := range h.shards {
		sum += h.shards[i].count.Load()
	}
	sum -= h.twice.Load() // last: rather too few are told now than too many
	event := HitEvent{Cache: h.report.name, Count: sum - h.told}
	h.told = max(h.told, sum) // a hit that was told may be on its way to be counted again
	h.mu.Unlock()
	if event.Count <= 0 {
		return
	}
	event.Sample = time.Duration(h.sample.Swap(0))
	defer h.report.catch("a hook of the Observer panicked", "")
	h.report.observer.Hits(event)
}

// close tells the rest. Hits that come later are told only when somebody asks.
func (h *hitCounter) close() {
	if h == nil {
		return
	}
	h.mu.Lock()
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
	}
	h.mu.Unlock()
	h.flush()
}
