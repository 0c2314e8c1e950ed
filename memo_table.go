package advcache

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// memoTable is a set-associative table of hotKeys, in the manner of Swiss
// tables. What it finds is a candidate, and the caller compares its digest.
//
// Sets and slots are addressed without checks of bounds: hash and tags cannot
// lead out of the table. That, and none in place of nil, is a fifth of a hit.
type memoTable[D comparable, V any] struct {
	sets  unsafe.Pointer // the first memoSet
	shift uint           // makes of the bits of a hash that choose the set its offset
	count int            // of the sets, a power of two
	none  *hotKey[D, V]  // in all empty slots: it has ended, so nothing is served from it
}

// memoSet is as large as a line of the processor's cache. Each byte of tags but
// the highest is the tag of a slot: 7 bits of a hash. That of an empty slot is
// anything, since tags are but hints.
type memoSet[D comparable, V any] struct {
	tags  atomic.Uint64
	slots [memoWays]memoSlot[D, V]
}

// memoSlot has 8 bytes on 32-bit processors too.
type memoSlot[D comparable, V any] struct {
	_   [8 - unsafe.Sizeof(uintptr(0))]byte
	hot atomic.Pointer[hotKey[D, V]]
}

const (
	memoWays = 7 // slots of a set
	setBytes = 8 + 8*memoWays

	tagMask    = 0x7F
	eachByte   = 0x01010101010101
	eachTopBit = 0x80808080808080
	// slotOffsets has the offset of each slot in its set: multiplied by the top
	// bit of the slot's tag, it has that offset as its highest byte. It takes the
	// place of an instruction that finds the lowest bit, which is slow on
	// processors that Go must assume.
	slotOffsets = 8<<49 | 16<<41 | 24<<33 | 32<<25 | 40<<17 | 48<<9 | 56<<1
)

func newMemoTable[D comparable, V any](count int, none *hotKey[D, V]) *memoTable[D, V] {
	sets := make([]memoSet[D, V], count)
	t := &memoTable[D, V]{
		sets: unsafe.Pointer(unsafe.SliceData(sets)), count: count, none: none,
		shift: uint(64 - bits.TrailingZeros(uint(count)) - bits.TrailingZeros(setBytes)),
	}
	t.each(func(slot *memoSlot[D, V]) { slot.hot.Store(none) })
	return t
}

// first returns the first candidate, none if there is none: in nearly all cases
// it is the one that is looked for, if that is there.
func (t *memoTable[D, V]) first(h hash) *hotKey[D, V] {
	set := unsafe.Add(t.sets, h.set>>(t.shift&63)&^(setBytes-1)) // as in set, which the compiler would not inline too
	found := matches((*memoSet[D, V])(set).tags.Load(), h.tag)
	if found == 0 {
		return t.none
	}
	return (*memoSlot[D, V])(unsafe.Add(set, (found&-found)*slotOffsets>>56)).hot.Load()
}

// candidates calls yield with each candidate until it returns false.
func (t *memoTable[D, V]) candidates(h hash) func(yield func(*hotKey[D, V]) bool) {
	return func(yield func(*hotKey[D, V]) bool) {
		set := t.set(h)
		for found := matches(set.tags.Load(), h.tag); found != 0; found &= found - 1 {
			if !yield(set.slots[bits.TrailingZeros64(found)/8].hot.Load()) {
				return
			}
		}
	}
}

// matches returns a word with the top bit of each byte set that may equal tag:
// the lowest of them does (Warren, Hacker's Delight, 6-1).
func matches(tags, tag uint64) uint64 {
	return (tags ^ tag&tagMask*eachByte - eachByte) & eachTopBit
}

func (t *memoTable[D, V]) set(h hash) *memoSet[D, V] {
	return (*memoSet[D, V])(unsafe.Add(t.sets, h.set>>(t.shift&63)&^(setBytes-1)))
}

func (t *memoTable[D, V]) each(do func(*memoSlot[D, V])) {
	for i := range t.count {
		set := (*memoSet[D, V])(unsafe.Add(t.sets, i*setBytes))
		for j := range set.slots {
			do(&set.slots[j])
		}
	}
}

// remove frees the slot of hot, if it has one.
func (t *memoTable[D, V]) remove(h hash, hot *hotKey[D, V]) {
	set := t.set(h)
	for i := range set.slots {
		set.slots[i].hot.CompareAndSwap(hot, t.none)
	}
}

func (s *memoSet[D, V]) put(slot int, h hash, hot *hotKey[D, V]) {
	if s.slots[slot].hot.Load() == hot {
		return // others read this line all the time
	}
	at := 8 * slot
	s.tags.Store(s.tags.Load()&^(tagMask<<at) | h.tag&tagMask<<at)
	s.slots[slot].hot.Store(hot)
}
