package live

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(false)
		if c.Horizon() != Stopped {
			t.Fatal("a clock that nobody has asked runs")
		}
		time.Sleep(time.Second)
		c.Now()
		if c.Horizon() != Stopped {
			t.Fatal("a lone reading started the clock")
		}
		c.Now()
		for range 1000 {
			c.Now()
			if h, now := c.Horizon(), time.Now().UnixNano(); h > now+int64(Margin) || h < now+int64(Margin-Tick) {
				t.Fatalf("law 1: the horizon lies %v ahead, want %v to %v", time.Duration(h-now), Margin-Tick, Margin)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(3 * Tick) // unused
		if c.Horizon() != Stopped {
			t.Error("law 13: an idle clock runs on")
		}
		c.Now()
		c.Now()
		if c.Horizon() == Stopped {
			t.Error("the clock did not start again")
		}
		c.Close()
		c.Now()
		c.Now()
		if c.Horizon() != Stopped {
			t.Error("law 13: the clock runs after Close")
		}
	})
}

func TestExactClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(true)
		for range 100 {
			if now := c.Now(); now != time.Now().UnixNano() || c.Horizon() != Stopped {
				t.Fatal("law 1: an exact clock is not the time, or runs")
			}
		}
	})
}

func TestNodeLife(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for name, c := range map[string]struct {
		node     *Node[int]
		want     Life
		hitUntil int64 // FreshBeyond holds before it, but for 1 ns
		absent   bool
	}{
		"for ever":         {NewNode(1, now, time.Time{}, time.Time{}, time.Time{}, false, nil), Life{now.UnixNano(), Never, math.MinInt64, Never}, Never, false},
		"fresh":            {NewNode(1, now, now.Add(5), time.Time{}, time.Time{}, false, nil), Life{now.UnixNano(), now.UnixNano() + 5, math.MinInt64, Never}, now.UnixNano() + 5, false},
		"stale":            {NewNode(1, now, now.Add(5), now.Add(9), time.Time{}, false, nil), Life{now.UnixNano(), now.UnixNano() + 5, now.UnixNano() + 9, Never}, now.UnixNano() + 5, false},
		"held":             {NewNode(1, now, now.Add(5), time.Time{}, now.Add(2), false, nil), Life{now.UnixNano(), now.UnixNano() + 5, math.MinInt64, now.UnixNano() + 2}, now.UnixNano() + 2, false},
		"tagged":           {NewNode(1, now, now.Add(5), time.Time{}, time.Time{}, false, []string{"t"}), Life{now.UnixNano(), now.UnixNano() + 5, math.MinInt64, Never}, now.UnixNano() + 5, false},
		"tagged, even":     {NewNode(1, now, now.Add(6), time.Time{}, time.Time{}, false, []string{"t"}), Life{now.UnixNano(), now.UnixNano() + 6, math.MinInt64, Never}, now.UnixNano() + 6, false},
		"held, even":       {NewNode(1, now, now.Add(5), time.Time{}, now.Add(3), false, nil), Life{now.UnixNano(), now.UnixNano() + 5, math.MinInt64, now.UnixNano() + 3}, now.UnixNano() + 3, false},
		"tagged, for ever": {NewNode(1, now, time.Time{}, time.Time{}, time.Time{}, false, []string{"t"}), Life{now.UnixNano(), Never, math.MinInt64, Never}, Never, false},
		"absent":           {NewNode(0, now, now.Add(5), time.Time{}, time.Time{}, true, nil), Life{now.UnixNano(), now.UnixNano() + 5, math.MinInt64, Never}, 0, true},
		"before 1970":      {NewNode(1, time.Unix(-9, 0), time.Unix(-5, 0), time.Time{}, time.Time{}, false, nil), Life{-9e9, -5e9, math.MinInt64, Never}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := c.node
			for range 2 {
				if got := n.Life(); got != c.want || n.Absent() != c.absent {
					t.Errorf("law 1: Life = %+v, %v; want %+v, %v", got, n.Absent(), c.want, c.absent)
				}
				if hit := n.FreshBeyond(c.hitUntil - 2); c.hitUntil > 0 && hit == n.Ended() {
					t.Errorf("law 1: FreshBeyond(%d) = %v, ended %v", c.hitUntil-2, hit, n.Ended())
				}
				if hit := n.UntaggedBeyond(c.hitUntil - 2); c.hitUntil > 0 && hit != (!n.Ended() && len(n.Tags()) == 0) {
					t.Errorf("law 2: UntaggedBeyond(%d) = %v with the tags %q, ended %v", c.hitUntil-2, hit, n.Tags(), n.Ended())
				}
				if n.FreshBeyond(c.hitUntil) {
					t.Errorf("law 1: FreshBeyond(%d) at the end of the life", c.hitUntil)
				}
				n.End() // the life can still be read
				if !n.Ended() {
					t.Error("law 3: the node has not ended")
				}
			}
		})
	}
}

func TestLifeEnds(t *testing.T) {
	l := Life{Fresh: 10, Stale: 20, Held: Never}
	if !l.FreshAt(9) || l.FreshAt(10) || l.GoneAt(19) || !l.GoneAt(20) {
		t.Errorf("law 1: %+v is fresh to 10 and gone at 20", l)
	}
	l.Held = 15
	if l.GoneAt(14) || !l.GoneAt(15) {
		t.Errorf("law 2: %+v is past its limit at 15", l)
	}
	l = Life{Fresh: Never, Stale: math.MinInt64, Held: Never}
	if !l.FreshAt(Never-1) || l.GoneAt(Never) {
		t.Errorf("law 1: %+v never ends", l)
	}
}

func TestNanos(t *testing.T) {
	for _, c := range []struct {
		t    time.Time
		want int64
	}{
		{time.Time{}, 7},
		{time.Unix(0, 5), 5},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxInt64 - 1},
		{time.Date(1, 2, 1, 0, 0, 0, 0, time.UTC), math.MinInt64 + 2},
	} {
		if got := Nanos(c.t, 7); got != c.want {
			t.Errorf("Nanos(%v) = %d, want %d", c.t, got, c.want)
		}
	}
	if !Time(7, 7).IsZero() || !Time(5, 7).Equal(time.Unix(0, 5)) {
		t.Error("Time is not the inverse of Nanos")
	}
}

type holder struct {
	mu       sync.Mutex
	released int
	hold     Hold
}

func (h *holder) Release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.released++
}

func TestHolds(t *testing.T) {
	n := NewNode(1, time.Now(), time.Time{}, time.Time{}, time.Time{}, false, nil)
	holders := make([]*holder, maxHolds+1)
	for i := range holders {
		holders[i] = new(holder)
		if ok := n.Hold(&holders[i].hold, holders[i]); ok != (i < maxHolds) {
			t.Errorf("Hold %d = %v; there is room for %d", i, ok, maxHolds)
		}
	}
	count := 0
	for range n.Holders {
		count++
	}
	n.End()
	n.End()
	for i, h := range holders[:maxHolds] {
		if h.released != 1 {
			t.Errorf("law 13: holder %d was released %d times", i, h.released)
		}
	}
	if count != maxHolds {
		t.Errorf("Holders gave %d, want %d", count, maxHolds)
	}
}

func TestPendings(t *testing.T) {
	ps := NewPendings()
	a, b, other := ps.Begin("k"), ps.Begin("k"), ps.Begin("other")
	ps.Touch("k")
	if !a.Touched() || !b.Touched() || other.Touched() {
		t.Error("law 4: Touch did not tell all loads of its key, and only those")
	}
	ps.End("k", a)
	ps.End("k", a) // any number of times
	if !a.Barred() || b.Barred() {
		t.Error("law 3: End bars its load alone")
	}
	ps.Interrupt("k")
	if !b.Barred() || other.Barred() {
		t.Error("law 3: Interrupt bars all loads of its key alone")
	}
	c := ps.Begin("k")
	if c.Barred() {
		t.Error("law 3: a load that begins after an Interrupt is barred")
	}
	if keys := ps.InterruptPrefix("ot"); len(keys) != 1 || keys[0] != "other" || !other.Barred() || c.Barred() {
		t.Errorf("law 3: InterruptPrefix = %v", keys)
	}
	for _, p := range []*Pending{b, c} {
		ps.End("k", p)
	}
	ps.End("other", other)
	for i := range ps.shards {
		if s := &ps.shards[i]; len(s.byKey) != 0 || s.count.Load() != 0 {
			t.Errorf("law 13: %d keys, a count of %d are left", len(s.byKey), s.count.Load())
		}
	}
}
