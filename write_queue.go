package advcache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/advcache/advcache/internal/keylock"
)

// writeQueue is the writes of a level that is written behind: one for each key,
// the newest. What waits is read from here. A write that fails is tried again, for
// as long as there is room for what comes after it. Nil is the queue of a level
// that is written through.
type writeQueue[V any] struct {
	tier  *tier[V]
	locks *keylock.Locks // of the chain

	mu      sync.Mutex
	byKey   map[string]*queued[V] // guarded by mu
	first   *queued[V]            // in the order in which they came; guarded by mu
	last    *queued[V]            // guarded by mu
	workers int                   // guarded by mu
	wait    time.Duration         // before a worker tries again; guarded by mu
	closed  bool                  // guarded by mu
	dropped int64                 // guarded by mu
	idle    chan struct{}         // closed when there are no workers; guarded by mu, nil unless somebody waits

	hurry chan struct{}   // closed by close: nobody waits to try again
	ctx   context.Context //nolint:containedctx // of all writes: done when close has waited long enough
	end   context.CancelFunc
}

type queued[V any] struct {
	key   string
	entry Entry[V]
	next  *queued[V]
}

const (
	maxWriters   = 16
	retryWait    = 100 * time.Millisecond
	maxRetryWait = 5 * time.Second
)

func newWriteQueue[V any](t *tier[V], locks *keylock.Locks) *writeQueue[V] {
	q := &writeQueue[V]{tier: t, locks: locks, byKey: make(map[string]*queued[V]), hurry: make(chan struct{})}
	q.ctx, q.end = context.WithCancel(context.Background())
	return q
}

var errQueueFull = errors.New("the queue of writes is full")

// put queues a write, unless the queue is closed. The key is locked in the chain.
func (q *writeQueue[V]) put(key string, entry *Entry[V]) (taken bool, err error) {
	if q == nil {
		return false, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, nil
	}
	if held := q.byKey[key]; held != nil {
		held.entry = *entry
		return true, nil
	}
	if len(q.byKey) >= q.tier.opt.Queue {
		q.dropped++
		q.tier.doubt.wrote(key, errQueueFull)
		return true, q.tier.opError("set", key, errQueueFull)
	}
	it := &queued[V]{key: key, entry: *entry}
	q.byKey[key] = it
	q.append(it)
	if q.workers < maxWriters {
		q.workers++
		go q.work()
	}
	return true, nil
}

func (q *writeQueue[V]) append(it *queued[V]) {
	it.next = nil
	if q.first == nil {
		q.first = it
	} else {
		q.last.next = it
	}
	q.last = it
}

// waiting returns what is to be written for key.
func (q *writeQueue[V]) waiting(key string) (e Entry[V], ok bool) {
	if q == nil {
		return e, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	it := q.byKey[key]
	if it == nil {
		return e, false
	}
	return it.entry, true
}

// drop takes the write of key out. The key is locked, so none is under way.
func (q *writeQueue[V]) drop(key string) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.byKey, key)
}

func (q *writeQueue[V]) dropPrefix(prefix string) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for key := range q.byKey {
		if strings.HasPrefix(key, prefix) {
			delete(q.byKey, key)
		}
	}
}

// flush makes the write of key now. The key is locked.
func (q *writeQueue[V]) flush(ctx context.Context, key string) {
	e, ok := q.waiting(key)
	if !ok {
		return
	}
	q.drop(key)
	q.tier.wrote(ctx, key, q.write(ctx, key, &e))
}

func (q *writeQueue[V]) write(ctx context.Context, key string, e *Entry[V]) error {
	return q.tier.request(ctx, false, func(ctx context.Context) error { return q.tier.cache.SetEntry(ctx, key, *e) })
}

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
		q.try(it)
	}
}

// next takes the write out that has waited longest. It stays known by its key
// until it is done.
func (q *writeQueue[V]) next() (*queued[V], time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for it := q.first; it != nil; it = it.next {
		q.first = it.next
		if q.byKey[it.key] == it {
			return it, q.wait
		}
	}
	q.workers--
	if q.workers == 0 && q.idle != nil {
		close(q.idle)
		q.idle = nil
	}
	return nil, 0
}

// try makes one write; one that fails is put at the end of the queue, or given up
// where it can never be made, or the queue is closed.
func (q *writeQueue[V]) try(it *queued[V]) {
	unlock, err := q.locks.Lock(q.ctx, it.key)
	if err == nil {
		defer unlock()
		q.mu.Lock()
		known, e := q.byKey[it.key] == it, it.entry
		q.mu.Unlock()
		if !known {
			return // it has been deleted, or made, meanwhile
		}
		err = q.write(q.ctx, it.key, &e)
	}
	q.mu.Lock()
	switch {
	case q.byKey[it.key] != it:
		q.mu.Unlock()
		return
	case err != nil && !isRefusal(err) && !q.closed:
		q.wait = min(max(2*q.wait, retryWait), maxRetryWait)
		q.append(it)
		q.mu.Unlock()
		return
	}
	delete(q.byKey, it.key)
	if err == nil {
		q.wait = 0
	} else {
		q.dropped++
	}
	q.mu.Unlock()
	q.tier.wrote(q.ctx, it.key, err)
	if err != nil {
		q.tier.observe.levelError(it.key, q.tier.opError("set", it.key, fmt.Errorf("the write is lost: %w", err)))
	}
}

// close makes the writes that wait, once each, and waits for them; those that are
// not made when ctx is done are lost. From then on, nothing is queued.
func (q *writeQueue[V]) close(ctx context.Context) error {
	if q == nil {
		return nil
	}
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
			q.end()
			<-idle
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if lost := q.dropped - before; lost > 0 {
		return q.tier.opError("close", "", fmt.Errorf("%d queued writes are lost, since the level failed: %w", lost, errors.Join(ctx.Err())))
	}
	return nil
}

func (q *writeQueue[V]) state() (waiting int, dropped int64) {
	if q == nil {
		return 0, 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.byKey), q.dropped
}
