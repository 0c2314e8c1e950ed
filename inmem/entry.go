package inmem

import (
	"math"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/live"
)

func nodeOf[V any](e advcache.Entry[V]) *live.Node[V] {
	return live.NewNode(e.Value, e.CreatedAt, e.FreshUntil, e.StaleUntil, e.HeldUntil, e.Absent, e.Tags)
}

func entryOf[V any](n *live.Node[V], l live.Life) advcache.Entry[V] {
	return advcache.Entry[V]{
		Value:      n.Value,
		CreatedAt:  live.Time(l.Created, math.MinInt64),
		FreshUntil: live.Time(l.Fresh, live.Never),
		StaleUntil: live.Time(l.Stale, math.MinInt64),
		HeldUntil:  live.Time(l.Held, live.Never),
		Absent:     n.Absent(),
		Tags:       n.Tags(),
	}
}
