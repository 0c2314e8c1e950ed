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

	// recent is over about how many answers refusals are counted, and many is which
	// part of them makes a pause: one in a hundred is no more than a bad server
	// behind the service, and a try again mends it.
	recent = 16
	many   = 0.2
)

// Throttle holds back all requests of a store when the service refuses many of
// them, a fifth of the last ones or more, for being too many: the others go to the
// same partition. None is made for a pause: 100 ms, twice as long when many are
// still refused after it, 2 s at the most. From then on each waits for a random
// part of the pause, which is halved whenever it was not made longer for as long.
// The zero Throttle is ready, and safe for concurrent use.
type Throttle struct {
	slow  atomic.Bool // whether there is anything to look at below
	mu    sync.Mutex
	part  float64 // of the last answers that were refusals
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
	var wait time.Duration
	if t.pause > 0 {
		wait = max(0, time.Until(t.until)) + rand.N(t.pause) //nolint:gosec // jitter
	}
	t.mu.Unlock()
	if wait == 0 {
		return nil
	}
	return Pause(ctx, wait)
}

// Refused says that the service refused a request for being too many.
func (t *Throttle) Refused() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slow.Store(true)
	t.part += (1 - t.part) / recent
	now := time.Now()
	if t.part < many || now.Before(t.until) { // sent before the pause began
		return
	}
	t.pause = min(max(firstPause, 2*t.pause), maxPause)
	t.until = now.Add(t.pause)
}

// Passed says that the service took a request.
func (t *Throttle) Passed() {
	if !t.slow.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part -= t.part / recent
	now := time.Now()
	if t.pause > 0 {
		if now.Before(t.until.Add(t.pause)) {
			return
		}
		t.until = now
		if t.pause /= 2; t.pause < firstPause/8 {
			t.pause = 0
		}
	}
	if t.pause == 0 && t.part < many/100 {
		t.part = 0
		t.slow.Store(false)
	}
}
