package advcache_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/advcache/advcache"
)

// mapCache is a Cache without any capability: a map behind a mutex. It counts
// what it is asked, and fails, panics or waits where it is told to.
type mapCache[V any] struct {
	mu      sync.Mutex
	held    map[string]advcache.Entry[V]
	changes map[string]uint64              // of each key
	asked   map[string]int                 // by method
	before  func(op, key string) error     // called before each operation
	after   func(op, key string, hit bool) // called after each read
}

func newMapCache[V any]() *mapCache[V] {
	return &mapCache[V]{held: make(map[string]advcache.Entry[V]), changes: make(map[string]uint64), asked: make(map[string]int)}
}

// on has hook called before each operation. What it returns is the operation's
// error, unless that is nil.
func (m *mapCache[V]) on(hook func(op, key string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = hook
}

// afterRead has hook called after each read, before the caller has its result.
func (m *mapCache[V]) afterRead(hook func(op, key string, hit bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.after = hook
}

// failing fails the operations named.
func (m *mapCache[V]) failing(ops ...string) {
	m.on(func(op, _ string) error {
		if slices.Contains(ops, op) {
			return errDisk
		}
		return nil
	})
}

// requests tells, and forgets, how often each method was called.
func (m *mapCache[V]) requests() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	asked := m.asked
	m.asked = make(map[string]int)
	return asked
}

func (m *mapCache[V]) enter(ctx context.Context, op, key string) error {
	m.mu.Lock()
	m.asked[op]++
	before := m.before
	m.mu.Unlock()
	if before != nil {
		if err := before(op, key); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (m *mapCache[V]) leave(op, key string, hit bool) {
	m.mu.Lock()
	after := m.after
	m.mu.Unlock()
	if after != nil {
		after(op, key, hit)
	}
}

func (m *mapCache[V]) Get(ctx context.Context, key string) (v V, ok bool, err error) {
	if err := m.enter(ctx, "Get", key); err != nil {
		return v, false, err
	}
	e, ok := m.look(key)
	ok = ok && !e.Absent && e.IsFresh(time.Now())
	m.leave("Get", key, ok)
	if !ok {
		return v, false, nil
	}
	return e.Value, true, nil
}

func (m *mapCache[V]) look(key string) (advcache.Entry[V], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.held[key]
	now := time.Now()
	if !ok || e.IsDead(now) || !e.HeldUntil.IsZero() && !now.Before(e.HeldUntil) {
		e, ok = advcache.Entry[V]{}, false
	}
	e.Version = advcache.NewVersion(nil, m.changes[key]+1)
	return e, ok
}

func (m *mapCache[V]) GetEntry(ctx context.Context, key string) (advcache.Entry[V], bool, error) {
	if err := m.enter(ctx, "GetEntry", key); err != nil {
		return advcache.Entry[V]{}, false, err
	}
	e, ok := m.look(key)
	m.leave("GetEntry", key, ok)
	return e, ok, nil
}

func (m *mapCache[V]) Exists(ctx context.Context, key string) (bool, error) {
	if err := m.enter(ctx, "Exists", key); err != nil {
		return false, err
	}
	e, ok := m.look(key)
	return ok && !e.Absent && e.IsFresh(time.Now()), nil
}

func (m *mapCache[V]) Set(ctx context.Context, key string, value V, ttl time.Duration) error {
	e := advcache.Entry[V]{Value: value, CreatedAt: time.Now()}
	if ttl < 0 {
		return advcache.ErrInvalidTTL
	}
	if ttl > 0 {
		e.FreshUntil = e.CreatedAt.Add(ttl)
	}
	if err := m.enter(ctx, "Set", key); err != nil {
		return err
	}
	m.put(key, e)
	return nil
}

func (m *mapCache[V]) SetEntry(ctx context.Context, key string, e advcache.Entry[V]) error {
	if err := m.enter(ctx, "SetEntry", key); err != nil {
		return err
	}
	m.put(key, e)
	return nil
}

func (m *mapCache[V]) put(key string, e advcache.Entry[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.putLocked(key, e)
}

func (m *mapCache[V]) putLocked(key string, e advcache.Entry[V]) {
	m.changes[key]++
	delete(m.held, key)
	if e.CreatedAt.IsZero() {
		e.CreatedAt = time.Now()
	}
	if !e.IsDead(time.Now()) {
		m.held[key] = e
	}
}

func (m *mapCache[V]) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := m.enter(ctx, "Delete", key); err != nil {
			return err
		}
		m.put(key, advcache.Entry[V]{CreatedAt: time.Unix(0, 0), FreshUntil: time.Unix(0, 0)})
	}
	return nil
}

// conditionalCache is a mapCache that can also SetEntryIf.
type conditionalCache[V any] struct{ *mapCache[V] }

func (c conditionalCache[V]) SetEntryIf(ctx context.Context, key string, e advcache.Entry[V], seen advcache.Version) (bool, error) {
	if seen.IsZero() {
		return false, errors.New("SetEntryIf with the zero Version")
	}
	if err := c.enter(ctx, "SetEntryIf", key); err != nil {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	same := seen == advcache.NewVersion(nil, c.changes[key]+1)
	if same {
		c.putLocked(key, e)
	}
	return same, nil
}

// batchCache is a mapCache that reads many keys by one request.
type batchCache[V any] struct{ *mapCache[V] }

func (b batchCache[V]) GetMany(ctx context.Context, keys []string) (map[string]V, error) {
	if err := b.enter(ctx, "GetMany", ""); err != nil {
		return nil, err
	}
	found := make(map[string]V)
	for _, key := range keys {
		if e, ok := b.look(key); ok && !e.Absent && e.IsFresh(time.Now()) {
			found[key] = e.Value
		}
	}
	b.leave("GetMany", "", len(found) > 0)
	return found, nil
}

// GetEntries counts as one request.
func (b batchCache[V]) GetEntries(ctx context.Context, keys []string) []advcache.Lookup[V] {
	found := make([]advcache.Lookup[V], len(keys))
	err := b.enter(ctx, "GetEntries", "")
	hit := false
	for i, key := range keys {
		if err != nil {
			found[i].Err = err
			continue
		}
		found[i].Entry, found[i].OK = b.look(key)
		hit = hit || found[i].OK
	}
	b.leave("GetEntries", "", hit)
	return found
}

// ableCache is a mapCache with both.
type ableCache[V any] struct {
	batchCache[V]
	advcache.EntryIfSetter[V]
}

func newAbleCache[V any]() ableCache[V] {
	m := newMapCache[V]()
	return ableCache[V]{batchCache[V]{m}, conditionalCache[V]{m}}
}
