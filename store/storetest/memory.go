package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/advcache/advcache/store"
)

// Memory is a [store.Store] in a map: the reference, right and nothing else. It
// has all capabilities and starts no goroutine, so that it works in a bubble of
// testing/synctest, where its objects die on time.
type Memory struct {
	o MemoryOptions

	mu   sync.Mutex // guards held; each request is one critical section
	held map[string]store.Object
}

// MemoryOptions are the options of [NewMemory].
type MemoryOptions struct {
	// Name, Timeout, MaxKey, MaxSize and Compress are what Info tells. Keys and
	// bodies that are longer are refused with an error. No Name: "memory".
	Name     string
	Timeout  time.Duration
	MaxKey   int
	MaxSize  int64
	Compress bool

	// Keep says that objects are kept when they are gone, until they are
	// deleted or replaced, as object stores do. Else they are dropped as a
	// server drops what has expired.
	Keep bool

	// Without lists the capabilities to do without: "Touch", "GetMany",
	// "PutMany", "Clear". They give errors.ErrUnsupported.
	Without []string
}

// NewMemory returns an empty store. It panics if o makes no sense.
func NewMemory(o *MemoryOptions) *Memory {
	m := &Memory{held: make(map[string]store.Object)}
	if o != nil {
		m.o = *o
	}
	if m.o.Name == "" {
		m.o.Name = "memory"
	}
	for _, name := range m.o.Without {
		if !slices.Contains(optional, name) {
			panic(fmt.Sprintf("storetest: MemoryOptions.Without has %q; capabilities are %s", name, strings.Join(optional, ", ")))
		}
	}
	return m
}

// optional are the capabilities of backends, by the names of their functions in
// package store.
var optional = []string{capTouch, capGetMany, capPutMany, capClear}

const (
	capTouch   = "Touch"
	capGetMany = "GetMany"
	capPutMany = "PutMany"
	capClear   = "Clear"
)

// Info implements [store.Store].
func (m *Memory) Info() store.Info {
	return store.Info{Name: m.o.Name, Timeout: m.o.Timeout, MaxKey: m.o.MaxKey, MaxSize: m.o.MaxSize, Compress: m.o.Compress}
}

// Get implements [store.Store].
func (m *Memory) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	if err := m.lock(ctx, key); err != nil {
		return store.Object{}, false, err
	}
	defer m.mu.Unlock()
	obj, ok := m.get(key, &want)
	return obj, ok, nil
}

// Head implements [store.Store].
func (m *Memory) Head(ctx context.Context, key string) (store.Meta, bool, error) {
	if err := m.lock(ctx, key); err != nil {
		return store.Meta{}, false, err
	}
	defer m.mu.Unlock()
	obj, ok := m.look(key)
	return ownMeta(obj.Meta), ok, nil
}

// Put implements [store.Store].
func (m *Memory) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	if err := m.fits(obj); err != nil {
		return store.Version{}, false, err
	}
	if err := m.lock(ctx, key); err != nil {
		return store.Version{}, false, err
	}
	defer m.mu.Unlock()
	var held *store.Meta
	if obj, ok := m.look(key); ok {
		held = &obj.Meta
	}
	if !cond.Holds(held) {
		return store.Version{}, false, nil
	}
	return m.put(key, obj), true, nil
}

// Delete implements [store.Store].
func (m *Memory) Delete(ctx context.Context, keys ...string) error {
	if err := m.lock(ctx, keys...); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.held, key)
	}
	return nil
}

// Touch implements [store.Toucher].
func (m *Memory) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	if err := m.can(capTouch); err != nil {
		return false, err
	}
	if err := m.lock(ctx, key); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	obj, ok := m.look(key)
	if !ok || !cond.Holds(&obj.Meta) || !obj.Meta.SameContent(&meta) {
		return false, nil
	}
	obj.Meta.CreatedAt, obj.Meta.FreshUntil = meta.CreatedAt, meta.FreshUntil
	obj.Meta.StaleUntil, obj.Meta.HeldUntil = meta.StaleUntil, meta.HeldUntil
	m.put(key, obj)
	return true, nil
}

// GetMany implements [store.ManyGetter].
func (m *Memory) GetMany(ctx context.Context, keys []string, want store.Want) ([]*store.Object, error) {
	if err := m.can(capGetMany); err != nil {
		return nil, err
	}
	if err := m.lock(ctx, keys...); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	objs := make([]*store.Object, len(keys))
	for i, key := range keys {
		if obj, ok := m.get(key, &want); ok {
			objs[i] = &obj
		}
	}
	return objs, nil
}

// PutMany implements [store.ManyPutter].
func (m *Memory) PutMany(ctx context.Context, objs map[string]store.Object) error {
	if err := m.can(capPutMany); err != nil {
		return err
	}
	keys := make([]string, 0, len(objs))
	for key, obj := range objs {
		if err := m.fits(obj); err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if err := m.lock(ctx, keys...); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for key, obj := range objs {
		m.put(key, obj)
	}
	return nil
}

// Clear implements [store.Clearer].
func (m *Memory) Clear(ctx context.Context, prefix string) error {
	if err := m.can(capClear); err != nil {
		return err
	}
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	maps.DeleteFunc(m.held, func(key string, _ store.Object) bool { return strings.HasPrefix(key, prefix) })
	return nil
}

// Plant puts a body under key as somebody else would who writes to the same
// backend: without metadata of ours.
func (m *Memory) Plant(key string, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held[key] = store.Object{Body: bytes.Clone(body), Meta: store.Meta{Foreign: true, Size: int64(len(body)), Version: randomVersion()}}
}

// Edit gives what is held for key to change, a copy that edit may change in any
// way, and keeps the result as it is: for damage of every kind. It reports
// whether there was something.
func (m *Memory) Edit(key string, edit func(obj *store.Object)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	obj, ok := m.look(key)
	if ok {
		obj.Body, obj.Meta = bytes.Clone(obj.Body), ownMeta(obj.Meta)
		edit(&obj)
		m.held[key] = obj
	}
	return ok
}

// Keys returns the keys for which something is held, in order.
func (m *Memory) Keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for key := range m.held {
		if _, ok := m.look(key); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// lock refuses what cannot be done, and else locks m.
func (m *Memory) lock(ctx context.Context, keys ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, key := range keys {
		if key == "" {
			return errors.New("storetest: an empty key")
		}
		if m.o.MaxKey > 0 && len(key) > m.o.MaxKey {
			return fmt.Errorf("storetest: a key may have %d bytes, not the %d of %s", m.o.MaxKey, len(key), short(key))
		}
	}
	m.mu.Lock()
	return nil
}

func (m *Memory) fits(obj store.Object) error {
	if size := int64(len(obj.Body)); m.o.MaxSize > 0 && size > m.o.MaxSize {
		return fmt.Errorf("storetest: a body may have %d bytes, not %d", m.o.MaxSize, size)
	}
	return nil
}

func (m *Memory) can(capability string) error {
	if slices.Contains(m.o.Without, capability) {
		return fmt.Errorf("storetest: %s has no %s: %w", m.o.Name, capability, errors.ErrUnsupported)
	}
	return nil
}

// look returns what is held for key, and drops it if it is gone. The caller
// holds mu, and gives no memory of obj away.
func (m *Memory) look(key string) (obj store.Object, ok bool) {
	obj, ok = m.held[key]
	if ok && !m.o.Keep && obj.Meta.GoneAt(time.Now()) {
		delete(m.held, key)
		return store.Object{}, false
	}
	return obj, ok
}

// get returns a copy of what is held for key, if it is of use. The caller holds
// mu.
func (m *Memory) get(key string, want *store.Want) (store.Object, bool) {
	obj, ok := m.look(key)
	if !ok || !want.Useful(&obj.Meta) {
		return store.Object{}, false
	}
	return answer(obj, want), true
}

// answer returns a copy of obj with the body if it is wanted.
func answer(obj store.Object, want *store.Want) store.Object {
	meta := ownMeta(obj.Meta)
	given, body := want.Answer(&meta)
	if body {
		given.Body = bytes.Clone(obj.Body)
	}
	return given
}

// put replaces what is held for key. The caller holds mu.
func (m *Memory) put(key string, obj store.Object) store.Version {
	version := randomVersion()
	m.held[key] = asKept(obj, version)
	return version
}

// asKept returns a copy of obj as a backend keeps it.
func asKept(obj store.Object, version store.Version) store.Object {
	meta := ownMeta(obj.Meta)
	for _, instant := range []*time.Time{&meta.CreatedAt, &meta.FreshUntil, &meta.StaleUntil, &meta.HeldUntil} {
		*instant = store.FromMillis(store.Millis(*instant))
	}
	meta.Version, meta.Size, meta.Foreign, meta.Damaged = version, int64(len(obj.Body)), false, false
	return store.Object{Meta: meta, Body: bytes.Clone(obj.Body)}
}

// ownMeta returns a copy of meta that shares no memory with it.
func ownMeta(meta store.Meta) store.Meta {
	meta.Tags = slices.Clone(meta.Tags)
	return meta
}

func randomVersion() store.Version {
	for {
		if n := rand.Uint64(); n != 0 {
			return store.NumberVersion(n)
		}
	}
}
