package advcache

import (
	"context"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// Get implements [Cache]. A hit of level 1 asks no other level, and allocates
// nothing where that is in memory.
func (c *Chain[V]) Get(ctx context.Context, key string) (value V, ok bool, err error) {
	if c.front == nil {
		return c.get(ctx, key)
	}
	n := c.front.Peek(key)
	if n == nil || !n.UntaggedBeyond(c.clock.Horizon()) {
		return c.get(ctx, key)
	}
	// A plain hit, which is no negative one.
	if h := c.hits[0]; h != nil {
		h.add()
	}
	if c.copy != nil {
		return c.copy(n.Value), true, nil
	}
	return n.Value, true, nil
}

// get is Get where level 1 has no plain hit in memory. It is a function of its own
// because hits need no room for what it has on its stack.
//
//go:noinline
func (c *Chain[V]) get(ctx context.Context, key string) (value V, ok bool, err error) {
	if n, fresh := c.inFront(key); fresh {
		if n.Absent() {
			c.observe.negative(key, 0)
			return value, false, nil
		}
		c.hits[0].add()
		if c.copy != nil {
			return c.copy(n.Value), true, nil
		}
		return n.Value, true, nil
	}
	began := time.Now()
	f := c.find(ctx, key)
	c.tell(key, &f, began)
	if f.Err != nil || !f.OK || f.Entry.Absent || !f.Entry.IsFresh(time.Now()) {
		return value, false, f.Err
	}
	return f.Entry.Value, true, nil
}

// inFront returns what level 1 has in memory for key, if it is fresh, negative
// or not.
func (c *Chain[V]) inFront(key string) (*live.Node[V], bool) {
	if c.front == nil {
		return nil, false
	}
	n := c.front.Find(key)
	return n, n != nil && c.serves(n)
}

// serves reports whether a node of level 1 is fresh, negative or not.
func (c *Chain[V]) serves(n *live.Node[V]) bool {
	fresh := n.FreshBeyond(c.clock.Horizon()) || n.Life().FreshAt(c.clock.Now()) && !n.Suspected()
	return fresh && c.outlives(n)
}

// outlives reports whether a node has outlived none of its tags, as far as that is
// known.
func (c *Chain[V]) outlives(n *live.Node[V]) bool {
	tags := n.Tags()
	return len(tags) == 0 || time.Now().UnixNano() < c.tags.sure(tags, n.Life().Created)
}

// Front returns what of the chain is found in memory, for read-through functions;
// nil where level 1 is not in memory. Its type is internal: applications have no
// use for it.
func (c *Chain[V]) Front() live.Front[V] { return c.frontFor(c) }

func (c *Chain[V]) frontFor(owner any) live.Front[V] {
	if c.front == nil {
		return nil
	}
	return chainFront[V]{c.front, c, owner}
}

type chainFront[V any] struct {
	live.Front[V]

	chain *Chain[V]
	owner any
}

func (f chainFront[V]) Owner() any { return f.owner }

func (f chainFront[V]) Find(key string) *live.Node[V] {
	n := f.Front.Find(key)
	if n == nil || n.Suspected() || !f.chain.outlives(n) {
		return nil
	}
	return n
}

func (f chainFront[V]) Watch(n *live.Node[V]) (until int64) {
	until = f.Front.Watch(n)
	if len(n.Tags()) > 0 {
		until = min(until, f.chain.tags.watch(n))
	}
	return until
}

// sourceOf returns c as a cache that is in memory as a whole, nil if it is not.
func sourceOf[V any](c Cache[V]) live.Source[V] {
	if s, ok := c.(interface{ Live() live.Source[V] }); ok {
		if source := s.Live(); source.Owner() == any(c) {
			return source
		}
	}
	return nil
}

// frontOf returns what of c is found in memory, nil if nothing is. A wrapper that
// embeds a cache has its methods by promotion; what the wrapper does must not be
// left out.
func frontOf[V any](c Cache[V]) live.Front[V] {
	if source := sourceOf(c); source != nil {
		return source
	}
	if f, ok := c.(interface{ Front() live.Front[V] }); ok {
		if front := f.Front(); front != nil && front.Owner() == any(c) {
			return front
		}
	}
	return nil
}
