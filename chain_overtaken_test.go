package advcache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestGapWhileCopying is about a copy that is put into memory at the very time of a
// gap: what it is of may have been changed in that.
func TestGapWhileCopying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, shared := &loop{}, store.New[string](storetest.NewMemory(nil), nil)
		meanwhile := func() {}
		m := inmem.New(&inmem.Options[string]{Copy: func(v string) string {
			meanwhile()
			return v
		}})
		defer m.Close()
		h := advcache.NewHybrid(m, shared, &advcache.HybridOptions{L1TTL: time.Hour, Bus: bus, Logger: quiet})
		defer closeChain(t, h)
		must(t, shared.Set(t.Context(), "k", "old", 24*time.Hour))
		meanwhile = sync.OnceFunc(func() {
			bus.cut()
			must(t, shared.Set(t.Context(), "k", "new", 24*time.Hour)) // of which there is no message
			bus.heal()
		})
		for range 2 { // the first may be answered by what was read before
			if got, _, err := h.Get(t.Context(), "k"); err != nil || got == "" {
				t.Errorf("Get gives %q, %v", got, err)
			}
		}
		if got, _, err := h.Get(t.Context(), "k"); got != "new" || err != nil {
			t.Errorf("law 3: after a gap Get gives %q, %v; want what was set in it, not the copy that was being made", got, err)
		}
	})
}

// afterPut is a store that calls a function after each write, before that returns.
type afterPut struct {
	store.Store

	then func()
}

func (s *afterPut) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	v, ok, err := s.Store.Put(ctx, key, obj, cond)
	s.then()
	return v, ok, err
}

// TestOvertakenWrite is about a write that another process overtakes between level 2
// and level 1, or that a gap of the Bus falls into: the one message of what is newer
// has come before the copy in memory.
func TestOvertakenWrite(t *testing.T) {
	type chain = *advcache.Hybrid[string]
	for name, write := range map[string]func(ctx context.Context, h chain) error{
		"Set": func(ctx context.Context, h chain) error { return h.Set(ctx, "k", "mine", time.Hour) },
		"SetMany": func(ctx context.Context, h chain) error {
			return h.SetMany(ctx, map[string]string{"k": "mine"}, time.Hour)
		},
		"SetIfAbsent": func(ctx context.Context, h chain) error {
			_, err := h.SetIfAbsent(ctx, "k", "mine", time.Hour)
			return err
		},
		"SetEntryIf": func(ctx context.Context, h chain) error {
			e, _, err := h.GetEntry(ctx, "k")
			if err == nil {
				_, err = h.SetEntryIf(ctx, "k", advcache.Entry[string]{Value: "mine"}, e.Version)
			}
			return err
		},
		"load": func(ctx context.Context, h chain) error {
			fn := advcache.NewTTL[struct{}](h, time.Hour, nil).Func("k", func(context.Context, struct{}) (string, error) { return "mine", nil })
			_, err := fn.Get(ctx, struct{}{})
			return err
		},
	} {
		for _, gap := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/gap=%v", name, gap), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					bus, shared := &loop{}, storetest.NewMemory(nil)
					hook := &afterPut{Store: shared, then: func() {}}
					m := inmem.New[string](nil)
					defer m.Close()
					a := advcache.NewHybrid(m, store.New[string](hook, nil), &advcache.HybridOptions{L1TTL: time.Hour, Bus: bus, Logger: quiet})
					defer closeChain(t, a)
					mb := inmem.New[string](nil)
					defer mb.Close()
					b := advcache.NewHybrid(mb, store.New[string](shared, nil), &advcache.HybridOptions{L1TTL: time.Hour, Bus: bus, Logger: quiet})
					defer closeChain(t, b)
					hook.then = sync.OnceFunc(func() {
						if gap {
							bus.cut()
							defer bus.heal()
						}
						if err := b.Set(t.Context(), "k", "newer", time.Hour); err != nil && !gap {
							t.Error(err)
						}
					})
					must(t, write(t.Context(), a))
					if got, _, err := a.Get(t.Context(), "k"); got != "newer" || err != nil {
						t.Errorf("law 3: after a Set elsewhere has overtaken it, Get gives %q, %v; want what was set last", got, err)
					}
					if got, _, err := b.Get(t.Context(), "k"); got != "newer" || err != nil {
						t.Errorf("law 3: Get gives %q, %v where the newest was set", got, err)
					}
				})
			})
		}
	}
}

// TestSetManyWhileTheBusIsCut is about copies of a level without a limit.
func TestSetManyWhileTheBusIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, shared := &loop{}, store.New[string](storetest.NewMemory(nil), nil)
		m := inmem.New[string](nil)
		defer m.Close()
		c := advcache.NewChainWith(&advcache.ChainOptions{Bus: bus, Logger: quiet}, level(m, 0), level(shared, 0))
		defer closeChain(t, c)
		bus.cut()
		_ = c.SetMany(t.Context(), map[string]string{"k": "old"}, time.Hour) // which others cannot be told of
		must(t, shared.Set(t.Context(), "k", "new", time.Hour))
		time.Sleep(advcache.DistrustedFor)
		if got, _, err := c.Get(t.Context(), "k"); got != "new" || err != nil {
			t.Errorf("law 3: a copy is served for a second at most while the bus is cut; Get gives %q, %v", got, err)
		}
	})
}
