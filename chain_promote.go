package advcache

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// promote copies what a level has to the levels before it, from the last of them
// to the first. A copy that cannot be made is reported, and no more: what the level
// holds instead is older, but no change was missed.
func (c *Chain[V]) promote(ctx context.Context, key string, p *live.Pending, tr *trail[V], f *found[V]) {
	now := time.Now()
	e := f.Entry
	e.Version = Version{} // a copy keeps its HeldUntil
	for i := f.level - 1; i >= 0; i-- {
		t := c.tiers[i]
		e.HeldUntil = t.heldUntil(e.HeldUntil, now)
		if !c.pendings.Store(key, p) {
			return // it may be older than what a change has brought
		}
		if t.live == nil {
			c.promoteTo(ctx, key, p, t, tr.shown[i], &e)
			continue
		}
		if _, err := t.live.Commit(key, tr.begun[i], c.node(t, &e, f.level, tr.shown[f.level])); err != nil {
			c.failed(t, "set", key, err)
		}
	}
}

// node returns a copy as memory holds it, with its origin where that may be asked
// again.
func (c *Chain[V]) node(t *tier[V], e *Entry[V], level int, version Version) *live.Node[V] {
	n := live.NewNode(e.Value, e.CreatedAt, e.FreshUntil, e.StaleUntil, e.HeldUntil, e.Absent, e.Tags)
	if version.IsZero() {
		return n
	}
	switch {
	case t.opt.Keep > 0 && !e.HeldUntil.IsZero():
		n.Keep(live.Nanos(e.HeldUntil.Add(t.opt.Keep), live.Never), &copyOrigin{level, version})
	case c.link != nil: // which may make it suspect
		n.Keep(0, &copyOrigin{level, version})
	}
	return n
}

// promoteTo copies an entry to a level that is not in memory.
func (c *Chain[V]) promoteTo(ctx context.Context, key string, p *live.Pending, t *tier[V], seen Version, e *Entry[V]) {
	if leftOut, _ := t.breaker.state(); leftOut {
		return
	}
	unlock, err := c.locks.Lock(ctx, key)
	if err != nil {
		return // the caller has gone
	}
	defer unlock()
	if p.Barred() {
		return
	}
	switch {
	case t.noIf || seen.IsZero():
		err = t.write(ctx, key, e)
	default:
		_, err = t.writeIf(ctx, key, e, seen)
		if errors.Is(err, errors.ErrUnsupported) {
			err = t.write(ctx, key, e)
		}
	}
	if err != nil && ctx.Err() == nil {
		c.failed(t, "set", key, err)
	}
	if p.Barred() { // perhaps by another process, which does not wait for the lock
		c.dropCopies(context.WithoutCancel(ctx), []string{key})
	}
}
