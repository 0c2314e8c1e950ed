package storetest

import (
	"context"

	"github.com/advcache/advcache/store"
)

// wrapper passes every call on to a Memory. A mutant is one with another
// function in some of its fields.
type wrapper struct {
	m *Memory

	info    func() store.Info
	get     func(ctx context.Context, key string, want store.Want) (store.Object, bool, error)
	head    func(ctx context.Context, key string) (store.Meta, bool, error)
	put     func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error)
	delete  func(ctx context.Context, keys ...string) error
	touch   func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error)
	getMany func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error)
	putMany func(ctx context.Context, objs map[string]store.Object) error
	clear   func(ctx context.Context, prefix string) error

	requests func() int // for the harness
}

func wrap(m *Memory) *wrapper {
	return &wrapper{
		m: m, info: m.Info, get: m.Get, head: m.Head, put: m.Put, delete: m.Delete,
		touch: m.Touch, getMany: m.find, putMany: m.PutMany, clear: m.Clear,
		requests: func() int { return 0 },
	}
}

func (w *wrapper) Info() store.Info { return w.info() }

func (w *wrapper) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	return w.get(ctx, key, want)
}

func (w *wrapper) Head(ctx context.Context, key string) (store.Meta, bool, error) {
	return w.head(ctx, key)
}

func (w *wrapper) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	return w.put(ctx, key, obj, cond)
}

func (w *wrapper) Delete(ctx context.Context, keys ...string) error { return w.delete(ctx, keys...) }

func (w *wrapper) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	return w.touch(ctx, key, meta, cond)
}

func (w *wrapper) GetMany(ctx context.Context, keys []string, want store.Want) ([]*store.Object, error) {
	found, err := w.getMany(ctx, keys, want)
	var objs []*store.Object
	for _, key := range keys {
		var at *store.Object
		if obj, ok := found[key]; ok {
			at = &obj
		}
		objs = append(objs, at)
	}
	for _, key := range keys {
		delete(found, key)
	}
	for _, obj := range found { // which nobody asked for
		objs = append(objs, &obj)
	}
	return objs, err
}

// find is GetMany in the form that mutants change.
func (m *Memory) find(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
	objs, err := m.GetMany(ctx, keys, want)
	return foundIn(keys, objs), err
}

func (w *wrapper) PutMany(ctx context.Context, objs map[string]store.Object) error {
	return w.putMany(ctx, objs)
}

func (w *wrapper) Clear(ctx context.Context, prefix string) error { return w.clear(ctx, prefix) }

// stores makes all writes store what f makes of their objects.
func stores(w *wrapper, f func(key string, obj store.Object) store.Object) {
	put, putMany := w.put, w.putMany
	w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
		return put(ctx, key, f(key, ownObject(obj)), cond)
	}
	w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
		changed := make(map[string]store.Object)
		for key, obj := range objs {
			changed[key] = f(key, ownObject(obj))
		}
		return putMany(ctx, changed)
	}
}

// gives makes all reads give what f makes of what they found.
func gives(w *wrapper, f func(key string, want store.Want, obj *store.Object)) {
	get, head, getMany := w.get, w.head, w.getMany
	w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
		obj, ok, err := get(ctx, key, want)
		if ok {
			f(key, want, &obj)
		}
		return obj, ok, err
	}
	w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
		meta, ok, err := head(ctx, key)
		obj := store.Object{Meta: meta}
		if ok {
			f(key, store.Want{}, &obj)
		}
		return obj.Meta, ok, err
	}
	w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
		objs, err := getMany(ctx, keys, want)
		for key, obj := range objs {
			f(key, want, &obj)
			objs[key] = obj
		}
		return objs, err
	}
}

// wanting makes reads want what f makes of what is wanted.
func wanting(w *wrapper, f func(want store.Want) store.Want) {
	get, getMany := w.get, w.getMany
	w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
		return get(ctx, key, f(want))
	}
	w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
		return getMany(ctx, keys, f(want))
	}
}

// conditions makes Put have the condition that f makes of its own, given what is
// held; nil: nothing.
func conditions(w *wrapper, f func(held *store.Meta, cond store.Cond) store.Cond) {
	put := w.put
	w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
		var held *store.Meta
		if meta, ok, _ := w.m.Head(ctx, key); ok {
			held = &meta
		}
		return put(ctx, key, obj, f(held, cond))
	}
}

// rekey makes all methods work with the key that f makes of theirs.
func rekey(w *wrapper, f func(key string) string) {
	old := *w
	many := func(keys []string) []string {
		changed := make([]string, 0, len(keys))
		for _, key := range keys {
			changed = append(changed, f(key))
		}
		return changed
	}
	w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
		return old.get(ctx, f(key), want)
	}
	w.head = func(ctx context.Context, key string) (store.Meta, bool, error) { return old.head(ctx, f(key)) }
	w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
		return old.put(ctx, f(key), obj, cond)
	}
	w.delete = func(ctx context.Context, keys ...string) error { return old.delete(ctx, many(keys)...) }
	w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
		return old.touch(ctx, f(key), meta, cond)
	}
	w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
		objs, err := old.getMany(ctx, many(keys), want)
		found := make(map[string]store.Object)
		for _, key := range keys {
			if obj, ok := objs[f(key)]; ok {
				found[key] = obj
			}
		}
		return found, err
	}
	w.putMany = func(ctx context.Context, objs map[string]store.Object) error {
		changed := make(map[string]store.Object)
		for key, obj := range objs {
			changed[f(key)] = obj
		}
		return old.putMany(ctx, changed)
	}
	w.clear = func(ctx context.Context, prefix string) error {
		if prefix == "" {
			return old.clear(ctx, "")
		}
		return old.clear(ctx, f(prefix))
	}
}

func ownObject(obj store.Object) store.Object {
	obj.Meta = ownMeta(obj.Meta)
	obj.Body = append([]byte(nil), obj.Body...)
	return obj
}
