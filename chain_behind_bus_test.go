package advcache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestBehindIsToldAgain is about other processes that read a level before a queued
// write of it is made, though they have been told of the Set.
func TestBehindIsToldAgain(t *testing.T) {
	for name, write := range map[string]func(ctx context.Context, c *advcache.Hybrid[string]) error{
		"Set": func(ctx context.Context, c *advcache.Hybrid[string]) error { return c.Set(ctx, "k", "new", day) },
		"SetMany": func(ctx context.Context, c *advcache.Hybrid[string]) error {
			return c.SetMany(ctx, map[string]string{"k": "new"}, day)
		},
		"Set and Close": func(ctx context.Context, c *advcache.Hybrid[string]) error {
			if err := c.Set(ctx, "k", "new", day); err != nil {
				return err
			}
			return c.Close(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, bus, shared := t.Context(), &loop{}, storetest.NewMemory(nil)
				l2 := newGated(shared)
				o := &advcache.HybridOptions{L1TTL: time.Hour, Bus: bus, L2: advcache.LevelOptions{Behind: true}}
				a := builder{t}.hybrid(open[string](t, nil), l2, o)
				b := builder{t}.hybrid(open[string](t, nil), store.New[string](shared, nil), o)
				must(t, b.Set(ctx, "k", "old", day))
				time.Sleep(time.Second)
				release := l2.close(true)
				done := make(chan error)
				go func() { done <- write(ctx, a) }()
				synctest.Wait()
				if got, _, err := b.Get(ctx, "k"); got != "old" || err != nil {
					t.Errorf("Get = %q, %v before the write is made", got, err)
				}
				release()
				must(t, <-done)
				synctest.Wait()
				if got, _, err := b.Get(ctx, "k"); got != "new" || err != nil {
					t.Errorf("law 3: Get = %q, %v in another process after the queued write was made; want new", got, err)
				}
			})
		})
	}
}
