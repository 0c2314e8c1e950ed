package inmem_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// TestReplacingIsNoMiss reads a key without a pause while others replace its
// entry: the old node has ended before the new one can be seen.
func TestReplacingIsNoMiss(t *testing.T) {
	for name, o := range map[string]*inmem.Options[int]{"default": nil, "exact": {Exact: true}} {
		t.Run(name, func(t *testing.T) {
			c := open(t, o)
			ctx := t.Context()
			loads := 0
			get := advcache.NewTTL[struct{}](c, time.Hour, nil).CachedValue("k", func(context.Context) (int, error) {
				loads++
				return 0, nil
			})
			if err := c.Set(ctx, "k", 1, time.Hour); err != nil {
				t.Fatal(err)
			}
			var done atomic.Bool
			finished := make(chan struct{})
			go func() {
				defer close(finished)
				for i := 2; !done.Load(); i++ {
					if err := c.Set(ctx, "k", i, time.Hour); err != nil {
						t.Error(err)
					}
				}
			}()
			defer func() {
				done.Store(true)
				<-finished
			}()
			newest := 0
			for range 50_000 {
				v, ok, _ := c.Get(ctx, "k")
				if exists, _ := c.Exists(ctx, "k"); !ok || !exists {
					t.Fatal("law 3: a key that is always set was missed while it was replaced")
				}
				w, err := get(ctx)
				if err != nil || w < v || v < newest {
					t.Fatalf("law 3: Get = %d, then the wrapped function = %d, %v, after %d: the older value came later", v, w, err, newest)
				}
				newest = w
				if e, ok, _ := c.GetEntry(ctx, "k"); !ok || e.Value < newest {
					t.Fatalf("law 3: GetEntry = %d, %v after %d", e.Value, ok, newest)
				}
			}
			if loads > 0 {
				t.Errorf("law 4: %d loads of a key that is always set", loads)
			}
		})
	}
}
