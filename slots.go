package advcache

import (
	"context"
	"sync"
)

// slots bounds how many loads are at work at the same time. Nil bounds nothing.
type slots chan struct{}

// turn is the wait of a load, of one key or of many, for its slot.
type turn struct {
	once sync.Once
	skip chan struct{} // closed when the load must not wait
	held bool
}

func newTurn() *turn { return &turn{skip: make(chan struct{})} }

// hurry lets the load go without a slot: another load waits for it, and may hold
// the very slot that it waits for.
func (t *turn) hurry() { t.once.Do(func() { close(t.skip) }) }

// take waits for the load's turn. It reports false if ctx is done first.
func (t *turn) take(ctx context.Context, s slots) bool {
	if s == nil || ctx.Err() != nil {
		return ctx.Err() == nil
	}
	select {
	case <-t.skip:
		return true
	default:
	}
	select {
	case s <- struct{}{}:
		t.held = true
		return true
	case <-t.skip:
		return true
	case <-ctx.Done():
		return false
	}
}

// give gives the slot back, if the load has one.
func (t *turn) give(s slots) {
	if t.held {
		<-s
	}
}
