package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/keylock"
)

// Cache is a typed cache over a byte store. It implements [advcache.Cache] and
// all optional capabilities, as far as the backend does. Create it with [New].
// It is safe for concurrent use, starts no goroutine that outlives a call, and
// is not to be closed: whoever opened the backend closes it.
//
// Instants are kept to milliseconds and never rounded up. Writes of one key by
// one Cache exclude each other; between processes, see [Cache.SetEntryIf].
type Cache[V any] struct {
	store  Store
	info   Info
	opt    Options
	pack   packer
	report reporter
	admit  bounds
	locks  *keylock.Locks
	writes *stripes
}

// New returns a cache of values of type V over s. It panics if the options make
// no sense, for V or for s.
func New[V any](s Store, o *Options) *Cache[V] {
	if v := reflect.ValueOf(s); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		panic("store: New of a nil Store; open one first, such as filestore.Open(dir, nil)")
	}
	info := s.Info()
	opt := o.complete(reflect.TypeFor[V](), info)
	return &Cache[V]{
		store:  s,
		info:   info,
		opt:    opt,
		pack:   newPacker(&opt),
		report: newReporter(&opt),
		locks:  new(keylock.Locks),
		writes: new(stripes),
	}
}

func (c *Cache[V]) mustBeMade() {
	if c.store == nil {
		panic("store: the zero Cache has no backend; make one by store.New")
	}
}

// Get implements [advcache.Cache]: one request.
func (c *Cache[V]) Get(ctx context.Context, key string) (value V, ok bool, err error) {
	obj, ok, err := c.fetch(ctx, key, c.want(false))
	switch {
	case !ok:
		return value, false, err
	case obj.Meta.Absent:
		_, _ = c.content(ctx, key, &obj, value) // a miss in any case; a forged one is reported
		return value, false, nil
	}
	value, ok = c.open(ctx, key, &obj)
	return value, ok, nil
}

// GetEntry implements [advcache.Cache]: one request.
func (c *Cache[V]) GetEntry(ctx context.Context, key string) (advcache.Entry[V], bool, error) {
	return c.Revalidate(ctx, key, advcache.Entry[V]{})
}

// Revalidate implements [advcache.Revalidator]: one request, which moves no
// body where the content is that of entry, if entry is from this cache, and the
// backend has a way. Else it is GetEntry.
func (c *Cache[V]) Revalidate(ctx context.Context, key string, entry advcache.Entry[V]) (advcache.Entry[V], bool, error) {
	count := c.writes.of(key) // before the look: a change in between shows
	want := c.want(true)
	if held, _, ok := seenBy(entry.Version); ok {
		want.Hash, want.Size = held.hash, max(0, held.size)
	}
	obj, ok, err := c.fetch(ctx, key, want)
	if err != nil {
		return advcache.Entry[V]{}, false, err
	}
	if !ok {
		return advcache.Entry[V]{Version: seen{}.at(count)}, false, nil
	}
	e, ok := c.entryOf(ctx, key, &obj, entry.Value, count)
	return e, ok, nil
}

// entryOf returns the entry that an object is, with the value of the copy where
// its content is the same. One that makes no sense is a miss that is reported.
func (c *Cache[V]) entryOf(ctx context.Context, key string, obj *Object, copied V, count uint64) (e advcache.Entry[V], ok bool) {
	m := &obj.Meta
	e = header[V](m, count)
	if e.Value, ok = c.content(ctx, key, obj, copied); !ok || isTombstone(m) {
		// What cannot be read may be replaced, but nothing else: hence its Version.
		return advcache.Entry[V]{Version: seen{version: m.Version}.at(count)}, false
	}
	return e, true
}

// header returns the entry of a Meta, without its value.
func header[V any](m *Meta, count uint64) advcache.Entry[V] {
	return advcache.Entry[V]{
		CreatedAt: m.CreatedAt, FreshUntil: m.FreshUntil, StaleUntil: m.StaleUntil, HeldUntil: m.HeldUntil,
		Absent: m.Absent, Tags: m.Tags, Version: seen{m.Version, m.Hash, m.Size}.at(count),
	}
}

// HeadEntry implements [advcache.EntryHeader]: one request, which moves no body.
func (c *Cache[V]) HeadEntry(ctx context.Context, key string) (e advcache.Entry[V], ok bool, err error) {
	if err := c.checkKey("get", key); err != nil {
		return e, false, err
	}
	count := c.writes.of(key)
	ctx, cancel := c.limited(ctx)
	defer cancel()
	m, ok, err := c.store.Head(ctx, key)
	want := c.want(true)
	switch {
	case err != nil:
		return e, false, c.opError("get", key, err)
	case !ok || !want.Useful(&m):
		return advcache.Entry[V]{Version: seen{}.at(count)}, false, nil
	case !c.makesSense(key, &m) || isTombstone(&m):
		return advcache.Entry[V]{Version: seen{version: m.Version}.at(count)}, false, nil // as in entryOf
	}
	return header[V](&m, count), true, nil
}

// makesSense reports whether GetEntry would return the entry, as far as the Meta
// tells.
func (c *Cache[V]) makesSense(key string, m *Meta) bool {
	switch {
	case m.Damaged:
		return false
	case m.Foreign:
		return c.opt.ReadForeign
	case m.Absent:
		return c.pack.verify(key, m) == nil
	}
	return c.pack.reads(m) == nil
}

// Timeout returns what ends a call within the time that the caller's context
// leaves it. 0: nothing does.
func (c *Cache[V]) Timeout() time.Duration { return max(0, c.opt.Timeout) }

// content returns the value of an object: none for a negative one, that of the
// copy where the content is the same.
func (c *Cache[V]) content(ctx context.Context, key string, obj *Object, copied V) (value V, ok bool) {
	var err error
	switch m := &obj.Meta; {
	case m.Absent:
		err = c.pack.verify(key, m)
	case obj.NotModified:
		value, err = copied, c.pack.reads(m)
	default:
		return c.open(ctx, key, obj)
	}
	if err != nil {
		c.bad(ctx, key, &obj.Meta, err)
		var none V
		return none, false
	}
	return value, true
}

// Exists implements [advcache.Cache]: one request, which moves no body.
func (c *Cache[V]) Exists(ctx context.Context, key string) (bool, error) {
	if err := c.checkKey("exists", key); err != nil {
		return false, err
	}
	ctx, cancel := c.limited(ctx)
	defer cancel()
	m, ok, err := c.store.Head(ctx, key)
	if err != nil {
		return false, c.opError("exists", key, err)
	}
	return ok && c.serves(&m, time.Now()), nil
}

// serves reports whether Get would be a hit, as far as the Meta tells.
func (c *Cache[V]) serves(m *Meta, now time.Time) bool {
	switch {
	case m.Damaged:
		return false
	case m.Foreign:
		return c.opt.ReadForeign
	}
	return !m.Absent && !m.GoneAt(now) && m.FreshAt(now) && c.pack.reads(m) == nil
}

// want is what this cache can make sense of.
func (c *Cache[V]) want(stale bool) Want {
	return Want{Now: time.Now(), Stale: stale, Foreign: c.opt.ReadForeign, MaxBody: c.pack.maxBody()}
}

// fetch asks the backend for an object that is useful, and has a Meta that this
// cache can make sense of.
func (c *Cache[V]) fetch(ctx context.Context, key string, want Want) (obj Object, ok bool, err error) {
	if err := c.checkKey("get", key); err != nil {
		return obj, false, err
	}
	ctx, cancel := c.limited(ctx)
	defer cancel()
	obj, ok, err = c.store.Get(ctx, key, want)
	if err != nil {
		return Object{}, false, c.opError("get", key, err)
	}
	return obj, ok && want.Useful(&obj.Meta), nil
}

// open decodes an object. One that makes no sense is a miss that is reported.
func (c *Cache[V]) open(ctx context.Context, key string, obj *Object) (value V, ok bool) {
	if err := c.pack.open(key, obj, &value); err != nil {
		c.bad(ctx, key, &obj.Meta, err)
		var none V
		return none, false
	}
	return value, true
}

// limited returns ctx with the Timeout of a request.
func (c *Cache[V]) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.opt.Timeout <= 0 {
		return ctx, func() {}
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= c.opt.Timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.opt.Timeout)
}

// takes returns those of keys that the backend takes, and an error for each of
// the others.
func (c *Cache[V]) takes(op string, keys []string) (good []string, bad []error) {
	for i, key := range keys {
		err := c.checkKey(op, key)
		if err != nil && bad == nil {
			good = slices.Clone(keys[:i]) // keys is the caller's
		}
		if err != nil {
			bad = append(bad, err)
		} else if bad != nil {
			good = append(good, key)
		}
	}
	if bad == nil {
		return keys, nil
	}
	return good, bad
}

// joined returns the errors of bad keys and that of the others.
func joined(bad []error, err error) error {
	if len(bad) == 0 {
		return err
	}
	return errors.Join(append(bad, err)...)
}

func (c *Cache[V]) checkKey(op, key string) error {
	c.mustBeMade()
	switch {
	case key == "":
		return c.opError(op, key, errEmptyKey)
	case c.info.MaxKey > 0 && len(key) > c.info.MaxKey:
		return c.opError(op, key, refusal{fmt.Errorf("the key has %d bytes, and %s takes %d; set TTLOptions.MaxKeyLength to shorten such keys", len(key), c.info.Name, c.info.MaxKey)})
	}
	return nil
}
