package inmem

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/live"
)

// Set implements [advcache.Cache].
func (c *Cache[V]) Set(_ context.Context, key string, value V, ttl time.Duration) error {
	e, err := newEntry(value, ttl)
	if err != nil {
		return err
	}
	_, err = c.write(key, nodeOf(e), nil, always[V])
	return err
}

// SetEntry implements [advcache.Cache].
func (c *Cache[V]) SetEntry(_ context.Context, key string, e advcache.Entry[V]) error {
	if e.CreatedAt.IsZero() {
		e.CreatedAt = time.Now()
	}
	_, err := c.write(key, nodeOf(e), nil, always[V])
	return err
}

// SetIfAbsent implements [advcache.SetIfAbsenter].
func (c *Cache[V]) SetIfAbsent(_ context.Context, key string, value V, ttl time.Duration) (bool, error) {
	e, err := newEntry(value, ttl)
	if err != nil {
		return false, err
	}
	return c.write(key, nodeOf(e), nil, func(held *live.Node[V], life live.Life) bool {
		return held == nil || held.Absent() || !life.FreshAt(c.clock.Now())
	})
}

// SetEntryIf implements [advcache.EntryIfSetter]. What the cache has lost by
// itself counts as unchanged. Changes of absent keys are remembered by groups
// of keys: see [advcache.SetEntryIf].
func (c *Cache[V]) SetEntryIf(_ context.Context, key string, e advcache.Entry[V], seen advcache.Version) (bool, error) {
	token, seq := seen.Parts()
	if seen.IsZero() {
		return false, errors.New("inmem: SetEntryIf with the zero Version; take one from GetEntry")
	}
	if e.CreatedAt.IsZero() {
		e.CreatedAt = time.Now()
	}
	return c.write(key, nodeOf(e), new(live.Pending), func(held *live.Node[V], _ live.Life) bool {
		same := token == any(held)
		if held == nil {
			same = c.stripe(key).Load()+1 == seq
		}
		if same {
			c.pendings.Interrupt(key)
		}
		return same
	})
}

// SetMany implements [advcache.ManySetter].
func (c *Cache[V]) SetMany(ctx context.Context, values map[string]V, ttl time.Duration) error {
	var errs []error
	for key, value := range values {
		if err := c.Set(ctx, key, value, ttl); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// SetEntries implements [advcache.EntriesSetter].
func (c *Cache[V]) SetEntries(ctx context.Context, entries map[string]advcache.Entry[V]) error {
	var errs []error
	for key, entry := range entries {
		if err := c.SetEntry(ctx, key, entry); err != nil {
			errs = append(errs, &advcache.OpError{Op: "set", Backend: c.name, Key: key, Err: err})
		}
	}
	return errors.Join(errs...)
}

// Delete implements [advcache.Cache]. The error is always nil.
func (c *Cache[V]) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		start := c.startOf(c.observer != nil && c.observer.Delete != nil)
		c.table.Compute(key, func(old *live.Node[V], found bool) (*live.Node[V], otter.ComputeOp) {
			c.changed(key)
			return drop(old, found)
		})
		if c.observer != nil && c.observer.Delete != nil {
			c.tell(c.observer.Delete, advcache.Event{Cache: c.name, Key: key, Duration: time.Since(start)})
		}
	}
	return nil
}

// Clear implements [advcache.Clearer]: it looks at all keys. The error is that
// of ctx, if that is done first.
func (c *Cache[V]) Clear(ctx context.Context, prefix string) error {
	for i := range c.writes {
		c.writes[i].Add(1)
	}
	for _, key := range c.pendings.InterruptPrefix(prefix) {
		// A load of the key may have been storing it just before it was barred.
		if err := c.Delete(ctx, key); err != nil {
			return err
		}
	}
	seen := 0
	for key := range c.table.Keys() {
		if strings.HasPrefix(key, prefix) {
			if err := c.Delete(ctx, key); err != nil {
				return err
			}
		}
		if seen++; seen%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
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

func always[V any](*live.Node[V], live.Life) bool { return true }

// write stores n for key if allow says so of what is held, nil if nothing is.
// The write is that of the load p, or the user's own if p is nil, which bars all
// loads. A nil n, or one that is dead already, removes.
func (c *Cache[V]) write(key string, n *live.Node[V], p *live.Pending, allow func(*live.Node[V], live.Life) bool) (stored bool, err error) {
	if c.closed.Load() {
		return false, advcache.ErrClosed
	}
	start := c.startOf(c.observer != nil && c.observer.Set != nil)
	defer func() {
		// Weigher and Copy are the user's; the engine undoes a write that panics.
		if r := recover(); r != nil {
			stored, err = false, &advcache.PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	if n != nil && c.copy != nil && !n.Absent() {
		n.Value = c.copy(n.Value)
	}
	c.table.Compute(key, func(old *live.Node[V], found bool) (*live.Node[V], otter.ComputeOp) {
		now := time.Now().UnixNano()
		held, life := old, live.Life{}
		if found {
			life = old.Life()
		}
		if !found || life.GoneAt(now) {
			held, life = nil, live.Life{}
		}
		stored = (p == nil || !p.Barred()) && allow(held, life)
		if !stored {
			return old, otter.CancelOp
		}
		if p == nil {
			c.changed(key)
		}
		if n != nil && !n.Life().GoneAt(now) {
			return n, otter.WriteOp
		}
		return drop(old, found)
	})
	if stored && c.observer != nil && c.observer.Set != nil {
		c.tell(c.observer.Set, advcache.Event{Cache: c.name, Key: key, Duration: time.Since(start)})
	}
	return stored, nil
}

// changed notes that the user has changed what key holds. The key is locked, so
// that this comes before any load that sees the change, and after any other.
func (c *Cache[V]) changed(key string) {
	c.stripe(key).Add(1)
	c.pendings.Interrupt(key)
}

func drop[V any](old *live.Node[V], found bool) (*live.Node[V], otter.ComputeOp) {
	if !found {
		return old, otter.CancelOp
	}
	return old, otter.InvalidateOp
}

func (c *Cache[V]) startOf(observed bool) (start time.Time) {
	if observed {
		start = time.Now()
	}
	return start
}
