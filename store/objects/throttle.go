package objects

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 2 * time.Second
)

// Throttle holds back all requests of a store once the service has refused one
// for being too many, since the others go to the same partition. None is made for
// a pause: 100 ms, twice as long when one is refused after it, 2 s at the most.
// From then on each waits for a random part of the pause, which is halved whenever
// none was refused for as long. The zero Throttle is ready, and safe for
// concurrent use.
type Throttle struct {
	slow  atomic.Bool // whether there is anything to look at below
	mu    sync.Mutex
	pause time.Duration
	until time.Time // the end of the pause, or of the last time that it was halved
}

// Wait waits until a request may be made; it returns the error of a context that
// is done before.
func (t *Throttle) Wait(ctx context.Context) error {
	if !t.slow.Load() {
		return nil
	}
	t.mu.Lock()
	wait := max(0, time.Until(t.until))
	if t.pause > 0 {
		wait += rand.N(t.pause) //nolint:gosec // jitter
	}
	t.mu.Unlock()
	return Pause(ctx, wait)
}

// Refused says that the service refused a request for being too many.
func (t *Throttle) Refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(t.until) {
		return // sent before the pause began
	}
	t.pause = min(max(firstPause, 2*t.pause), maxPause)
	t.until = now.Add(t.pause)
	t.slow.Store(true)
}

// Passed says that the service took a request.
func (t *Throttle) Passed() {
	if !t.slow.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(t.until.Add(t.pause)) {
		return
	}
	t.until = now
	if t.pause /= 2; t.pause < firstPause/8 {
		t.pause = 0
		t.slow.Store(false)
	}
}
