package advcache

import (
	"context"
	"fmt"
	"reflect"
	"time"
)

// TTL wraps functions so that their results are cached for a time: callers of
// a wrapped function are served from the cache, or share one load. Keys are
// made of K by a template ([ParseKey]). All methods are safe for concurrent use.
//
//	ttl := advcache.NewTTL[int](cache, time.Hour, &advcache.TTLOptions{Stale: time.Minute})
//	getUser := ttl.Cached("user:{}", fetchUser)
//	user, err := getUser(ctx, 42)
//
// A wrapped function returns the loader's value or error. What goes wrong with
// the cache is told to the Observer, and the loader's value is served. A load
// keeps the context values of its first caller, but not its cancellation: a
// caller that leaves leaves alone, and the load ends by LoadTimeout, or when the
// last caller has left. A panic in the loader, or runtime.Goexit, is a
// [*PanicError] for all who wait.
//
// Functions wrapped by one TTL share loads by key, and those over one cache share
// entries by key, so no two of them should use templates that can give the same
// key. A loader that calls a wrapped function
// for the key that it is loading gets an error; loads that wait for each other
// in a circle end by LoadTimeout.
type TTL[K comparable, V any] struct {
	engine *engine[V]
	life   func(V) time.Duration // nil: the engine's
	tags   func(V) []string      // nil: none
}

// NewTTL returns a TTL over c, which stays the caller's to close. Values live
// for ttl from the end of their load; with a ttl of 0, wrapped functions bypass
// the cache, and each call calls the loader. NewTTL panics if c is nil, ttl is
// negative, or the options make no sense.
func NewTTL[K comparable, V any](c Cache[V], ttl time.Duration, o *TTLOptions) *TTL[K, V] {
	if isNil(c) {
		panic(fmt.Sprintf("advcache: NewTTL: the cache is nil (%T); hand in a Cache such as inmem.New[V](nil)", c))
	}
	return &TTL[K, V]{engine: newEngine(c, ttl, o.withDefaults(ttl))}
}

// LifeOf returns a TTL that shares everything with t, but whose functions give
// each loaded value the life that life returns for it, instead of the ttl. A
// life of 0 or below means that the value is served but not kept. With a ttl of
// 0 functions bypass the cache all the same.
func (t *TTL[K, V]) LifeOf(life func(V) time.Duration) *TTL[K, V] {
	if life == nil {
		panic("advcache: TTL.LifeOf: the function is nil; hand in one that returns the life of a value")
	}
	return &TTL[K, V]{engine: t.engine, life: life, tags: t.tags}
}

// TagsOf returns a TTL that shares everything with t, but whose functions give
// each value, loaded or set, the tags that tags returns for it: see
// [InvalidateTag].
func (t *TTL[K, V]) TagsOf(tags func(V) []string) *TTL[K, V] {
	if tags == nil {
		panic("advcache: TTL.TagsOf: the function is nil; hand in one that returns the tags of a value")
	}
	return &TTL[K, V]{engine: t.engine, life: t.life, tags: tags}
}

// InvalidateTag ends what the cache holds with one of the tags, where the cache can
// do that: see the function [InvalidateTag].
func (t *TTL[K, V]) InvalidateTag(ctx context.Context, tags ...string) error {
	return InvalidateTag(ctx, t.engine.cache, tags...)
}

// Cached wraps fn: see [TTL]. It panics if the template does not fit K, or fn
// is nil. It is Func(...).Get.
func (t *TTL[K, V]) Cached(keyTemplate string, fn func(context.Context, K) (V, error)) func(context.Context, K) (V, error) {
	return t.Func(keyTemplate, fn).hit
}

// Func wraps fn as Cached does, and returns a handle to do more with it.
func (t *TTL[K, V]) Func(keyTemplate string, fn func(context.Context, K) (V, error)) *Func[K, V] {
	if fn == nil {
		panic("advcache: TTL.Func(" + keyTemplate + "): the function is nil; hand in the one to cache")
	}
	f := newFunc(t, keyTemplate)
	f.load = fn
	return f
}

// CachedMany wraps fn, which loads many keys at once: what is not in the cache
// is loaded by one call. Keys that fn leaves out of its map are not found
// ([ErrNotFound]); with an error, what the map holds is used all the same. It is
// FuncMany(...).GetMany.
func (t *TTL[K, V]) CachedMany(keyTemplate string, fn func(context.Context, []K) (map[K]V, error)) func(context.Context, []K) (map[K]V, error) {
	return t.FuncMany(keyTemplate, fn).GetMany
}

// FuncMany wraps fn as CachedMany does, and returns a handle. Its Get loads a
// single key, and shares loads with batches.
func (t *TTL[K, V]) FuncMany(keyTemplate string, fn func(context.Context, []K) (map[K]V, error)) *Func[K, V] {
	if fn == nil {
		panic("advcache: TTL.FuncMany(" + keyTemplate + "): the function is nil; hand in the one to cache")
	}
	f := newFunc(t, keyTemplate)
	f.loadMany = fn
	f.load = func(ctx context.Context, k K) (V, error) {
		values, err := fn(ctx, []K{k})
		v, ok := values[k]
		if !ok && len(values) > 0 {
			if key, err := f.key.Key(k); err == nil {
				v, ok = f.given(values, []K{k}).value(k, key)
			}
		}
		switch {
		case ok:
			return v, nil
		case err == nil:
			err = ErrNotFound
		}
		return v, err
	}
	return f
}

// CachedValue wraps a function without arguments. The key is a template without
// placeholders. K does not matter; where it has no other use, take struct{}.
func (t *TTL[K, V]) CachedValue(key string, fn func(context.Context) (V, error)) func(context.Context) (V, error) {
	if fn == nil {
		panic("advcache: TTL.CachedValue(" + key + "): the function is nil; hand in the one to cache")
	}
	f := newFunc(&TTL[struct{}, V]{engine: t.engine, life: t.life, tags: t.tags}, key)
	f.load = func(ctx context.Context, _ struct{}) (V, error) { return fn(ctx) }
	return func(ctx context.Context) (V, error) { return f.Get(ctx, struct{}{}) }
}

// Close ends the refreshes under way and waits for them and for the loads that
// callers wait for. If ctx is done first, these are ended too, and the error is
// that of ctx if a loader has not returned. Afterwards wrapped functions serve
// what the cache holds, and give [ErrClosed] where they would have to load. The
// cache is not closed. Close may be called again.
func (t *TTL[K, V]) Close(ctx context.Context) error { return t.engine.close(ctx) }

func newFunc[K comparable, V any](t *TTL[K, V], template string) *Func[K, V] {
	if t == nil || t.engine == nil {
		panic("advcache: the zero TTL has no cache; make one by NewTTL")
	}
	key, err := ParseKey[K](template)
	if err != nil {
		panic(err.Error())
	}
	e := t.engine
	if e.opt.MaxKeyLength != 0 {
		key = key.Limit(e.opt.MaxKeyLength)
	}
	f := &Func[K, V]{engine: e, key: key, life: t.life, tags: t.tags}
	f.hit = f.get
	if e.live != nil && e.ttl > 0 && e.opt.HotKeys > 0 && !e.live.Clock().Exact() && comparedByContent(reflect.TypeFor[K]()) {
		remember(f)
	}
	return f
}
