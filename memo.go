package advcache

import (
	"context"
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/advcache/advcache/internal/live"
)

// memo remembers the hot keys of one wrapped function by K, so that a hit need
// neither format its key, nor look it up, nor read the clock. It is a
// set-associative table of pointers to the nodes that the cache in memory holds.
//
// It obeys the laws by one comparison of a limit with the horizon of the clock,
// which tells that the entry is fresh and within its limits. A node that leaves
// its cache, by a Delete, a Set or an eviction, ends the limit before the change
// is visible, and is let go of at once (laws 1 to 3). Where the comparison
// fails, the slow path decides.
//
// The eviction policy of the cache must see the traffic: a sample of the hits is
// told to it, chosen by key and tick, so that choosing costs nothing.
type memo[K comparable, V any] struct {
	source live.Source[V]
	clock  *live.Clock
	hasher keyHasher[K]
	limit  int // sets at the most
	table  atomic.Pointer[memoTable[K, V]]
	_      [64]byte // what follows is written to more often than the above

	mu     sync.Mutex // held by the one that grants
	denied int        // grants that cost another key its place, or were refused; guarded by mu
}

const (
	memoWays  = 7  // slots of a set
	memoStart = 64 // sets of the first table
	// maxHotKeys bounds HotKeys, so that no table has more bytes than memory.
	maxHotKeys = 1 << 24
	// Of every 1<<memoTell hits, one is told to the eviction policy.
	memoTell = 8
)

type memoTable[K comparable, V any] struct {
	sets  []memoSet[K, V]
	shift uint // the highest bits of the hash choose the set
}

// memoSet is one line of the processor's cache. Each byte of tags but the highest
// is the tag of a slot, and but a hint: it spares a look at keys that cannot
// match, as in a Swiss table.
type memoSet[K comparable, V any] struct {
	tags atomic.Uint64
	hots [memoWays]atomic.Pointer[hotKey[K, V]]
}

const (
	eachByte   = 0x0101010101010101
	eachTopBit = 0x8080808080808080
)

// tagOf returns the tag for a hash: 7 bits that do not choose the set, and one
// that a slot without a tag has not.
func tagOf(h uint64) uint64 { return h&0x7F | 0x80 }

// matches returns a word with the top bit of each byte set that may equal tag:
// the lowest of them does (Warren, Hacker's Delight, 6-1).
func matches(tags, tag uint64) uint64 {
	x := tags ^ tag*eachByte
	return (x - eachByte) &^ x & eachTopBit
}

func newMemo[K comparable, V any](source live.Source[V], slots int) *memo[K, V] {
	m := &memo[K, V]{source: source, clock: source.Clock(), hasher: newKeyHasher[K](), limit: memoStart}
	for slots = min(slots, maxHotKeys); m.limit*memoWays < slots; {
		m.limit *= 4
	}
	return m
}

// hitter returns the function that serves hits: Func.Get, and what Cached
// returns. It is one closure, since each call in it costs as much as a third of
// the rest. What it finds nothing for goes to miss; and what is not plain, since
// values are copied, or is to be timed, to serve.
//
// In a copy of the closure that is made by inlining hitter, the compiler inlines
// nothing more, and hits take half as long again.
//
//go:noinline
func (m *memo[K, V]) hitter(plain bool, hits *hitCounter, serve func(context.Context, K, *V) (V, error), miss func(context.Context, K) (V, error)) func(context.Context, K) (V, error) {
	whole := m.hasher.kind == hashWhole
	return func(ctx context.Context, k K) (V, error) {
		t := m.table.Load()
		if t == nil {
			return miss(ctx, k)
		}
		now := m.clock.Horizon()
		var h uint64
		if whole {
			h = hashWord(*(*uint64)(unsafe.Pointer(&k)))
		} else {
			h = m.hasher.hash(k)
		}
		set := &t.sets[h>>(t.shift&63)]
		for found := matches(set.tags.Load(), tagOf(h)); found != 0; found &= found - 1 {
			at := uint(bits.TrailingZeros64(found)) / 8
			if at >= memoWays {
				break // never: the highest byte has no tag
			}
			hot := set.hots[at].Load()
			if hot == nil || hot.key != k {
				continue
			}
			if hot.limit.Load() <= now {
				break
			}
			if !hot.used.Load() {
				hot.used.Store(true)
			}
			if ((h^uint64(now))*hashFactor)>>(64-memoTell) == 0 {
				m.source.Find(hot.more.name)
			}
			if plain && (hits == nil || hits.shard().count.Add(1)%hitSample != 0 && hits.waiting.Load()) {
				return *hot.value, nil
			}
			return serve(ctx, k, hot.value)
		}
		return miss(ctx, k)
	}
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
	h := m.hasher.hash(k)
	set := t.set(h)
	slot := m.slotFor(set, k)
	if slot < 0 {
		m.grow(t)
		return
	}
	hot := m.hotKeyOf(k, node)
	if hot == nil {
		hot = newHotKey(m, k, node, name)
		if !node.Hold(&hot.more.hold, hot.more) {
			return // too many holders
		}
	}
	// From here on, the end of the node ends the hotKey. It is published only
	// if it has not come yet.
	if before := hot.limit.Load(); before == hotKeyEnded || node.Ended() || !hot.limit.CompareAndSwap(before, limit) {
		return
	}
	set.put(slot, h, hot)
	if hot.limit.Load() == hotKeyEnded {
		hot.more.clear() // it came before the slot was written
	}
	m.grow(t)
}

// hotKeyOf finds the hotKey that this memo made for k and node before: a grant
// of a key that had lost its slot allocates nothing.
func (m *memo[K, V]) hotKeyOf(k K, node *live.Node[V]) *hotKey[K, V] {
	for h := range node.Holders {
		if more, ok := h.(*hotKeyMore[K, V]); ok && more.memo == m && more.key == k {
			return more.hotKey
		}
	}
	return nil
}

// slotFor returns the slot that k is to have: its own, a free one, or that of a
// key that was not hit lately (the CLOCK algorithm, in each set). If all were,
// k gets none this time, and they must be hit again to keep their places.
func (m *memo[K, V]) slotFor(set *memoSet[K, V], k K) int {
	free, idle := -1, -1
	for i := range memoWays {
		switch hot := set.hots[i].Load(); {
		case hot == nil:
			if free < 0 {
				free = i
			}
		case hot.key == k:
			return i
		case !hot.used.Load():
			idle = i
		}
	}
	if free >= 0 {
		return free
	}
	m.denied++
	if idle < 0 {
		for i := range memoWays {
			if hot := set.hots[i].Load(); hot != nil {
				hot.used.Store(false)
			}
		}
	}
	return idle
}

// grow makes a larger table when keys compete for slots.
func (m *memo[K, V]) grow(old *memoTable[K, V]) {
	if m.denied < len(old.sets) || len(old.sets) >= m.limit {
		return
	}
	m.denied = 0
	t := newMemoTable[K, V](len(old.sets) * 4)
	for i := range old.sets {
		for j := range memoWays {
			if hot := old.sets[i].hots[j].Load(); hot != nil {
				h := m.hasher.hash(hot.key)
				set := t.set(h)
				if slot := m.slotFor(set, hot.key); slot >= 0 {
					set.put(slot, h, hot)
				}
			}
		}
	}
	m.table.Store(t)
	// A node that ended while its hotKey was copied has cleared the old slot.
	for i := range t.sets {
		for j := range memoWays {
			if hot := t.sets[i].hots[j].Load(); hot != nil && hot.limit.Load() == hotKeyEnded {
				t.sets[i].hots[j].CompareAndSwap(hot, nil)
			}
		}
	}
}

func newMemoTable[K comparable, V any](sets int) *memoTable[K, V] {
	return &memoTable[K, V]{sets: make([]memoSet[K, V], sets), shift: uint(64 - bits.TrailingZeros(uint(sets)))}
}

func (t *memoTable[K, V]) set(h uint64) *memoSet[K, V] { return &t.sets[h>>(t.shift&63)] }

func (s *memoSet[K, V]) put(slot int, h uint64, hot *hotKey[K, V]) {
	at := 8 * slot
	s.tags.Store(s.tags.Load()&^(0xFF<<at) | tagOf(h)<<at)
	s.hots[slot].Store(hot)
}
