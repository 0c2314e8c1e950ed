package advcache

import (
	"encoding/json"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"
)

func TestStatsCountsEachHook(t *testing.T) {
	took := func(d time.Duration) Latency { return Latency{Count: 1, Sum: d, P50: d, P99: d, Max: d} }
	want := map[string]CacheStats{
		"Hits":         {Hits: 7, HitTime: took(20)},
		"Stale":        {Stale: 1},
		"Miss":         {Misses: 1, MissTime: took(30)},
		"Negative":     {Negative: 1},
		"Load":         {Loads: 1, LoadTime: took(30)},
		"LoadError":    {LoadErrors: 1},
		"Refresh":      {Refreshes: 1, RefreshTime: took(30)},
		"Set":          {Sets: 1},
		"Delete":       {Deletes: 1},
		"Evict":        {Evictions: 1},
		"BackendError": {BackendErrors: 1},
	}
	for _, name := range hookNames() {
		if name == "attach" {
			continue
		}
		stats := NewStats()
		hookCall(t, stats.Observer(), name,
			HitEvent{Cache: "c", Count: 7, Sample: 20}, Event{Cache: "c", Key: "k", Duration: 30})()
		got := stats.Snapshot()
		if got.CacheStats != want[name] || got.Caches["c"] != want[name] {
			t.Errorf("%s gave %+v, want %+v", name, got, want[name])
		}
	}
}

func TestStatsTimesOnlySampledHits(t *testing.T) {
	stats := NewStats()
	o := stats.Observer()
	o.Hits(HitEvent{Cache: "c", Count: 10})
	o.Hits(HitEvent{Cache: "c", Count: 1, Sample: 25})
	if got := stats.Snapshot(); got.Hits != 11 || got.HitTime.Count != 1 || got.HitTime.Max != 25 {
		t.Errorf("got %d hits and the times %+v, want 11 and a single one of 25ns", got.Hits, got.HitTime)
	}
}

// TestStatsTimesLoadsOfNoTime matters where the clock is coarse, as on Windows:
// without the zeros, the quantiles would tell of the slow loads alone.
func TestStatsTimesLoadsOfNoTime(t *testing.T) {
	stats := NewStats()
	o := stats.Observer()
	o.Load(Event{Cache: "c"})
	o.Load(Event{Cache: "c"})
	o.Load(Event{Cache: "c", Duration: time.Second})
	if got := stats.Snapshot().LoadTime; got.Count != 3 || got.P50 != 0 {
		t.Errorf("got %+v, want three loads, and the median 0", got)
	}
}

func TestStatsByCache(t *testing.T) {
	var stats Stats // the zero value is ready for use
	o := stats.Observer()
	o.Hits(HitEvent{Cache: "users", Count: 3})
	o.Load(Event{Cache: "users", Duration: 10})
	o.Load(Event{Cache: "orders", Duration: 20})
	o.Load(Event{Cache: "orders", Duration: 30})
	got := stats.Snapshot()
	if names := slices.Sorted(maps.Keys(got.Caches)); !slices.Equal(names, []string{"orders", "users"}) {
		t.Fatalf("got the caches %q, want orders and users", names)
	}
	if users := got.Caches["users"]; users.Hits != 3 || users.Loads != 1 || users.LoadTime.P50 != 10 {
		t.Errorf("users: got %+v", users)
	}
	if orders := got.Caches["orders"]; orders.Hits != 0 || orders.Loads != 2 || orders.LoadTime.P50 != 20 {
		t.Errorf("orders: got %+v", orders)
	}
	want := Latency{Count: 3, Sum: 60, P50: 20, P99: 30, Max: 30}
	if got.Hits != 3 || got.Loads != 3 || got.LoadTime != want {
		t.Errorf("all: got %+v, want 3 hits, and 3 loads with %+v", got.CacheStats, want)
	}
}

func TestSnapshotIsACopy(t *testing.T) {
	stats := NewStats()
	o := stats.Observer()
	o.Set(Event{Cache: "c"})
	before := stats.Snapshot()
	o.Set(Event{Cache: "c"})
	o.Set(Event{Cache: "d"})
	if before.Sets != 1 || before.Caches["c"].Sets != 1 || len(before.Caches) != 1 {
		t.Errorf("the snapshot has changed to %+v", before)
	}
	clear(before.Caches)
	if got := stats.Snapshot(); got.Sets != 3 || len(got.Caches) != 2 {
		t.Errorf("after a change of a snapshot, the next has %+v", got)
	}
}

func TestHitRatio(t *testing.T) {
	for _, test := range []struct {
		c    CacheStats
		want float64
	}{
		{CacheStats{}, 0},
		{CacheStats{Misses: 4}, 0},
		{CacheStats{Hits: 4}, 1},
		{CacheStats{Hits: 1, Stale: 1, Negative: 1, Misses: 1}, 0.75},
		{CacheStats{Hits: 1, Misses: 1, Loads: 50, Refreshes: 50, LoadErrors: 50}, 0.5},
	} {
		if got := test.c.HitRatio(); got != test.want {
			t.Errorf("%+v has the hit ratio %v, want %v", test.c, got, test.want)
		}
	}
}

func TestResetForgets(t *testing.T) {
	stats := NewStats()
	o := stats.Observer()
	waiting := int64(5)
	o.attach(func() bool {
		o.Hits(HitEvent{Cache: "c", Count: waiting})
		waiting = 0
		return true
	})
	o.Load(Event{Cache: "gone", Duration: time.Second})
	stats.Reset()
	if got := stats.Snapshot(); got.CacheStats != (CacheStats{}) {
		t.Errorf("after Reset there is %+v", got.CacheStats)
	} else if _, ok := got.Caches["gone"]; ok {
		t.Error("after Reset the name of a cache is still known")
	}
	waiting = 2
	o.Set(Event{Cache: "c"})
	if got := stats.Snapshot(); got.Hits != 2 || got.Sets != 1 {
		t.Errorf("after Reset, got %d hits and %d sets, want 2 and 1", got.Hits, got.Sets)
	}
}

// TestSnapshotInsideAHook is the case of an observer that prints the stats it
// is joined with: flushing must hold no lock.
func TestSnapshotInsideAHook(t *testing.T) {
	stats := NewStats()
	var inside []int64
	joined := Observers(stats.Observer(), &Observer{
		Hits: func(HitEvent) { inside = append(inside, stats.Snapshot().Hits) },
	})
	waiting := int64(4)
	joined.attach(func() bool {
		if n := waiting; n > 0 {
			waiting = 0
			joined.Hits(HitEvent{Cache: "c", Count: n})
		}
		return true
	})
	if got := stats.Snapshot().Hits; got != 4 || !slices.Equal(inside, []int64{4}) {
		t.Errorf("got %d hits, and %d inside the hook, want 4 in both", got, inside)
	}
}

// TestStatsDoNotKeepCaches attaches as a cache does, through a weak pointer.
func TestStatsDoNotKeepCaches(t *testing.T) {
	type cache struct {
		hits   atomic.Int64
		values map[string]int // the allocator puts small objects without pointers together
	}
	stats := NewStats()
	o := stats.Observer()
	attach := func() *cache {
		c := &cache{values: map[string]int{}}
		pointer := weak.Make(c)
		o.attach(func() bool {
			c := pointer.Value()
			if c == nil {
				return false
			}
			o.Hits(HitEvent{Cache: "c", Count: c.hits.Swap(0)})
			return true
		})
		return c
	}
	kept := attach()
	attach().hits.Add(1)
	kept.hits.Add(2)
	runtime.GC()
	if got := stats.Snapshot().Hits; got != 2 {
		t.Errorf("got %d hits, want the 2 of the cache that is alive", got)
	}
	if got := len(stats.flushers.all); got != 1 {
		t.Errorf("%d functions are kept, want that of the cache that is alive", got)
	}
	runtime.KeepAlive(kept)
}

func TestStatsConcurrently(t *testing.T) {
	const workers, each, names = 8, 500, 5
	stats := NewStats()
	var waiting atomic.Int64
	o := stats.Observer()
	o.attach(func() bool {
		o.Hits(HitEvent{Cache: "0", Count: waiting.Swap(0)})
		return true
	})
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			o := stats.Observer()
			var before int64
			for i := range each {
				name := strconv.Itoa(i % names)
				o.Miss(Event{Cache: name, Duration: time.Microsecond})
				o.Load(Event{Cache: name, Duration: time.Millisecond})
				waiting.Add(1)
				if i%100 == 0 {
					now := stats.Snapshot().Misses
					if now < before+min(int64(i), 1) {
						t.Errorf("%d misses after %d", now, before)
					}
					before = now
				}
			}
		})
	}
	wg.Wait()
	got := stats.Snapshot()
	const want = workers * each
	if got.Hits != want || got.Misses != want || got.Loads != want || got.LoadTime.Count != want {
		t.Errorf("got %+v, want %d hits, misses and loads", got.CacheStats, want)
	}
	if len(got.Caches) != names {
		t.Errorf("got %d caches, want %d", len(got.Caches), names)
	}
}

func TestResetConcurrently(t *testing.T) {
	stats := NewStats()
	o := stats.Observer()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				o.Set(Event{Cache: "c"})
				if i%50 == 0 {
					stats.Reset()
				}
			}
		})
	}
	wg.Wait()
	stats.Reset()
	o.Set(Event{Cache: "c"})
	if got := stats.Snapshot().Sets; got != 1 {
		t.Errorf("got %d sets after the last Reset, want 1", got)
	}
}

func TestSnapshotJSON(t *testing.T) {
	stats := NewStats()
	o := stats.Observer()
	o.Hits(HitEvent{Cache: "users", Count: 2, Sample: 150})
	o.Load(Event{Cache: "users", Duration: time.Second})
	want := stats.Snapshot()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`{"hits":2,`, `"load_time":{"count":1,"sum_ns":1000000000,`, `"caches":{"users":{"hits":2,`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s has no %s", text, part)
		}
	}
	var got Snapshot
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v back, want %+v", got, want)
	}
}

func TestSnapshotStringColumns(t *testing.T) {
	stats := NewStats()
	heading := func() string {
		first, _, _ := strings.Cut(stats.Snapshot().String(), "\n")
		return strings.TrimSpace(strings.TrimPrefix(first, "cache"))
	}
	if got := heading(); got != "all caches" {
		t.Errorf("with no events the heading is %q, want all caches", got)
	}
	o := stats.Observer()
	o.Set(Event{})
	if got := heading(); got != "(no name)" {
		t.Errorf("with one nameless cache the heading is %q, want (no name)", got)
	}
	o.Set(Event{Cache: "größer"})
	if got := heading(); got != "all caches  (no name)  größer" {
		t.Errorf("with two caches the heading is %q, want both and all caches", got)
	}
	o.Load(Event{Cache: "größer", Duration: 1500})
	lines := strings.Split(stats.Snapshot().String(), "\n")
	width := len([]rune(lines[0]))
	for _, line := range lines {
		if len([]rune(line)) != width || strings.TrimRight(line, " ") != line {
			t.Errorf("%q is not %d wide, or ends in a space", line, width)
		}
	}
}

func BenchmarkStats(b *testing.B) {
	for _, name := range hookNames() {
		if name == "attach" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			hit := HitEvent{Cache: "users", Count: 100, Sample: 80}
			event := Event{Cache: "users", Key: "user:1", Duration: time.Millisecond}
			call := hookCall(b, NewStats().Observer(), name, hit, event)
			call() // the name is known from now on
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// TestStatsHooksAllocateNothing holds what the benchmark shows.
func TestStatsHooksAllocateNothing(t *testing.T) {
	for _, name := range hookNames() {
		if name == "attach" {
			continue
		}
		call := hookCall(t, NewStats().Observer(), name,
			HitEvent{Cache: "users", Count: 100, Sample: 80}, Event{Cache: "users", Duration: time.Millisecond})
		if got := testing.AllocsPerRun(100, call); got != 0 {
			t.Errorf("%s allocates %v times for each event, want 0", name, got)
		}
	}
}

func BenchmarkStatsParallel(b *testing.B) {
	o := NewStats().Observer()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			o.Load(Event{Cache: "users", Duration: time.Millisecond})
		}
	})
}

func BenchmarkSnapshot(b *testing.B) {
	stats := NewStats()
	o := stats.Observer()
	for i := range 5 {
		o.Load(Event{Cache: strconv.Itoa(i), Duration: time.Second})
	}
	b.ReportAllocs()
	for b.Loop() {
		stats.Snapshot()
	}
}
