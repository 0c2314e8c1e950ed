package advcache

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/advcache/advcache/internal/live"
)

// testMemo is a memo without a cache behind it: a call that it has no hotKey for
// returns -1.
func testMemo(t *testing.T, sets int) *memo[int, uint64, int] {
	clock := live.NewClock(false)
	t.Cleanup(clock.Close)
	m := &memo[int, uint64, int]{
		clock: clock, digest: func(k int) uint64 { return uint64(k) }, hash: hashWord, plain: true, limit: sets,
		miss: func(context.Context, int) (int, error) { return -1, nil },
	}
	none := newHotKey[uint64](0, new(int))
	none.good.Store(hotEnded)
	m.table.Store(newMemoTable(1, none))
	for range 2 {
		clock.Now() // the second starts it
	}
	return m
}

func testNode(value int) *live.Node[int] {
	return live.NewNode(value, time.Now(), time.Time{}, time.Time{}, time.Time{}, false, nil)
}

// TestMatchesMissesNone holds that the lowest match is exact, and that no slot
// with the tag is left out.
func TestMatchesMissesNone(t *testing.T) {
	for seed := range uint64(100_000) {
		tags := hashWord(seed+1).tag * hashFactor &^ eachTopBit
		tag := hashWord(seed).set >> 57
		if seed%2 == 0 {
			tag = tags >> (8 * (seed / 2 % memoWays)) & tagMask
		}
		lowest := true
		for i := range memoWays {
			matched := matches(tags, tag)>>(8*i)&0x80 != 0
			if is := tags>>(8*i)&tagMask == tag; is && !matched || lowest && matched && !is {
				t.Fatalf("tags %#x, tag %#x: slot %d: matched %v", tags, tag, i, matched)
			}
			lowest = lowest && !matched
		}
		if matches(tags, tag)&^eachTopBit != 0 || matches(tags, tag)>>56 != 0 {
			t.Fatalf("tags %#x, tag %#x: a match in no slot: %#x", tags, tag, matches(tags, tag))
		}
	}
}

// TestSlotsAreWhereTheirTagsAre holds the addresses that first computes.
func TestSlotsAreWhereTheirTagsAre(t *testing.T) {
	var set memoSet[uint64, int]
	if size := unsafe.Sizeof(set); size != setBytes {
		t.Errorf("a set has %d bytes, want %d", size, setBytes)
	}
	for i := range set.slots {
		at := uintptr(unsafe.Pointer(&set.slots[i])) - uintptr(unsafe.Pointer(&set))
		if got := uint64(0x80) << (8 * i) * slotOffsets >> 56; got != uint64(at) {
			t.Errorf("slot %d is at %d, and is looked for at %d", i, at, got)
		}
	}
	table := newMemoTable(64, newHotKey[uint64](0, new(int)))
	for k := range uint64(5000) {
		h := hashWord(k)
		if h.tag&tagMask == 0 {
			continue // that of slots that never had a key
		}
		for i := memoWays - 1; i >= 0; i-- { // a tag outlives its key
			hot := newHotKey(k, new(int))
			table.set(h).put(i, h, hot)
			if got := table.first(h); got != hot {
				t.Fatalf("key %d in slot %d: first finds another", k, i)
			}
			table.remove(h, hot)
			if got := table.first(h); got != table.none {
				t.Fatalf("key %d in slot %d: found after its removal", k, i)
			}
		}
	}
}

// TestNumbersSpread holds the quality of the hash for the keys that programs
// have: rows of numbers, and multiples of powers of two.
func TestNumbersSpread(t *testing.T) {
	const sets, keys = 256, 1000
	for shift := range 48 {
		table := newMemoTable(sets, newHotKey[uint64](0, new(int)))
		crowd := make(map[*memoSet[uint64, int]]int)
		tags := make(map[*memoSet[uint64, int]]map[uint64]bool)
		beyond, same := 0, 0
		for i := range uint64(keys) {
			h := hashWord((100_000 + i) << shift)
			set := table.set(h)
			crowd[set]++
			if crowd[set] > memoWays {
				beyond++
			}
			if tags[set] == nil {
				tags[set] = make(map[uint64]bool)
			}
			if tag := h.tag & tagMask; tags[set][tag] {
				same++
			} else {
				tags[set][tag] = true
			}
		}
		// At random it would be 17, and the table would have to grow.
		if beyond > 30 || shift == 0 && beyond > 0 {
			t.Errorf("multiples of 2^%d: %d of %d keys have no slot in %d sets", shift, beyond, keys, sets)
		}
		if same > keys/20 {
			t.Errorf("multiples of 2^%d: %d of %d keys share the tag of another in their set", shift, same, keys)
		}
	}
}

// TestShortTextsAreTold holds that a shortText tells its string from all others.
func TestShortTextsAreTold(t *testing.T) {
	told := make(map[shortText]string)
	add := func(s string) {
		d := shortTextOf(s)
		if before, ok := told[d]; ok && before != s {
			t.Fatalf("%q and %q have the same shortText", before, s)
		}
		told[d] = s
	}
	for n := range shortTextMax + 1 {
		for fill := range 3 {
			s := make([]byte, n)
			for i := range s {
				s[i] = byte(fill)
			}
			for i := range s {
				for b := range 256 {
					before := s[i]
					s[i] = byte(b)
					add(string(s))
					s[i] = before
				}
			}
			add(string(s))
		}
	}
}

// TestIdleKeysMakeRoom is CLOCK in a table of one set.
func TestIdleKeysMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := testMemo(t, 1)
		get := hitWhole(m)
		hot := func(k int) bool {
			v, _ := get(t.Context(), k)
			if v != k && v != -1 {
				t.Fatalf("the value of %d is %d", k, v)
			}
			return v == k && m.table.Load().first(hashWord(uint64(k))).used()
		}
		var kept, told []int
		for k := 1; len(kept) < memoWays; k++ {
			if m.grant(k, testNode(k), live.Never); hot(k) {
				kept = append(kept, k)
			} else {
				told = append(told, k) // its hits go to the policy until the next tick
				m.table.Load().each(func(slot *memoSlot[uint64, int]) {
					if h := slot.hot.Load(); h.digest == uint64(k) {
						slot.hot.Store(m.table.Load().none)
					}
				})
			}
		}
		if len(told) > 3 {
			t.Errorf("%d of %d hits were told", len(told), len(told)+len(kept))
		}
		const late = 1000
		m.grant(late, testNode(late), live.Never)
		if hot(late) {
			t.Error("a key took the place of one that was in use")
		}
		for _, k := range kept[1:] { // asked to make room, all but one are hit again
			if !hot(k) {
				t.Errorf("%d has lost its place", k)
			}
		}
		m.grant(late, testNode(late), live.Never)
		if v, _ := get(t.Context(), kept[0]); v != -1 {
			t.Error("a key that was not hit again has kept its place")
		}
		for _, k := range append(kept[1:], late) {
			if v, _ := get(t.Context(), k); v != k {
				t.Errorf("%d has no place: its hit gives %d", k, v)
			}
		}
	})
}

// TestEndedIsFinal ends hotKeys while hits and grants change their state.
func TestEndedIsFinal(t *testing.T) {
	for round := range 300 {
		m := testMemo(t, 1)
		get := hitWhole(m)
		node := testNode(1)
		m.grant(1, node, live.Never)
		hold := m.holdOf(1, node)
		start := make(chan struct{})
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				<-start
				for range 50 {
					_, _ = get(t.Context(), 1)
					m.mu.Lock()
					hold.makeRoom()
					m.mu.Unlock()
					m.grant(1, node, live.Never)
				}
			})
		}
		group.Go(func() {
			<-start
			for range round {
				runtime.Gosched()
			}
			node.End()
			if v, _ := get(t.Context(), 1); v != -1 {
				t.Error("law 3: a node that had ended was served")
			}
		})
		close(start)
		group.Wait()
		if v, _ := get(t.Context(), 1); v != -1 || !hold.ended() {
			t.Fatal("law 3: a hotKey was revived")
		}
		m.table.Load().each(func(slot *memoSlot[uint64, int]) {
			if slot.hot.Load() == hold.hotKey {
				t.Error("law 13: a hotKey that has ended keeps its slot")
			}
		})
	}
}

// TestTellingIsSpread holds how often the eviction policy is told, for keys in a
// row: neither the same keys at each tick, nor all at one.
func TestTellingIsSpread(t *testing.T) {
	const keys, ticks = 1000, 1000
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()
	count, byKey := 0, make([]int, keys)
	for range ticks {
		now += int64(live.Tick) + int64(hashWord(uint64(now)).set>>50)
		inTick := 0
		for k := range byKey {
			if told(hashWord(uint64(k)), now) {
				byKey[k]++
				inTick++
			}
		}
		if count += inTick; inTick > keys/20 {
			t.Errorf("%d of %d keys are told in one tick", inTick, keys)
		}
	}
	if one := float64(keys*ticks) / float64(count); one < 400 || one > 650 {
		t.Errorf("one in %.0f is told", one)
	}
	for k, n := range byKey {
		if n > ticks/50 {
			t.Errorf("key %d is told in %d of %d ticks", k, n, ticks)
		}
	}
}
