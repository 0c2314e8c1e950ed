package storetest

import (
	"time"

	"github.com/advcache/advcache/store"
)

// The methods here call the store and end the check where the answer is wrong.

// put stores an object, which must be done, and returns its Version.
func (e *env) put(key string, obj store.Object) store.Version {
	e.Helper()
	version, ok := e.putIf(key, obj, store.Cond{})
	if !ok {
		e.Fatalf("Put(%s) without a condition = false; want true", short(key))
	}
	return version
}

// putIf calls Put, which must not fail.
func (e *env) putIf(key string, obj store.Object, cond store.Cond) (store.Version, bool) {
	e.Helper()
	version, ok, err := e.store.Put(e.Context(), key, obj, cond)
	if err != nil {
		e.Fatalf("Put(%s, %s) %v = %v; want no error", short(key), describe(obj), cond.Kind, err)
	}
	return version, ok
}

// stores wants a conditional Put to be done.
func (e *env) stores(key string, obj store.Object, cond store.Cond) store.Version {
	e.Helper()
	version, ok := e.putIf(key, obj, cond)
	if !ok {
		e.Fatalf("Put(%s) %v = false; want true", short(key), cond.Kind)
	}
	e.holds(key, obj)
	return version
}

// refuses wants a conditional Put not to be done, and to change nothing.
func (e *env) refuses(key string, cond store.Cond) {
	e.Helper()
	before, held := e.look(key)
	if _, ok := e.putIf(key, lives("refused", long, 0), cond); ok {
		e.Lost("Put(%s) %v = true; want false", short(key), cond.Kind)
	}
	after, still := e.look(key)
	if held != still || before.Version != after.Version {
		e.Fatalf("Put(%s) %v = false, but what is held has changed, from %v %s to %v %s", short(key), cond.Kind,
			held, describeMeta(&before), still, describeMeta(&after))
	}
	if obj, ok := e.get(key, store.Want{Stale: true}); ok && string(obj.Body) == "refused" {
		e.Fatalf("Put(%s) %v = false, but Get returns what was refused", short(key), cond.Kind)
	}
}

func (e *env) delete(keys ...string) {
	e.Helper()
	if err := e.store.Delete(e.Context(), keys...); err != nil {
		e.Fatalf("Delete of %s = %v; want no error", list(keys), err)
	}
}

// get calls Get, which must not fail.
func (e *env) get(key string, want store.Want) (store.Object, bool) {
	e.Helper()
	obj, ok, err := e.store.Get(e.Context(), key, want)
	if err != nil {
		e.Fatalf("Get(%s) = %v; want no error", short(key), err)
	}
	return obj, ok
}

// found wants Get to find something, and returns it.
func (e *env) found(key string, want store.Want) store.Object {
	e.Helper()
	obj, ok := e.get(key, want)
	if !ok {
		e.Lost("Get(%s) is a miss; want a hit", short(key))
	}
	return obj
}

// misses wants a miss of Get.
func (e *env) misses(key string, want store.Want) {
	e.Helper()
	if obj, ok := e.get(key, want); ok {
		e.Fatalf("Get(%s) = %s, true; want a miss", short(key), describe(obj))
	}
}

// look calls Head, which must not fail.
func (e *env) look(key string) (store.Meta, bool) {
	e.Helper()
	meta, ok, err := e.store.Head(e.Context(), key)
	if err != nil {
		e.Fatalf("Head(%s) = %v; want no error", short(key), err)
	}
	return meta, ok
}

// head wants Head to find something, and returns it.
func (e *env) head(key string) store.Meta {
	e.Helper()
	meta, ok := e.look(key)
	if !ok {
		e.Lost("Head(%s) is a miss; want a hit", short(key))
	}
	return meta
}

// version returns the Version that Head gives, which must not be zero.
func (e *env) version(key string) store.Version {
	e.Helper()
	version := e.head(key).Version
	if version.IsZero() {
		e.Fatalf("Head(%s) has a zero Version", short(key))
	}
	return version
}

// is wants an object to be the one that was put.
func (e *env) is(call, key string, got, want store.Object) {
	e.Helper()
	if what := sameObject(&got, &want); what != "" {
		e.Fatalf("%s(%s) = %s: %s", call, short(key), describe(got), what)
	}
	if size := int64(len(want.Body)); got.Meta.Size != size {
		e.Fatalf("%s(%s) has the Size %d; want %d", call, short(key), got.Meta.Size, size)
	}
}

// holds wants all methods that look at stale objects too to find obj, with one
// Version.
func (e *env) holds(key string, obj store.Object) {
	e.Helper()
	got := e.found(key, store.Want{Stale: true})
	e.is("Get", key, got, obj)
	if got.NotModified {
		e.Fatalf("Get(%s) has NotModified, although the reader has nothing", short(key))
	}
	meta := e.head(key)
	if what := differs(&meta, &obj.Meta); what != "" {
		e.Fatalf("Head(%s) = %s: %s", short(key), describeMeta(&meta), what)
	}
	e.sized("Head", key, meta, obj)
	if got.Meta.Version.IsZero() || got.Meta.Version != meta.Version {
		e.Fatalf("Get(%s) gives the Version %v and Head %v; want the same, which is not zero", short(key), got.Meta.Version, meta.Version)
	}
}

// sized wants the Size of a Meta that came without its body to be right, or -1
// where that is agreed.
func (e *env) sized(call, key string, meta store.Meta, obj store.Object) {
	e.Helper()
	size := int64(len(obj.Body))
	if e.h.lacks(capSize) {
		if meta.Size != -1 && meta.Size != size {
			e.Fatalf("%s(%s) has the Size %d; want %d, or -1", call, short(key), meta.Size, size)
		}
		return
	}
	if meta.Size != size {
		e.Fatalf("%s(%s) has the Size %d; want %d", call, short(key), meta.Size, size)
	}
}

// fresh wants all methods to find obj fresh.
func (e *env) fresh(key string, obj store.Object) {
	e.Helper()
	e.is("Get", key, e.found(key, store.Want{}), obj)
	e.holds(key, obj)
}

// stale wants obj to be found by those alone who want it stale.
func (e *env) stale(key string, obj store.Object) {
	e.Helper()
	e.misses(key, store.Want{})
	e.holds(key, obj)
}

// gone wants nobody to be served any more.
func (e *env) gone(key string) {
	e.Helper()
	e.misses(key, store.Want{})
	e.misses(key, store.Want{Stale: true})
	if meta, ok := e.look(key); ok && !meta.GoneAt(time.Now().Add(e.h.Resolution)) {
		e.Fatalf("Head(%s) = %s, which is not gone; want a miss, or what is gone", short(key), describeMeta(&meta))
	}
}

// nothing wants nothing to be held.
func (e *env) nothing(key string) {
	e.Helper()
	e.misses(key, store.Want{Stale: true, Foreign: true})
	if meta, ok := e.look(key); ok {
		e.Fatalf("Head(%s) = %s, true; want a miss", short(key), describeMeta(&meta))
	}
}

// touch calls Touch, which must not fail.
func (e *env) touch(key string, meta store.Meta, cond store.Cond) bool {
	e.Helper()
	ok, err := store.Touch(e.Context(), e.store, key, meta, cond)
	if err != nil {
		e.Fatalf("Touch(%s, %s) %v = %v; want no error", short(key), describeMeta(&meta), cond.Kind, err)
	}
	return ok
}

// getMany calls GetMany, which must not fail.
func (e *env) getMany(want store.Want, keys ...string) map[string]store.Object {
	e.Helper()
	objs, err := store.GetMany(e.Context(), e.store, keys, want)
	if err != nil {
		e.Fatalf("GetMany of %s = %v; want no error", list(keys), err)
	}
	if len(objs) != len(keys) {
		e.Fatalf("GetMany of %d keys gives %d objects; want one or nil for each", len(keys), len(objs))
	}
	found := foundIn(keys, objs)
	for i, obj := range objs {
		if again, ok := found[keys[i]]; ok && (obj == nil || obj.Meta.Version != again.Meta.Version) {
			e.Lost("GetMany of %s finds %s at one place and not at another", list(keys), short(keys[i]))
		}
	}
	return found
}

// foundIn returns what GetMany found, by the keys.
func foundIn(keys []string, objs []*store.Object) map[string]store.Object {
	found := make(map[string]store.Object)
	for i, obj := range objs {
		if obj != nil {
			found[keys[i]] = *obj
		}
	}
	return found
}

// findsMany wants GetMany to find objs and nothing else.
func (e *env) findsMany(objs map[string]store.Object, keys ...string) {
	e.Helper()
	got := e.getMany(store.Want{}, keys...)
	for key, obj := range objs {
		found, ok := got[key]
		if !ok {
			e.Lost("GetMany of %s does not find %s", list(keys), short(key))
		}
		e.is("GetMany", key, found, obj)
	}
	for key, obj := range got {
		if _, ok := objs[key]; !ok {
			e.Fatalf("GetMany of %s finds %s = %s; want a miss", list(keys), short(key), describe(obj))
		}
	}
}

func (e *env) putMany(objs map[string]store.Object) {
	e.Helper()
	if err := store.PutMany(e.Context(), e.store, objs); err != nil {
		e.Fatalf("PutMany of %d objects = %v; want no error", len(objs), err)
	}
}

func (e *env) clear(prefix string) {
	e.Helper()
	if err := store.Clear(e.Context(), e.store, prefix); err != nil {
		e.Fatalf("Clear(%s) = %v; want no error", short(prefix), err)
	}
}

// fill stores n objects, fast where the store can, and returns them.
func (e *env) fill(n int, key func(i int) string) map[string]store.Object {
	e.Helper()
	objs := make(map[string]store.Object, n)
	for i := range n {
		objs[key(i)] = lives(key(i), long, 0)
	}
	if !e.h.lacks(capPutMany) {
		e.putMany(objs)
		return objs
	}
	for key, obj := range objs {
		e.put(key, obj)
	}
	return objs
}
