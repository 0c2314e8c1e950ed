package advcache

import (
	"context"
	"fmt"
	"time"
)

// work writes until nothing is left.
func (q *writeQueue[V]) work() {
	for {
		it, wait := q.next()
		if it == nil {
			return
		}
		if wait > 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-q.hurry:
				timer.Stop()
			}
		}
		if lost, err := q.try(q.ctx, it); lost {
			q.tier.observe.levelError(it.key, q.tier.opError("set", it.key, fmt.Errorf("the write is lost: %w", err)))
		}
	}
}

// next takes the write out that has waited longest. It stays known by its key
// until it is done.
func (q *writeQueue[V]) next() (*queued[V], time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if first := q.order.Front(); first != nil {
		it := q.order.Remove(first).(*queued[V])
		it.at = nil
		return it, q.wait
	}
	q.workers--
	if q.workers == 0 && q.idle != nil {
		close(q.idle)
		q.idle = nil
	}
	return nil, 0
}

// try makes one write, unless it was made or taken out meanwhile. One that fails is
// put at the end of the queue; it is lost where it can never be made, or the queue
// is closed.
func (q *writeQueue[V]) try(ctx context.Context, it *queued[V]) (lost bool, err error) {
	q.mu.Lock()
	for q.writing[it.key] != nil { // a write of this key that was taken out, but is under way
		q.mu.Unlock()
		if err := q.settle(ctx, it.key); err != nil {
			return false, err
		}
		q.mu.Lock()
	}
	if q.byKey[it.key] != it || it.halted {
		q.mu.Unlock()
		return false, nil
	}
	entry, change, raised := it.entry, it.change, q.raised
	done := make(chan struct{})
	q.writing[it.key] = done
	q.mu.Unlock()

	err = &PanicError{Value: ErrGoexit} // unless the level returns
	defer func() {
		lost = q.tried(it, change, raised, err)
		close(done)
	}()
	err = q.tier.request(ctx, false, func(ctx context.Context) error { return q.tier.cache.SetEntry(ctx, it.key, entry) })
	return lost, err
}

// tried notes how a write ended.
func (q *writeQueue[V]) tried(it *queued[V], change, raised int, err error) (lost bool) {
	q.mu.Lock()
	delete(q.writing, it.key)
	if err == nil {
		q.wait = 0
	} else if !isRefusal(err) && q.raised == raised { // those that fail together count as one
		q.wait = min(max(2*q.wait, retryWait), maxRetryWait)
		q.raised++
	}
	switch {
	case q.byKey[it.key] != it, it.halted: // it was taken out meanwhile
		q.mu.Unlock()
		return false
	case it.change != change, err != nil && !isRefusal(err) && !q.closed:
		if it.at == nil {
			it.at = q.order.PushBack(it)
		}
		q.mu.Unlock()
		return false
	}
	q.forget(it.key)
	q.tier.doubt.wrote(it.key, err) // before a change can come that the level misses
	if err != nil {
		q.dropped++
	}
	q.mu.Unlock()
	switch {
	case err != nil:
		q.tier.missing()
	case q.tier.landed != nil:
		q.tier.landed(it.key)
	}
	return err != nil
}

// close makes the writes that wait, once each, and waits for them; those that are
// not made when ctx is done are lost. From then on, nothing is queued.
func (q *writeQueue[V]) close(ctx context.Context) error {
	if q == nil {
		return nil
	}
	q.tier.breaker.forgive() // else writes would be lost without being tried
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.hurry)
	}
	before := q.dropped
	if q.workers > 0 && q.idle == nil {
		q.idle = make(chan struct{})
	}
	idle := q.idle
	q.mu.Unlock()
	if idle != nil {
		select {
		case <-idle:
		case <-ctx.Done():
			q.giveUp()
		}
	}
	q.mu.Lock()
	lost := q.dropped - before
	q.mu.Unlock()
	switch {
	case lost == 0:
		return nil
	case ctx.Err() != nil:
		return q.tier.opError("close", "", fmt.Errorf("%d queued writes are lost, since the time was over: %w", lost, ctx.Err()))
	}
	return q.tier.opError("close", "", fmt.Errorf("%d queued writes are lost, since the level failed", lost))
}

// giveUp calls off the writes that are left. It does not wait for a level that
// ignores that.
func (q *writeQueue[V]) giveUp() {
	q.mu.Lock()
	lost := make([]string, 0, len(q.byKey))
	for key := range q.byKey {
		lost = append(lost, key)
	}
	for _, key := range lost {
		q.forget(key)
		q.tier.doubt.wrote(key, context.Canceled)
	}
	q.dropped += int64(len(lost))
	q.mu.Unlock()
	q.end()
	q.tier.missing()
}
