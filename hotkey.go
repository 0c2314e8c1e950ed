package advcache

import (
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/advcache/advcache/internal/live"
)

// hotKey is a key, as its digest D, and what its function serves for it: the
// value lies behind it, in a smallHotKey or a largeHotKey. It is all that a hit
// reads, and as small as can be: with K = int and V a pointer, two of them share
// a line of the processor's cache.
type hotKey[D comparable, V any] struct {
	// good is the horizon of the clock at which the hotKey was last found to be
	// within its limit, or a state: see there.
	good   atomic.Int64
	limit  atomic.Int64 // a hit beyond it must look closer, in Unix nanoseconds
	digest D
}

// The states of a hotKey, which no horizon equals. An ended one stays so: only
// its end is stored, and what is known of its life otherwise is changed by
// CompareAndSwap.
const (
	hotEnded = math.MinInt64     // its node has ended
	hotIdle  = math.MinInt64 + 1 // not hit since it was last asked to make room
	hotUsed  = math.MinInt64 + 2 // hit
)

type (
	smallHotKey[D comparable, V any] struct {
		hotKey[D, V]

		value V // a copy of the node's
	}
	largeHotKey[D comparable, V any] struct {
		hotKey[D, V]

		value *V // the node's
	}
)

// smallValue is the greatest size of a V, in bytes, that is kept twice.
const smallValue = 64

func newHotKey[D comparable, V any](digest D, value *V) *hotKey[D, V] {
	var hot *hotKey[D, V]
	if unsafe.Sizeof(*value) <= smallValue {
		hot = &(&smallHotKey[D, V]{value: *value}).hotKey
	} else {
		hot = &(&largeHotKey[D, V]{value: value}).hotKey
	}
	hot.digest = digest
	hot.good.Store(hotIdle)
	return hot
}

// value returns what is served, not to be changed. The size of V is known to the
// compiler, which leaves one of the two ways.
func (h *hotKey[D, V]) value() *V {
	if unsafe.Sizeof(*new(V)) <= smallValue {
		return &(*smallHotKey[D, V])(unsafe.Pointer(h)).value
	}
	return (*largeHotKey[D, V])(unsafe.Pointer(h)).value
}

// used reports whether the hotKey was hit since it was last asked to make room.
func (h *hotKey[D, V]) used() bool { return h.good.Load() > hotIdle }

func (h *hotKey[D, V]) ended() bool { return h.good.Load() == hotEnded }

// turn changes the state, unless it is no longer what it was found to be: it may
// have ended meanwhile.
func (h *hotKey[D, V]) turn(from, to int64) {
	if from != to {
		h.good.CompareAndSwap(from, to)
	}
}

// makeRoom makes the hotKey idle until it is hit again.
func (h *hotKey[D, V]) makeRoom() {
	if good := h.good.Load(); good != hotEnded {
		h.turn(good, hotIdle)
	}
}

// hotKeyHold ties a hotKey to its node, so that it ends with it.
type hotKeyHold[K, D comparable, V any] struct {
	*hotKey[D, V]

	memo *memo[K, D, V]
	hold live.Hold
}

// Release implements live.Holder: the node has ended.
func (h *hotKeyHold[K, D, V]) Release() {
	h.good.Store(hotEnded)
	h.free()
}

// free frees the slot, and with it the memory of the value.
func (h *hotKeyHold[K, D, V]) free() {
	h.memo.table.Load().remove(h.memo.hash(h.digest), h.hotKey)
}
