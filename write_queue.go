package advcache

import (
	"container/list"
	"context"
	"errors"
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
	copy func(V) V // that of level 1, where callers may change what they have set; nil: they do not

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
	halted bool          // it is read, but never written; guarded by writeQueue.mu
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
	if q.copy != nil && !entry.Absent {
		own := *entry
		own.Value = q.copy(own.Value)
		entry = &own
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
		q.unqueue(it)
	}
}

// unqueue takes a write out of the order; the caller holds mu.
func (q *writeQueue[V]) unqueue(it *queued[V]) {
	if it.at != nil {
		q.order.Remove(it.at)
		it.at = nil
	}
}

// halt keeps the writes of keys from being made, and waits for those that are under
// way. What waits is read until release is called, which takes it out: what the
// level holds is older. The keys are locked in the chain, so that no more come.
func (q *writeQueue[V]) halt(ctx context.Context, keys ...string) (release func(), err error) {
	if q == nil {
		return func() {}, nil
	}
	q.mu.Lock()
	for _, key := range keys {
		if it := q.byKey[key]; it != nil {
			it.halted = true
			q.unqueue(it)
		}
	}
	q.mu.Unlock()
	for _, key := range keys {
		if err = q.settle(ctx, key); err != nil {
			break
		}
	}
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		for _, key := range keys {
			q.forget(key)
		}
	}, err
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

func (q *writeQueue[V]) state() (waiting int, dropped int64) {
	if q == nil {
		return 0, 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.byKey), q.dropped
}
