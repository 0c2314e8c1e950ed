package advcache_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// TestHitsAreCountedExactly has more hits than are needed for some to be timed,
// by callers on many processors, while somebody asks for the numbers.
func TestHitsAreCountedExactly(t *testing.T) {
	for name, opt := range map[string]struct {
		cache inmem.Options[string]
		hot   int
	}{
		"hot": {}, "no hot keys": {hot: -1}, "exact": {cache: inmem.Options[string]{Exact: true}}, "copies": {cache: inmem.Options[string]{Copy: strings.Clone}},
	} {
		t.Run(name, func(t *testing.T) {
			stats, told := advcache.NewStats(), atomic.Int64{}
			ttl := advcache.NewTTL[int](open(t, &opt.cache), time.Hour, &advcache.TTLOptions{
				HotKeys: opt.hot,
				Observer: advcache.Observers(stats.Observer(), &advcache.Observer{Hits: func(e advcache.HitEvent) {
					if told.Add(e.Count); e.Count <= 0 || e.Cache != "ttl" || e.Sample < 0 {
						t.Errorf("law 12: a batch of hits is %+v", e)
					}
				}}),
			})
			f := ttl.Func("user:{}", (&origin{}).load)
			for k := range 4 {
				if _, err := f.Get(t.Context(), k); err != nil {
					t.Fatal(err)
				}
			}
			const callers, each = 4, 5000
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for i := range each {
						if _, err := f.Get(t.Context(), i%4); err != nil {
							t.Error(err)
						}
					}
				})
			}
			last := int64(0)
			for range 200 {
				now := stats.Snapshot().Hits
				if now < last {
					t.Errorf("law 12: the number of hits fell from %d to %d", last, now)
				}
				last = now
			}
			wg.Wait()
			if _, err := f.GetMany(t.Context(), []int{0, 1, 2, 3}); err != nil {
				t.Error(err)
			}
			if err := ttl.Close(t.Context()); err != nil {
				t.Error(err)
			}
			const want = callers*each + 4
			if s := stats.Snapshot(); s.Hits != want || s.Misses != 4 || s.Loads != 4 || told.Load() != want {
				t.Errorf("law 12: %d hits, %d misses and %d loads were counted, and %d hits told; want %d, 4, 4", s.Hits, s.Misses, s.Loads, told.Load(), want)
			}
		})
	}
}

// embeds is a cache in memory with something around it.
type embeds struct {
	*inmem.Cache[string]

	reads, writes atomic.Int64
}

func (e *embeds) GetEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	e.reads.Add(1)
	entry, ok, err := e.Cache.GetEntry(ctx, key)
	entry.Value = strings.TrimPrefix(entry.Value, "sealed:")
	return entry, ok, err
}

func (e *embeds) SetEntry(ctx context.Context, key string, entry advcache.Entry[string]) error {
	e.writes.Add(1)
	entry.Value = "sealed:" + entry.Value
	return e.Cache.SetEntry(ctx, key, entry)
}

func (e *embeds) SetEntryIf(ctx context.Context, key string, entry advcache.Entry[string], seen advcache.Version) (bool, error) {
	e.writes.Add(1)
	entry.Value = "sealed:" + entry.Value
	return e.Cache.SetEntryIf(ctx, key, entry, seen)
}

// TestACacheAroundMemoryIsNotBypassed holds that the fast ways into a cache in
// memory are not taken where another type embeds it.
func TestACacheAroundMemoryIsNotBypassed(t *testing.T) {
	c := &embeds{Cache: open[string](t, nil)}
	f := advcache.NewTTL[int](c, time.Hour, nil).Func("user:{}", (&origin{}).load)
	for range 10 {
		if v, err := f.Get(t.Context(), 1); v != "1#1" || err != nil {
			t.Errorf("law 10: %q, %v", v, err)
		}
	}
	if v, _, err := c.Get(t.Context(), "user:1"); v != "sealed:1#1" || err != nil {
		t.Errorf("law 10: the cache within holds %q, %v", v, err)
	}
	if c.reads.Load() != 10 || c.writes.Load() != 1 {
		t.Errorf("law 12: %d reads and %d writes went through the cache around it, want 10 and 1", c.reads.Load(), c.writes.Load())
	}
}
