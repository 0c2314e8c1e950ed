package advcache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// The interfaces here are optional: a cache that can do more than [Cache] has
// the method. Callers use the function of the same name, which asks for the
// method and falls back, or says that there is no way. A wrapper of ours
// passes on what its cache can do.

// SetIfAbsenter is implemented by caches with an atomic SetIfAbsent.
type SetIfAbsenter[V any] interface {
	SetIfAbsent(ctx context.Context, key string, value V, ttl time.Duration) (bool, error)
}

// SetIfAbsent stores value unless the key exists, and reports whether it did.
// It is atomic and succeeds exactly where Exists is false: over a miss, a dead,
// a stale or a negative entry. A cache that cannot do that gives
// errors.ErrUnsupported.
func SetIfAbsent[V any](ctx context.Context, c Cache[V], key string, value V, ttl time.Duration) (bool, error) {
	if s, ok := c.(SetIfAbsenter[V]); ok {
		return s.SetIfAbsent(ctx, key, value, ttl)
	}
	return false, unsupported(c, "SetIfAbsent")
}

// EntryIfSetter is implemented by caches with an atomic SetEntryIf.
type EntryIfSetter[V any] interface {
	SetEntryIf(ctx context.Context, key string, entry Entry[V], seen Version) (bool, error)
}

// SetEntryIf stores entry only if the level still holds for key what it held
// when it handed out seen, a Version of a hit or of a miss, and reports whether
// it did. A level may count as unchanged what it has since lost by itself, by
// expiry or eviction. It may also answer false although nothing changed, where
// it remembers changes more coarsely than by key; it never answers true after
// a Delete or a Set of the key. A cache that cannot do that gives
// errors.ErrUnsupported. As with SetEntry, a dead entry removes.
func SetEntryIf[V any](ctx context.Context, c Cache[V], key string, entry Entry[V], seen Version) (bool, error) {
	if s, ok := c.(EntryIfSetter[V]); ok {
		return s.SetEntryIf(ctx, key, entry, seen)
	}
	return false, unsupported(c, "SetEntryIf")
}

// ManyGetter is implemented by caches that read many keys in fewer requests. An
// error that is an [*OpError] with a Key, or joins such errors, is about those
// keys alone: the others were read. Any other error may be about all keys that
// were not found.
type ManyGetter[V any] interface {
	GetMany(ctx context.Context, keys []string) (map[string]V, error)
}

// GetMany returns the values of those keys that Get would hit. With an error,
// the map holds what could be read. A cache without the method is asked key by
// key, until one of them times out.
func GetMany[V any](ctx context.Context, c Cache[V], keys []string) (map[string]V, error) {
	if g, ok := c.(ManyGetter[V]); ok {
		return g.GetMany(ctx, keys)
	}
	found := make(map[string]V, len(keys))
	var errs []error
	for _, key := range keys {
		value, ok, err := c.Get(ctx, key)
		if err != nil {
			errs = append(errs, err)
		} else if ok {
			found[key] = value
		}
		if ctx.Err() != nil || timedOut(err) { // law 7: nobody waits for that once a key
			errs = append(errs, ctx.Err()) // of the keys that are left
			break
		}
	}
	return found, errors.Join(errs...)
}

// ManySetter is implemented by caches that write many keys in fewer requests.
type ManySetter[V any] interface {
	SetMany(ctx context.Context, values map[string]V, ttl time.Duration) error
}

// SetMany sets every key of values, as Set does. With an error, some may be
// set. A cache without the method is asked key by key, until one of them times
// out.
func SetMany[V any](ctx context.Context, c Cache[V], values map[string]V, ttl time.Duration) error {
	if s, ok := c.(ManySetter[V]); ok {
		return s.SetMany(ctx, values, ttl)
	}
	var errs []error
	for key, value := range values {
		err := c.Set(ctx, key, value, ttl)
		if err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil || timedOut(err) {
			errs = append(errs, ctx.Err()) // of the keys that are left
			break
		}
	}
	return errors.Join(errs...)
}

// Clearer is implemented by caches that can find their keys by prefix.
type Clearer interface {
	Clear(ctx context.Context, prefix string) error
}

// Clear deletes all keys that begin with prefix; all keys, if it is empty. A
// load or write that runs at the same time may come before or after it. A
// cache that cannot do that gives errors.ErrUnsupported.
func Clear[V any](ctx context.Context, c Cache[V], prefix string) error {
	if s, ok := c.(Clearer); ok {
		return s.Clear(ctx, prefix)
	}
	return unsupported(c, "Clear")
}

// Revalidator is implemented by caches that can tell the present life of an
// entry without moving its value.
type Revalidator[V any] interface {
	Revalidate(ctx context.Context, key string, entry Entry[V]) (Entry[V], bool, error)
}

// Revalidate returns what GetEntry would, given a copy of an entry that the
// cache returned before: where the content is the same, the value is that of
// the copy and none is moved. A cache without the method is asked by GetEntry.
func Revalidate[V any](ctx context.Context, c Cache[V], key string, entry Entry[V]) (Entry[V], bool, error) {
	if r, ok := c.(Revalidator[V]); ok {
		return r.Revalidate(ctx, key, entry)
	}
	return c.GetEntry(ctx, key)
}

// EntryHeader is implemented by caches that can tell of an entry without moving
// its value.
type EntryHeader[V any] interface {
	HeadEntry(ctx context.Context, key string) (Entry[V], bool, error)
}

// HeadEntry returns what GetEntry would, but for the Value, which is the zero V.
// A cache without the method is asked by GetEntry.
func HeadEntry[V any](ctx context.Context, c Cache[V], key string) (Entry[V], bool, error) {
	if h, ok := c.(EntryHeader[V]); ok {
		return h.HeadEntry(ctx, key)
	}
	e, ok, err := c.GetEntry(ctx, key)
	var none V
	e.Value = none
	return e, ok, err
}

// Lookup is what GetEntry returns for one of many keys.
type Lookup[V any] struct {
	Entry Entry[V]
	OK    bool
	Err   error
}

// EntriesGetter is implemented by caches that read many entries in fewer requests.
type EntriesGetter[V any] interface {
	GetEntries(ctx context.Context, keys []string) []Lookup[V]
}

// GetEntries returns what GetEntry would for each of keys, at its place. A key may
// stand there more than once. A cache without the method is asked key by key, 32
// at once, until one of them times out.
func GetEntries[V any](ctx context.Context, c Cache[V], keys []string) []Lookup[V] {
	if g, ok := c.(EntriesGetter[V]); ok {
		return g.GetEntries(ctx, keys)
	}
	found := make([]Lookup[V], len(keys))
	var out outage
	notTried := sync.OnceValue(func() error { return opError("get", fmt.Sprintf("%T", c), "", errNotTried) }) // one, to be told once
	parallel(len(keys), func(i int) {
		if f := &found[i]; out.noReads() {
			f.Err = notTried()
		} else if panicked := guard(func() error {
			f.Entry, f.OK, f.Err = c.GetEntry(ctx, keys[i])
			return nil
		}); panicked != nil {
			*f = Lookup[V]{Err: panicked}
		} else {
			out.read(f.Err)
		}
	})
	return found
}

var errNotTried = fmt.Errorf("not tried, since another key of the call had no answer in time: %w", context.DeadlineExceeded)

// EntriesSetter is implemented by caches that write many entries in fewer
// requests.
type EntriesSetter[V any] interface {
	SetEntries(ctx context.Context, entries map[string]Entry[V]) error
}

// SetEntries sets every key of entries, as SetEntry does. With an error that is
// an [*OpError] with a Key, or joins such errors, the other keys are set; with any
// other, some may be. A cache without the method is asked key by key, 32 at once,
// until one of them times out.
func SetEntries[V any](ctx context.Context, c Cache[V], entries map[string]Entry[V]) error {
	if s, ok := c.(EntriesSetter[V]); ok {
		return s.SetEntries(ctx, entries)
	}
	keys := slices.Collect(maps.Keys(entries))
	errs := make([]error, len(keys))
	var out outage
	parallel(len(keys), func(i int) {
		err := out.noWrites()
		if err == nil {
			err = guard(func() error { return c.SetEntry(ctx, keys[i], entries[keys[i]]) })
			out.wrote(err)
		}
		if err != nil {
			errs[i] = opError("set", fmt.Sprintf("%T", c), keys[i], err)
		}
	})
	return errors.Join(errs...)
}

func unsupported[V any](c Cache[V], what string) error {
	return fmt.Errorf("advcache: %T has no %s: %w", c, what, errors.ErrUnsupported)
}
