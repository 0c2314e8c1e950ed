package advcache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// hung is a Bus that takes no message, and does not say so, until it is healed.
type hung struct {
	*loop

	healed chan struct{}
}

func (h *hung) Publish(ctx context.Context, m advcache.Invalidation) error {
	select {
	case <-h.healed:
		return h.loop.Publish(ctx, m)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestHungBus is law 7: a Bus that hangs costs its time-out once, not once a call.
func TestHungBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, shared := t.Context(), storetest.NewMemory(nil)
		bus := &hung{&loop{}, make(chan struct{})}
		build := func(bus advcache.Bus) *advcache.Hybrid[string] {
			return builder{t}.hybrid(open[string](t, nil), store.New[string](shared, nil), &advcache.HybridOptions{Bus: bus, Logger: quiet, L1TTL: day})
		}
		a, b := build(bus), build(bus.loop)
		must(t, b.Set(ctx, "k", "old", day))
		began := time.Now()
		if err := a.Set(ctx, "k", "new", day); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("law 7: Set = %v; want an error, since others were not told", err)
		}
		if took := time.Since(began); took != advcache.PublishTimeout {
			t.Errorf("law 7: Set took %v; want PublishTimeout", took)
		}
		began = time.Now()
		for range 100 {
			if err := a.Set(ctx, "k", "newest", day); err == nil {
				t.Error("law 7: Set has no error, though others were not told")
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("law 7: 100 more took %v; want no time", took)
		}
		close(bus.healed)
		time.Sleep(2 * time.Second)
		if got, _, err := b.Get(ctx, "k"); got != "newest" || err != nil {
			t.Errorf("law 3: Get = %q, %v in another process once the bus is back", got, err)
		}
		must(t, a.Set(ctx, "k", "at last", day))
	})
}
