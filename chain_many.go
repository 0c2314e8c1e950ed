package advcache

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// GetMany implements [ManyGetter]: each level is asked once, for what the levels
// before it do not have.
func (c *Chain[V]) GetMany(ctx context.Context, keys []string) (map[string]V, error) {
	values := make(map[string]V, len(keys))
	var errs []error
	var told error
	now := time.Now()
	for i, f := range c.lookMany(ctx, keys) {
		switch {
		case f.Err != nil:
			if f.Err != told { //nolint:errorlint // the very same is told once
				told = f.Err
				errs = append(errs, f.Err)
			}
		case f.OK && !f.Entry.Absent && f.Entry.IsFresh(now):
			values[keys[i]] = f.Entry.Value
		}
	}
	return values, errors.Join(errs...)
}

// GetEntries implements [EntriesGetter]: requests as for GetMany.
func (c *Chain[V]) GetEntries(ctx context.Context, keys []string) []Lookup[V] {
	found := make([]Lookup[V], len(keys))
	for i, f := range c.lookMany(ctx, keys) {
		found[i] = f.Lookup
	}
	return found
}

// manyRead is the read of one key of many.
type manyRead[V any] struct {
	at      int // in the keys
	key     string
	pending *live.Pending
	count   uint64
	trail   trail[V]
	left    bool // the caller has gone
}

// lookMany is look for many keys.
func (c *Chain[V]) lookMany(ctx context.Context, keys []string) []found[V] {
	began := time.Now()
	founds := make([]found[V], len(keys))
	var reads []*manyRead[V]
	for i, key := range keys {
		if _, known := c.inFront(key); known {
			if founds[i] = c.look(ctx, key); founds[i].OK || founds[i].Err != nil {
				continue
			}
		}
		founds[i].level = -1
		reads = append(reads, &manyRead[V]{at: i, key: key})
	}
	for _, r := range reads {
		r.pending = c.pendings.Begin(r.key)
		r.count = c.stripe(r.key).Load()
	}
	defer func() {
		for _, r := range reads {
			c.endTrail(r.key, &r.trail)
			c.pendings.End(r.key, r.pending)
		}
	}()
	missing := reads
	for i := range c.tiers {
		if len(missing) == 0 {
			break
		}
		answers := c.stepMany(ctx, i, missing)
		if ctx.Err() != nil {
			for _, r := range missing {
				founds[r.at] = found[V]{Lookup: Lookup[V]{Err: ctx.Err()}, unknown: true}
				r.left = true
			}
			break
		}
		var next []*manyRead[V]
		for j, r := range missing {
			if !c.take(r.key, i, &answers[j], &founds[r.at]) {
				next = append(next, r)
			}
		}
		missing = next
	}
	end := func(i int) {
		r := reads[i]
		f := &founds[r.at]
		if r.left {
			return
		}
		c.conclude(ctx, r.key, r.pending, &r.trail, f, r.count)
		if c.again(r.key, r.pending, f) {
			*f = c.read(ctx, r.key, r.pending, nil)
		}
	}
	if len(c.tiers) > 2 || c.tiers[0].live == nil {
		parallel(len(reads), end) // each promotion may be a request
	} else {
		for i := range reads {
			end(i)
		}
	}
	for _, r := range reads {
		c.returning(r.key)
	}
	for i := range founds {
		founds[i].bury()
		c.tell(keys[i], &founds[i], began)
	}
	return founds
}

// stepMany asks one level for many keys.
func (c *Chain[V]) stepMany(ctx context.Context, i int, reads []*manyRead[V]) []Lookup[V] {
	t := c.tiers[i]
	answers := make([]Lookup[V], len(reads))
	if t.live != nil {
		for j, r := range reads {
			answers[j] = c.step(ctx, r.key, i, &r.trail, nil)
		}
		return answers
	}
	keys := make([]string, len(reads))
	for j, r := range reads {
		keys[j] = r.key
	}
	answers = t.lookMany(ctx, keys)
	for j, r := range reads {
		answers[j] = c.judge(ctx, r.key, answers[j])
		r.trail.begun = append(r.trail.begun, nil)
		r.trail.shown = append(r.trail.shown, answers[j].Entry.Version)
	}
	return answers
}

// SetMany implements [ManySetter]: each level is written to once.
func (c *Chain[V]) SetMany(ctx context.Context, values map[string]V, ttl time.Duration) error {
	if ttl < 0 {
		return ErrInvalidTTL
	}
	entries := make(map[string]Entry[V], len(values))
	for key, value := range values {
		entries[key] = newEntry(value, ttl)
	}
	return c.SetEntries(ctx, entries)
}

// SetEntries implements [EntriesSetter]: each level is written to once.
func (c *Chain[V]) SetEntries(ctx context.Context, entries map[string]Entry[V]) error {
	if len(entries) == 0 {
		return nil
	}
	began := time.Now()
	keys := make([]string, 0, len(entries))
	for key := range entries {
		if key == "" {
			return c.opError("set", key, errEmptyKey)
		}
		keys = append(keys, key)
	}
	err := c.change(ctx, keys, func() error { return c.writeMany(ctx, entries) })
	if err == nil {
		for _, key := range keys {
			c.observe.set(key, time.Since(began))
		}
	}
	return err
}

func (c *Chain[V]) writeMany(ctx context.Context, entries map[string]Entry[V]) error {
	now := time.Now()
	copies := make(map[string]Entry[V], len(entries))
	for key, e := range entries {
		e.letLive()
		if e.CreatedAt.IsZero() {
			e.CreatedAt = now
		}
		c.tags.mark(key, &e)
		c.last().shorten(&e, now)
		copies[key] = e
	}
	var errs []error
	for i, t := range slices.Backward(c.tiers) {
		if i == 0 {
			c.surfacing(slices.Collect(maps.Keys(entries))...)
		}
		if t != c.last() && !t.heldUntil(time.Time{}, now).IsZero() {
			limited := make(map[string]Entry[V], len(copies)) // the level below may still hold the other map
			for key, e := range copies {
				e.HeldUntil = t.heldUntil(e.HeldUntil, now)
				limited[key] = e
			}
			copies = limited
		}
		if err := t.writeMany(ctx, copies); err != nil {
			if t.opt.MayFail {
				if !errors.Is(err, errLeftOut) { // else that it fails has been told
					c.observe.levelError("", t.opError("set", "", err))
				}
			} else {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
