package advcache

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// writeQueue is the writes of a level that is written behind: one for each key,
// the newest. What waits is read from here. A write that fails is tried again, for
// as long as there is room for what comes after it. Nil is the queue of a level
// that is written through.
//
// A write is made without the lock that the chain has for its key, so that a Set
// does not wait for the one before it; what changes the level at once waits by
// halt.
type writeQueue[V any] struct {
	tier *tier[V]

	mu      sync.Mutex
	byKey   map[string]*queued[V]    // guarded by mu
	order   list.List                // of those that no worker has, in the order in which they came; guarded by mu
	writing map[string]chan struct{} // keys that are being written, each closed at the end; guarded by mu
	workers int                      // guarded by mu
	wait    time.Duration            // before a worker tries again; guarded by mu
	raised  int                      // how often wait was raised; guarded by mu
	closed  bool                     // guarded by mu
	dropped int64                    // guarded by mu
	idle    chan struct{}            // closed when there are no workers; guarded by mu, nil unless somebody waits

	hurry chan struct{}   // closed by close: nobody waits to try again
	ctx   context.Context //nolint:containedctx // of all writes: done when close has waited long enough
	end   context.CancelFunc
}

type queued[V any] struct {
	key    string
	entry  Entry[V]      // guarded by writeQueue.mu
	change int           // how often entry was replaced; guarded by writeQueue.mu
	at     *list.Element // in the order, nil if a worker has it; guarded by writeQueue.mu
}

const (
	maxWriters   = 16
	retryWait    = 100 * time.Millisecond
	maxRetryWait = 5 * time.Second
)

func newWriteQueue[V any](t *tier[V]) *writeQueue[V] {
	q := &writeQueue[V]{
		tier: t, byKey: make(map[string]*queued[V]), writing: make(map[string]chan struct{}), hurry: make(chan struct{}),
	}
	q.ctx, q.end = context.WithCancel(context.Background())
	return q
}

var errQueueFull = errors.New("the queue of writes is full")

// put queues a write, unless the queue is closed. The key is locked in the chain.
func (q *writeQueue[V]) put(key string, entry *Entry[V]) (taken bool, err error) {
	if q == nil {
		return false, nil
	}
	taken, full := q.take(key, entry)
	if full {
		q.tier.doubt.wrote(key, errQueueFull)
		q.tier.missing()
		return true, q.tier.opError("set", key, errQueueFull)
	}
	return taken, nil
}

func (q *writeQueue[V]) take(key string, entry *Entry[V]) (taken, full bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false, false
	}
	if held := q.byKey[key]; held != nil {
		held.entry = *entry
		held.entry.Version = Version{}
		held.change++
		return true, false
	}
	if len(q.byKey) >= q.tier.opt.Queue {
		q.dropped++
		return true, true
	}
	it := &queued[V]{key: key, entry: *entry}
	it.entry.Version = Version{} // the level has not given it one
	q.byKey[key] = it
	it.at = q.order.PushBack(it)
	if q.workers < maxWriters {
		q.workers++
		go q.work()
	}
	return true, false
}

// waiting returns what is known of key, if a write of it waits: what is past its
// limit is a miss without a Version, since the level has something older.
func (q *writeQueue[V]) waiting(key string) (l Lookup[V], known bool) {
	if q == nil {
		return l, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	it := q.byKey[key]
	if it == nil {
		return l, false
	}
	if held := it.entry.HeldUntil; !held.IsZero() && !time.Now().Before(held) {
		return l, true
	}
	return Lookup[V]{Entry: it.entry, OK: true}, true
}

// has reports whether a write of key waits.
func (q *writeQueue[V]) has(key string) bool {
	_, known := q.waiting(key)
	return known
}

// drop takes the write of key out. One that is under way goes on.
func (q *writeQueue[V]) drop(key string) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forget(key)
}

// forget is drop; the caller holds mu.
func (q *writeQueue[V]) forget(key string) {
	if it := q.byKey[key]; it != nil {
		delete(q.byKey, key)
		if it.at != nil {
			q.order.Remove(it.at)
			it.at = nil
		}
	}
}

// halt takes the writes of keys out, and waits for those that are under way. The
// keys are locked in the chain, so that no more come.
func (q *writeQueue[V]) halt(ctx context.Context, keys ...string) error {
	if q == nil {
		return nil
	}
	for _, key := range keys {
		q.drop(key)
	}
	for _, key := range keys {
		if err := q.settle(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// settle waits for the write of key that is under way.
func (q *writeQueue[V]) settle(ctx context.Context, key string) error {
	q.mu.Lock()
	done := q.writing[key]
	q.mu.Unlock()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold keeps the writes of keys that begin with prefix from being made until
// release is called, which takes out those that waited when hold returned, if it is
// told so. What waits is read all the while.
func (q *writeQueue[V]) hold(ctx context.Context, prefix string) (release func(out bool), err error) {
	if q == nil {
		return func(bool) {}, nil
	}
	type change struct {
		it    *queued[V]
		count int
	}
	done := make(chan struct{})
	waited := make(map[string]change)
	q.mu.Lock()
	for key, it := range q.byKey {
		if strings.HasPrefix(key, prefix) {
			waited[key] = change{it, it.change}
		}
	}
	var under []string
	for key := range q.writing {
		if strings.HasPrefix(key, prefix) {
			under = append(under, key)
		}
	}
	for key := range waited {
		if q.writing[key] == nil {
			q.writing[key] = done
		}
	}
	q.mu.Unlock()
	for _, key := range under {
		for free := false; !free && err == nil; {
			err = q.settle(ctx, key)
			q.mu.Lock()
			if free = q.writing[key] == nil; free && q.byKey[key] != nil {
				q.writing[key] = done
			}
			q.mu.Unlock()
		}
	}
	return func(out bool) {
		q.mu.Lock()
		for key, c := range q.writing {
			if c == done {
				delete(q.writing, key)
			}
		}
		for key, c := range waited {
			if out && q.byKey[key] == c.it && c.it.change == c.count {
				q.forget(key)
			}
		}
		q.mu.Unlock()
		close(done)
	}, err
}

// flush makes the write of key now. If that fails, it stays queued. The key is
// locked in the chain.
func (q *writeQueue[V]) flush(ctx context.Context, key string) error {
	if q == nil {
		return nil
	}
	if err := q.settle(ctx, key); err != nil {
		return err
	}
	q.mu.Lock()
	it := q.byKey[key]
	q.mu.Unlock()
	if it == nil {
		return nil
	}
	_, err := q.try(ctx, it)
	if isRefusal(err) {
		return nil // it can never be made, and has been given up
	}
	return err
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
	if q.byKey[it.key] != it {
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
	case q.byKey[it.key] != it: // it was taken out meanwhile
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
	if err != nil {
		q.tier.missing()
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

func (q *writeQueue[V]) state() (waiting int, dropped int64) {
	if q == nil {
		return 0, 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.byKey), q.dropped
}
