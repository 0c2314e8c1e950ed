// Package flight shares one load among all callers of a key, with the contexts
// that this takes: a caller that leaves leaves alone, and a load that nobody
// waits for any more is ended (laws 4 and 5).
package flight

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
)

var (
	// ErrClosed is what callers get when the group is closed.
	ErrClosed = errors.New("advcache: closed")
	// ErrTimeout is what callers get when the load did not end in time.
	ErrTimeout = errors.New("advcache: the load took too long")
	// ErrExited is what callers get when the goroutine of the load has ended
	// without a result, by runtime.Goexit.
	ErrExited = errors.New("advcache: the load's goroutine has ended")
	// ErrLeft is the cause of the end of a load whose last caller has left.
	ErrLeft = errors.New("advcache: nobody waits for the load any more")
)

// Barrier tells whether what a call loads may still be handed to those who come
// now. It is barred when the call ends.
type Barrier interface {
	Bar()
	Barred() bool
}

// Group is the calls under way, by key. Create one with [NewGroup].
type Group[V any] struct {
	seed   maphash.Seed
	shards [16]shard[V]

	mu     sync.Mutex
	runs   map[*Run[V]]struct{} // guarded by mu
	closed bool                 // guarded by mu
	idle   chan struct{}        // closed when there are no runs; guarded by mu, nil unless somebody waits
}

type shard[V any] struct {
	mu    sync.Mutex
	calls map[string]*Call[V] // guarded by mu
}

// Call is the load of one key, and those who wait for it.
type Call[V any] struct {
	Key     string
	Barrier Barrier

	group *Group[V]
	done  chan struct{}
	value V     // fixed before done is closed; until then guarded as the following
	err   error // the same

	// Guarded by the mutex of the key's shard.
	run        *Run[V] // nil until Start
	waiters    int
	background bool // nobody need wait for it
	offered    bool // value and err are known
	finished   bool
}

// NewGroup returns an empty group.
func NewGroup[V any]() *Group[V] {
	return &Group[V]{seed: maphash.MakeSeed(), runs: make(map[*Run[V]]struct{})}
}

func (g *Group[V]) shard(key string) *shard[V] {
	return &g.shards[maphash.String(g.seed, key)%uint64(len(g.shards))]
}

// Join makes the caller wait for the call of key that is under way. If there is
// none, or it is barred, the caller leads a new one: it must hand it to Start,
// and nothing that may panic or block must come before that. The barrier of a
// new call is made by begin while the key is locked, so that a call has its
// barrier from its first moment.
func (g *Group[V]) Join(key string, begin func() Barrier) (c *Call[V], leads bool) {
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c = s.calls[key]; c != nil && !c.Barrier.Barred() && c.retain() {
		c.waiters++
		return c, false
	}
	c = s.add(g, key, begin)
	c.waiters = 1
	return c, true
}

// Background leads a new call of key that nobody waits for, unless one is under
// way; then c is nil.
func (g *Group[V]) Background(key string, begin func() Barrier) (c *Call[V]) {
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c = s.calls[key]; c != nil && !c.Barrier.Barred() {
		return nil
	}
	c = s.add(g, key, begin)
	c.background = true
	return c
}

// Busy reports whether a call of key is under way that callers could share.
func (g *Group[V]) Busy(key string) bool {
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.calls[key]
	return c != nil && !c.Barrier.Barred()
}

func (s *shard[V]) add(g *Group[V], key string, begin func() Barrier) *Call[V] {
	c := &Call[V]{Key: key, Barrier: begin(), group: g, done: make(chan struct{})}
	if s.calls == nil {
		s.calls = make(map[string]*Call[V])
	}
	s.calls[key] = c // an older one, barred, goes on for those who wait for it
	return c
}

// retain keeps the run of a call that may have lost its last waiter, and
// reports whether it is still to be had. The shard is locked.
func (c *Call[V]) retain() bool {
	if c.waiters > 0 || c.background || c.run == nil {
		return true
	}
	return c.run.retain()
}

// Wait returns what the call gives, or the context's error if that comes first
// and nothing is offered. The caller must have joined.
func (c *Call[V]) Wait(ctx context.Context) (V, error) {
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
	}
	select {
	case <-c.done: // both: the result is the better answer
		return c.value, c.err
	default:
	}
	if value, err, offered := c.leave(); offered {
		return value, err
	}
	var none V
	return none, ctx.Err()
}

// Offer says what the call will give once its body has done the rest. Those who
// cannot wait for that have it now, and leave without ending the body.
func (c *Call[V]) Offer(value V, err error) {
	s := c.group.shard(c.Key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.finished {
		c.offered, c.value, c.err = true, value, err
	}
}

// Done returns a channel that is closed when the call has its result.
func (c *Call[V]) Done() <-chan struct{} { return c.done }

// Detach takes the caller away as Wait does on a done context, but lets the
// load go on with nobody to wait for it.
func (c *Call[V]) Detach() {
	s := c.group.shard(c.Key)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.background = true
	c.waiters--
}

// leave takes one waiter away; the last one ends the load, unless it has its
// result.
func (c *Call[V]) leave() (value V, err error, offered bool) {
	s := c.group.shard(c.Key)
	s.mu.Lock()
	c.waiters--
	if c.offered || c.finished {
		defer s.mu.Unlock()
		c.background = true // what remains is to be done all the same
		return c.value, c.err, true
	}
	last := c.waiters == 0 && !c.background && c.run != nil && c.run.release()
	run := c.run
	s.mu.Unlock()
	if last {
		run.end(ErrLeft)
	}
	return value, nil, false
}

// cut gives the call what is offered, or else err, and reports whether that was
// its end.
func (c *Call[V]) cut(err error) bool {
	s := c.group.shard(c.Key)
	s.mu.Lock()
	value, offer, offered := c.value, c.err, c.offered
	s.mu.Unlock()
	if offered {
		c.Finish(value, offer)
		return false
	}
	var none V
	return c.Finish(none, err)
}

// Unattended reports whether nobody waits for the call, so that nobody is told
// of its error.
func (c *Call[V]) Unattended() bool {
	s := c.group.shard(c.Key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.waiters == 0
}

// Open reports whether the call has no result yet.
func (c *Call[V]) Open() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// Finish gives the call its result, and reports whether it had none before.
func (c *Call[V]) Finish(value V, err error) bool {
	s := c.group.shard(c.Key)
	s.mu.Lock()
	if c.finished {
		s.mu.Unlock()
		return false
	}
	c.finished = true
	c.value, c.err = value, err
	if c.run != nil && (c.waiters > 0 || c.background) {
		c.run.settled()
	}
	if s.calls[c.Key] == c {
		delete(s.calls, c.Key)
	}
	s.mu.Unlock()
	c.Barrier.Bar()
	close(c.done)
	return true
}
