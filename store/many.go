package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/advcache/advcache"
)

// fanOut is how many requests of one call are under way at once, where the
// backend takes one key in each.
const fanOut = 32

// GetMany implements [advcache.ManyGetter]: as few requests as the backend can
// read keys in, else one for each, 32 at once. With an error, the map holds what
// could be read: a key that the backend does not take has an error of its own,
// an [*advcache.OpError] that names it, and the others are read.
func (c *Cache[V]) GetMany(ctx context.Context, keys []string) (map[string]V, error) {
	values := make(map[string]V, len(keys))
	if len(keys) == 0 {
		return values, nil
	}
	keys, bad := c.takes("get", keys)
	if len(keys) == 0 {
		return values, joined(bad, nil)
	}
	want := c.want(false)
	limited, cancel := c.limited(ctx)
	objs, err := GetMany(limited, c.store, keys, want)
	cancel()
	if errors.Is(err, errors.ErrUnsupported) {
		values, err := c.getEach(ctx, keys)
		return values, joined(bad, err)
	}
	for i, obj := range objs {
		if obj == nil || !want.Useful(&obj.Meta) {
			continue
		}
		if obj.Meta.Absent {
			var none V
			_, _ = c.content(ctx, keys[i], obj, none) // as in Get
			continue
		}
		if value, ok := c.open(ctx, keys[i], obj); ok {
			values[keys[i]] = value
		}
	}
	if err != nil {
		err = c.opError("get", "", err)
	}
	return values, joined(bad, err)
}

func (c *Cache[V]) getEach(ctx context.Context, keys []string) (map[string]V, error) {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	values := make(map[string]V, len(keys))
	var mu sync.Mutex // guards values
	err := each(ctx, c.opt.Name, len(keys), func(i int) error {
		value, ok, err := c.Get(ctx, keys[i])
		if ok {
			mu.Lock()
			defer mu.Unlock()
			values[keys[i]] = value
		}
		return err
	})
	return values, err
}

// GetEntries implements [advcache.EntriesGetter]: requests as for GetMany. Keys
// that one failed request was for have the same error, so that it can be told
// once.
func (c *Cache[V]) GetEntries(ctx context.Context, keys []string) []advcache.Lookup[V] {
	found := make([]advcache.Lookup[V], len(keys))
	counts := make([]uint64, len(keys))
	at := make([]int, 0, len(keys)) // of the keys that the backend takes
	takes := make([]string, 0, len(keys))
	for i, key := range keys {
		if found[i].Err = c.checkKey("get", key); found[i].Err == nil {
			counts[i] = c.writes.of(key) // before the look, as in Revalidate
			at, takes = append(at, i), append(takes, key)
		}
	}
	if len(at) == 0 {
		return found
	}
	want := c.want(true)
	limited, cancel := c.limited(ctx)
	objs, err := GetMany(limited, c.store, takes, want)
	cancel()
	if errors.Is(err, errors.ErrUnsupported) {
		c.getEntryEach(ctx, keys, at, found)
		return found
	}
	if err != nil {
		err = c.opError("get", "", err)
	}
	for j, i := range at {
		f := &found[i]
		switch {
		case j < len(objs) && objs[j] != nil && want.Useful(&objs[j].Meta):
			var none V
			f.Entry, f.OK = c.entryOf(ctx, keys[i], objs[j], none, counts[i])
		case err != nil:
			f.Err = err
		default:
			f.Entry.Version = seen{}.at(counts[i])
		}
	}
	return found
}

func (c *Cache[V]) getEntryEach(ctx context.Context, keys []string, at []int, found []advcache.Lookup[V]) {
	tried := make([]bool, len(at))
	_ = each(ctx, c.opt.Name, len(at), func(j int) error {
		f := &found[at[j]]
		f.Entry, f.OK, f.Err = c.GetEntry(ctx, keys[at[j]])
		tried[j] = true
		return f.Err
	})
	if !slices.Contains(tried, false) {
		return
	}
	why := ctx.Err()
	if why == nil {
		why = context.DeadlineExceeded
	}
	rest := c.opError("get", "", fmt.Errorf("not tried, since another key of the call had no answer in time: %w", why))
	for j, i := range at {
		if !tried[j] {
			found[i].Err = rest
		}
	}
}

// SetMany implements [advcache.ManySetter]: as few requests as the backend can
// write keys in, else those of Set for each, 32 at once; with Options.Dedupe,
// always those. With an error, the keys that it does not name may be set.
func (c *Cache[V]) SetMany(ctx context.Context, values map[string]V, ttl time.Duration) error {
	c.mustBeMade()
	var none V
	entry, err := newEntry(none, ttl)
	if err != nil {
		return c.opError("set", "", err)
	}
	entries := make(map[string]advcache.Entry[V], len(values))
	for key, value := range values {
		entry.Value = value
		entries[key] = entry
	}
	return c.SetEntries(ctx, entries)
}

// SetEntries implements [advcache.EntriesSetter]: requests as for SetMany.
func (c *Cache[V]) SetEntries(ctx context.Context, entries map[string]advcache.Entry[V]) error {
	c.mustBeMade()
	if !c.opt.Dedupe {
		if _, can := c.store.(ManyPutter); can {
			err := c.putMany(ctx, entries)
			if !errors.Is(err, errors.ErrUnsupported) {
				return err
			}
		}
	}
	keys := slices.Collect(maps.Keys(entries))
	return each(ctx, c.opt.Name, len(keys), func(i int) error { return c.SetEntry(ctx, keys[i], entries[keys[i]]) })
}

func (c *Cache[V]) putMany(ctx context.Context, entries map[string]advcache.Entry[V]) error {
	began := time.Now()
	ctx, cancel := c.limited(ctx)
	defer cancel()
	objs := make(map[string]Object, len(entries))
	keys := make([]string, 0, len(entries))
	var errs []error
	for key, entry := range entries {
		obj, err := c.objectOf(key, &entry)
		if err != nil {
			// It removes the old value, and fails, unless entry is only not kept.
			if err := c.SetEntry(ctx, key, entry); err != nil {
				errs = append(errs, err)
			}
			continue
		}
		objs[key] = obj
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return errors.Join(errs...)
	}
	unlock, err := c.locks.LockAll(ctx, keys)
	if err != nil {
		return errors.Join(append(errs, c.opError("set", "", err))...)
	}
	defer unlock()
	c.wrote(keys)
	defer c.wrote(keys)
	if err := PutMany(ctx, c.store, objs); err != nil {
		if !errors.Is(err, errors.ErrUnsupported) {
			err = c.opError("set", "", err)
		}
		return errors.Join(append(errs, err)...)
	}
	for _, key := range keys {
		c.report.set(key, began)
	}
	return errors.Join(errs...)
}

var errDead = errors.New("the entry is dead")

// objectOf returns an object with a body of its own; an error, where entry is not
// to be stored.
func (c *Cache[V]) objectOf(key string, entry *advcache.Entry[V]) (obj Object, err error) {
	if err := c.checkKey("set", key); err != nil {
		return obj, err
	}
	m := metaOf(entry)
	switch {
	case m.GoneAt(time.Now()):
		return obj, errDead
	case m.Absent:
		if err := c.admit.check(0); err != nil {
			return obj, err
		}
		err = c.pack.negative(key, &m)
		return Object{Meta: m}, err
	}
	b := pool.Get().(*buffers)
	defer b.free()
	if err := c.pack.encode(key, &entry.Value, &m, b); err != nil {
		return obj, err
	}
	body, err := c.pack.body(key, &m, b)
	if err == nil {
		err = c.admit.check(int64(len(body)))
	}
	if err != nil {
		return obj, err
	}
	return Object{Meta: m, Body: slices.Clone(body)}, nil
}

// each calls fn for 0 to n-1, for up to fanOut at once, and joins the errors.
// Once ctx is done, or a key has timed out, it begins no more: a backend that
// does not answer costs one Timeout, not one for every 32 keys (law 7).
func each(ctx context.Context, name string, n int, fn func(i int) error) error {
	var (
		mu    sync.Mutex
		begun int     // guarded by mu
		over  bool    // guarded by mu
		errs  []error // guarded by mu
		group sync.WaitGroup
	)
	_ = ctx.Err() // a nil context panics here: in another goroutine that would end the process
	next := func(err error) (i int, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			errs = append(errs, err)
		}
		over = over || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)
		if over || begun == n {
			return 0, false
		}
		begun++
		return begun - 1, true
	}
	for range min(fanOut, n) {
		group.Go(func() {
			for i, ok := next(nil); ok; i, ok = next(fn(i)) {
			}
		})
	}
	group.Wait()
	if begun < n {
		why := ctx.Err()
		if why == nil {
			why = context.DeadlineExceeded
		}
		errs = append(errs, fmt.Errorf("advcache: %s: %d of %d keys were not tried: %w", name, n-begun, n, why))
	}
	return errors.Join(errs...)
}
