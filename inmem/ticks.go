package inmem

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// ticks is the engine's clock. Reading it costs one atomic load: the engine
// drops entries by it, so it may lag, while what is served is judged by the
// cache itself.
type ticks struct {
	clock   *live.Clock
	dropped atomic.Bool // the cache is gone

	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

func newTicks(clock *live.Clock) *ticks { return &ticks{clock: clock} }

// NowNano implements otter.Clock.
func (t *ticks) NowNano() int64 { return t.clock.Last() }

// Tick implements otter.Clock. Before each tick, the time is read for the
// clean-up that the tick starts.
func (t *ticks) Tick(every time.Duration) <-chan time.Time {
	ch := make(chan time.Time, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(every, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.stopped || t.dropped.Load() {
			return
		}
		t.clock.Refresh()
		select {
		case ch <- time.Now():
		default: // the last clean-up is still at work
		}
		t.timer.Reset(every)
	})
	if t.stopped {
		t.timer.Stop()
	}
	return ch
}

func (t *ticks) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	if t.timer != nil {
		t.timer.Stop()
	}
}

// tasks runs what the engine does in the background, so that Close can wait for
// it.
type tasks struct {
	mu    sync.Mutex
	count int           // guarded by mu
	idle  chan struct{} // closed when count is 0; guarded by mu, nil unless somebody waits
}

func (t *tasks) run(task func()) {
	t.mu.Lock()
	t.count++
	t.mu.Unlock()
	go func() {
		defer t.done()
		task()
	}()
}

func (t *tasks) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count--
	if t.count == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

func (t *tasks) wait() {
	t.mu.Lock()
	if t.count == 0 {
		t.mu.Unlock()
		return
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.mu.Unlock()
	<-idle
}
