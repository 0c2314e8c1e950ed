package advcache

import "github.com/advcache/advcache/internal/live"

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
