package advcache

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// mender makes good in the background what a chain could not do when it was asked
// to: it deletes the keys whose changes a level has missed, so that other
// processes do not read there what has been replaced (law 7), and tells the Bus
// what it did not take. It runs only while there is something to do.
type mender[V any] struct {
	chain *Chain[V]

	mu      sync.Mutex
	running bool            // guarded by mu
	closed  bool            // guarded by mu
	woken   chan struct{}   // of one: something has changed
	ctx     context.Context //nolint:containedctx // of its requests: done when it is to end
	end     context.CancelFunc
	done    sync.WaitGroup
}

const (
	// mendEvery is how long the mender waits between its attempts.
	mendEvery = time.Second
	// mendTogether is how many keys it deletes by one request.
	mendTogether = 256
)

// mending is the key that the context of a mender has: it tries what others leave
// out for a while.
type mending struct{}

func newMender[V any](c *Chain[V]) *mender[V] {
	m := &mender[V]{chain: c, woken: make(chan struct{}, 1)}
	m.ctx, m.end = context.WithCancel(context.WithValue(context.Background(), mending{}, true))
	return m
}

// wake has the mender run if there is something to do.
func (m *mender[V]) wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed && !m.running && m.chain.broken() {
		m.running = true
		m.done.Go(m.run)
	}
}

// hurry has it try now.
func (m *mender[V]) hurry() {
	m.wake()
	select {
	case m.woken <- struct{}{}:
	default:
	}
}

// close ends the mender, and waits for it, unless a level ignores that its request
// is called off.
func (m *mender[V]) close(ctx context.Context) error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.end()
	ended := make(chan struct{})
	go func() {
		m.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-ended:
		return nil
	default:
		return m.chain.opError("close", "", fmt.Errorf("a level does not return: %w", ctx.Err()))
	}
}

func (m *mender[V]) run() {
	timer := time.NewTimer(mendEvery)
	defer timer.Stop()
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-timer.C:
		case <-m.woken:
			for _, t := range m.chain.tiers {
				t.mendAt = time.Time{}
			}
		}
		m.chain.mendAll(m.ctx)
		m.mu.Lock()
		if !m.chain.broken() {
			m.running = false
			m.mu.Unlock()
			return
		}
		m.mu.Unlock()
		timer.Reset(mendEvery)
	}
}

// broken reports whether there is something to make good.
func (c *Chain[V]) broken() bool {
	for _, t := range c.tiers {
		if t.doubt.count.Load() > 0 {
			return true
		}
	}
	return c.link.behind() || c.tags.behind()
}

// mendAll makes good what it can.
func (c *Chain[V]) mendAll(ctx context.Context) {
	for _, t := range c.tiers {
		for t.doubt.count.Load() > 0 && c.mendSome(ctx, t) {
		}
	}
	if c.link.behind() {
		if err := c.link.catchUp(ctx); err != nil && ctx.Err() == nil {
			c.observe.levelError("", err)
		}
	}
	if err := c.tags.catchUp(ctx); err != nil && ctx.Err() == nil {
		c.observe.levelError("", err)
	}
}

// mendSome deletes keys whose changes the level has missed, and reports whether it
// did.
func (c *Chain[V]) mendSome(ctx context.Context, t *tier[V]) bool {
	if leftOut, _ := t.breaker.state(); leftOut && time.Now().Before(t.mendAt) || !t.breaker.due() {
		return false
	}
	keys := t.doubt.some(mendTogether)
	unlock, err := c.locks.LockAll(ctx, keys)
	if err != nil {
		return false
	}
	defer unlock()
	still := keys[:0]
	queued := false
	for _, key := range keys {
		switch {
		case !t.doubt.of(key): // it has been written meanwhile
		case t.queue.has(key): // it will be
			queued = true
		default:
			still = append(still, key)
		}
	}
	if len(still) == 0 {
		return !queued
	}
	for _, key := range still {
		c.interrupt(key)
	}
	if err := t.remove(ctx, still); err != nil {
		if ctx.Err() == nil {
			c.failed(t, "delete", keyOf(still), err)
		}
		if leftOut, _ := t.breaker.state(); leftOut { // then once a window is enough
			t.mendAt = time.Now().Add(t.opt.Breaker.Window)
		}
		return false
	}
	if err := c.link.tellKeys(ctx, still); err != nil && ctx.Err() == nil {
		c.observe.levelError("", err)
	}
	return true
}
