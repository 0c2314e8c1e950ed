package inmem_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/inmem"
)

func open[V any](t *testing.T, o *inmem.Options[V]) *inmem.Cache[V] {
	t.Helper()
	c := inmem.New(o)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]*inmem.Options[string]{
		"default":  nil,
		"exact":    {Exact: true},
		"copying":  {Copy: strings.Clone},
		"weighed":  {MaxWeight: 1 << 30, Weigher: func(key, value string) uint32 { return uint32(len(key) + len(value)) }},
		"observed": {Observer: advcache.NewStats().Observer(), OnEvict: func(string, string, inmem.Eviction) {}},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				Around: synctest.Test,
				New:    func(t *testing.T) advcache.Cache[string] { return open(t, o) },
			})
		})
	}
}

// logged is what users do: it embeds a cache and replaces one method.
type logged struct {
	*inmem.Cache[string]

	mu   sync.Mutex
	gets []string
}

func (l *logged) GetEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	l.mu.Lock()
	l.gets = append(l.gets, key)
	l.mu.Unlock()
	return l.Cache.GetEntry(ctx, key)
}

func TestConformanceOfAWrapper(t *testing.T) {
	cachetest.Run(t, cachetest.Harness{
		Around: synctest.Test,
		New:    func(t *testing.T) advcache.Cache[string] { return &logged{Cache: open[string](t, nil)} },
	})
}

func TestAWrapperIsNotBypassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logged{Cache: open[string](t, nil)}
		get := advcache.NewTTL[int](l, time.Hour, nil).Cached("k:{}", func(context.Context, int) (string, error) { return "v", nil })
		for range 3 {
			if v, err := get(t.Context(), 1); v != "v" || err != nil {
				t.Fatalf("get = %q, %v", v, err)
			}
		}
		if len(l.gets) != 3 {
			t.Errorf("the wrapper's GetEntry was called %d times, want 3: its cache must not be read behind its back", len(l.gets))
		}
	})
}

func TestEntriesLeaveWithoutBeingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		evicted := map[string]inmem.Eviction{}
		c := open(t, &inmem.Options[int]{OnEvict: func(key string, _ int, why inmem.Eviction) {
			mu.Lock()
			defer mu.Unlock()
			evicted[key] = why
		}})
		for i := range 100 {
			if err := c.Set(t.Context(), fmt.Sprint(i), i, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		stale := advcache.Entry[int]{FreshUntil: time.Now().Add(time.Minute), StaleUntil: time.Now().Add(time.Hour)}
		if err := c.SetEntry(t.Context(), "stale", stale); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + 5*time.Second)
		synctest.Wait()
		if n := c.Len(); n != 1 {
			t.Errorf("law 1 (life): %d entries are left 5 s after the end of all lives but one, want 1 (the stale one)", n)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(evicted) != 100 || evicted["7"] != inmem.Expired {
			t.Errorf("OnEvict was told of %d entries, of \"7\" with %q; want 100 and %q", len(evicted), evicted["7"], inmem.Expired)
		}
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		overflow := 0
		count := func(_ string, _ int, why inmem.Eviction) {
			mu.Lock()
			defer mu.Unlock()
			if why == inmem.Overflow {
				overflow++
			}
		}
		entries := open(t, &inmem.Options[int]{MaxEntries: 100, OnEvict: count})
		weight := open(t, &inmem.Options[int]{MaxWeight: 1000, Weigher: func(string, int) uint32 { return 10 }})
		byDefault := open[int](t, nil)
		for i := range 2 * inmem.DefaultMaxEntries {
			for _, c := range []*inmem.Cache[int]{entries, weight, byDefault} {
				if err := c.Set(t.Context(), fmt.Sprint(i), i, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := entries.Len(); n > 100 {
			t.Errorf("%d entries, MaxEntries is 100", n)
		}
		if n := weight.Weight(); n > 1000 || n < 900 {
			t.Errorf("a weight of %d, MaxWeight is 1000", n)
		}
		if n := byDefault.Len(); n > inmem.DefaultMaxEntries {
			t.Errorf("%d entries, the default is %d", n, inmem.DefaultMaxEntries)
		}
		mu.Lock()
		defer mu.Unlock()
		if want := 2*inmem.DefaultMaxEntries - entries.Len(); overflow != want {
			t.Errorf("OnEvict was told of %d, want %d", overflow, want)
		}
	})
}

func TestCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, &inmem.Options[[]int]{Copy: func(v []int) []int { return append([]int(nil), v...) }})
		v := []int{1}
		if err := c.Set(t.Context(), "k", v, time.Hour); err != nil {
			t.Fatal(err)
		}
		v[0] = 2
		got, _, _ := c.Get(t.Context(), "k")
		got[0] = 3
		e, _, _ := c.GetEntry(t.Context(), "k")
		e.Value[0] = 4
		for _, e := range c.All() {
			e.Value[0] = 5
		}
		get := advcache.NewTTL[struct{}](c, time.Hour, nil).CachedValue("k", notLoaded)
		for range 100 { // by the hot path, too
			v, err := get(t.Context())
			if err != nil || v[0] != 1 {
				t.Fatalf("get = %v, %v; want [1]: somebody else's change shows", v, err)
			}
			v[0] = 6
		}
	})
}

func notLoaded(context.Context) ([]int, error) { return nil, errors.New("not to be loaded") }

func TestBadInput(t *testing.T) {
	weigher := func(string, int) uint32 { return 1 }
	for want, o := range map[string]inmem.Options[int]{
		"MaxEntries is negative":                {MaxEntries: -1},
		"MaxEntries and MaxWeight are both set": {MaxEntries: 1, MaxWeight: 1, Weigher: weigher},
		"MaxWeight is set without Weigher":      {MaxWeight: 1},
		"Weigher is set without MaxWeight":      {Weigher: weigher},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("New(%+v) panicked with %q, want %q in it", o, got, want)
				}
			}()
			_ = inmem.New(&o).Close()
		}()
	}
}

func TestPanicsOfTheUsersCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, &inmem.Options[int]{MaxWeight: 100, Weigher: func(_ string, v int) uint32 {
			if v < 0 {
				panic("no weight")
			}
			return 1
		}})
		err := c.Set(t.Context(), "k", -1, 0)
		if p, ok := errors.AsType[*advcache.PanicError](err); !ok || p.Value != "no weight" {
			t.Fatalf("law 6 (panics): Set = %v, want a *PanicError", err)
		}
		if err := c.Set(t.Context(), "k", 1, 0); err != nil {
			t.Errorf("law 6 (panics): a panic wedged the key: %v", err)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inmem.New[int](nil)
		ttl := advcache.NewTTL[int](c, time.Hour, nil)
		get := ttl.Cached("k:{}", func(_ context.Context, k int) (int, error) { return k, nil })
		for range 100 {
			if v, err := get(t.Context(), 7); v != 7 || err != nil {
				t.Fatal(v, err)
			}
		}
		for range 2 {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Set(t.Context(), "k", 1, 0); !errors.Is(err, advcache.ErrClosed) {
			t.Errorf("law 13: Set after Close = %v, want ErrClosed", err)
		}
		if _, ok, err := c.Get(t.Context(), "k:7"); ok || err != nil {
			t.Errorf("law 13: Get after Close = %v, %v; want a miss", ok, err)
		}
		if v, err := get(t.Context(), 7); v != 7 || err != nil {
			t.Errorf("law 7: a wrapped function over a closed cache = %v, %v; want the loader's value", v, err)
		}
	}) // law 13: the bubble ends only when all goroutines have
}

func TestInstantsThatDoNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open[int](t, nil)
		if err := c.Set(t.Context(), "long", 1, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := c.Get(t.Context(), "long"); !ok {
			t.Error("law 1 (life): a life of 292 years ended at once")
		}
		past := advcache.Entry[int]{Value: 1, FreshUntil: time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)}
		if err := c.SetEntry(t.Context(), "past", past); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := c.GetEntry(t.Context(), "past"); ok {
			t.Error("law 1 (life): an entry that died in 1500 is served")
		}
	})
}

func TestPanicsOfHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := func(advcache.Event) { panic("boom") }
		var log strings.Builder
		c := open(t, &inmem.Options[int]{
			Observer: &advcache.Observer{Set: boom, Delete: boom, Evict: boom},
			OnEvict:  func(string, int, inmem.Eviction) { panic("boom") },
			Logger:   slog.New(slog.NewTextHandler(&log, nil)),
		})
		for _, key := range []string{"a", "b"} {
			if err := c.Set(t.Context(), key, 1, time.Minute); err != nil {
				t.Errorf("law 6: Set = %v because of a hook", err)
			}
		}
		if err := c.Delete(t.Context(), "a", "b"); err != nil || c.Len() != 0 {
			t.Errorf("law 6: Delete = %v, %d left because of a hook", err, c.Len())
		}
		if n := strings.Count(log.String(), "boom"); n != 4 {
			t.Errorf("law 6: %d lines about 4 panics:\n%s", n, log.String())
		}
	})
}
