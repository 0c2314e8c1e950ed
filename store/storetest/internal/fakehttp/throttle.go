package fakehttp

import (
	"sync"
	"time"
)

// Throttle is a rate of requests, of which one second's worth may come at once.
type Throttle struct {
	Rate float64 // in a second; 0: no limit

	mu       sync.Mutex // guards what follows
	tokens   float64    // requests that the rate allows
	refilled time.Time
}

// Take takes a request from what the rate allows, and reports whether it could.
func (t *Throttle) Take() bool {
	if t.Rate == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// Time of the process, whatever the clock of the server says.
	now := time.Now()
	most := max(t.Rate, 1)
	if t.refilled.IsZero() {
		t.tokens = most
	} else {
		// Time goes back if the server is taken into a bubble.
		passed := max(now.Sub(t.refilled), 0)
		t.tokens = min(most, t.tokens+passed.Seconds()*t.Rate)
	}
	t.refilled = now
	// A token that is whole but for rounding is whole.
	if t.tokens < 1-1e-9 {
		return false
	}
	t.tokens--
	return true
}
