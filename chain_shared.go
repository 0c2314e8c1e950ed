package advcache

import (
	"context"
	"hash/maphash"
	"sync"

	"github.com/advcache/advcache/internal/live"
)

// sharedReads is the reads of keys that level 1 does not have, each shared by all
// who want its key. The first caller reads, on its own goroutine and with its own
// context; if it leaves, another one reads again. The zero value is ready for use.
type sharedReads[V any] struct {
	shards [32]struct {
		mu    sync.Mutex
		byKey map[string]*sharedRead[V] // guarded by mu
	}
}

type sharedRead[V any] struct {
	pending *live.Pending
	done    chan struct{}
	found   found[V] // fixed before done is closed
	left    bool     // the caller that read has left; the same
}

// find returns what the levels have for key.
func (c *Chain[V]) find(ctx context.Context, key string) found[V] {
	for {
		r, leads := c.join(key)
		if leads {
			return c.lead(ctx, key, r)
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return found[V]{Lookup: Lookup[V]{Err: ctx.Err()}, unknown: true}
		}
		if !r.left {
			f := r.found
			f.bury()
			if c.copy != nil && f.OK && !f.Entry.Absent {
				f.Entry.Value = c.copy(f.Entry.Value)
			}
			return f
		}
	}
}

// join returns the read of key that is under way, unless a change of the key has
// come since it began; else a new one, which the caller leads.
func (c *Chain[V]) join(key string) (r *sharedRead[V], leads bool) {
	s := &c.reads.shards[maphash.String(chainSeed, key)%uint64(len(c.reads.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	if r = s.byKey[key]; r != nil && !r.pending.Barred() {
		return r, false
	}
	r = &sharedRead[V]{pending: c.pendings.Begin(key), done: make(chan struct{})}
	if r.pending.Amid() && c.front != nil && c.tiers[0].live == nil {
		return r, true // level 1 comes to have what is new from below, and tells nobody
	}
	if s.byKey == nil {
		s.byKey = make(map[string]*sharedRead[V])
	}
	s.byKey[key] = r
	return r, true
}

// withdraw has later callers not share the read of key that is under way.
func (rs *sharedReads[V]) withdraw(key string) {
	s := &rs.shards[maphash.String(chainSeed, key)%uint64(len(rs.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey, key)
}

func (c *Chain[V]) lead(ctx context.Context, key string, r *sharedRead[V]) found[V] {
	r.left = true // unless it comes to an end, whatever a level does to this goroutine
	defer func() {
		s := &c.reads.shards[maphash.String(chainSeed, key)%uint64(len(c.reads.shards))]
		s.mu.Lock()
		if s.byKey[key] == r {
			delete(s.byKey, key)
		}
		s.mu.Unlock()
		c.pendings.End(key, r.pending)
		close(r.done)
	}()
	f := c.read(ctx, key, r.pending, nil)
	r.found, r.left = f, f.Err != nil && ctx.Err() != nil
	return f
}
