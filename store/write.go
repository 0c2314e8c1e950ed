package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/advcache/advcache"
)

// Set implements [advcache.Cache]: one request; with Options.Dedupe, one without
// a body where the content is unchanged, and two where it is not.
func (c *Cache[V]) Set(ctx context.Context, key string, value V, ttl time.Duration) error {
	entry, err := newEntry(value, ttl)
	if err != nil {
		return c.opError("set", key, err)
	}
	return c.SetEntry(ctx, key, entry)
}

// SetEntry implements [advcache.Cache]: as Set.
func (c *Cache[V]) SetEntry(ctx context.Context, key string, entry advcache.Entry[V]) error {
	_, err := c.change(ctx, "set", key, func(ctx context.Context) (bool, error) {
		return c.write(ctx, key, &entry, seen{}, Cond{})
	})
	return err
}

// Delete implements [advcache.Cache]: one request, or as many as the backend
// needs for that many keys, within one Timeout; with Options.Tombstones those of
// SetMany. A key that the backend does not
// take has an error that names it, and the others are deleted.
func (c *Cache[V]) Delete(ctx context.Context, keys ...string) error {
	keys, bad := c.takes("delete", keys)
	if len(keys) == 0 {
		return joined(bad, nil)
	}
	began := time.Now()
	ctx, cancel := c.limited(ctx)
	defer cancel()
	unlock, err := c.locks.LockAll(ctx, keys)
	if err == nil {
		defer unlock()
		c.wrote(keys)
		err = c.bury(ctx, keys...)
		c.wrote(keys)
	}
	if err != nil {
		key := ""
		if len(keys) == 1 {
			key = keys[0]
		}
		return joined(bad, c.opError("delete", key, err))
	}
	c.report.deleted(keys, began)
	return joined(bad, nil)
}

// Clear implements [advcache.Clearer], where the backend can find keys. It takes
// as long as it takes to look at all of them, which may be minutes: Options.Timeout
// does not apply to it, and ctx alone ends it. Give it a deadline that suits the
// number of keys; without one, a backend that never answers keeps Clear until
// its client gives up.
func (c *Cache[V]) Clear(ctx context.Context, prefix string) error {
	c.mustBeMade()
	c.writes.wroteAll()
	err := Clear(ctx, c.store, prefix)
	c.writes.wroteAll()
	if err != nil {
		return c.opError("clear", prefix, err)
	}
	return nil
}

// change makes a change of one key, which excludes others of this Cache, and
// reports it where it happened.
func (c *Cache[V]) change(ctx context.Context, op, key string, do func(context.Context) (bool, error)) (bool, error) {
	if err := c.checkKey(op, key); err != nil {
		return false, err
	}
	began := time.Now()
	ctx, cancel := c.limited(ctx)
	defer cancel()
	unlock, err := c.locks.Lock(ctx, key)
	if err != nil {
		return false, c.opError(op, key, err)
	}
	defer unlock()
	ok, err := do(ctx)
	if err != nil {
		return false, c.opError(op, key, err)
	}
	if ok {
		c.report.set(key, began)
	}
	return ok, nil
}

func (c *Cache[V]) wrote(keys []string) {
	for _, key := range keys {
		c.writes.wrote(key)
	}
}

// write stores entry if cond holds. What was seen is what cond is about: where it
// has the same content, the object need only be renewed.
func (c *Cache[V]) write(ctx context.Context, key string, entry *advcache.Entry[V], held seen, cond Cond) (ok bool, err error) {
	// Where nothing is held, what is stored takes nothing away: the backend refuses
	// the next write of the kind. It is not counted, so that of a batch of new keys
	// none has the write of another refused.
	if cond.Kind != IfGone {
		c.writes.wrote(key)
		defer c.writes.wrote(key)
	}
	m := metaOf(entry)
	if m.GoneAt(time.Now()) {
		return c.remove(ctx, key, cond)
	}
	if err := ctx.Err(); err != nil {
		return false, err // to encode a large value takes a while
	}
	if m.Absent {
		if c.admit.check(0) != nil {
			return c.leaveOut(ctx, key, cond)
		}
		if err = c.pack.negative(key, &m); err != nil {
			return false, err
		}
		if _, ok, err = c.store.Put(ctx, key, Object{Meta: m}, cond); errors.Is(err, ErrTooLarge) {
			err = c.removeInstead(ctx, key, cond, err)
		}
		return ok, err
	}
	b := pool.Get().(*buffers)
	defer b.free()
	if err = c.pack.encode(key, &entry.Value, &m, b); err == nil {
		if c.opt.Dedupe && (cond.Kind == Always || held.hash == m.Hash) {
			if ok, err = c.renew(ctx, key, &m, cond); ok || err != nil {
				return ok, err
			}
		}
		if err := ctx.Err(); err != nil {
			return false, err // so does to compress it
		}
		var body []byte
		if body, err = c.pack.body(key, &m, b); err == nil {
			if c.admit.check(int64(len(body))) != nil {
				return c.leaveOut(ctx, key, cond)
			}
			_, ok, err = c.store.Put(ctx, key, Object{Meta: m, Body: body}, cond)
			if !errors.Is(err, ErrTooLarge) {
				return ok, err
			}
		}
	}
	return false, c.removeInstead(ctx, key, cond, err)
}

// removeInstead removes what the key holds where err says that its new value
// cannot be stored: then neither may the one that it replaces be served any
// longer.
func (c *Cache[V]) removeInstead(ctx context.Context, key string, cond Cond, err error) error {
	if _, failed := c.remove(ctx, key, cond); failed != nil {
		err = errors.Join(err, fmt.Errorf("what the key held could not be removed: %w", failed))
	}
	return err
}

// leaveOut removes what the key holds, if cond holds, since its new value is not to
// be kept.
func (c *Cache[V]) leaveOut(ctx context.Context, key string, cond Cond) (bool, error) {
	if cond.Kind == IfVacant {
		return false, refusal{errOutside}
	}
	return c.remove(ctx, key, cond)
}

// renew gives what is held its new life, if it has the content of m.
func (c *Cache[V]) renew(ctx context.Context, key string, m *Meta, cond Cond) (bool, error) {
	ok, err := Touch(ctx, c.store, key, *m, cond)
	if !errors.Is(err, errors.ErrUnsupported) {
		return ok, err
	}
	held, ok, err := c.store.Head(ctx, key)
	if err != nil || !ok {
		return false, err
	}
	now := time.Now()
	return cond.Holds(&held) && held.SameContent(m) && !held.GoneAt(now) && !held.DueAt(now, m), nil
}

// remove removes what the key holds, if cond holds.
func (c *Cache[V]) remove(ctx context.Context, key string, cond Cond) (ok bool, err error) {
	if cond.Kind == Always {
		return true, c.bury(ctx, key)
	}
	_, ok, err = c.store.Put(ctx, key, Object{Meta: goneMeta()}, cond)
	return ok, err
}

func newEntry[V any](value V, ttl time.Duration) (e advcache.Entry[V], err error) {
	if ttl < 0 {
		return e, advcache.ErrInvalidTTL
	}
	e = advcache.Entry[V]{Value: value, CreatedAt: time.Now()}
	if ttl > 0 {
		e.FreshUntil = e.CreatedAt.Add(ttl)
	}
	return e, nil
}

// metaOf returns the Meta of an entry, without what tells of the content. The
// instants are cut to what is stored, so that what is compared is what is read.
func metaOf[V any](e *advcache.Entry[V]) Meta {
	created := e.CreatedAt
	if created.IsZero() {
		created = time.Now()
	}
	cut := func(t time.Time) time.Time { return FromMillis(Millis(t)) }
	return Meta{
		CreatedAt: cut(created), FreshUntil: cut(e.FreshUntil), StaleUntil: cut(e.StaleUntil), HeldUntil: cut(e.HeldUntil),
		Absent: e.Absent, Tags: e.Tags,
	}
}
