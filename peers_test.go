package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// peer is a scenario in which other libraries fail.
type peer struct {
	scenario string
	law      string
	run      func(t *testing.T, law string, c advcache.Cache[string])
}

func TestPeers(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for i, p := range peers {
			law := fmt.Sprintf("%s (%s)", p.scenario, p.law)
			p.run(t, law, c)
			synctest.Wait() // nothing of one scenario runs into the next
			for k := range 3 {
				if err := c.Delete(t.Context(), "user:"+strconv.Itoa(k)); err != nil {
					t.Fatalf("after row %d: %v", i, err)
				}
			}
		}
	})
}

var peers = []peer{
	{"the leader's context is cancelled: the follower gets a value, by the same single load", "law 5", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, nil)
		ctx, cancel := context.WithCancel(t.Context())
		leader := get(ctx, f, 1)
		time.Sleep(late)
		follower := get(t.Context(), f, 1)
		time.Sleep(late)
		cancel()
		l := <-leader
		l.wantErr(t, law, context.Canceled)
		l.wantTook(t, law, 2*late)
		r := <-follower
		r.want(t, law, "1#1")
		r.wantTook(t, law, loadTime-late)
		wantLoads(t, law, o, 1)
		wants(t, law, f, 1, "1#1")
	}},
	{"a follower's own 50 ms deadline is respected", "law 5", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, nil)
		leader := get(t.Context(), f, 1)
		time.Sleep(late)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		r := <-get(ctx, f, 1)
		r.wantErr(t, law, context.DeadlineExceeded)
		r.wantTook(t, law, 50*time.Millisecond)
		(<-leader).want(t, law, "1#1")
		wantLoads(t, law, o, 1)
	}},
	{"the loader panics: an error for all who wait, and the next call loads again", "law 6", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{takes: loadTime, panic: errDown}
		_, f := userTTL(t, c, o, nil)
		leader := get(t.Context(), f, 1)
		time.Sleep(late)
		for _, one := range []<-chan result{leader, get(t.Context(), f, 1)} {
			r := <-one
			r.wantErr(t, law, errDown)
			if _, ok := errors.AsType[*advcache.PanicError](r.err); !ok {
				t.Errorf("%s: the error is a %T, want a PanicError", law, r.err)
			}
		}
		o.with(func(o *origin) { o.panic = nil })
		(<-get(t.Context(), f, 1)).want(t, law, "1#2")
	}},
	{"Delete during a load: the old value is not cached afterwards", "law 3", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, nil)
		leader := get(t.Context(), f, 1)
		time.Sleep(late)
		if err := f.Invalidate(t.Context(), 1); err != nil {
			t.Error(err)
		}
		later := <-get(t.Context(), f, 1)
		later.want(t, law, "1#2")
		later.wantTook(t, law, loadTime)
		(<-leader).want(t, law, "1#1")
		wants(t, law, f, 1, "1#2")
	}},
	{"Set during a load: the Set value stays", "law 3", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, nil)
		leader := get(t.Context(), f, 1)
		time.Sleep(late)
		if err := f.Set(t.Context(), 1, "set"); err != nil {
			t.Error(err)
		}
		wants(t, law, f, 1, "set")
		<-leader
		wants(t, law, f, 1, "set")
	}},
	{"a caller's timeout does not poison the key", "law 5", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		(<-get(ctx, f, 1)).wantErr(t, law, context.DeadlineExceeded)
		r := <-get(t.Context(), f, 1)
		r.want(t, law, "1#2")
		r.wantTook(t, law, loadTime)
		if o.stopped() != 1 {
			t.Errorf("%s: the load of the last caller to leave was not ended", law)
		}
	}},
	{"a slow load of key A does not slow hits on key B", "law 4", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, nil)
		wants(t, law, f, 2, "2#1")
		o.with(func(o *origin) { o.takes = time.Second })
		slow := get(t.Context(), f, 1)
		for range 100 {
			time.Sleep(time.Millisecond)
			wants(t, law, f, 2, "2#1")
		}
		(<-slow).want(t, law, "1#1")
	}},
	{"a panic in a background refresh is reported, and the process lives", "law 6", func(t *testing.T, law string, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute, Observer: e.observer()})
		wants(t, law, f, 1, "1#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.panic = "broken" })
		wants(t, law, f, 1, "1#1")
		synctest.Wait()
		told := e.of("LoadError")
		if len(told) != 1 {
			t.Fatalf("%s: %d errors were told, want 1", law, len(told))
		}
		p, ok := errors.AsType[*advcache.PanicError](told[0].Err)
		if !ok || p.Value != "broken" || len(p.Stack) == 0 {
			t.Errorf("%s: told of %v, want a PanicError with value and stack", law, told[0].Err)
		}
	}},
	{"the origin is down: 450 stale reads in 0.5 s are at most a few loader calls", "law 8", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute})
		wants(t, law, f, 1, "1#1")
		time.Sleep(time.Minute)
		o.fails(errDown)
		for range 450 {
			wants(t, law, f, 1, "1#1")
			time.Sleep(time.Second / 900)
		}
		wantLoads(t, law, o, 1+3) // at 0, 100 and 300 ms
	}},
	{"a refresh outlives the request that began it", "law 5", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute})
		wants(t, law, f, 1, "1#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = loadTime })
		ctx, cancel := context.WithCancel(t.Context())
		r := <-get(ctx, f, 1)
		cancel()
		r.want(t, law, "1#1")
		time.Sleep(loadTime)
		synctest.Wait()
		wants(t, law, f, 1, "1#2")
	}},
	{"a TTL of 500 ms is 500 ms", "law 1", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{}
		f := advcache.NewTTL[int](c, 500*time.Millisecond, nil).Func("user:{}", o.load)
		wants(t, law, f, 1, "1#1")
		time.Sleep(500*time.Millisecond - 1)
		wants(t, law, f, 1, "1#1")
		time.Sleep(time.Nanosecond)
		wants(t, law, f, 1, "1#2")
	}},
	{"jitter spreads expiry", "law 1", func(t *testing.T, law string, c advcache.Cache[string]) {
		_, f := userTTL(t, c, &origin{}, &advcache.TTLOptions{Jitter: 0.5})
		least, most, ends := time.Duration(math.MaxInt64), time.Duration(0), make(map[time.Time]bool)
		for k := range 100 {
			wants(t, law, f, k, strconv.Itoa(k)+"#1")
			e, _, err := c.GetEntry(t.Context(), f.Key(k))
			if err != nil {
				t.Fatal(err)
			}
			ends[e.FreshUntil] = true
			least, most = min(least, time.Until(e.FreshUntil)), max(most, time.Until(e.FreshUntil))
		}
		if least < 30*time.Second || most > time.Minute || most-least < 15*time.Second || len(ends) < 90 {
			t.Errorf("%s: lives are from %v to %v, %d different ones of 100", law, least, most, len(ends))
		}
	}},
	{"a value that equals the not-found marker is a value", "law 10", func(t *testing.T, law string, c advcache.Cache[string]) {
		for _, marker := range []string{"", "*", "null", advcache.ErrNotFound.Error()} {
			calls := 0
			_, f := userTTL(t, c, (&origin{}).with(func(o *origin) {
				o.do = func(context.Context, int, int) (string, error) { calls++; return marker, nil }
			}), &advcache.TTLOptions{NegativeTTL: time.Minute})
			for range 3 {
				wants(t, law, f, 1, marker)
			}
			if calls != 1 {
				t.Errorf("%s: %q was loaded %d times, want once", law, marker, calls)
			}
			if err := f.Invalidate(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	}},
	{"1,000 callers of one cold key are one load", "law 4", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, nil)
		var all []<-chan result
		for range 1000 {
			all = append(all, get(t.Context(), f, 1))
		}
		for _, one := range all {
			r := <-one
			r.want(t, law, "1#1")
			r.wantTook(t, law, loadTime)
		}
		wantLoads(t, law, o, 1)
	}},
	{"stale-while-revalidate refreshes a key again and again, not once", "law 8", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute})
		for n := range 5 {
			wants(t, law, f, 1, fmt.Sprintf("1#%d", max(1, n)))
			synctest.Wait()
			wants(t, law, f, 1, fmt.Sprintf("1#%d", n+1))
			time.Sleep(time.Minute)
		}
	}},
	{"an invalidation during a refresh is not lost", "law 3", func(t *testing.T, law string, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute})
		wants(t, law, f, 1, "1#1")
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = loadTime })
		wants(t, law, f, 1, "1#1")
		time.Sleep(late)
		if err := f.Invalidate(t.Context(), 1); err != nil {
			t.Error(err)
		}
		(<-get(t.Context(), f, 1)).want(t, law, "1#3")
		time.Sleep(loadTime)
		wants(t, law, f, 1, "1#3")
	}},
	{"exists() heeds expiry", "law 1", func(t *testing.T, law string, c advcache.Cache[string]) {
		_, f := userTTL(t, c, &origin{}, &advcache.TTLOptions{Stale: time.Minute})
		wants(t, law, f, 1, "1#1")
		for _, want := range []bool{true, false} {
			if ok, err := c.Exists(t.Context(), f.Key(1)); ok != want || err != nil {
				t.Errorf("%s: %v, %v; want %v", law, ok, err, want)
			}
			if _, ok, err := f.Peek(t.Context(), 1); ok != want || err != nil {
				t.Errorf("%s: Peek: %v, %v; want %v", law, ok, err, want)
			}
			time.Sleep(time.Minute)
		}
	}},
	{"{a}:{b} does not collide", "law 9", func(t *testing.T, law string, c advcache.Cache[string]) {
		type key struct{ A, B string }
		f := advcache.NewTTL[key](c, time.Minute, nil).Cached("{A}:{B}", func(_ context.Context, k key) (string, error) { return k.A + "|" + k.B, nil })
		for _, k := range []key{{"a:b", "c"}, {"a", "b:c"}, {"", ":"}, {":", ""}, {"%3A", ""}} {
			if v, err := f(t.Context(), k); v != k.A+"|"+k.B || err != nil {
				t.Errorf("%s: %q gives %q, %v", law, k, v, err)
			}
		}
	}},
	{"a template that does not fit is refused, not used as the key of all users", "law 9", func(t *testing.T, _ string, c advcache.Cache[string]) {
		type key struct{ Tenant, User int }
		wantPanic(t, func() {
			advcache.NewTTL[key](c, time.Minute, nil).Cached("users/{Name}", func(context.Context, key) (string, error) { return "", nil })
		}, "users/{Name}", "Name", "Tenant", "User")
	}},
}
