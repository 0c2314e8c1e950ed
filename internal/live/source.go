// Package live is about entries in memory that a hot path may hold without
// asking their cache each time: the clock and the marks that tell it when to
// stop (laws 1 and 3), and the loads that an invalidation bars.
package live

// Front is a cache whose fresh entries are found in memory, as nodes that a hot
// path may hold.
type Front[V any] interface {
	// Owner returns the cache itself. A wrapper that embeds a cache has its
	// Front by promotion, and must not be bypassed: it is not the Owner.
	Owner() any

	// Clock returns the clock by which the nodes live.
	Clock() *Clock

	// Find returns the node that the cache holds for key, nil if there is
	// none, and counts as an access. It does not keep key, and makes no copy
	// of the value. The node may be stale, dead, negative or suspect. It may end
	// at any time, and then was held when Find was called.
	Find(key string) *Node[V]

	// Peek is Find for those who serve plain hits only: it may return a node that
	// has ended where Find returns another.
	Peek(key string) *Node[V]

	// Watch returns until when a node that Find gave can be served without another
	// Find, in Unix nanoseconds: it is ended or made suspect before that if it must
	// not be served any longer. Its life is not looked at. Never: for good.
	Watch(n *Node[V]) (until int64)

	// Copier returns the function that copies values on their way out, nil if
	// values are shared.
	Copier() func(V) V
}

// Source is a cache that is in memory as a whole.
type Source[V any] interface {
	Front[V]

	// Begin registers a load of key, in one step with looking at what the
	// cache holds: a Delete or Set of the key that comes later bars it.
	Begin(key string) (*Pending, *Node[V])

	// Commit stores node for key unless p is barred, and reports whether it
	// did. A nil node removes what the cache holds. Commit may put a copy of
	// its own in place of the node's value.
	Commit(key string, p *Pending, node *Node[V]) (bool, error)

	// Bar bars all loads of key that have begun. What they commit has been
	// committed when it returns, or never is.
	Bar(key string)

	// End takes the load out again. Every Begin has one.
	End(key string, p *Pending)

	// Suspect marks all nodes as being out of date, perhaps, and bars all loads
	// that have begun. It looks at all of the nodes.
	Suspect()
}
