package advcache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// TestASpareThatDiesDuringTheLoad is not served by whatever ends the wait.
func TestASpareThatDiesDuringTheLoad(t *testing.T) {
	const window, soft, own = 2 * time.Second, 500 * time.Millisecond, 100 * time.Millisecond
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, one := range map[string]struct {
			takes time.Duration // the load, which fails
			ends  time.Duration // after the call, what ends the wait for it
			took  time.Duration // of a call that has nothing to be served then
			err   error         // of such a call
		}{
			"the load fails":            {loadTime, loadTime, loadTime, errDown},
			"SoftTimeout":               {time.Second, soft, time.Second, errDown},
			"the caller's own deadline": {loadTime, own, own, context.DeadlineExceeded},
		} {
			for _, many := range []bool{false, true} {
				for _, dead := range []bool{false, true} {
					o, e := &origin{}, &events{}
					single, batch, _ := manyTTL(t, c, o, &advcache.TTLOptions{StaleIfError: window, SoftTimeout: soft, Observer: e.observer()})
					end := time.Now().Add(time.Minute + window)
					wants(t, "law 1", single, 1, "1#1")
					o.with(func(o *origin) { o.err, o.takes = errDown, one.takes })
					law := "law 1: " + name + " in the last nanosecond of the spare"
					at := end.Add(-one.ends)
					if !dead {
						at = at.Add(-1)
					} else {
						law = "law 1: " + name + " when the spare is dead"
					}
					until(at)
					r := <-call(func() (string, error) {
						ctx := t.Context()
						if one.ends == own {
							var cancel context.CancelFunc
							ctx, cancel = context.WithTimeout(ctx, own)
							defer cancel()
						}
						if !many {
							return single.Get(ctx, 1)
						}
						values, err := batch.GetMany(ctx, []int{1})
						return values[1], err
					})
					if dead {
						r.wantErr(t, law, one.err)
						r.wantTook(t, law, one.took)
						wantCalls(t, e, "hits 0, stale 0, negative 0, misses 2")
					} else {
						r.want(t, law, "1#1")
						r.wantTook(t, law, one.ends)
						wantCalls(t, e, "hits 0, stale 1, negative 0, misses 1")
					}
					time.Sleep(one.takes)
					if err := single.Invalidate(t.Context(), 1); err != nil {
						t.Error(err)
					}
				}
			}
		}
	})
}

func TestSoftTimeout(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{StaleIfError: time.Hour, SoftTimeout: 50 * time.Millisecond, Observer: e.observer()})
		many := ttl.FuncMany("user:{}", o.loadMany)
		wants(t, "law 5", f, 1, "1#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = loadTime })
		ctx, cancel := context.WithCancel(t.Context())
		r := <-get(ctx, f, 1)
		cancel()
		r.want(t, "law 5: stale after the SoftTimeout", "1#1")
		r.wantTook(t, "law 5", 50*time.Millisecond)
		start := time.Now()
		values, err := many.GetMany(t.Context(), []int{1})
		if values[1] != "1#1" || err != nil || time.Since(start) != 50*time.Millisecond {
			t.Errorf("law 5: a batch gives %v, %v after %v", values, err, time.Since(start))
		}
		time.Sleep(loadTime)
		wants(t, "law 5: the load went on, with nobody to wait for it", f, 1, "1#2")
		wantLoads(t, "law 4", o, 2)
		if e.calls() != "hits 0, stale 2, negative 0, misses 1" {
			t.Errorf("the calls are %s", e.calls())
		}
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = 49 * time.Millisecond })
		(<-get(t.Context(), f, 1)).want(t, "law 5: a load within the SoftTimeout", "1#3")
		r = <-get(t.Context(), f, 2)
		r.want(t, "law 5: nothing to serve meanwhile", "2#1")
	})
}

func TestSoftTimeoutOfABatchTakesWhatIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{StaleIfError: time.Hour, SoftTimeout: 50 * time.Millisecond})
		many := ttl.FuncMany("user:{}", o.loadMany)
		for round := range 20 {
			for k := range 3 {
				if _, err := f.Refresh(t.Context(), k); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute)
			o.with(func(o *origin) { o.takes = loadTime })
			slow := get(t.Context(), f, 0)
			synctest.Wait()
			o.with(func(o *origin) { o.takes = 10 * time.Millisecond })
			before := o.total()
			values, err := many.GetMany(t.Context(), []int{0, 1, 2})
			o.with(func(o *origin) { o.takes = 0 })
			old, _ := f.Get(t.Context(), 1)
			if err != nil || values[1] != old || o.total() != before+2 {
				t.Fatalf("law 5: round %d: the batch gives %v, %v, but %q has been loaded in time", round, values, err, old)
			}
			<-slow
			time.Sleep(time.Second)
		}
	})
}

func TestASpareIsServedAtTheCallersOwnDeadline(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{StaleIfError: time.Hour})
		wants(t, "law 5", f, 1, "1#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = loadTime })
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		r := <-get(ctx, f, 1)
		r.want(t, "law 5: there is a value within StaleIfError", "1#1")
		r.wantTook(t, "law 5", 50*time.Millisecond)
	})
}
