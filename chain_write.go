package advcache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Set implements [Cache]: on all levels, from the last to the first.
func (c *Chain[V]) Set(ctx context.Context, key string, value V, ttl time.Duration) error {
	if ttl < 0 {
		return ErrInvalidTTL
	}
	return c.SetEntry(ctx, key, newEntry(value, ttl))
}

var errEmptyKey = errors.New("the key is empty; a key has one byte or more")

// newEntry returns the entry of a value that is set now.
func newEntry[V any](value V, ttl time.Duration) Entry[V] {
	e := Entry[V]{Value: value, CreatedAt: time.Now()}
	if ttl > 0 {
		e.FreshUntil = e.CreatedAt.Add(ttl)
	}
	return e
}

// SetEntry implements [Cache]: on all levels, from the last to the first. The
// HeldUntil of an entry that was read, which its Version tells, is the limit of the
// copy that was found, and is left out.
func (c *Chain[V]) SetEntry(ctx context.Context, key string, entry Entry[V]) error {
	if key == "" {
		return c.opError("set", key, errEmptyKey)
	}
	entry.letLive()
	began := time.Now()
	err := c.change(ctx, []string{key}, func() error { return c.writeFrom(ctx, len(c.tiers)-1, key, entry) })
	if err == nil {
		c.observe.set(key, time.Since(began))
	}
	return err
}

// letLive makes an original of what was read as a copy of a level.
func (e *Entry[V]) letLive() {
	if !e.Version.IsZero() {
		e.HeldUntil, e.Version = time.Time{}, Version{}
	}
}

// Delete implements [Cache]: on all levels, from the last to the first, also those
// that are left out.
func (c *Chain[V]) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	began := time.Now()
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	if keys[0] == "" {
		return errors.Join(c.opError("delete", "", errEmptyKey), c.Delete(ctx, keys[1:]...))
	}
	err := c.change(ctx, keys, func() error {
		var errs []error
		for i, t := range slices.Backward(c.tiers) {
			if i == 0 {
				c.surfacing(keys...)
			}
			errs = append(errs, t.remove(ctx, keys))
		}
		return errors.Join(errs...)
	})
	if err == nil {
		for _, key := range keys {
			c.observe.deleted(key, time.Since(began))
		}
	}
	return err
}

// change makes a change of keys that excludes others of them. What began before it
// has ended does not undo it.
func (c *Chain[V]) change(ctx context.Context, keys []string, do func() error) error {
	for _, key := range keys {
		c.stripe(key).Add(1)
		c.pendings.Change(key)
	}
	unlock, err := c.locks.LockAll(ctx, keys)
	if err != nil { // another change takes too long
		defer c.changed(keys)
		for _, t := range c.tiers {
			t.missed(ctx, keys, err)
		}
		return c.opError("lock", keyOf(keys), err)
	}
	defer unlock()
	err = func() error {
		defer c.changed(keys) // what began meanwhile may have seen the older state
		for _, key := range keys {
			c.stripe(key).Add(1) // and so did what began while this waited
			c.overtake(key)
		}
		begun := c.link.begin(keys...)
		defer func() { c.link.settle(ctx, begun, keys...) }()
		return do()
	}()
	return errors.Join(err, c.link.tellKeys(ctx, keys))
}

// keyOf returns the key that an error is about, if it is about one.
func keyOf(keys []string) string {
	if len(keys) == 1 {
		return keys[0]
	}
	return ""
}

// writeFrom writes an entry to the level of that index and those before it, with
// the limit of each.
func (c *Chain[V]) writeFrom(ctx context.Context, from int, key string, e Entry[V]) error {
	now := time.Now()
	if e.CreatedAt.IsZero() {
		e.CreatedAt = now
	}
	c.tags.mark(key, &e)
	c.last().shorten(&e, now)
	var errs []error
	for i, t := range slices.Backward(c.tiers) {
		if t != c.last() {
			e.HeldUntil = t.heldUntil(e.HeldUntil, now)
		}
		if i > from {
			continue
		}
		if i == 0 {
			c.surfacing(key)
		}
		if err := t.write(ctx, key, &e); err != nil {
			if t.opt.MayFail {
				c.failed(t, "set", key, err)
			} else {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// SetIfAbsent implements [SetIfAbsenter]: the last level decides.
func (c *Chain[V]) SetIfAbsent(ctx context.Context, key string, value V, ttl time.Duration) (stored bool, err error) {
	switch {
	case ttl < 0:
		return false, ErrInvalidTTL
	case key == "":
		return false, c.opError("set", key, errEmptyKey)
	}
	began := time.Now()
	unlock, err := c.locks.Lock(ctx, key)
	if err != nil {
		return false, c.opError("lock", key, err)
	}
	defer unlock()
	last := c.last()
	if err := last.flush(ctx, key); err != nil {
		return false, err
	}
	defer c.changing(key)()
	e := newEntry(value, ttl)
	if c.tags.inUse() {
		return c.addTagged(ctx, key, e, began)
	}
	last.shorten(&e, e.CreatedAt)
	if !e.FreshUntil.IsZero() {
		ttl = e.FreshUntil.Sub(e.CreatedAt)
	}
	begun := c.link.begin(key)
	defer func() { c.link.settle(ctx, begun, key) }()
	stored, err = last.add(ctx, key, value, ttl)
	switch {
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		c.interrupt(key) // it may be stored all the same
		return false, errors.Join(err, c.removeAbove(ctx, key))
	case err != nil:
		return false, err
	case !stored:
		return false, c.dropNegative(ctx, key)
	}
	c.interrupt(key)
	err = c.writeFrom(ctx, len(c.tiers)-2, key, e)
	c.interrupt(key)
	c.observe.set(key, time.Since(began))
	return true, errors.Join(err, c.link.tellKeys(ctx, []string{key}))
}

// addTagged is SetIfAbsent where there are tags, which the last level cannot judge:
// it takes a request more. The key is locked.
func (c *Chain[V]) addTagged(ctx context.Context, key string, e Entry[V], began time.Time) (bool, error) {
	last := c.last()
	if last.noIf {
		return false, unsupported(last.cache, "SetEntryIf")
	}
	l := c.judge(ctx, key, last.head(ctx, key, true))
	switch {
	case l.Err != nil:
		return false, last.opError("get", key, l.Err)
	case l.OK && !l.Entry.Absent && l.Entry.IsFresh(time.Now()):
		return false, c.dropNegative(ctx, key)
	}
	shown := make([]Version, len(c.tiers))
	shown[len(shown)-1] = l.Entry.Version
	s, _, _ := seenByChain(versionOf(&l.Entry, l.OK, true, shown, 0))
	stored, err := c.writeIf(ctx, key, e, &s)
	if stored {
		c.observe.set(key, time.Since(began))
	}
	return stored, err
}

// dropNegative removes what memory holds if it is no fresh value, since the last
// level has one.
func (c *Chain[V]) dropNegative(ctx context.Context, key string) error {
	for _, t := range c.tiers[:len(c.tiers)-1] {
		if t.live == nil {
			continue
		}
		if ok, err := t.cache.Exists(ctx, key); ok || err != nil {
			return err
		}
		if err := t.cache.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// removeAbove removes the copies of this process that are above the last level,
// since they may be out of date.
func (c *Chain[V]) removeAbove(ctx context.Context, key string) error {
	var errs []error
	for i, t := range slices.Backward(c.tiers[:len(c.tiers)-1]) {
		if i == 0 {
			c.surfacing(key)
		}
		if i == 0 || t.local() {
			errs = append(errs, t.remove(ctx, []string{key}))
		}
	}
	return errors.Join(errs...)
}

// SetEntryIf implements [EntryIfSetter]: the last level decides, and is asked once
// more where it was not when the Version was made.
func (c *Chain[V]) SetEntryIf(ctx context.Context, key string, entry Entry[V], seen Version) (bool, error) {
	s, count, ok := seenByChain(seen)
	if !ok {
		return false, c.opError("set", key, errors.New("SetEntryIf takes a Version from GetEntry of the same chain"))
	}
	switch {
	case c.last().noIf:
		return false, unsupported(c.last().cache, "SetEntryIf")
	case key == "":
		return false, c.opError("set", key, errEmptyKey)
	}
	entry.letLive()
	began := time.Now()
	unlock, err := c.locks.Lock(ctx, key)
	if err != nil {
		return false, c.opError("lock", key, err)
	}
	defer unlock()
	// A level that was not asked, is not believed, or has shown nothing, or something
	// else, cannot tell of all changes that this chain knows of.
	silent := !s.own || s.of(len(c.tiers)-1).IsZero() || c.last().doubt.of(key)
	if silent && c.stripe(key).Load() != count {
		return false, nil
	}
	defer c.changing(key)()
	stored, err := c.writeIf(ctx, key, entry, &s)
	if stored && err == nil {
		c.observe.set(key, time.Since(began))
	}
	return stored, err
}

// writeIf writes an entry to all levels, if the last one still holds what was
// seen. The key is locked.
func (c *Chain[V]) writeIf(ctx context.Context, key string, e Entry[V], s *chainSeen) (stored bool, err error) {
	now := time.Now()
	if e.CreatedAt.IsZero() {
		e.CreatedAt = now
	}
	last := c.last()
	original := e
	c.tags.mark(key, &original)
	last.shorten(&original, now)
	if err := last.flush(ctx, key); err != nil {
		return false, err
	}
	begun := c.link.begin(key)
	defer func() { c.link.settle(ctx, begun, key) }()
	seen, same, err := c.seenLast(ctx, key, s)
	if err == nil && same {
		if seen.IsZero() { // it has missed a change: what it holds does not count
			err = last.write(ctx, key, &original)
			stored = err == nil
		} else {
			stored, err = last.writeIf(ctx, key, &original, seen)
		}
	}
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return false, err
	case err != nil:
		c.interrupt(key)
		return false, errors.Join(err, c.removeAbove(ctx, key))
	case !stored: // then the copies above are of something else
		return false, c.removeAbove(ctx, key)
	}
	interrupt := c.interrupt
	if !s.found { // as in store.Cache: it is not counted, since it takes nothing away
		interrupt = c.pendings.Interrupt
	}
	interrupt(key)
	err = c.writeFrom(ctx, len(c.tiers)-2, key, e)
	interrupt(key)
	return true, errors.Join(err, c.link.tellKeys(ctx, []string{key}))
}

// seenLast returns what the last level showed to the reader. If it was not asked
// then, it is now, and same tells whether it holds what the copy that was shown is
// of. A zero Version says that it is not to be believed.
func (c *Chain[V]) seenLast(ctx context.Context, key string, s *chainSeen) (seen Version, same bool, err error) {
	last := c.last()
	if last.doubt.of(key) {
		return Version{}, true, nil
	}
	if seen = s.of(len(c.tiers) - 1); !seen.IsZero() {
		return seen, true, nil
	}
	l := last.head(ctx, key, true)
	if l.Err != nil {
		return seen, false, fmt.Errorf("what was seen cannot be compared: %w", last.opError("get", key, l.Err))
	}
	same = l.OK == s.found && (!l.OK || l.Entry.CreatedAt.IsZero() || millis(l.Entry.CreatedAt) == s.created)
	return l.Entry.Version, same, nil
}

// Clear implements [Clearer]: on all levels, from the last to the first.
func (c *Chain[V]) Clear(ctx context.Context, prefix string) error {
	c.interruptPrefix(prefix)
	defer c.interruptPrefix(prefix)
	if c.tags.namespace(prefix) {
		err := c.tags.stamp(ctx, []string{namespaceTag + prefix})
		c.clearLocal(ctx, prefix)
		return err
	}
	var errs []error
	for i, t := range slices.Backward(c.tiers) {
		err := t.clear(ctx, prefix)
		if i == len(c.tiers)-1 && errors.Is(err, errors.ErrUnsupported) {
			return err // nothing has been changed
		}
		if errors.Is(err, errors.ErrUnsupported) {
			t.doubt.all() // what it has of the prefix is not read again
		}
		errs = append(errs, err)
	}
	errs = append(errs, c.link.tellAll(ctx, prefix))
	return errors.Join(errs...)
}
