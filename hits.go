package advcache

import (
	"log/slog"
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
	name     string
	observer *Observer
	log      *slog.Logger
	waiting  atomic.Bool  // a timer will tell
	sample   atomic.Int64 // the newest time measured, in nanoseconds; 0: none

	mu     sync.Mutex
	told   int64       // guarded by mu
	timer  *time.Timer // guarded by mu
	closed bool        // guarded by mu

	shards [64]hitShard
}

type hitShard struct {
	count    atomic.Int64
	timeNext atomic.Bool
	_        [48]byte // one shard in one cache line
}

func newHitCounter(name string, o *Observer, log *slog.Logger) *hitCounter {
	if o == nil || o.Hits == nil {
		return nil
	}
	h := &hitCounter{name: name, observer: o, log: log}
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

// startHit returns the time if the next hit is to be timed.
func (h *hitCounter) startHit() (start time.Time) {
	if h != nil && h.shard().timeNext.Load() {
		start = time.Now()
	}
	return start
}

// add counts a hit that began at start; zero, if it is not timed.
func (h *hitCounter) add(start time.Time) {
	if h == nil {
		return
	}
	s := h.shard()
	if s.count.Add(1)%hitSample == 0 {
		s.timeNext.Store(true)
	}
	if !start.IsZero() {
		s.timeNext.Store(false)
		h.sample.Store(max(1, int64(time.Since(start))))
	}
	if !h.waiting.Load() && h.waiting.CompareAndSwap(false, true) {
		h.arm()
	}
}

func (h *hitCounter) arm() {
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
	event := HitEvent{Cache: h.name, Count: sum - h.told}
	h.told = sum
	h.mu.Unlock()
	if event.Count == 0 {
		return
	}
	event.Sample = time.Duration(h.sample.Swap(0))
	r := reporter{name: h.name, log: h.log}
	defer r.catch("a hook of the Observer panicked", "")
	h.observer.Hits(event)
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
