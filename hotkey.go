package advcache

import (
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/advcache/advcache/internal/live"
)

// hotKey is a key and what its function serves for it: all that a hit reads, in
// one line of the processor's cache where K and V are small.
type hotKey[K comparable, V any] struct {
	limit atomic.Int64 // a hit beyond it must look closer, in Unix nanoseconds
	value *V           // the node's, or the copy of it in a smallHotKey
	more  *hotKeyMore[K, V]
	used  atomic.Bool // hit since it was last asked to make room
	key   K
}

// smallHotKey has the value at its side.
type smallHotKey[K comparable, V any] struct {
	hotKey[K, V]

	value V
}

// smallValue is the greatest size of a V, in bytes, that is kept twice.
const smallValue = 64

// hotKeyMore is what a hit has no need of.
type hotKeyMore[K comparable, V any] struct {
	*hotKey[K, V]

	node *live.Node[V]
	name string // in the cache
	memo *memo[K, V]
	hold live.Hold
}

func newHotKey[K comparable, V any](m *memo[K, V], k K, node *live.Node[V], name []byte) *hotKey[K, V] {
	var hot *hotKey[K, V]
	if unsafe.Sizeof(node.Value) <= smallValue {
		small := &smallHotKey[K, V]{value: node.Value}
		small.hotKey.value = &small.value
		hot = &small.hotKey
	} else {
		hot = &hotKey[K, V]{value: &node.Value}
	}
	hot.key = k
	hot.more = &hotKeyMore[K, V]{hotKey: hot, node: node, name: string(name), memo: m}
	return hot
}

// hotKeyEnded is the limit of a hotKey whose node has ended.
const hotKeyEnded = math.MinInt64

// Release implements live.Holder: the node has ended.
func (h *hotKeyMore[K, V]) Release() {
	h.limit.Store(hotKeyEnded)
	h.clear()
}

// clear frees the slot, and with it the memory of the value.
func (h *hotKeyMore[K, V]) clear() {
	t := h.memo.table.Load()
	if t == nil {
		return
	}
	set := t.set(h.memo.hasher.hash(h.key))
	for i := range memoWays {
		set.hots[i].CompareAndSwap(h.hotKey, nil)
	}
}
