package advcache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

func TestCloseEndsRefreshesAndWaitsForLoads(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, NegativeTTL: time.Hour, Observer: e.observer()})
		wants(t, "law 13", f, 1, "1#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = loadTime })
		wants(t, "law 13: begins a refresh", f, 1, "1#1")
		load := get(t.Context(), f, 2)
		time.Sleep(late)
		start := time.Now()
		closed := call(func() (string, error) { return "", ttl.Close(t.Context()) })
		again := call(func() (string, error) { return "", ttl.Close(t.Context()) })
		synctest.Wait()
		if o.stopped() != 1 {
			t.Errorf("law 13: Close ended %d loads, want the refresh alone", o.stopped())
		}
		follower := get(t.Context(), f, 2)
		for _, one := range []<-chan result{closed, again} {
			r := <-one
			r.want(t, "law 13: Close", "")
			r.wantTook(t, "law 13: Close waits for the load that a caller waits for", loadTime-late)
		}
		(<-load).want(t, "law 13", "2#1")
		(<-follower).want(t, "law 13: a load under way may still be shared", "2#1")
		if d := time.Since(start); d != loadTime-late {
			t.Errorf("law 13: all that took %v", d)
		}

		wants(t, "law 13: a closed TTL serves what the cache holds", f, 2, "2#1")
		wants(t, "law 13: stale too", f, 1, "1#1")
		for _, fn := range []func() (string, error){
			func() (string, error) { return f.Get(t.Context(), 3) },
			func() (string, error) { return f.Refresh(t.Context(), 1) },
			func() (string, error) { _, err := f.GetMany(t.Context(), []int{3}); return "", err },
			func() (string, error) {
				_, err := ttl.FuncMany("user:{}", o.loadMany).GetMany(t.Context(), []int{3, 4})
				return "", err
			},
		} {
			r := <-call(fn)
			r.wantErr(t, "law 13: a load after Close", advcache.ErrClosed)
			r.wantTook(t, "law 13", 0)
		}
		wantLoads(t, "law 13: nothing is loaded after Close", o, 3)
		if told := e.of("LoadError"); len(told) != 0 {
			t.Errorf("law 13: Close is no failure of the origin: %v", told)
		}
		if err := f.Set(t.Context(), 3, "set"); err != nil {
			t.Errorf("law 13: the cache is not closed: %v", err)
		}
		wants(t, "law 13: the cache is not closed", f, 3, "set")
		if err := ttl.Close(t.Context()); err != nil {
			t.Errorf("law 13: Close again: %v", err)
		}
	})
}

func TestCloseEndsLoadsWhenItsContextIsDone(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: time.Second}
		ttl, f := userTTL(t, c, o, nil)
		load := get(t.Context(), f, 1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), loadTime)
		defer cancel()
		closed := <-call(func() (string, error) { return "", ttl.Close(ctx) })
		closed.wantTook(t, "law 13: Close", loadTime)
		r := <-load
		r.wantErr(t, "law 13: a load that was ended", advcache.ErrClosed)
		r.wantTook(t, "law 13", loadTime)
		synctest.Wait()
		if o.stopped() != 1 {
			t.Error("law 13: the load's context is not done")
		}
		done := <-call(func() (string, error) { return "", ttl.Close(t.Context()) })
		done.want(t, "law 13: all have returned now", "")
	})
}

func TestCloseTellsOfALoaderThatIgnoresItsContext(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: 24 * time.Hour})
		wants(t, "law 13", f, 1, "1#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes, o.deaf = time.Hour, true })
		wants(t, "law 13: begins a refresh", f, 1, "1#1")
		waiting := get(t.Context(), f, 2)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), loadTime)
		defer cancel()
		r := <-call(func() (string, error) { return "", ttl.Close(ctx) })
		r.wantErr(t, "law 13", context.DeadlineExceeded)
		r.wantTook(t, "law 13", loadTime)
		r = <-waiting
		r.wantErr(t, "law 13: callers do not wait for it", advcache.ErrClosed)
		r.wantTook(t, "law 13", loadTime)
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := ttl.Close(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("law 13: Close gives %v while a loader is at work", err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for range 20 {
			if err := ttl.Close(cancelled); err != nil {
				t.Errorf("law 13: Close gives %v, though nothing is at work any more", err)
			}
		}
		wants(t, "law 13: what came after Close is dropped", f, 1, "1#1")
	})
}

// TestNothingIsLeftBehind does not close the TTL: a bubble ends only when all
// goroutines have ended by themselves.
func TestNothingIsLeftBehind(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{takes: loadTime}, &events{}
		ttl := advcache.NewTTL[int](c, time.Minute, &advcache.TTLOptions{
			Stale: time.Hour, StaleIfError: 2 * time.Hour, SoftTimeout: late, MaxConcurrentLoads: 2, LoadTimeout: time.Second, Observer: e.observer(), Logger: quiet,
		})
		f, many := ttl.Func("user:{}", o.load), ttl.FuncMany("user:{}", o.loadMany)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 2*late)
			for k := range 5 {
				get(ctx, f, k)
				call(func() (string, error) { _, err := many.GetMany(ctx, []int{k, k + 1, k + 2}); return "", err })
				call(func() (string, error) { return f.Refresh(ctx, k) })
			}
			<-ctx.Done()
			cancel()
			if err := f.Invalidate(t.Context(), 0, 1); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestACacheThatIsClosedIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, e := &origin{}, &events{}
		c := open[string](t, nil)
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, Observer: e.observer()})
		warm(t, f, 1)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		wants(t, "law 7", f, 1, "1#2")
		wants(t, "law 7", f, 1, "1#3")
		if values, err := f.GetMany(t.Context(), []int{1, 2}); len(values) != 2 || err != nil {
			t.Errorf("law 7: %v, %v", values, err)
		}
		if told := e.of("BackendError"); len(told) != 4 || !errors.Is(told[0].Err, advcache.ErrClosed) {
			t.Errorf("law 7: BackendError was told of %v", told)
		}
		if err := f.Set(t.Context(), 1, "set"); !errors.Is(err, advcache.ErrClosed) {
			t.Errorf("law 7: Set gives %v", err)
		}
	})
}
