package store

import (
	"context"
	"errors"
	"fmt"
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
	err := each(ctx, c.opt.Name, keys, func(key string) error {
		value, ok, err := c.Get(ctx, key)
		if ok {
			mu.Lock()
			defer mu.Unlock()
			values[key] = value
		}
		return err
	})
	return values, err
}

// SetMany implements [advcache.ManySetter]: as few requests as the backend can
// write keys in, else those of Set for each, 32 at once; with Options.Dedupe,
// always those. With an error, the keys that it does not name may be set.
func (c *Cache[V]) SetMany(ctx context.Context, values map[string]V, ttl time.Duration) error {
	c.mustBeMade()
	if ttl < 0 {
		return c.opError("set", "", advcache.ErrInvalidTTL)
	}
	if !c.opt.Dedupe {
		if _, can := c.store.(ManyPutter); can {
			err := c.putMany(ctx, values, ttl)
			if !errors.Is(err, errors.ErrUnsupported) {
				return err
			}
		}
	}
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	return each(ctx, c.opt.Name, keys, func(key string) error { return c.Set(ctx, key, values[key], ttl) })
}

func (c *Cache[V]) putMany(ctx context.Context, values map[string]V, ttl time.Duration) error {
	began := time.Now()
	ctx, cancel := c.limited(ctx)
	defer cancel()
	objs := make(map[string]Object, len(values))
	keys := make([]string, 0, len(values))
	var errs []error
	for key, value := range values {
		obj, err := c.objectOf(key, value, ttl)
		if err != nil {
			errs = append(errs, c.Set(ctx, key, value, ttl)) // fails too, and removes the old value
			continue
		}
		objs[key] = obj
		keys = append(keys, key)
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

// objectOf returns an object with a body of its own.
func (c *Cache[V]) objectOf(key string, value V, ttl time.Duration) (obj Object, err error) {
	if err := c.checkKey("set", key); err != nil {
		return obj, err
	}
	entry, err := newEntry(value, ttl)
	if err != nil {
		return obj, err
	}
	b := pool.Get().(*buffers)
	defer b.free()
	m := metaOf(&entry)
	if err := c.pack.encode(key, &entry.Value, &m, b); err != nil {
		return obj, err
	}
	body, err := c.pack.body(key, &m, b)
	if err != nil {
		return obj, err
	}
	return Object{Meta: m, Body: slices.Clone(body)}, nil
}

// each calls fn for every key, for up to fanOut at once, and joins the errors.
// Once ctx is done, or a key has timed out, it begins no more: a backend that
// does not answer costs one Timeout, not one for every 32 keys (law 7).
func each(ctx context.Context, name string, keys []string, fn func(key string) error) error {
	var (
		mu    sync.Mutex
		begun int     // guarded by mu
		over  bool    // guarded by mu
		errs  []error // guarded by mu
		group sync.WaitGroup
	)
	_ = ctx.Err() // a nil context panics here: in another goroutine that would end the process
	next := func(err error) (key string, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			errs = append(errs, err)
		}
		over = over || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)
		if over || begun == len(keys) {
			return "", false
		}
		begun++
		return keys[begun-1], true
	}
	for range min(fanOut, len(keys)) {
		group.Go(func() {
			for key, ok := next(nil); ok; key, ok = next(fn(key)) {
			}
		})
	}
	group.Wait()
	if begun < len(keys) {
		why := ctx.Err()
		if why == nil {
			why = context.DeadlineExceeded
		}
		errs = append(errs, fmt.Errorf("advcache: %s: %d of %d keys were not tried: %w", name, len(keys)-begun, len(keys), why))
	}
	return errors.Join(errs...)
}
