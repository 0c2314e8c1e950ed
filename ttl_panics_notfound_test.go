package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

// TestPanicIsNotTheOriginsWord holds law 6: a panic is a failed load, even one
// that wraps ErrNotFound.
func TestPanicIsNotTheOriginsWord(t *testing.T) {
	c := open[string](t, nil)
	var failed int
	ttl := advcache.NewTTL[int](c, time.Hour, &advcache.TTLOptions{
		NegativeTTL: time.Hour,
		Observer:    &advcache.Observer{LoadError: func(advcache.Event) { failed++ }},
	})
	f := ttl.Func("u:{}", func(context.Context, int) (string, error) { panic(fmt.Errorf("must: %w", advcache.ErrNotFound)) })
	if err := f.Set(t.Context(), 1, "good"); err != nil {
		t.Fatal(err)
	}
	_, err := f.Refresh(t.Context(), 1)
	if _, ok := errors.AsType[*advcache.PanicError](err); !ok {
		t.Errorf("law 6: Refresh = %v; want a PanicError", err)
	}
	if v, err := f.Get(t.Context(), 1); v != "good" || err != nil {
		t.Errorf("law 6: after a panic of a Refresh, Get = %q, %v; want what was there", v, err)
	}
	if err := ttl.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if failed != 1 {
		t.Errorf("LoadError was told %d times, want once", failed)
	}
}
