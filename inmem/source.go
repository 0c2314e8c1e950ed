package inmem

import (
	"github.com/maypok86/otter/v2"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/live"
)

// Live returns the cache as read-through functions use it, without a lock or a
// copy in between. Its type is internal: applications have no use for it.
func (c *Cache[V]) Live() live.Source[V] { return source[V]{c} }

type source[V any] struct{ cache *Cache[V] }

func (s source[V]) Owner() any                      { return s.cache }
func (s source[V]) Clock() *live.Clock              { return s.cache.clock }
func (s source[V]) Copier() func(V) V               { return s.cache.copy }
func (s source[V]) End(key string, p *live.Pending) { s.cache.pendings.End(key, p) }

func (s source[V]) Find(key string) *live.Node[V] {
	n, ok := s.cache.table.GetIfPresent(key)
	if !ok {
		return nil
	}
	return s.cache.held(key, n)
}

func (s source[V]) Peek(key string) *live.Node[V] {
	n, _ := s.cache.table.GetIfPresent(key)
	return n
}

func (s source[V]) Begin(key string) (p *live.Pending, n *live.Node[V]) {
	s.cache.table.Compute(key, func(old *live.Node[V], found bool) (*live.Node[V], otter.ComputeOp) {
		if found {
			n = old
		}
		p = s.cache.pendings.Begin(key)
		return old, otter.CancelOp
	})
	return p, n
}

func (s source[V]) Bar(key string) {
	s.cache.table.Compute(key, func(old *live.Node[V], _ bool) (*live.Node[V], otter.ComputeOp) {
		s.cache.pendings.Interrupt(key)
		return old, otter.CancelOp
	})
}

func (s source[V]) Commit(key string, p *live.Pending, n *live.Node[V]) (bool, error) {
	return s.cache.write(key, n, p, always[V])
}

func (s source[V]) Watch(*live.Node[V]) int64 { return live.Never }

func (s source[V]) Suspect() {
	s.cache.pendings.InterruptPrefix("") // what is stored from now on is not among the nodes below
	for _, n := range s.cache.table.All() {
		n.Suspect()
	}
}

var (
	_ advcache.Cache[int]         = (*Cache[int])(nil)
	_ advcache.SetIfAbsenter[int] = (*Cache[int])(nil)
	_ advcache.EntryIfSetter[int] = (*Cache[int])(nil)
	_ advcache.ManyGetter[int]    = (*Cache[int])(nil)
	_ advcache.ManySetter[int]    = (*Cache[int])(nil)
	_ advcache.EntriesGetter[int] = (*Cache[int])(nil)
	_ advcache.EntriesSetter[int] = (*Cache[int])(nil)
	_ advcache.EntryHeader[int]   = (*Cache[int])(nil)
	_ advcache.Clearer            = (*Cache[int])(nil)
	_ advcache.Revalidator[int]   = (*Cache[int])(nil)
)
