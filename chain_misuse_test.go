package advcache_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// leaving is a level that ends the goroutine of its caller, or fails.
type leaving struct {
	advcache.Cache[string]

	leaves, fails bool
}

func (l *leaving) GetEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	switch {
	case l.leaves:
		runtime.Goexit()
	case l.fails:
		return advcache.Entry[string]{}, false, errDown
	}
	return l.Cache.GetEntry(ctx, key)
}

// TestGoexitInAProbe has the one call that tries a level end its goroutine.
func TestGoexitInAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = time.Second
		l2 := &leaving{Cache: newMapCache[string](), fails: true}
		c := quietChain(t, level(open[string](t, nil), 0), limited(l2, advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 1, Window: window}}))
		get := func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _, _ = c.Get(t.Context(), "k")
			}()
			<-done
		}
		get()
		time.Sleep(window)
		l2.fails, l2.leaves = false, true
		get()
		if s := c.Levels()[1]; !s.LeftOut || !errors.Is(s.Err, advcache.ErrGoexit) {
			t.Errorf("law 6: Levels tells %+v of a level that ended a goroutine; want it left out, and why", s)
		}
		time.Sleep(window)
		l2.leaves = false
		get()
		if s := c.Levels()[1]; s.LeftOut {
			t.Errorf("law 7: %+v; want the level tried again after its window", s)
		}
	})
}

// TestBehindCopies is about callers who change what they have set, as Copy allows.
func TestBehindCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := open(t, &inmem.Options[[]byte]{Copy: slices.Clone[[]byte]})
		l2 := store.New[[]byte](storetest.NewMemory(nil), nil)
		c := advcache.NewChain(advcache.Level(m, 0), advcache.Level(l2, 0).With(advcache.LevelOptions{Behind: true}))
		value := []byte("first")
		must(t, c.Set(t.Context(), "k", value, 0))
		copy(value, "other")
		must(t, c.Close(t.Context()))
		if got, _, err := l2.Get(t.Context(), "k"); string(got) != "first" || err != nil {
			t.Errorf("what was queued is %q, %v after its caller changed it; want a copy", got, err)
		}
	})
}

// TestClearOverALevelWithoutClear wants what such a level holds not to be read again.
func TestClearOverALevelWithoutClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		c := quietChain(t, level(open[string](t, nil), 0), level(newMapCache[string](), 0), level(builder{t}.bytes(), 0))
		must(t, c.Set(ctx, "k", "old", 0))
		time.Sleep(time.Second)
		if err := c.Clear(ctx, ""); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "L2") {
			t.Errorf("Clear = %v; want an error that names the level that cannot", err)
		}
		if got, ok, err := c.Get(ctx, "k"); ok || err != nil {
			t.Errorf("law 7: Get = %q, %v, %v after Clear; want a miss", got, ok, err)
		}
		time.Sleep(time.Second)
		must(t, c.Set(ctx, "k", "new", 0))
		if got, ok, err := c.Get(ctx, "k"); got != "new" || !ok || err != nil {
			t.Errorf("Get = %q, %v, %v; want what was set since", got, ok, err)
		}
	})
}

// nobody is a Bus that is often declared, and not made.
type nobody struct{ advcache.Bus }

func TestNilBus(t *testing.T) {
	defer func() {
		if p, _ := recover().(string); !strings.Contains(p, "ChainOptions.Bus is a nil *advcache_test.nobody") {
			t.Errorf("NewChainWith panics with %q; want what is wrong", p)
		}
	}()
	var bus *nobody
	advcache.NewChainWith(&advcache.ChainOptions{Bus: bus}, level(newMapCache[string](), 0))
}
