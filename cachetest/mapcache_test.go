package cachetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/advcache/advcache"
)

// mapCache is a cache that is right and nothing else: a map behind a mutex. It
// shows that the suite can be passed, and its mutants that it cannot be passed
// by a cache that is wrong.
type mapCache struct {
	mu   sync.Mutex
	held map[string]advcache.Entry[string]
	// writes counts the writes of each key, deletes too. It is never reset, so
	// that it tells a miss before a Set and a Delete from one after.
	writes map[string]uint64

	now  func() time.Time
	step time.Duration // instants are cut to multiples of it
	deaf bool          // to contexts
}

func newMapCache() *mapCache {
	return &mapCache{held: make(map[string]advcache.Entry[string]), writes: make(map[string]uint64), now: time.Now}
}

// lock refuses calls whose context is done, and else locks the map.
func (m *mapCache) lock(ctx context.Context, op, key string) error {
	if err := ctx.Err(); err != nil && !m.deaf {
		return &advcache.OpError{Op: op, Backend: "map", Key: key, Err: err}
	}
	m.mu.Lock()
	return nil
}

// look returns what is held for key, if it is not over. The caller holds mu.
func (m *mapCache) look(key string) (advcache.Entry[string], bool) {
	version := advcache.NewVersion(nil, m.writes[key]+1)
	entry, ok := m.held[key]
	now := m.now()
	if !ok || entry.IsDead(now) || !entry.HeldUntil.IsZero() && !now.Before(entry.HeldUntil) {
		return advcache.Entry[string]{Version: version}, false
	}
	entry.Version = version
	return entry, true
}

// hit returns the entry that Get would return. The caller holds mu.
func (m *mapCache) hit(key string) (advcache.Entry[string], bool) {
	entry, ok := m.look(key)
	return entry, ok && !entry.Absent && entry.IsFresh(m.now())
}

// put replaces what is held for key. The caller holds mu.
func (m *mapCache) put(key string, entry advcache.Entry[string]) {
	m.writes[key]++
	delete(m.held, key)
	if entry.CreatedAt.IsZero() {
		entry.CreatedAt = m.now()
	}
	entry.CreatedAt = entry.CreatedAt.Truncate(m.step)
	entry.FreshUntil = entry.FreshUntil.Truncate(m.step)
	entry.StaleUntil = entry.StaleUntil.Truncate(m.step)
	entry.HeldUntil = entry.HeldUntil.Truncate(m.step)
	if !entry.IsDead(m.now()) {
		m.held[key] = entry
	}
}

func (m *mapCache) Get(ctx context.Context, key string) (string, bool, error) {
	if err := m.lock(ctx, "get", key); err != nil {
		return "", false, err
	}
	defer m.mu.Unlock()
	entry, ok := m.hit(key)
	if !ok {
		return "", false, nil
	}
	return entry.Value, true, nil
}

func (m *mapCache) GetEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	if err := m.lock(ctx, "get", key); err != nil {
		return advcache.Entry[string]{}, false, err
	}
	defer m.mu.Unlock()
	entry, ok := m.look(key)
	return entry, ok, nil
}

func (m *mapCache) Exists(ctx context.Context, key string) (bool, error) {
	if err := m.lock(ctx, "exists", key); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	_, ok := m.hit(key)
	return ok, nil
}

// made returns the entry that Set makes.
func (m *mapCache) made(value string, ttl time.Duration) (advcache.Entry[string], error) {
	entry := advcache.Entry[string]{Value: value, CreatedAt: m.now()}
	if ttl < 0 {
		return entry, advcache.ErrInvalidTTL
	}
	if ttl > 0 {
		entry.FreshUntil = entry.CreatedAt.Add(ttl)
	}
	return entry, nil
}

func (m *mapCache) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	return m.SetMany(ctx, map[string]string{key: value}, ttl)
}

func (m *mapCache) SetMany(ctx context.Context, values map[string]string, ttl time.Duration) error {
	if err := m.lock(ctx, "set", ""); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for key, value := range values {
		entry, err := m.made(value, ttl)
		if err != nil {
			return err
		}
		m.put(key, entry)
	}
	return nil
}

func (m *mapCache) SetEntry(ctx context.Context, key string, entry advcache.Entry[string]) error {
	if err := m.lock(ctx, "set", key); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.put(key, entry)
	return nil
}

func (m *mapCache) Delete(ctx context.Context, keys ...string) error {
	if err := m.lock(ctx, "delete", ""); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, key := range keys {
		m.writes[key]++
		delete(m.held, key)
	}
	return nil
}

func (m *mapCache) SetIfAbsent(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
	if err := m.lock(ctx, "set", key); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	entry, err := m.made(value, ttl)
	if err != nil {
		return false, err
	}
	if _, ok := m.hit(key); ok {
		return false, nil
	}
	m.put(key, entry)
	return true, nil
}

func (m *mapCache) SetEntryIf(ctx context.Context, key string, entry advcache.Entry[string], seen advcache.Version) (bool, error) {
	if seen.IsZero() {
		return false, errors.New("map: a zero Version")
	}
	if err := m.lock(ctx, "set", key); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	if now, _ := m.look(key); now.Version != seen {
		return false, nil
	}
	m.put(key, entry)
	return true, nil
}

func (m *mapCache) GetMany(ctx context.Context, keys []string) (map[string]string, error) {
	if err := m.lock(ctx, "get", ""); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	found := make(map[string]string)
	for _, key := range keys {
		if entry, ok := m.hit(key); ok {
			found[key] = entry.Value
		}
	}
	return found, nil
}

func (m *mapCache) GetEntries(ctx context.Context, keys []string) []advcache.Lookup[string] {
	found := make([]advcache.Lookup[string], len(keys))
	for i, key := range keys {
		found[i].Entry, found[i].OK, found[i].Err = m.GetEntry(ctx, key)
	}
	return found
}

func (m *mapCache) SetEntries(ctx context.Context, entries map[string]advcache.Entry[string]) error {
	if err := m.lock(ctx, "set", ""); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for key, entry := range entries {
		m.put(key, entry)
	}
	return nil
}

func (m *mapCache) HeadEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	entry, ok, err := m.GetEntry(ctx, key)
	entry.Value = ""
	return entry, ok, err
}

func (m *mapCache) Clear(ctx context.Context, prefix string) error {
	if err := m.lock(ctx, "clear", prefix); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for key := range m.held {
		if strings.HasPrefix(key, prefix) {
			m.writes[key]++
			delete(m.held, key)
		}
	}
	return nil
}

func (m *mapCache) Revalidate(ctx context.Context, key string, held advcache.Entry[string]) (advcache.Entry[string], bool, error) {
	entry, ok, err := m.GetEntry(ctx, key)
	if ok && entry.Value == held.Value {
		entry.Value = held.Value
	}
	return entry, ok, err
}
