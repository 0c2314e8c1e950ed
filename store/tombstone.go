package store

import (
	"context"
	"errors"
	"time"
)

// tombstoneTag is the only tag of a tombstone: a negative entry that never was
// fresh. Whoever began to load a key when there was none finds it in the place of
// the nothing that was seen, and does not store; for all others it is a miss.
const tombstoneTag = "advcache:deleted"

func isTombstone(m *Meta) bool { return m.Absent && len(m.Tags) == 1 && m.Tags[0] == tombstoneTag }

// tombstone returns the object that stands for key after a delete.
func (c *Cache[V]) tombstone(key string) (Object, error) {
	now := time.Now()
	m := Meta{CreatedAt: now, FreshUntil: now, StaleUntil: now.Add(c.opt.Tombstones), Absent: true, Tags: []string{tombstoneTag}}
	err := c.pack.negative(key, &m)
	return Object{Meta: m}, err
}

// bury removes what keys hold, and leaves tombstones if the options say so.
func (c *Cache[V]) bury(ctx context.Context, keys ...string) error {
	if c.opt.Tombstones == 0 {
		return c.store.Delete(ctx, keys...)
	}
	objs := make(map[string]Object, len(keys))
	for _, key := range keys {
		obj, err := c.tombstone(key)
		if err != nil {
			return err
		}
		objs[key] = obj
	}
	if len(keys) > 1 {
		if err := PutMany(ctx, c.store, objs); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return each(ctx, c.opt.Name, len(keys), func(i int) error {
		_, _, err := c.store.Put(ctx, keys[i], objs[keys[i]], Cond{})
		if err != nil {
			err = c.opError("delete", keys[i], err)
		}
		return err
	})
}
