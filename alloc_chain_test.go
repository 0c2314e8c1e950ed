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

// levelled are the caches of several levels, whose first is in memory.
func levelled(t *testing.T) map[string]advcache.Cache[int64] {
	t.Helper()
	memory := func() advcache.Cache[int64] { return open[int64](t, nil) }
	minute := func(c advcache.Cache[int64]) advcache.ChainLevel[int64] { return advcache.Level(c, time.Minute) }
	chain := func(o *advcache.ChainOptions) *advcache.Chain[int64] {
		return advcache.NewChainWith(o, minute(memory()), advcache.Level(memory(), time.Hour), advcache.Level(memory(), 0))
	}
	hybrid := func() *advcache.Hybrid[int64] { return advcache.NewHybrid(memory(), memory(), nil) }
	exact := open(t, &inmem.Options[int64]{Exact: true})
	return map[string]advcache.Cache[int64]{
		"Chain":                    chain(nil),
		"Chain, exact":             advcache.NewChain(minute(exact), minute(memory())),
		"Chain, Stats":             chain(&advcache.ChainOptions{Observer: advcache.NewStats().Observer()}),
		"Chain, namespace":         chain(&advcache.ChainOptions{Namespaces: []string{"u:"}}),
		"Hybrid":                   hybrid(),
		"Chain in a Chain":         advcache.NewChain(minute(chain(nil)), minute(memory())),
		"Hybrid in a Chain":        advcache.NewChain(minute(hybrid()), minute(memory())),
		"Chain in a Hybrid":        advcache.NewHybrid[int64](chain(nil), memory(), nil),
		"Hybrid in a Chain in one": advcache.NewChain(minute(advcache.NewChain(minute(hybrid()))), minute(memory())),
	}
}

func TestHitsOfLevelsAllocateNothing(t *testing.T) {
	for name, c := range levelled(t) {
		ctx := t.Context()
		keys := make([]string, 100)
		for i := range keys {
			keys[i] = fmt.Sprintf("u:%d", i)
			if err := c.Set(ctx, keys[i], 7, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		wantNoAllocs(t, "law 14: Get of "+name, func() {
			for _, key := range keys {
				if v, ok, err := c.Get(ctx, key); v != 7 || !ok || err != nil {
					t.Fatal(v, ok, err)
				}
			}
		})
	}
}

// TestHitsOfPromotedCopiesAllocateNothing is of copies that a read has made.
func TestHitsOfPromotedCopiesAllocateNothing(t *testing.T) {
	ctx := t.Context()
	below := open[int64](t, nil)
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = fmt.Sprintf("u:%d", i)
		if err := below.Set(ctx, keys[i], 7, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]advcache.Cache[int64]{
		"Hybrid": advcache.NewHybrid(open[int64](t, nil), below, nil),
		"Chain":  advcache.NewChain(advcache.Level(open[int64](t, nil), time.Minute), advcache.Level(below, 0)),
	} {
		wantNoAllocs(t, "law 14: promoted, Get of "+name, func() {
			for _, key := range keys {
				if v, ok, err := c.Get(ctx, key); v != 7 || !ok || err != nil {
					t.Fatal(v, ok, err)
				}
			}
		})
	}
}

func TestHitsOverLevelsAllocateNothing(t *testing.T) {
	testAllocsOver(t, "u:{}", func(i int) int { return i })
	testAllocsOver(t, "u:{}", func(i int) userID { return userID(-i) })
	testAllocsOver(t, "u:{}", func(i int) string { return fmt.Sprintf("user-%d", i) })
	testAllocsOver(t, "u:{}", func(i int) string { return fmt.Sprintf("an id/with %d escapes", i) })
	testAllocsOver(t, "t/{Tenant}/u/{ID}", func(i int) pair { return pair{"tenant", uint32(i)} })
	testAllocsOver(t, "t/{Name}/u/{ID}", func(i int) namedPair { return namedPair{"tenant", userID(i)} })
}

func testAllocsOver[K comparable](t *testing.T, template string, key func(int) K) {
	t.Helper()
	keys := make([]K, 100)
	for i := range keys {
		keys[i] = key(i)
	}
	for name, opt := range map[string]*advcache.TTLOptions{
		"hot":         nil,
		"no hot keys": {HotKeys: -1},
		"windows":     {Stale: time.Hour, NegativeTTL: time.Minute, Jitter: 0.1},
	} {
		for over, c := range levelled(t) {
			get := advcache.NewTTL[K](c, time.Hour, opt).Cached(template, func(context.Context, K) (int64, error) { return 7, nil })
			wantNoAllocs(t, fmt.Sprintf("law 14: %T, %s, over %s", keys[0], name, over), func() {
				for _, k := range keys {
					if v, err := get(t.Context(), k); v != 7 || err != nil {
						t.Fatal(v, err)
					}
				}
			})
		}
	}
}
