package advcache_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

type ctxKey struct{}

func TestLoadKeepsTheValuesOfItsFirstCallerOnly(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{do: func(ctx context.Context, _, _ int) (string, error) {
			if d, ok := ctx.Deadline(); !ok || time.Until(d) != advcache.DefaultLoadTimeout {
				t.Errorf("law 5: the load has the deadline %v, %v, want that of LoadTimeout", d, ok)
			}
			time.Sleep(loadTime)
			v, _ := ctx.Value(ctxKey{}).(string)
			return v, ctx.Err()
		}}
		_, f := userTTL(t, c, o, nil)
		first, cancel := context.WithTimeout(context.WithValue(t.Context(), ctxKey{}, "first"), late)
		defer cancel()
		leader := get(first, f, 1)
		time.Sleep(late / 2)
		follower := get(context.WithValue(t.Context(), ctxKey{}, "second"), f, 1)
		(<-leader).wantErr(t, "law 5", context.DeadlineExceeded)
		(<-follower).want(t, "law 5: the leader's values outlive it", "first")
	})
}

func TestLastCallerToLeaveEndsTheLoad(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{takes: loadTime}, &events{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Observer: e.observer()})
		var all []<-chan result
		for i := range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*late)
			defer cancel()
			all = append(all, get(ctx, f, 1))
			synctest.Wait()
		}
		for i, one := range all {
			r := <-one
			r.wantErr(t, "law 5", context.DeadlineExceeded)
			r.wantTook(t, "law 5", time.Duration(i+1)*late)
			synctest.Wait()
			if want := i / 4; o.stopped() != want {
				t.Errorf("law 5: after %d of 5 callers have left, %d loads were ended", i+1, o.stopped())
			}
		}
		wantLoads(t, "law 4", o, 1)
		if told := e.of("LoadError"); len(told) != 0 {
			t.Errorf("law 5: callers who leave are no error of the load: %v", told)
		}
		// Who comes now, even before the loader has returned, has a load of their own.
		(<-get(t.Context(), f, 1)).want(t, "law 5", "1#2")
	})
}

func TestCallerWhoComesAfterTheLastHasLeft(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: loadTime, deaf: true}
		_, f := userTTL(t, c, o, nil)
		ctx, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		(<-get(ctx, f, 1)).wantErr(t, "law 5", context.DeadlineExceeded)
		r := <-get(t.Context(), f, 1)
		r.want(t, "law 5: the load that was ended is not shared, though its loader goes on", "1#2")
		r.wantTook(t, "law 5", loadTime)
		time.Sleep(loadTime)
		wants(t, "law 5: what the ended load brought is dropped", f, 1, "1#2")
	})
}

func TestADoneContextLoadsNothing(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		single, many, _ := manyTTL(t, c, o, &advcache.TTLOptions{StaleIfError: time.Hour})
		wants(t, "law 5", single, 3, "3#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = loadTime })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 {
			for _, f := range []*advcache.Func[int, string]{single, many} {
				(<-get(ctx, f, 1)).wantErr(t, "law 5: Get", context.Canceled)
				_, err := f.Refresh(ctx, 3)
				result{"", err, 0}.wantErr(t, "law 5: Refresh", context.Canceled)
				_, err = f.GetMany(ctx, []int{1, 2})
				result{"", err, 0}.wantErr(t, "law 5: GetMany", context.Canceled)
				if _, ok := c.(*inmem.Cache[string]); !ok {
					continue // a cache that heeds the context gives nothing
				}
				(<-get(ctx, f, 3)).want(t, "law 5: within StaleIfError", "3#1")
				if values, err := f.GetMany(ctx, []int{3}); values[3] != "3#1" || err != nil {
					t.Errorf("law 5: GetMany gives %v, %v", values, err)
				}
			}
		}
		synctest.Wait()
		wantLoads(t, "law 5: nobody waits for a load", o, 1)
	})
}

func TestLoadTimeout(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, deaf := range []bool{false, true} {
			o, e := &origin{takes: time.Minute, deaf: deaf}, &events{}
			_, f := userTTL(t, c, o, &advcache.TTLOptions{LoadTimeout: time.Second, Name: "users", Observer: e.observer()})
			leader := get(t.Context(), f, 1)
			time.Sleep(late)
			follower := get(t.Context(), f, 1)
			for i, one := range []<-chan result{leader, follower} {
				r := <-one
				r.wantErr(t, "law 5", context.DeadlineExceeded)
				r.wantTook(t, "law 5", time.Second-time.Duration(i)*late)
				op, ok := errors.AsType[*advcache.OpError](r.err)
				if !ok || op.Key != "user:1" || op.Backend != "users" || op.Op != "load" || !strings.Contains(r.err.Error(), "LoadTimeout of 1s") {
					t.Errorf("law 5: the error is %v", r.err)
				}
			}
			synctest.Wait()
			if told := e.of("LoadError"); len(told) != 1 || !errors.Is(told[0].Err, context.DeadlineExceeded) || told[0].Duration != time.Second {
				t.Errorf("law 5: LoadError was told of %v", told)
			}
			o.with(func(o *origin) { o.takes = 0 })
			wants(t, "law 5: the next call loads again", f, 1, "1#2")
			time.Sleep(59 * time.Second) // a loader that is deaf returns now
			wants(t, "law 5: what came too late is dropped", f, 1, "1#2")
			if err := f.Invalidate(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestPanicsAndGoexit(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, ends := range map[string]func(){
			"panic":  func() { panic("broken") },
			"nil":    func() { panic(nil) }, //nolint:govet // a nil panic is one that users write
			"goexit": runtime.Goexit,
		} {
			o, e := &origin{}, &events{}
			o.do = func(context.Context, int, int) (string, error) { time.Sleep(loadTime); ends(); return "", nil }
			ttl, f := userTTL(t, c, o, &advcache.TTLOptions{Observer: e.observer(), MaxConcurrentLoads: 1})
			many := ttl.FuncMany("user:{}", func(ctx context.Context, ks []int) (map[int]string, error) {
				_, err := o.do(ctx, ks[0], 0)
				return nil, err
			})
			for round := range 2 { // a slot that is lost would stop the second
				leader := get(t.Context(), f, 1)
				time.Sleep(late)
				follower := get(t.Context(), f, 1)
				batch := call(func() (string, error) { _, err := many.GetMany(t.Context(), []int{1, 2}); return "", err })
				for _, one := range []<-chan result{leader, follower, batch} {
					r := <-one
					p, ok := errors.AsType[*advcache.PanicError](r.err)
					if !ok || len(p.Stack) == 0 || name == "goexit" && !errors.Is(r.err, advcache.ErrGoexit) || name == "panic" && p.Value != "broken" {
						t.Errorf("law 6: %s, round %d: the error is %v", name, round, r.err)
					}
				}
			}
			synctest.Wait()
			if told := e.of("LoadError"); len(told) != 4 { // keys 1 and 2, twice
				t.Errorf("law 6: %s: LoadError was told of %d errors, want 4", name, len(told))
			}
		}
	})
}
