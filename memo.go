package advcache

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/advcache/advcache/internal/live"
)

// memo remembers the hot keys of one wrapped function by K, so that a hit need
// neither format its key, nor look it up, nor read the clock. D is what keys are
// told apart by: K itself, or something that is quicker to compare.
//
// It obeys the laws by one comparison of a hotKey's state with the horizon of
// the clock: where they are equal, the entry was found fresh and within its
// limits at this very horizon, and is still held. A node that leaves its cache,
// by a Delete, a Set or an eviction, ends the hotKey before the change is
// visible, and is let go of at once (laws 1 to 3). Where the comparison fails,
// get looks at the limit, once for each tick of the clock.
//
// The eviction policy of the cache must see the traffic: a sample of the hits is
// told to it, chosen when get looks, so that choosing costs nothing otherwise.
type memo[K, D comparable, V any] struct {
	table  atomic.Pointer[memoTable[D, V]]
	clock  *live.Clock
	hits   *hitCounter // nil: nobody asks
	digest func(K) D
	hash   func(D) hash
	// plain is whether values are served as they are. Otherwise, and where a
	// hit has more to do, serve serves; miss serves what there is no hotKey for.
	plain bool
	serve func(context.Context, K, *V) (V, error)
	miss  func(context.Context, K) (V, error)
	limit int      // sets at the most
	_     [64]byte // what follows is written to more often than the above

	mu     sync.Mutex // held by the one that grants
	denied int        // grants that cost another key its place, or were refused; guarded by mu
}

const (
	// maxHotKeys bounds HotKeys, so that no table has more bytes than memory.
	maxHotKeys = 1 << 24
	memoGrowth = 4
)

func newMemo[K, D comparable, V any](f *Func[K, V], digest func(K) D, hash func(D) hash) *memo[K, D, V] {
	e := f.engine
	m := &memo[K, D, V]{
		clock: e.live.Clock(), hits: e.hits, digest: digest, hash: hash,
		plain: e.copy == nil, serve: f.serveHot, miss: f.get, limit: 1,
	}
	for slots := min(e.opt.HotKeys, maxHotKeys); m.limit*memoWays < slots; {
		m.limit *= memoGrowth
	}
	var none D
	empty := newHotKey(none, new(V))
	empty.good.Store(hotEnded)
	m.table.Store(newMemoTable(1, empty))
	return m
}

// grant gives k a slot, so that hits are served from node until limit. It does
// nothing where somebody else is granting, or the limit is too near.
func (m *memo[K, D, V]) grant(k K, node *live.Node[V], limit int64) {
	if limit <= m.clock.Horizon() || !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	d := m.digest(k)
	h := m.hash(d)
	t := m.table.Load()
	set := t.set(h)
	slot := m.slotFor(t, set, d)
	if slot < 0 {
		m.grow(t)
		return
	}
	hot := m.holdOf(d, node)
	if hot == nil {
		hot = &hotKeyHold[K, D, V]{hotKey: newHotKey(d, &node.Value), memo: m}
		if !node.Hold(&hot.hold, hot) {
			return // too many holders
		}
	}
	// From here on, the end of the node ends the hotKey. It is published only
	// if it has not come yet.
	hot.limit.Store(limit)
	if hot.ended() || !node.FreshBeyond(m.clock.Horizon()) {
		return
	}
	set.put(slot, h, hot.hotKey)
	if hot.ended() {
		hot.free() // it came before the slot was written
	}
	m.grow(t)
}

// holdOf finds the hotKey that this memo made for d and node before: a grant of a
// key that had lost its slot allocates nothing.
func (m *memo[K, D, V]) holdOf(d D, node *live.Node[V]) *hotKeyHold[K, D, V] {
	for h := range node.Holders {
		if hot, ok := h.(*hotKeyHold[K, D, V]); ok && hot.memo == m && hot.digest == d {
			return hot
		}
	}
	return nil
}

// slotFor returns the slot that d is to have: its own, a free one, or that of a
// key that was not hit lately (the CLOCK algorithm, in each set). If all were,
// d gets none this time, and they must be hit again to keep their places.
func (m *memo[K, D, V]) slotFor(t *memoTable[D, V], set *memoSet[D, V], d D) int {
	free, idle := -1, -1
	for i := range set.slots {
		switch hot := set.slots[i].hot.Load(); {
		case hot == t.none:
			if free < 0 {
				free = i
			}
		case hot.digest == d:
			return i
		case !hot.used():
			idle = i
		}
	}
	if free >= 0 {
		return free
	}
	m.denied++
	if idle < 0 {
		for i := range set.slots {
			set.slots[i].hot.Load().makeRoom()
		}
	}
	return idle
}

// grow makes a larger table when keys compete for slots.
func (m *memo[K, D, V]) grow(old *memoTable[D, V]) {
	if m.denied < old.count || old.count >= m.limit {
		return
	}
	m.denied = 0
	t := newMemoTable(old.count*memoGrowth, old.none)
	old.each(func(slot *memoSlot[D, V]) {
		hot := slot.hot.Load()
		if hot == old.none {
			return
		}
		h := m.hash(hot.digest)
		set := t.set(h)
		if slot := m.slotFor(t, set, hot.digest); slot >= 0 {
			set.put(slot, h, hot)
		}
	})
	m.table.Store(t)
	// A node that ended while its hotKey was copied has freed the old slot.
	t.each(func(slot *memoSlot[D, V]) {
		if hot := slot.hot.Load(); hot != t.none && hot.ended() {
			slot.hot.CompareAndSwap(hot, t.none)
		}
	})
}
