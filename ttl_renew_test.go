package advcache_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

func TestRefreshAhead(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{RefreshAhead: 0.75})
		began := time.Now()
		(<-get(t.Context(), f, 1)).want(t, "law 1: the load", "1#1")
		life := time.Minute + loadTime // from CreatedAt, which is the begin of the load
		ahead := began.Add(life / 4 * 3)
		// Up to the instant no hit refreshes, however warm the key is; the
		// first hit at it does.
		for _, before := range []time.Duration{30 * time.Second, 12 * time.Millisecond, 8 * time.Millisecond, time.Millisecond, 1} {
			until(ahead.Add(-before))
			warm(t, f, 1)
		}
		synctest.Wait()
		wantLoads(t, "law 1: before RefreshAhead", o, 1)
		until(ahead)
		for range 50 {
			wants(t, "law 1: served from the cache while it is refreshed", f, 1, "1#1")
		}
		time.Sleep(loadTime)
		synctest.Wait()
		wantLoads(t, "law 4: one refresh", o, 2)
		wants(t, "law 1: the refreshed value", f, 1, "1#2")
		until(began.Add(life))
		wants(t, "law 1: with a life of its own", f, 1, "1#2")
	})
}

func TestRefreshAheadThatFailsKeepsTheValue(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{RefreshAhead: 0.5})
		wants(t, "law 8", f, 1, "1#1")
		time.Sleep(30 * time.Second)
		o.fails(errDown)
		for range 599 {
			wants(t, "law 8: fresh up to the end of its life", f, 1, "1#1")
			time.Sleep(50 * time.Millisecond)
		}
		// 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7 and 25.5 s after the first.
		wantLoads(t, "law 8: a failed refresh ahead backs off", o, 1+9)
	})
}

func TestEarlyExpiry(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{EarlyExpiry: 1})
		(<-get(t.Context(), f, 1)).want(t, "law 4: the load", "1#1")
		end := time.Now().Add(time.Minute)
		until(end.Add(-time.Minute / 2))
		for range 1000 {
			wants(t, "law 4: far from the end", f, 1, "1#1")
		}
		synctest.Wait()
		wantLoads(t, "law 4: nothing is refreshed far from the end", o, 1)
		until(end.Add(-1))
		wants(t, "law 4: near the end", f, 1, "1#1")
		time.Sleep(loadTime)
		synctest.Wait()
		wantLoads(t, "law 4: all but certain in the last nanosecond", o, 2)
	})
}

// TestEarlyExpirySpreads reads 60 keys through their last 2 seconds.
func TestEarlyExpirySpreads(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: 100 * time.Millisecond}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{EarlyExpiry: 1})
		var all []<-chan result
		for k := range 60 {
			all = append(all, get(t.Context(), f, k))
		}
		for _, one := range all {
			<-one
		}
		time.Sleep(time.Minute - 2*time.Second)
		loads, ticks := 0, 0 // ticks in which a refresh began
		for range 199 {
			for k := range 60 {
				if _, err := f.Get(t.Context(), k); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			if n := o.total(); n > loads {
				loads, ticks = n, ticks+1
			}
			time.Sleep(10 * time.Millisecond)
		}
		if loads < 118 || ticks < 10 {
			t.Errorf("law 4: %d loads of 60 keys, begun in %d different ticks: refreshes are not spread", loads, ticks)
		}
	})
}

func TestEarlyExpiryWithAnAbsurdFactor(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{EarlyExpiry: math.MaxFloat64})
		(<-get(t.Context(), f, 1)).want(t, "law 4: the load", "1#1")
		warm(t, f, 1)
		time.Sleep(loadTime)
		synctest.Wait()
		wants(t, "law 4: the greater the factor, the earlier", f, 1, "1#2")
	})
}

// renewed wraps a loader that answers ErrUnchanged where there is something to
// renew.
func renewed(seen *[]advcache.Entry[string]) func(context.Context, int, int) (string, error) {
	return func(ctx context.Context, _, _ int) (string, error) {
		if e, ok := advcache.Previous[string](ctx); ok {
			*seen = append(*seen, e)
			return "ignored", errors.Join(errors.New("304"), advcache.ErrUnchanged)
		}
		return "first", nil
	}
}

func TestErrUnchangedRenewsThePrevious(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		var seen []advcache.Entry[string]
		o, e := &origin{do: renewed(&seen)}, &events{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, Observer: e.observer()})
		began := time.Now()
		wants(t, "law 1: nothing is held", f, 1, "first")
		if len(seen) != 0 {
			t.Errorf("law 1: Previous returns %v although nothing was held", seen)
		}
		time.Sleep(time.Minute)
		wants(t, "law 1: stale", f, 1, "first")
		synctest.Wait()
		if len(seen) != 1 || seen[0].Value != "first" || !seen[0].CreatedAt.Equal(began) || !seen[0].FreshUntil.Equal(began.Add(time.Minute)) {
			t.Errorf("law 1: Previous returned %v", seen)
		}
		time.Sleep(time.Minute - 1)
		wants(t, "law 1: the value has a new life", f, 1, "first")
		wantLoads(t, "law 1: renewed", o, 2)
		if v, err := f.Refresh(t.Context(), 1); v != "first" || err != nil {
			t.Errorf("law 1: Refresh gives %q, %v", v, err)
		}
		if len(e.of("LoadError")) != 0 || len(e.of("Refresh")) != 1 || len(e.of("Load")) != 2 {
			t.Errorf("events: %v", e.told)
		}
	})
}

func TestErrUnchangedOfNothing(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{err: advcache.ErrUnchanged}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{NegativeTTL: time.Minute})
		_, err := f.Get(t.Context(), 1)
		if op, ok := errors.AsType[*advcache.OpError](err); !ok || op.Key != "user:1" || !strings.Contains(err.Error(), "holds no entry") {
			t.Errorf("law 1: there is nothing to renew: the error is %v", err)
		}
		o.fails(advcache.ErrNotFound)
		(<-get(t.Context(), f, 1)).wantErr(t, "law 1", advcache.ErrNotFound)
		o.fails(advcache.ErrUnchanged)
		time.Sleep(time.Minute / 2)
		_, err = f.Refresh(t.Context(), 1)
		result{"", err, 0}.wantErr(t, "law 1: still not there", advcache.ErrNotFound)
		time.Sleep(time.Minute - 1)
		(<-get(t.Context(), f, 1)).wantErr(t, "law 1: the negative entry was renewed", advcache.ErrNotFound)
		wantLoads(t, "law 1: renewed", o, 3)
	})
}

// TestErrUnchangedIsForTheLoaderAlone holds that the error of a loader with
// nothing to renew does not renew the entry of a load around it.
func TestErrUnchangedIsForTheLoaderAlone(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, life := range map[string]time.Duration{"cached": time.Minute, "bypass": 0} {
			unchanged := func(context.Context, int) (string, error) { return "", advcache.ErrUnchanged }
			inner := advcache.NewTTL[int](c, life, nil).Cached(name+"/inner:{}", unchanged)
			o := &origin{}
			_, f := userTTL(t, c, o, nil)
			wants(t, "law 1", f, 1, "1#1")
			o.do = func(ctx context.Context, k, _ int) (string, error) { return inner(ctx, k) }
			if v, err := f.Refresh(t.Context(), 1); err == nil || errors.Is(err, advcache.ErrUnchanged) {
				t.Errorf("law 1: %s: the load around it gives %q, %v", name, v, err)
			}
			if err := f.Invalidate(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestPreviousIsTheLoadersOwn holds that a loader does not see what the cache
// held for a load further out, whose entry it would renew by ErrUnchanged.
func TestPreviousIsTheLoadersOwn(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, inner := range map[string]func(look func(context.Context)) func(context.Context) error{
			"Func": func(look func(context.Context)) func(context.Context) error {
				f := advcache.NewTTL[int](c, time.Minute, nil).Cached("a:{}", func(ctx context.Context, _ int) (string, error) { look(ctx); return "", nil })
				return func(ctx context.Context) error { _, err := f(ctx, 1); return err }
			},
			"FuncMany": func(look func(context.Context)) func(context.Context) error {
				f := advcache.NewTTL[int](c, time.Minute, nil).CachedMany("b:{}", func(ctx context.Context, _ []int) (map[int]string, error) { look(ctx); return nil, nil }) //nolint:nilnil // all not found
				return func(ctx context.Context) error { _, err := f(ctx, []int{1, 2}); return err }
			},
			"bypass": func(look func(context.Context)) func(context.Context) error {
				f := advcache.NewTTL[int](c, 0, nil).Cached("c:{}", func(ctx context.Context, _ int) (string, error) { look(ctx); return "", nil })
				return func(ctx context.Context) error { _, err := f(ctx, 1); return err }
			},
			"bypass of many": func(look func(context.Context)) func(context.Context) error {
				f := advcache.NewTTL[int](c, 0, nil).CachedMany("d:{}", func(ctx context.Context, _ []int) (map[int]string, error) { look(ctx); return nil, nil }) //nolint:nilnil // all not found
				return func(ctx context.Context) error { _, err := f(ctx, []int{1, 2}); return err }
			},
		} {
			looked := 0
			call := inner(func(ctx context.Context) {
				looked++
				if e, ok := advcache.Previous[string](ctx); ok {
					t.Errorf("law 1: %s: the loader sees %q, which was held for the load around it", name, e.Value)
				}
			})
			outer := advcache.NewTTL[string](c, time.Minute, nil).Func("outer:{}", func(ctx context.Context, _ string) (string, error) {
				if _, ok := advcache.Previous[int](ctx); ok {
					t.Errorf("law 1: %s: Previous[int] of a cache of strings", name)
				}
				return "outer", call(ctx)
			})
			for range 2 {
				if _, err := outer.Refresh(t.Context(), name); err != nil {
					t.Errorf("law 1: %s: %v", name, err)
				}
				time.Sleep(time.Minute - 1)
			}
			if looked == 0 {
				t.Errorf("law 1: %s: the inner loader was not called", name)
			}
		}
		if _, ok := advcache.Previous[string](t.Context()); ok {
			t.Error("law 1: Previous outside of a loader")
		}
	})
}

func TestPreviousIsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, &inmem.Options[[]byte]{Copy: func(b []byte) []byte { return append([]byte(nil), b...) }})
		f := advcache.NewTTL[int](c, time.Minute, &advcache.TTLOptions{Stale: time.Minute}).Func("k:{}", func(ctx context.Context, _ int) ([]byte, error) {
			if e, ok := advcache.Previous[[]byte](ctx); ok {
				e.Value[0] = 'X'
				return nil, advcache.ErrUnchanged
			}
			return []byte("abc"), nil
		})
		for range 3 {
			v, err := f.Refresh(t.Context(), 1)
			if string(v) != "abc" || err != nil {
				t.Errorf("law 10: %q, %v", v, err)
			}
			v[1] = 'Y'
			if v, err := f.Get(t.Context(), 1); string(v) != "abc" || err != nil {
				t.Errorf("law 10: %q, %v", v, err)
			}
		}
	})
}
