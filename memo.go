package advcache

import (
	"hash/maphash"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/advcache/advcache/internal/live"
)

// memo remembers the hot keys of one wrapped function by K, so that a hit need
// neither format its key, nor look it up, nor read the clock. It is a
// set-associative table of pointers to the nodes that the cache in memory holds.
//
// It obeys the laws by the marks of the nodes: one comparison with the horizon
// of the clock tells that a node is fresh, within its limit, and still the one
// that the cache holds (laws 1 to 3). A node that leaves its cache is let go of
// at once. Where the comparison fails, the slow path decides.
//
// The eviction policy of the cache must see the traffic: a sample of the hits is
// told to it, chosen by key and tick, so that choosing costs nothing.
type memo[K comparable, V any] struct {
	source live.Source[V]
	clock  *live.Clock
	seed   maphash.Seed
	word   uintptr // the size of an integer K in bytes; 0: any other K
	limit  int     // slots at the most
	table  atomic.Pointer[memoTable[K, V]]

	mu     sync.Mutex // held by the one that grants
	denied int        // grants that cost another key its place, or were refused; guarded by mu
}

const (
	memoWays  = 4   // slots of a set
	memoStart = 256 // slots of the first table
	// Of every 1<<memoTell hits, one is told to the eviction policy.
	memoTell = 4
)

type memoTable[K comparable, V any] struct {
	slots []atomic.Pointer[hotKey[K, V]]
	shift uint // the highest bits of the hash choose the set
}

// hotKey is a key and the node that its function serves for it.
type hotKey[K comparable, V any] struct {
	node  *live.Node[V]
	limit atomic.Int64 // a hit beyond it must look closer, in Unix nanoseconds
	used  atomic.Bool  // hit since it was last asked to make room
	key   K
	name  string // in the cache
	memo  *memo[K, V]
	hold  live.Hold
}

func newMemo[K comparable, V any](source live.Source[V], limit int, k reflect.Type) *memo[K, V] {
	m := &memo[K, V]{source: source, clock: source.Clock(), seed: maphash.MakeSeed(), limit: memoStart}
	for m.limit < limit {
		m.limit *= 4
	}
	switch k.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		m.word = k.Size()
	}
	return m
}

// hash is cheap for integers, where the multiplication spreads neighbours over
// the sets (Knuth, The Art of Computer Programming 3, 6.4).
func (m *memo[K, V]) hash(k K) uint64 {
	var x uint64
	switch m.word {
	case 8:
		x = *(*uint64)(unsafe.Pointer(&k))
	case 4:
		x = uint64(*(*uint32)(unsafe.Pointer(&k)))
	case 2:
		x = uint64(*(*uint16)(unsafe.Pointer(&k)))
	case 1:
		x = uint64(*(*uint8)(unsafe.Pointer(&k)))
	default:
		return maphash.Comparable(m.seed, k)
	}
	x *= 0x9E3779B97F4A7C15
	return x ^ x>>32
}

// find returns the node to serve for k, nil if the slow path must decide.
func (m *memo[K, V]) find(k K) *live.Node[V] {
	t := m.table.Load()
	if t == nil {
		return nil
	}
	now := m.clock.Horizon()
	h := m.hash(k)
	set := t.set(h)
	for i := range set {
		hot := set[i].Load()
		if hot == nil || hot.key != k {
			continue
		}
		if hot.limit.Load() <= now || !hot.node.FreshBeyond(now) {
			return nil
		}
		if !hot.used.Load() {
			hot.used.Store(true)
		}
		if ((h^uint64(now))*0x9E3779B97F4A7C15)>>(64-memoTell) == 0 {
			m.source.Find(hot.name)
		}
		return hot.node
	}
	return nil
}

func (t *memoTable[K, V]) set(h uint64) []atomic.Pointer[hotKey[K, V]] {
	at := (h >> t.shift) * memoWays
	return t.slots[at : at+memoWays : at+memoWays]
}

// grant gives k a slot, so that hits are served from node until limit. It does
// nothing where somebody else is granting, or the limit is too near.
func (m *memo[K, V]) grant(k K, node *live.Node[V], limit int64, name []byte) {
	if m == nil || limit <= m.clock.Horizon() || !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	t := m.table.Load()
	if t == nil {
		t = newMemoTable[K, V](memoStart)
		m.table.Store(t)
	}
	set := t.set(m.hash(k))
	slot := m.slotFor(set, k)
	if slot == nil {
		m.grow(t)
		return
	}
	hot, known := m.hotKeyOf(k, node)
	if known {
		hot.limit.Store(limit)
		slot.Store(hot)
	} else {
		hot = &hotKey[K, V]{node: node, key: k, name: string(name), memo: m}
		hot.limit.Store(limit)
		slot.Store(hot)
		known = node.Hold(&hot.hold, hot)
	}
	if !known || node.Ended() {
		hot.Release() // it ended before it knew of us, or has too many holders
	}
	m.grow(t)
}

// hotKeyOf finds the hotKey that this memo made for k and node before: a grant
// of a key that had lost its slot allocates nothing.
func (m *memo[K, V]) hotKeyOf(k K, node *live.Node[V]) (*hotKey[K, V], bool) {
	for h := range node.Holders {
		if hot, ok := h.(*hotKey[K, V]); ok && hot.memo == m && hot.key == k {
			return hot, true
		}
	}
	return nil, false
}

// slotFor returns the slot that k is to have: its own, a free one, or that of a
// key that was not hit lately (the CLOCK algorithm, in each set). If all were,
// k gets none this time, and they must be hit again to keep their places.
func (m *memo[K, V]) slotFor(set []atomic.Pointer[hotKey[K, V]], k K) (slot *atomic.Pointer[hotKey[K, V]]) {
	var idle *atomic.Pointer[hotKey[K, V]]
	for i := range set {
		switch hot := set[i].Load(); {
		case hot == nil:
			slot = &set[i]
		case hot.key == k:
			return &set[i]
		case !hot.used.Load():
			idle = &set[i]
		}
	}
	if slot != nil {
		return slot
	}
	m.denied++
	if idle == nil {
		for i := range set {
			if hot := set[i].Load(); hot != nil {
				hot.used.Store(false)
			}
		}
	}
	return idle
}

// grow makes a larger table when keys compete for slots.
func (m *memo[K, V]) grow(old *memoTable[K, V]) {
	if m.denied < len(old.slots)/2 || len(old.slots) >= m.limit {
		return
	}
	m.denied = 0
	t := newMemoTable[K, V](len(old.slots) * 4)
	for i := range old.slots {
		if hot := old.slots[i].Load(); hot != nil {
			set := t.set(m.hash(hot.key))
			for j := range set {
				if set[j].Load() == nil {
					set[j].Store(hot)
					break
				}
			}
		}
	}
	m.table.Store(t)
	// A node that ended while its hotKey was copied has cleared the old slot.
	for i := range t.slots {
		if hot := t.slots[i].Load(); hot != nil && hot.node.Ended() {
			t.slots[i].CompareAndSwap(hot, nil)
		}
	}
}

func newMemoTable[K comparable, V any](slots int) *memoTable[K, V] {
	t := &memoTable[K, V]{slots: make([]atomic.Pointer[hotKey[K, V]], slots), shift: 64}
	for sets := slots / memoWays; sets > 1; sets /= 2 {
		t.shift--
	}
	return t
}

// Release implements live.Holder: the node has ended.
func (hot *hotKey[K, V]) Release() {
	t := hot.memo.table.Load()
	set := t.set(hot.memo.hash(hot.key))
	for i := range set {
		set[i].CompareAndSwap(hot, nil)
	}
}
