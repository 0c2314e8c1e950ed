package main

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maypok86/otter/v2"
)

func TestQuantile(t *testing.T) {
	values := []float64{4, 1, 3, 2, 5}
	for q, want := range map[float64]float64{0: 1, 0.25: 2, 0.5: 3, 0.625: 3.5, 1: 5} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile(%v) = %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("quantile of nothing = %v, want NaN", got)
	}
	if values[0] != 4 {
		t.Error("quantile reordered its argument")
	}
}

func TestLoop(t *testing.T) {
	var got []int
	run := loop([]int{0, 1, 2, 3}, func(part []int) { got = append(got, part...) })
	run(6, 7)
	if want := []int{2, 3, 0, 1, 2, 3, 0}; !slices.Equal(got, want) {
		t.Errorf("loop gave %v, want %v", got, want)
	}
}

func TestSpread(t *testing.T) {
	for _, callers := range []int{1, 4} {
		done := make(chan int, callers)
		spread(func(_, n int) { done <- n }, 0, 100, callers)
		close(done)
		total := 0
		for n := range done {
			total += n
		}
		if total != 100 {
			t.Errorf("%d callers did %d operations, want 100", callers, total)
		}
	}
}

func TestInterleave(t *testing.T) {
	synctest.Test(t, testInterleave)
}

// testInterleave runs in a bubble: an operation takes no time, a call of run 1 ms.
func testInterleave(t *testing.T) {
	var order []string
	entrants := make([]entrant, 3)
	for i, name := range []string{"a", "b", "c"} {
		entrants[i] = entrant{name, func(from, n int) {
			if from > 0 && n > 1024/10 {
				order = append(order, name)
			}
			time.Sleep(time.Millisecond) // long enough to be calibrated to the least count
		}}
	}
	all := interleave(entrants, plan{rounds: 3, slice: time.Microsecond}, 1)
	if want := "bcacab"; strings.Join(order, "") != want {
		t.Errorf("rounds 2 and 3 ran %q, want %q", strings.Join(order, ""), want)
	}
	for i, s := range all {
		if len(s) != 3 {
			t.Errorf("entrant %d has %d samples, want 3", i, len(s))
		}
		if wall := median(s.walls()); wall != 1e6/1024 {
			t.Errorf("entrant %d took %v ns/op, want 1 ms of 1,024 operations", i, wall)
		}
	}
}

func TestSequences(t *testing.T) {
	keys := intKeys.keys(100)
	if a, b := zipf(keys, 1.01, 1000), zipf(keys, 1.01, 1000); !slices.Equal(a, b) {
		t.Error("two zipf sequences differ")
	}
	counts := make(map[int]int)
	for _, k := range zipf(keys, 1.01, 10_000) {
		counts[k]++
	}
	most := 0
	for _, n := range counts {
		most = max(most, n)
	}
	if most < 1000 || most > 4000 {
		t.Errorf("the hottest of 100 keys has %d of 10,000 draws, want about 2,000", most)
	}
}

// TestContenders proves that each contender answers with the value of the key
// asked for, and loads once.
func TestContenders(t *testing.T) {
	t.Run("int", func(t *testing.T) { testContenders(t, intKeys) })
	t.Run("string", func(t *testing.T) { testContenders(t, stringKeys) })
	t.Run("struct", func(t *testing.T) { testContenders(t, structKeys) })
}

func testContenders[K comparable](t *testing.T, kind keyKind[K]) {
	clock := otter.NewCoarseClock(clockResolution)
	defer clock.Stop()
	const keyCount = 100
	for _, contender := range append(wrapped[K](), cachedFunc[K]) {
		load, loads := kind.loader()
		s := contender(setup[K]{kind: kind, capacity: 10_000, load: load, nothing: kind.nothing, clock: clock})
		for range 2 {
			for _, k := range kind.keys(keyCount) {
				u, err := s.get(context.Background(), k)
				if err != nil || u.ID != kind.id(k) {
					t.Errorf("%s: get of %v gave %v, %v", s.name, k, u, err)
				}
			}
		}
		if got := loads.Load(); got != keyCount && s.name != nameCall {
			t.Errorf("%s: %d loads of %d keys", s.name, got, keyCount)
		}
		if s.mix != nil {
			s.mix(kind.keys(keyCount))
			u, err := s.get(context.Background(), kind.key(9))
			if err != nil || u.ID != fresh.ID {
				t.Errorf("%s: after a set, get gave %v, %v", s.name, u, err)
			}
		}
		s.close()
	}
}

func TestTable(t *testing.T) {
	rows := []row{
		{Work: "w", Procs: 2, Callers: 1, Contender: "ours", Metrics: []metric{{Name: "ns", Value: 5}}},
		{
			Work: "w", Procs: 2, Callers: 1, Contender: "theirs",
			Metrics: []metric{{Name: "ns", Value: 50.26}, spreadOf("ratio", []float64{0.1, 0.1, 0.1})},
			Goals:   []verdict{atMost("ratio", 0.2, 0.1), exactly("loads", 1, 2)},
		},
	}
	out := table([]string{"a note"}, rows) + goals(rows)
	for _, want := range []string{
		"w · GOMAXPROCS 2, 1 caller", "50.3", "0.100 (0.100–0.100)", "ratio ≤ 0.200: met; loads = 1: missed", "note: a note", "1 of 2 met",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestParseProcs(t *testing.T) {
	if got, err := parseProcs("1, 2"); err != nil || !slices.Equal(got, []int{1, 2}) {
		t.Errorf("parseProcs gave %v, %v", got, err)
	}
	for _, bad := range []string{"", "0", "x", "1,,2"} {
		if _, err := parseProcs(bad); err == nil {
			t.Errorf("parseProcs(%q) gave no error", bad)
		}
	}
}
