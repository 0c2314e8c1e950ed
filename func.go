package advcache

import (
	"context"
	"errors"
	"runtime"
	"time"
	"unsafe"

	"github.com/advcache/advcache/internal/live"
)

// Func is a function wrapped by a [TTL]. All methods are safe for concurrent
// use. A Func comes from [TTL.Func] or [TTL.FuncMany]; the zero Func is of no
// use.
type Func[K comparable, V any] struct {
	engine   *engine[V]
	key      *KeyTemplate[K]
	life     func(V) time.Duration // nil: the TTL's
	tags     func(V) []string      // nil: none
	cost     loadCost
	load     func(context.Context, K) (V, error)
	loadMany func(context.Context, []K) (map[K]V, error) // nil: only load

	memo granter[K, V]                       // hot keys; nil: none are remembered
	hit  func(context.Context, K) (V, error) // looks there, then calls get
}

// Get returns the value for k: from the cache, or from a load that is shared by
// all callers who wait for k. A done ctx does not keep a hit from being served.
func (f *Func[K, V]) Get(ctx context.Context, k K) (V, error) {
	return f.hit(ctx, k)
}

// serveHot serves a hit of a hot key where that is more than a look: values are
// copied; or the hit has been counted, and is to be timed, for which it is
// served once more, or is the first that the Observer is to be told of.
func (f *Func[K, V]) serveHot(ctx context.Context, k K, v *V) (V, error) {
	e := f.engine
	if e.copy != nil {
		e.hits.add()
		return e.own(*v)
	}
	e.hits.arm()
	if shard := e.hits.startTimed(); shard != nil {
		defer e.hits.endTimed(shard, time.Now())
		return f.hit(ctx, k)
	}
	return *v, nil
}

func (f *Func[K, V]) get(ctx context.Context, k K) (V, error) {
	mustContext(ctx)
	if f.engine.ttl == 0 {
		return bypass(ctx, func(ctx context.Context) (V, error) { return f.load(ctx, k) })
	}
	v, key, ok, err := f.fromMemory(k)
	switch {
	case err != nil:
		return v, err
	case ok:
		f.engine.hits.add()
		return v, nil
	}
	return f.engine.get(ctx, key, f.origin(k))
}

// fromMemory serves a fresh hit of a cache in memory, without allocation. If
// there is none, it returns the key.
func (f *Func[K, V]) fromMemory(k K) (v V, key string, ok bool, err error) {
	var buf [128]byte
	raw, err := f.key.Append(buf[:0], k)
	if err != nil {
		return v, "", false, err
	}
	if f.engine.live == nil {
		return v, string(raw), false, nil
	}
	n := f.engine.live.Find(unkept(raw))
	runtime.KeepAlive(&buf)
	if n != nil {
		if limit, ok := f.plainHit(n); ok {
			if f.memo != nil {
				f.memo.grant(k, n, limit)
			}
			v, err = f.engine.own(n.Value)
			return v, "", err == nil, err
		}
	}
	return v, string(raw), false, nil
}

// plainHit reports whether n is fresh and not to be refreshed, and until when
// that is sure, in Unix nanoseconds.
func (f *Func[K, V]) plainHit(n *live.Node[V]) (limit int64, ok bool) {
	if n.Absent() {
		return 0, false
	}
	l := n.Life()
	limit = min(l.Fresh, l.Held, f.engine.calmUntil(l, &f.cost))
	if len(n.Tags()) > 0 {
		limit = min(limit, f.engine.live.Watch(n))
	}
	clock := f.engine.live.Clock()
	return limit, limit > clock.Horizon() || limit > clock.Now() || limit == live.Never
}

// unkept returns raw as a string, for a callee that does not keep it: raw may
// be on the stack. The detour through an integer is what hides it from escape
// analysis, which cannot see through the interface that is called.
func unkept(raw []byte) string {
	view := struct {
		data uintptr
		len  int
	}{uintptr(unsafe.Pointer(unsafe.SliceData(raw))), len(raw)}
	return *(*string)(unsafe.Pointer(&view))
}

func (f *Func[K, V]) origin(k K) *origin[V] {
	return &origin[V]{
		load: func(ctx context.Context) (V, error) { return f.load(ctx, k) },
		life: f.life,
		tags: f.tags,
		cost: &f.cost,
	}
}

// Peek returns the value that the cache holds for k, if it is fresh. It never
// loads, and is not told to the Observer.
func (f *Func[K, V]) Peek(ctx context.Context, k K) (v V, ok bool, err error) {
	key, err := f.key.Key(k)
	if err != nil {
		return v, false, err
	}
	return f.engine.peek(ctx, key)
}

// Set stores v for k with the life of a loaded value. What a load of k under way
// gives is then not stored. With a ttl of 0, Set does nothing.
func (f *Func[K, V]) Set(ctx context.Context, k K, v V) error {
	key, err := f.key.Key(k)
	if err != nil {
		return err
	}
	return f.engine.set(ctx, key, v, f.life, f.tags)
}

// Refresh loads the value for k, whether or not the cache holds it, and returns
// it. It shares a load that is under way, which may have begun before what the
// caller knows to have changed: then Invalidate and Get. If the load fails, what
// the cache holds stays.
func (f *Func[K, V]) Refresh(ctx context.Context, k K) (V, error) {
	mustContext(ctx)
	key, err := f.key.Key(k)
	if err != nil {
		var none V
		return none, err
	}
	return f.engine.reload(ctx, key, f.origin(k))
}

// Invalidate removes the values for ks, and keeps loads under way from storing
// what they load. Calls that come after it see what was true after it. The
// error says what could not be removed.
func (f *Func[K, V]) Invalidate(ctx context.Context, ks ...K) error {
	keys := make([]string, 0, len(ks))
	var errs []error
	for _, k := range ks {
		key, err := f.key.Key(k)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		keys = append(keys, key)
	}
	return errors.Join(append(errs, f.engine.invalidate(ctx, keys))...)
}

// mustContext panics in the caller's own goroutine, where a nil context would
// else do harm later and further away.
func mustContext(ctx context.Context) {
	if ctx == nil {
		panic("advcache: the context is nil; hand in context.Background() if there is no other")
	}
}

// Key returns the key for k in the cache. It panics if MarshalText of K fails.
func (f *Func[K, V]) Key(k K) string {
	key, err := f.key.Key(k)
	if err != nil {
		panic(err.Error())
	}
	return key
}
