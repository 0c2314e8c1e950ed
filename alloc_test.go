//go:build !race

package advcache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

type (
	userID   int64
	userName string
	pair     struct {
		Tenant string
		ID     uint32
	}
	namedPair struct {
		Name userName
		ID   userID
	}
	wide struct{ A, B, C, D string }
)

// TestHitsAllocateNothing is not built with the race detector, which allocates.
func TestHitsAllocateNothing(t *testing.T) {
	testAllocs(t, "u:{}", func(i int) int { return i })
	testAllocs(t, "u:{}", func(i int) uint8 { return uint8(i) })
	testAllocs(t, "u:{}", func(i int) userID { return userID(-i) })
	testAllocs(t, "u:{}", func(i int) string { return fmt.Sprintf("user-%d", i) })
	testAllocs(t, "u:{}", func(i int) string { return fmt.Sprintf("an id/with %d escapes", i) })
	testAllocs(t, "u:{}", func(i int) userName { return userName(fmt.Sprint("name", i)) })
	testAllocs(t, "t/{Tenant}/u/{ID}", func(i int) pair { return pair{"tenant", uint32(i)} })
	testAllocs(t, "t/{Name}/u/{ID}", func(i int) namedPair { return namedPair{"tenant", userID(i)} })
	testAllocs(t, "{A}/{B}/{C}/{D}", func(i int) wide { return wide{"a", "b", "c", fmt.Sprint(i)} })
	testAllocs(t, "settings", func(int) struct{} { return struct{}{} })
}

func testAllocs[K comparable](t *testing.T, template string, key func(int) K) {
	t.Helper()
	stats := advcache.NewStats()
	for name, opt := range map[string]advcache.TTLOptions{
		"hot":                {},
		"no hot keys":        {HotKeys: -1},
		"stats":              {Observer: stats.Observer()},
		"stats, no hot keys": {Observer: stats.Observer(), HotKeys: -1},
		"windows":            {Stale: time.Hour, StaleIfError: 2 * time.Hour, NegativeTTL: time.Minute, Jitter: 0.1},
		"ahead":              {RefreshAhead: 0.9, EarlyExpiry: 1},
		"short keys":         {MaxKeyLength: 80},
	} {
		for _, exact := range []bool{false, true} {
			for _, ttl := range []time.Duration{time.Hour, 1<<63 - 1} {
				c := open(t, &inmem.Options[int64]{Exact: exact})
				tt := advcache.NewTTL[K](c, ttl, &opt)
				f := tt.Func(template, func(context.Context, K) (int64, error) { return 7, nil })
				many := tt.FuncMany(template, func(_ context.Context, ks []K) (map[K]int64, error) { return map[K]int64{ks[0]: 7}, nil })
				cached := tt.Cached(template, func(context.Context, K) (int64, error) { return 7, nil })
				keys := make([]K, 100)
				for i := range keys {
					keys[i] = key(i)
				}
				for path, get := range map[string]func(context.Context, K) (int64, error){"Func": f.Get, "FuncMany": many.Get, "Cached": cached} {
					wantNoAllocs(t, fmt.Sprintf("law 14: %T, %s, exact %v, ttl %v, %s", keys[0], name, exact, ttl, path), func() {
						for _, k := range keys {
							if v, err := get(t.Context(), k); v != 7 || err != nil {
								t.Fatal(v, err)
							}
						}
					})
				}
			}
		}
	}
	// So that it is known that hits were counted.
	if s := stats.Snapshot(); s.Hits < 1000 || s.Hits < s.Misses {
		t.Errorf("law 14: only %d hits were counted", s.Hits)
	}
}

// wantNoAllocs fails the test if fn, which has 100 hits, allocates for hits, each
// time. A background goroutine or a first look at something may allocate now and
// then, and on a busy machine for a whole run.
func wantNoAllocs(t *testing.T, law string, fn func()) {
	t.Helper()
	for range 3 {
		fn()
	}
	var n float64
	for range 5 {
		if n = testing.AllocsPerRun(50, fn); n < 1 {
			return
		}
	}
	t.Errorf("%s: 100 hits allocate %v times", law, n)
}

func TestHitsOfCachedValueAllocateNothing(t *testing.T) {
	c := open[string](t, nil)
	get := advcache.NewTTL[int](c, time.Hour, nil).CachedValue("settings", func(context.Context) (string, error) { return "v", nil })
	wantNoAllocs(t, "law 14: CachedValue", func() {
		for range 100 {
			if v, err := get(t.Context()); v != "v" || err != nil {
				t.Fatal(v, err)
			}
		}
	})
}

// TestHitsOfManyKeysAllocateNothing has more keys than are remembered as hot.
func TestHitsOfManyKeysAllocateNothing(t *testing.T) {
	c := open(t, &inmem.Options[int]{MaxEntries: 1 << 16})
	for _, hot := range []int{1, 1000, 0} {
		get := advcache.NewTTL[int](c, time.Hour, &advcache.TTLOptions{HotKeys: hot}).Cached("n:{}", func(_ context.Context, k int) (int, error) { return k, nil })
		round := func() {
			for k := range 20_000 {
				if v, err := get(t.Context(), k); v != k || err != nil {
					t.Fatal(v, err)
				}
			}
		}
		for range 5 {
			round()
		}
		// Keys that take turns at being hot cost something each time; it is a
		// small part of the hits.
		if n := testing.AllocsPerRun(5, round); n > 20_000/100 {
			t.Errorf("law 14: HotKeys %d: 20,000 hits allocate %v times", hot, n)
		}
	}
}
