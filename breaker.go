package advcache

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of [Breaker].
const (
	DefaultBreakerFailures = 5
	DefaultBreakerWindow   = 5 * time.Second
)

// Breaker says when a level that keeps failing is left out (law 7).
type Breaker struct {
	// Failures is how many requests must fail in a row for the level to be left
	// out. What the level refuses, such as a value that is too large, is no
	// failure, nor is a request whose caller leaves; but one whose caller's
	// deadline comes after half of the level's timeout is, where that is known.
	// 0: DefaultBreakerFailures; below 0: it never is.
	Failures int

	// Window is how long the level is left out; then one request tries it, and
	// the others go on without it until that has been answered. Deletes are made
	// all the same, and do not put that off.
	// 0: DefaultBreakerWindow.
	Window time.Duration
}

// errLeftOut is why a level was not asked.
var errLeftOut = errors.New("the level is left out for a while, since it kept failing")

// breaker is a Breaker at work. In a healthy level it costs one atomic load.
type breaker struct {
	policy Breaker
	failed atomic.Int64 // failures in a row; 0: healthy

	mu      sync.Mutex
	until   time.Time // when it is to be tried again; zero: it is not left out. Guarded by mu
	probing bool      // somebody is trying it. Guarded by mu
	last    error     // the newest failure. Guarded by mu
	why     error     // what those get who are not to ask. Guarded by mu
}

// outcome is how a request ended, as far as the health of a level goes.
type outcome int

const (
	healthy outcome = iota // the level has answered
	failing
	unsure // the request was called off, or refused before it was made
)

// enter returns why the level is not to be asked, if it is not. Else the request
// must be followed by leave, with the same probe: whether it is the one that
// tries a level which is left out.
func (b *breaker) enter() (probe bool, err error) {
	if b.failed.Load() == 0 {
		return false, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return false, nil
	case b.probing || time.Now().Before(b.until):
		return false, b.why
	}
	b.probing = true
	return true, nil
}

// leave notes how a request ended, also one that did not ask enter.
func (b *breaker) leave(probe bool, how outcome, err error) {
	if how == healthy && b.failed.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	switch how {
	case healthy:
		b.failed.Store(0)
		b.until, b.last, b.why = time.Time{}, nil, nil
	case failing:
		b.last = err
		if op, ok := errors.AsType[*OpError](err); ok {
			err = op.Err // of another key than those that are told
		}
		b.why = fmt.Errorf("%w: %w", errLeftOut, err)
		// While it is left out, requests that began before, and deletes, must not
		// put off the next try.
		if n := b.failed.Add(1); b.policy.Failures > 0 && n >= int64(b.policy.Failures) && (probe || b.until.IsZero()) {
			b.until = time.Now().Add(b.policy.Window)
		}
	case unsure:
	}
}

// forgive has the level asked again at once.
func (b *breaker) forgive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed.Store(0)
	b.until, b.last, b.why = time.Time{}, nil, nil
}

// hurry has the next request try the level, if it is left out.
func (b *breaker) hurry() {
	if b.failed.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.until.IsZero() {
		b.until = time.Now()
	}
}

// due reports whether the level may be asked now: it is not left out, or it is time
// to try it.
func (b *breaker) due() bool {
	if b.failed.Load() == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until.IsZero() || !b.probing && !time.Now().Before(b.until)
}

// state returns whether the level is left out, and the newest failure since it last
// answered.
func (b *breaker) state() (leftOut bool, last error) {
	if b.failed.Load() == 0 {
		return false, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.until.IsZero(), b.last
}
