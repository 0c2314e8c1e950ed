package store

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache"
)

// SetIfAbsent implements [advcache.SetIfAbsenter], atomically across processes:
// one request; two where it is refused, to tell whether what is held can be read
// at all, and then a third to replace it.
func (c *Cache[V]) SetIfAbsent(ctx context.Context, key string, value V, ttl time.Duration) (bool, error) {
	entry, err := newEntry(value, ttl)
	if err != nil {
		return false, c.opError("set", key, err)
	}
	return c.change(ctx, "set", key, func(ctx context.Context) (bool, error) {
		cond := Cond{Kind: IfVacant, Now: time.Now(), Foreign: c.opt.ReadForeign}
		ok, err := c.write(ctx, key, &entry, seen{}, cond)
		if ok || err != nil {
			return ok, err
		}
		held, there, err := c.store.Head(ctx, key)
		if err != nil || there && (c.serves(&held, time.Now()) || held.Version.IsZero()) {
			return false, err
		}
		if there {
			cond = Cond{Kind: IfVersion, Version: held.Version}
		}
		return c.write(ctx, key, &entry, seen{}, cond)
	})
}

// SetEntryIf implements [advcache.EntryIfSetter]: one request, or with
// Options.Dedupe two where the content is that of the entry that was seen, but
// the backend cannot renew it.
//
// Across processes it is atomic where an entry was seen. Where nothing was
// seen, it refuses what another process has stored meanwhile, but cannot tell
// that another process has deleted the key: a backend that holds nothing does
// not know since when. Changes by this Cache are seen in any case; those of
// absent keys are remembered by groups of keys, so that it may answer false
// without need.
func (c *Cache[V]) SetEntryIf(ctx context.Context, key string, entry advcache.Entry[V], version advcache.Version) (bool, error) {
	held, count, ok := seenBy(version)
	if !ok {
		return false, c.opError("set", key, errors.New("SetEntryIf takes a Version from GetEntry of the same cache"))
	}
	return c.change(ctx, "set", key, func(ctx context.Context) (bool, error) {
		cond := Cond{Kind: IfVersion, Version: held.version}
		if held.version.IsZero() {
			cond = Cond{Kind: IfGone, Now: time.Now(), Foreign: c.opt.ReadForeign}
		}
		// A write that Dedupe left out has changed nothing that a backend can see.
		if (held.version.IsZero() || c.opt.Dedupe) && c.writes.of(key) != count {
			return false, nil
		}
		return c.write(ctx, key, &entry, held, cond)
	})
}
