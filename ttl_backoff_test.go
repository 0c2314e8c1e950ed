package advcache_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// failures returns when the loads of key 1 began within a time of reads every
// 50 ms, the origin being down from the first on.
func failures(t *testing.T, c advcache.Cache[string], opt *advcache.TTLOptions, within time.Duration) (at []time.Duration) {
	t.Helper()
	o := &origin{}
	_, f := userTTL(t, c, o, opt)
	wants(t, "law 8", f, 1, "1#1")
	time.Sleep(time.Minute)
	start := time.Now()
	o.with(func(o *origin) {
		o.do = func(context.Context, int, int) (string, error) {
			at = append(at, time.Since(start))
			return "", errDown
		}
	})
	for time.Since(start) < within {
		wants(t, "law 8: stale is served meanwhile", f, 1, "1#1")
		synctest.Wait()
		time.Sleep(50 * time.Millisecond)
	}
	return at
}

func TestBackoffDoublesFrom100Milliseconds(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, opt := range map[string]*advcache.TTLOptions{
			"Stale":        {Stale: time.Hour},
			"StaleIfError": {StaleIfError: time.Hour},
		} {
			at := failures(t, c, opt, 120*time.Second)
			want := "[0s 100ms 300ms 700ms 1.5s 3.1s 6.3s 12.7s 25.5s 51.1s 1m21.1s 1m51.1s]"
			if got := fmt.Sprint(at); got != want {
				t.Errorf("law 8: %s: loads began at %s, want %s", name, got, want)
			}
			if err := c.Delete(t.Context(), "user:1"); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestBackoffAsAsked(t *testing.T) {
	for _, one := range []struct {
		backoff advcache.Backoff
		want    string
	}{
		{advcache.Backoff{Initial: 3 * time.Second, Max: 5 * time.Second}, "[0s 3s 8s 13s 18s]"},
		{advcache.Backoff{Initial: 5 * time.Second, Max: 5 * time.Second}, "[0s 5s 10s 15s]"},
		{advcache.Backoff{Max: 50 * time.Millisecond}, ""},
		{advcache.Backoff{Initial: time.Minute}, "[0s]"},
		{advcache.Backoff{Initial: math.MaxInt64}, "[0s]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			at := failures(t, newMapCache[string](), &advcache.TTLOptions{Stale: time.Hour, RefreshBackoff: one.backoff}, 19*time.Second)
			if got := fmt.Sprint(at); one.want != "" && got != one.want || one.want == "" && len(at) != 19*20 {
				t.Errorf("law 8: %+v: %d loads began at %s, want %s", one.backoff, len(at), got, one.want)
			}
		})
	}
}

// TestBackoffDoesNotOverflow fails often enough, by Refresh, that doubling
// without end would have gone past the greatest Duration.
func TestBackoffDoesNotOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{}
		_, f := userTTL(t, newMapCache[string](), o, &advcache.TTLOptions{Stale: time.Hour, RefreshBackoff: advcache.Backoff{Initial: time.Second, Max: math.MaxInt64}})
		wants(t, "law 8", f, 1, "1#1")
		time.Sleep(time.Minute)
		o.fails(errDown)
		for range 100 {
			if _, err := f.Refresh(t.Context(), 1); err == nil {
				t.Fatal("law 8: Refresh did not fail")
			}
			before := o.total()
			wants(t, "law 8: stale", f, 1, "1#1")
			synctest.Wait()
			wantLoads(t, "law 8: the refresh waits after each failure", o, before)
		}
	})
}

func TestASuccessEndsTheBackoff(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, end := range map[string]func(f *advcache.Func[int, string]) error{
			"Refresh":    func(f *advcache.Func[int, string]) error { _, err := f.Refresh(t.Context(), 1); return err },
			"Set":        func(f *advcache.Func[int, string]) error { return f.Set(t.Context(), 1, "set") },
			"Invalidate": func(f *advcache.Func[int, string]) error { return f.Invalidate(t.Context(), 1) },
		} {
			o := &origin{}
			_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour})
			if _, err := f.Refresh(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time it begins with 100 ms again
				time.Sleep(time.Minute)
				o.fails(errDown)
				for _, d := range []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond} {
					before := o.total()
					time.Sleep(d - 1)
					if d > 0 {
						_, _ = f.Get(t.Context(), 1)
						synctest.Wait()
						wantLoads(t, "law 8: "+name+": not yet", o, before)
					}
					time.Sleep(time.Nanosecond)
					_, _ = f.Get(t.Context(), 1)
					synctest.Wait()
					wantLoads(t, "law 8: "+name+": after the delay", o, before+1)
				}
				o.fails(nil)
				if err := end(f); err != nil {
					t.Fatal(err)
				}
				if _, err := f.Get(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestBackoffIsOfEachKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 10_050 // more than are remembered
		o := &origin{}
		_, f := userTTL(t, newMapCache[string](), o, &advcache.TTLOptions{Stale: time.Hour})
		for k := range keys {
			wants(t, "law 8", f, k, fmt.Sprintf("%d#1", k))
		}
		time.Sleep(time.Minute)
		o.fails(errDown)
		for range 2 {
			for k := range keys {
				wants(t, "law 8: stale", f, k, fmt.Sprintf("%d#1", k))
			}
			synctest.Wait()
		}
		if n := o.total() - keys; n < keys || n > keys+2*100 {
			t.Errorf("law 8: %d refreshes of %d keys", n, keys)
		}
	})
}

// TestNoBackoffWithoutAValue holds that callers who have nothing to be served
// meanwhile are not refused.
func TestNoBackoffWithoutAValue(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{err: errDown}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Second})
		for range 3 {
			(<-get(t.Context(), f, 1)).wantErr(t, "law 8", errDown)
		}
		o.fails(nil)
		wants(t, "law 8: the origin is back", f, 1, "1#4")
		time.Sleep(time.Minute)
		o.fails(errDown)
		wants(t, "law 8: stale", f, 1, "1#4")
		synctest.Wait()
		time.Sleep(time.Second)
		o.fails(nil)
		wants(t, "law 8: dead, so the back-off does not count", f, 1, "1#6")
	})
}
