package advcache

import (
	"context"
	"unsafe"
)

// The functions below return those that serve hits: Func.Get, and what Cached
// returns. There is one for each kind of K, and each holds nothing but the
// commonest hit: of a hot key that its memo finds at once and has found good at
// this very horizon of the clock. Anything else goes to memo.get, in the last
// step, so that nothing need be saved for after a call.
//
// In a copy of a closure that is made by inlining the function around it, the
// compiler inlines nothing more, and hits take half as long again: hence the
// noinline.

// hitWhole is for a K that is one integer of 8 bytes.
//
//go:noinline
func hitWhole[K comparable, V any](m *memo[K, uint64, V]) func(context.Context, K) (V, error) {
	return func(ctx context.Context, k K) (V, error) {
		d := *(*uint64)(unsafe.Pointer(&k))
		hot := m.table.Load().first(hashWord(d))
		if hot.digest != d || hot.good.Load() != m.clock.Horizon() {
			return m.get(ctx, k)
		}
		if m.hits == nil || m.hits.counted() {
			return *hot.value(), nil
		}
		return m.serve(ctx, k, hot.value())
	}
}

// hitText is for a K that is a string. Those of 8 to 16 bytes are served here,
// and other takes the rest.
//
//go:noinline
func hitText[K comparable, V any](m *memo[K, shortText, V], salt uint64, other func(context.Context, K) (V, error)) func(context.Context, K) (V, error) {
	return func(ctx context.Context, k K) (V, error) {
		s := *(*string)(unsafe.Pointer(&k))
		n := uint(len(s))
		if n-8 > shortTextMax-8 {
			return other(ctx, k)
		}
		// As in shortTextOf, which the compiler does not inline.
		p := unsafe.Pointer(unsafe.StringData(s))
		a, b := word(p), word(unsafe.Add(p, n-8))
		hot := m.table.Load().first(hashPair(salt, a, b, n))
		if d := &hot.digest; d.a != a || d.b != b || d.n != n || hot.good.Load() != m.clock.Horizon() {
			return m.get(ctx, k)
		}
		if m.hits == nil || m.hits.counted() {
			return *hot.value(), nil
		}
		return m.serve(ctx, k, hot.value())
	}
}

// hitAny is for any K.
//
//go:noinline
func hitAny[K comparable, V any](m *memo[K, K, V], h *keyHasher[K]) func(context.Context, K) (V, error) {
	return func(ctx context.Context, k K) (V, error) {
		hot := m.table.Load().first(h.hash(k))
		if hot.digest != k || hot.good.Load() != m.clock.Horizon() {
			return m.get(ctx, k)
		}
		if m.hits == nil || m.hits.counted() {
			return *hot.value(), nil
		}
		return m.serve(ctx, k, hot.value())
	}
}

// get serves any hit of a hot key, and leaves the rest to miss.
//
//go:noinline
func (m *memo[K, D, V]) get(ctx context.Context, k K) (V, error) {
	d := m.digest(k)
	h := m.hash(d)
	for hot := range m.table.Load().candidates(h) {
		if hot.digest != d || !m.good(hot, h) {
			continue
		}
		if m.plain && (m.hits == nil || m.hits.counted()) {
			return *hot.value(), nil
		}
		return m.serve(ctx, k, hot.value())
	}
	return m.miss(ctx, k)
}

// good reports whether hot can be served. If it can, further hits at the same
// horizon need not ask again. It is false for the keys whose hits are to be told
// to the eviction policy until the clock ticks: miss does that, in passing.
func (m *memo[K, D, V]) good(hot *hotKey[D, V], h hash) bool {
	now := m.clock.Horizon()
	switch good := hot.good.Load(); {
	case good == hotEnded || hot.limit.Load() <= now:
		return false
	case told(h, now):
		if good == hotIdle {
			hot.turn(hotIdle, hotUsed)
		}
		return false
	default:
		hot.turn(good, now) // if it has ended meanwhile, it had not when it was read
		return true
	}
}

// told chooses the hits of which the eviction policy is told, by key and tick.
func told(h hash, now int64) bool {
	const oneOf = 9 // 1<<oneOf
	return ((h.set^h.tag^uint64(now))*hashFactor)>>(64-oneOf) == 0
}
