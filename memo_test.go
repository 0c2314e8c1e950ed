package advcache_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// TestHotKeysOfManyKinds calls wrapped functions for many keys again and again,
// so that tables fill, grow and give keys up: each call must have the value of
// its own key.
func TestHotKeysOfManyKinds(t *testing.T) {
	type small struct {
		A int8
		B uint16
	}
	type mixed struct {
		Tenant int32
		Name   string
		OK     bool
	}
	type id int16
	const n = 4_000
	hotKeysOf(t, "k:{}", n, func(i int) int { return i << 20 })
	hotKeysOf(t, "k:{}", n, func(i int) uint32 { return uint32(i) })
	hotKeysOf(t, "k:{}", n, func(i int) id { return id(i) })
	hotKeysOf(t, "k:{}", 200, func(i int) uint8 { return uint8(i) })
	hotKeysOf(t, "k:{}", 2, func(i int) bool { return i == 1 })
	hotKeysOf(t, "k:{}", n, func(i int) string { return fmt.Sprint(i) })
	hotKeysOf(t, "k:{}", n, func(i int) string { return fmt.Sprintf("a/long/%d/name/with/one/end", i) })
	hotKeysOf(t, "k:{}", n, func(i int) string { return string(make([]byte, i%200)) })
	hotKeysOf(t, "{A}:{B}", n, func(i int) small { return small{int8(i), uint16(i >> 3)} })
	hotKeysOf(t, "{Tenant}:{Name}:{OK}", n, func(i int) mixed { return mixed{int32(i % 7), fmt.Sprint(i / 7), i%2 == 0} })
}

func hotKeysOf[K comparable](t *testing.T, template string, n int, key func(int) K) {
	t.Run(fmt.Sprintf("%T", *new(K)), func(t *testing.T) {
		memory := inmem.New[K](&inmem.Options[K]{MaxEntries: 2 * n})
		defer memory.Close()
		get := advcache.NewTTL[K](memory, time.Hour, nil).Cached(template, func(_ context.Context, k K) (K, error) { return k, nil })
		for round := range 5 {
			for i := range n {
				if k, err := get(t.Context(), key(i)); err != nil || k != key(i) {
					t.Fatalf("round %d: the value of %v is %v, %v", round, key(i), k, err)
				}
			}
		}
	})
}

// TestHotKeysLetGo holds law 13 for memory: what the cache has dropped is not
// kept by the functions that served it.
func TestHotKeysLetGo(t *testing.T) {
	type big [1 << 16]byte
	for _, drop := range []struct {
		name string
		do   func(*inmem.Cache[*big], context.Context) error
	}{
		{"delete", func(c *inmem.Cache[*big], ctx context.Context) error { return c.Delete(ctx, "k:1") }},
		{"set", func(c *inmem.Cache[*big], ctx context.Context) error { return c.Set(ctx, "k:1", nil, time.Hour) }},
		{"clear", func(c *inmem.Cache[*big], ctx context.Context) error { return c.Clear(ctx, "") }},
		{"close", func(c *inmem.Cache[*big], _ context.Context) error { return c.Close() }},
	} {
		t.Run(drop.name, func(t *testing.T) {
			memory := inmem.New[*big](nil)
			defer memory.Close()
			get := advcache.NewTTL[int](memory, time.Hour, nil).Cached("k:{}", func(context.Context, int) (*big, error) { return new(big), nil })
			var collected atomic.Bool
			func() {
				for range 10_000 {
					v, err := get(t.Context(), 1)
					if err != nil {
						t.Fatal(err)
					}
					if !collected.Load() {
						runtime.AddCleanup(v, func(int) { collected.Store(true) }, 0)
						collected.Store(true)
					}
				}
				collected.Store(false)
			}()
			if err := drop.do(memory, t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if runtime.GC(); collected.Load() {
					break
				}
				runtime.Gosched()
			}
			if !collected.Load() {
				t.Error("law 13: the value is kept although its entry is gone")
			}
			runtime.KeepAlive(get)
		})
	}
}

// TestManyFunctionsOverOneKey wraps functions again and again, as a careless
// program does in each request: they must not pile up on the entry.
func TestManyFunctionsOverOneKey(t *testing.T) {
	memory := inmem.New[int](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Hour, nil)
	var collected atomic.Int64
	const n = 100
	for range n {
		f := ttl.Func("k:{}", func(_ context.Context, k int) (int, error) { return k, nil })
		runtime.AddCleanup(f, func(int) { collected.Add(1) }, 0)
		for range 1000 {
			if v, err := f.Get(t.Context(), 1); v != 1 || err != nil {
				t.Fatal(v, err)
			}
		}
	}
	for range 100 {
		if runtime.GC(); collected.Load() == n {
			break
		}
		runtime.Gosched()
	}
	if left := n - collected.Load(); left > 8 {
		t.Errorf("law 13: %d of %d functions that nobody holds are kept by one entry, want 8 at the most", left, n)
	}
	runtime.KeepAlive(ttl)
}
