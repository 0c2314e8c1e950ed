package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

func TestMaxConcurrentLoads(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		var at, most atomic.Int64
		o := &origin{do: func(_ context.Context, k, n int) (string, error) {
			most.Store(max(most.Load(), at.Add(1)))
			defer at.Add(-1)
			time.Sleep(loadTime)
			return fmt.Sprintf("%d#%d", k, n), nil
		}}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{MaxConcurrentLoads: 3, Stale: time.Hour})
		for round := range 2 { // the second is of refreshes in the background
			start := time.Now()
			var all []<-chan result
			for k := range 10 {
				all = append(all, get(t.Context(), f, k))
			}
			for k, one := range all {
				(<-one).want(t, "law 4", fmt.Sprintf("%d#1", k))
			}
			if round == 0 && time.Since(start) != 4*loadTime {
				t.Errorf("law 4: 10 loads, 3 at once, took %v, want %v", time.Since(start), 4*loadTime)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if most.Load() != 3 {
			t.Errorf("law 4: %d loads were at work at the same time, want 3", most.Load())
		}
		wantLoads(t, "law 4", o, 20)
	})
}

func TestWaitingForASlot(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: 3 * time.Second, deaf: true}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{MaxConcurrentLoads: 1, LoadTimeout: 2 * time.Second})
		busy := get(t.Context(), f, 1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		r := <-get(ctx, f, 2)
		r.wantErr(t, "law 5: a caller may leave while its load waits for its turn", context.DeadlineExceeded)
		r.wantTook(t, "law 5", late)
		r = <-get(t.Context(), f, 3)
		r.wantErr(t, "law 5: LoadTimeout counts the wait for a turn", context.DeadlineExceeded)
		r.wantTook(t, "law 5", 2*time.Second)
		(<-busy).wantErr(t, "law 5", context.DeadlineExceeded)
		o.with(func(o *origin) { o.takes = 0 })
		r = <-get(t.Context(), f, 4)
		r.want(t, "law 4: the slot is free again", "4#1")
		r.wantTook(t, "law 4: a loader that ignores its context has its slot until it returns", time.Second-late)
		wantLoads(t, "law 4: who did not have a turn did not load", o, 2)
	})
}

func TestNestedLoadsDoNotWaitForASlot(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{MaxConcurrentLoads: 1})
		many := ttl.FuncMany("user:{}", func(ctx context.Context, ks []int) (map[int]string, error) {
			v, err := o.do(ctx, ks[0], 1)
			return map[int]string{ks[0]: v}, err
		})
		o.do = func(ctx context.Context, k, _ int) (string, error) {
			time.Sleep(loadTime)
			switch {
			case k == 0:
				return "end", nil
			case k%2 == 0:
				values, err := many.GetMany(ctx, []int{k - 1, k + 100})
				return values[k-1], err
			}
			return f.Get(ctx, k-1)
		}
		r := <-get(t.Context(), f, 5)
		r.want(t, "law 4: nested loads", "end")
		r.wantTook(t, "law 4: nested loads", 6*loadTime)
	})
}

// TestNestedLoadJoinsOneThatWaitsForASlot is a deadlock unless the load that
// waits for its turn may go when a load that holds a slot waits for it.
func TestNestedLoadJoinsOneThatWaitsForASlot(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, many := range []bool{false, true} {
			o := &origin{}
			ttl, f := userTTL(t, c, o, &advcache.TTLOptions{MaxConcurrentLoads: 1})
			o.do = func(ctx context.Context, k, _ int) (string, error) {
				time.Sleep(loadTime)
				if k == 1 {
					return f.Get(ctx, 2)
				}
				return "two", nil
			}
			batch := ttl.FuncMany("user:{}", func(ctx context.Context, _ []int) (map[int]string, error) {
				v, err := o.do(ctx, 2, 1)
				return map[int]string{2: v, 3: v}, err
			})
			outer := get(t.Context(), f, 1)
			time.Sleep(late) // it holds the slot, and does not yet ask for key 2
			waits := call(func() (string, error) {
				if many {
					values, err := batch.GetMany(t.Context(), []int{2, 3})
					return values[2], err
				}
				return f.Get(t.Context(), 2)
			})
			r := <-outer
			r.want(t, "law 4: the nested load", "two")
			r.wantTook(t, "law 4: the nested load", 2*loadTime)
			(<-waits).want(t, "law 4: the load that it shares", "two")
			if err := f.Invalidate(t.Context(), 1, 2, 3); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestALoaderThatAsksForItsOwnKey(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		ttl, f := userTTL(t, c, o, nil)
		many := ttl.FuncMany("user:{}", func(ctx context.Context, ks []int) (map[int]string, error) {
			v, err := f.Get(ctx, 1)
			if err != nil {
				return nil, err
			}
			return map[int]string{ks[0]: v}, nil
		})
		other := advcache.NewTTL[int](newMapCache[string](), time.Minute, nil).Cached("user:{}", func(ctx context.Context, k int) (string, error) {
			return f.Get(ctx, k)
		})
		for name, inner := range map[string]func(ctx context.Context) (string, error){
			"Get":      func(ctx context.Context) (string, error) { return f.Get(ctx, 1) },
			"Refresh":  func(ctx context.Context) (string, error) { return f.Refresh(ctx, 1) },
			"GetMany":  func(ctx context.Context) (string, error) { _, err := f.GetMany(ctx, []int{1}); return "", err },
			"FuncMany": func(ctx context.Context) (string, error) { _, err := many.GetMany(ctx, []int{1}); return "", err },
			"indirect": func(ctx context.Context) (string, error) { _, err := many.GetMany(ctx, []int{2}); return "", err },
			"other":    func(ctx context.Context) (string, error) { return other(ctx, 1) },
		} {
			o.do = func(ctx context.Context, k, _ int) (string, error) {
				if k == 2 {
					return f.Get(ctx, 1)
				}
				return inner(ctx)
			}
			r := <-get(t.Context(), f, 1)
			r.wantTook(t, "law 4: "+name, 0)
			op, ok := errors.AsType[*advcache.OpError](r.err)
			if !ok || op.Key != "user:1" || !strings.Contains(r.err.Error(), "asks for the key that it is loading") {
				t.Errorf("law 4: %s: the error is %v", name, r.err)
			}
		}
	})
}

// TestARefreshBegunInALoadIsOnItsOwn holds that nobody waits for it, so it may
// ask for the key whose load began it.
func TestARefreshBegunInALoadIsOnItsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, slots := range []int{0, 1} {
			o, e := &origin{}, &events{}
			_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, MaxConcurrentLoads: slots, Observer: e.observer()})
			o.do = func(ctx context.Context, k, n int) (string, error) {
				time.Sleep(loadTime)
				switch {
				case k == 1:
					v, err := f.Get(ctx, 2) // is stale: begins a refresh
					time.Sleep(2 * loadTime)
					return v + " of 1", err
				case n > 1:
					return f.Get(ctx, 1) // is being loaded, or has been, where there is but one slot
				}
				return "2", nil
			}
			(<-get(t.Context(), f, 2)).want(t, "law 4", "2")
			time.Sleep(time.Minute)
			(<-get(t.Context(), f, 1)).want(t, "law 4", "2 of 1")
			time.Sleep(time.Second)
			if told := e.of("LoadError"); len(told) != 0 {
				t.Errorf("law 4: the refresh failed: %v", told[0].Err)
			}
			wants(t, "law 4: the refresh", f, 2, "2 of 1")
			wantLoads(t, "law 4", o, 3)
			if err := f.Invalidate(t.Context(), 1, 2); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAContextThatOutlivesItsLoad is that of a goroutine which a loader left
// behind: it may ask for the key.
func TestAContextThatOutlivesItsLoad(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, nil)
		var later <-chan result
		o.do = func(ctx context.Context, _, n int) (string, error) {
			if n == 1 {
				later = call(func() (string, error) {
					time.Sleep(time.Minute)
					return f.Get(context.WithoutCancel(ctx), 1)
				})
			}
			return strconv.Itoa(n), nil
		}
		wants(t, "law 4", f, 1, "1")
		(<-later).want(t, "law 4: the load has ended long ago", "2")
	})
}

func TestLoadsInACircleEndByLoadTimeout(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{LoadTimeout: time.Second})
		o.do = func(ctx context.Context, k, _ int) (string, error) {
			time.Sleep(loadTime)
			return f.Get(ctx, 3-k)
		}
		for _, one := range []<-chan result{get(t.Context(), f, 1), get(t.Context(), f, 2)} {
			r := <-one
			r.wantErr(t, "law 5", context.DeadlineExceeded)
			r.wantTook(t, "law 5", time.Second)
		}
	})
}
