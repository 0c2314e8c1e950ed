package advcache

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/advcache/advcache/internal/keylock"
	"github.com/advcache/advcache/internal/live"
)

// plainLevel is any other cache. It asks for an entry only after registering a
// load, so that no change of this process falls between. A write of a loaded
// value, a Set and a Delete of one key exclude each other.
type plainLevel[V any] struct {
	cache    Cache[V]
	observe  *reporter
	pendings *live.Pendings
	locks    keylock.Locks
	doubt    doubts
	noIf     bool // the cache has no SetEntryIf
}

func newPlainLevel[V any](c Cache[V], observe *reporter) *plainLevel[V] {
	_, conditional := c.(EntryIfSetter[V])
	return &plainLevel[V]{cache: c, observe: observe, pendings: live.NewPendings(), noIf: !conditional}
}

func (l *plainLevel[V]) ask(ctx context.Context, key string) answer[V] {
	a := answer[V]{pending: l.pendings.Begin(key)}
	l.read(ctx, key, &a)
	return a
}

func (l *plainLevel[V]) read(ctx context.Context, key string, a *answer[V]) {
	a.entry, a.ok, a.unknown = Entry[V]{}, false, true
	if a.batch.noReads() || l.doubt.of(key) {
		return
	}
	var err error
	if panicked := guard(func() error {
		a.entry, a.ok, err = l.cache.GetEntry(ctx, key)
		return nil
	}); panicked != nil {
		err = panicked
	}
	a.unknown = err != nil || a.ok && l.doubt.older(a.entry.CreatedAt)
	if a.unknown {
		a.ok = false
	}
	if err != nil {
		a.entry, a.ok = Entry[V]{}, false
		if ctx.Err() == nil { // else it is the caller who has gone
			a.batch.read(err)
			l.observe.backendError(key, l.observe.opError("get", key, err))
		}
	}
}

func (l *plainLevel[V]) peek(ctx context.Context, key string) (v V, ok bool, err error) {
	switch {
	case l.doubt.of(key):
		return v, false, nil
	case !l.doubt.aged():
		return l.cache.Get(ctx, key)
	}
	e, ok, err := l.cache.GetEntry(ctx, key)
	if !ok || err != nil || e.Absent || !e.IsFresh(time.Now()) || l.doubt.older(e.CreatedAt) {
		return v, false, err
	}
	return e.Value, true, nil
}

func (l *plainLevel[V]) askMany(ctx context.Context, keys []string, batch *outage) []answer[V] {
	answers := make([]answer[V], len(keys))
	ask := make([]string, 0, len(keys))
	at := make([]int, 0, len(keys))
	for i, key := range keys {
		answers[i] = answer[V]{pending: l.pendings.Begin(key), batch: batch, unknown: true}
		if !l.doubt.of(key) {
			ask, at = append(ask, key), append(at, i)
		}
	}
	if len(ask) == 0 {
		return answers
	}
	var found []Lookup[V]
	if err := guard(func() error {
		found = GetEntries(ctx, l.cache, ask)
		return nil
	}); err != nil {
		l.observe.backendError("", l.observe.opError("get", "", err))
		return answers
	}
	var told error
	for j, f := range found {
		a := &answers[at[j]]
		switch {
		case f.Err == nil:
			a.entry = f.Entry
			a.unknown = f.OK && l.doubt.older(f.Entry.CreatedAt)
			a.ok = f.OK && !a.unknown
		case ctx.Err() == nil && f.Err != told: //nolint:errorlint // the very same is told once
			told = f.Err
			batch.read(f.Err)
			l.observe.backendError(ask[j], l.observe.opError("get", ask[j], f.Err))
		}
	}
	return answers
}

func (l *plainLevel[V]) release(key string, a *answer[V]) {
	if a.pending != nil {
		l.pendings.End(key, a.pending)
		a.pending = nil
	}
}

func (l *plainLevel[V]) begin(key string, a *answer[V]) *live.Pending {
	if a.pending == nil {
		return l.pendings.Begin(key)
	}
	return a.pending
}

func (l *plainLevel[V]) again(ctx context.Context, key string, p *live.Pending, a *answer[V]) {
	if p.Touched() {
		l.read(ctx, key, a)
	}
}

func (l *plainLevel[V]) end(key string, p *live.Pending) { l.pendings.End(key, p) }

func (l *plainLevel[V]) commit(ctx context.Context, key string, p *live.Pending, seen *answer[V], entry *Entry[V]) error {
	if err := seen.batch.noWrites(); err != nil {
		if p.Barred() {
			return nil
		}
		// Without the lock, which somebody may hold for as long as a write takes:
		// at worst the key is doubted though a Set has just succeeded.
		l.doubt.wrote(key, err)
		return err
	}
	unlock, err := l.locks.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	if p.Barred() {
		return nil
	}
	err = guard(func() error { return l.store(ctx, key, seen.entry.Version, entry) })
	switch {
	case errors.Is(err, errRefused):
		return nil
	case err != nil:
		l.doubt.wrote(key, err)
		if ctx.Err() == nil { // else it is the load whose time is over
			seen.batch.wrote(err)
		}
		return err
	case !p.Barred(): // else there is a later change, which may have been missed
		l.doubt.wrote(key, nil)
	}
	l.pendings.Touch(key)
	return nil
}

// errRefused says that the level no longer holds what was seen.
var errRefused = errors.New("the level holds something else by now")

// store writes entry, if the level still holds what was seen, as far as it can
// tell.
func (l *plainLevel[V]) store(ctx context.Context, key string, seen Version, entry *Entry[V]) error {
	dead := Entry[V]{CreatedAt: time.Unix(0, 0), FreshUntil: time.Unix(0, 0)}
	if entry == nil {
		entry = &dead // setting it removes
	}
	if !l.noIf && !seen.IsZero() {
		stored, err := SetEntryIf(ctx, l.cache, key, *entry, seen)
		if err == nil && !stored {
			return errRefused
		}
		if !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return l.cache.SetEntry(ctx, key, *entry)
}

func (l *plainLevel[V]) set(ctx context.Context, key string, entry Entry[V]) error {
	l.pendings.Interrupt(key)
	unlock, err := l.locks.Lock(ctx, key)
	if err != nil {
		l.doubt.wrote(key, err)
		return err
	}
	defer unlock()
	l.pendings.Interrupt(key) // what began while this waited saw the older state
	err = guard(func() error { return l.cache.SetEntry(ctx, key, entry) })
	l.pendings.Interrupt(key) // and so did what began meanwhile
	l.doubt.wrote(key, err)
	return err
}

func (l *plainLevel[V]) delete(ctx context.Context, keys []string) error {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	for _, key := range keys {
		l.pendings.Interrupt(key)
	}
	unlock, err := l.locks.LockAll(ctx, keys)
	if err == nil {
		defer unlock()
		err = guard(func() error { return l.cache.Delete(ctx, keys...) })
	}
	for _, key := range keys {
		l.pendings.Interrupt(key)
		l.doubt.wrote(key, err)
	}
	return err
}
