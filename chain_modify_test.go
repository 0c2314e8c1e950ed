package advcache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// TestReadModifyWrite is about entries that were read from a level with a limit, and
// are written again: the limit was that of the copy.
func TestReadModifyWrite(t *testing.T) {
	type cache interface {
		advcache.Cache[string]
		advcache.EntriesSetter[string]
		advcache.EntryIfSetter[string]
	}
	for name, write := range map[string]func(ctx context.Context, c cache, e advcache.Entry[string]) error{
		"SetEntry": func(ctx context.Context, c cache, e advcache.Entry[string]) error { return c.SetEntry(ctx, "k", e) },
		"SetEntries": func(ctx context.Context, c cache, e advcache.Entry[string]) error {
			return c.SetEntries(ctx, map[string]advcache.Entry[string]{"k": e})
		},
		"SetEntryIf": func(ctx context.Context, c cache, e advcache.Entry[string]) error {
			_, err := c.SetEntryIf(ctx, "k", e, e.Version)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, b := t.Context(), builder{t}
				for name, c := range map[string]cache{
					"chain":  b.chain(level(open[string](t, nil), time.Second), level(b.bytes(), 0)),
					"nested": b.chain(level(open[string](t, nil), time.Second), level(b.chain(level(b.bytes(), 2*time.Second), level(b.bytes(), 0)), 0)),
				} {
					must(t, c.Set(ctx, "k", "1", time.Hour))
					e, ok, err := c.GetEntry(ctx, "k")
					if !ok || err != nil || e.HeldUntil.IsZero() {
						t.Fatalf("GetEntry = %+v, %v, %v; want a copy with a limit", e, ok, err)
					}
					e.Value = "2"
					must(t, write(ctx, c, e))
					time.Sleep(time.Minute)
					if got, ok, err := c.Get(ctx, "k"); got != "2" || !ok || err != nil {
						t.Errorf("law 2: %s: Get = %q, %v, %v past the limit of the copy that was read; want 2, for an hour", name, got, ok, err)
					}
				}
			})
		})
	}
}
