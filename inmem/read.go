package inmem

import (
	"context"
	"hash/maphash"
	"iter"
	"sync/atomic"

	"github.com/maypok86/otter/v2"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/live"
)

// Get implements [advcache.Cache]. It does not look at ctx, and the error is
// always nil.
func (c *Cache[V]) Get(_ context.Context, key string) (value V, ok bool, err error) {
	n, ok := c.table.GetIfPresent(key)
	if !ok {
		return value, false, nil
	}
	if !n.FreshBeyond(c.clock.Horizon()) {
		if n, ok = c.fresh(key, n); !ok {
			return value, false, nil
		}
	}
	if c.copy != nil {
		return c.copy(n.Value), true, nil
	}
	return n.Value, true, nil
}

// fresh looks closely at n, which the engine holds for key or has just held.
func (c *Cache[V]) fresh(key string, n *live.Node[V]) (*live.Node[V], bool) {
	n = c.held(key, n)
	if n == nil || n.Absent() || !n.Life().FreshAt(c.clock.Now()) {
		return nil, false
	}
	return n, true
}

// held returns n, or what has taken its place, nil if nothing has: a node ends
// shortly before the engine lets go of it, and then the engine must be asked
// again, once the change is made. What it says then was true at that time,
// though the next change may have come since.
func (c *Cache[V]) held(key string, n *live.Node[V]) *live.Node[V] {
	if n.Ended() {
		return c.locked(key)
	}
	return n
}

// locked returns what the engine holds for key, when no change is under way.
func (c *Cache[V]) locked(key string) (n *live.Node[V]) {
	c.table.Compute(key, func(old *live.Node[V], found bool) (*live.Node[V], otter.ComputeOp) {
		if found {
			n = old
		}
		return old, otter.CancelOp
	})
	return n
}

// look returns what is held for key, fresh or stale, and within its limit.
func (c *Cache[V]) look(key string) (*live.Node[V], live.Life, bool) {
	n, ok := c.table.GetIfPresent(key)
	if !ok {
		return nil, live.Life{}, false
	}
	if n = c.held(key, n); n == nil {
		return nil, live.Life{}, false
	}
	life := n.Life()
	return n, life, !life.GoneAt(c.clock.Now())
}

// GetEntry implements [advcache.Cache]. The error is always nil.
func (c *Cache[V]) GetEntry(_ context.Context, key string) (advcache.Entry[V], bool, error) {
	e, ok := c.entry(key)
	if ok && c.copy != nil && !e.Absent {
		e.Value = c.copy(e.Value)
	}
	return e, ok, nil
}

// entry returns what is held for key, with the value that is the cache's own.
func (c *Cache[V]) entry(key string) (advcache.Entry[V], bool) {
	seq := c.stripe(key).Load() // before the look: a change in between shows
	n, life, ok := c.look(key)
	if !ok {
		return advcache.Entry[V]{Version: advcache.NewVersion(nil, seq+1)}, false
	}
	e := entryOf(n, life)
	e.Version = advcache.NewVersion(n, seq+1)
	return e, true
}

// stripe returns the counter of writes that key belongs to.
func (c *Cache[V]) stripe(key string) *atomic.Uint64 {
	return &c.writes[maphash.String(stripeSeed, key)%uint64(len(c.writes))]
}

var stripeSeed = maphash.MakeSeed()

// Exists implements [advcache.Cache]. The error is always nil.
func (c *Cache[V]) Exists(_ context.Context, key string) (bool, error) {
	n, ok := c.table.GetIfPresent(key)
	if ok && !n.FreshBeyond(c.clock.Horizon()) {
		_, ok = c.fresh(key, n)
	}
	return ok, nil
}

// GetMany implements [advcache.ManyGetter]. The error is always nil.
func (c *Cache[V]) GetMany(ctx context.Context, keys []string) (map[string]V, error) {
	found := make(map[string]V, len(keys))
	for _, key := range keys {
		if value, ok, _ := c.Get(ctx, key); ok {
			found[key] = value
		}
	}
	return found, nil
}

// GetEntries implements [advcache.EntriesGetter].
func (c *Cache[V]) GetEntries(ctx context.Context, keys []string) []advcache.Lookup[V] {
	found := make([]advcache.Lookup[V], len(keys))
	for i, key := range keys {
		found[i].Entry, found[i].OK, _ = c.GetEntry(ctx, key)
	}
	return found
}

// HeadEntry implements [advcache.EntryHeader]. The error is always nil.
func (c *Cache[V]) HeadEntry(_ context.Context, key string) (advcache.Entry[V], bool, error) {
	e, ok := c.entry(key)
	var none V
	e.Value = none
	return e, ok, nil
}

// Revalidate implements [advcache.Revalidator]: as GetEntry, since nothing is
// moved in memory. The error is always nil.
func (c *Cache[V]) Revalidate(ctx context.Context, key string, _ advcache.Entry[V]) (advcache.Entry[V], bool, error) {
	return c.GetEntry(ctx, key)
}

// All returns the entries that are not dead, in no order. Entries that change
// during the iteration may or may not be seen.
func (c *Cache[V]) All() iter.Seq2[string, advcache.Entry[V]] {
	return func(yield func(string, advcache.Entry[V]) bool) {
		now := c.clock.Now()
		for key, n := range c.table.All() {
			life := n.Life()
			if n.Ended() || life.GoneAt(now) {
				continue
			}
			e := entryOf(n, life)
			if c.copy != nil && !e.Absent {
				e.Value = c.copy(e.Value)
			}
			if !yield(key, e) {
				return
			}
		}
	}
}
