package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// asked records the keys of each call of a function for many keys.
type asked struct {
	mu   sync.Mutex
	keys [][]int // guarded by mu
}

func (a *asked) wrap(load func(context.Context, []int) (map[int]string, error)) func(context.Context, []int) (map[int]string, error) {
	return func(ctx context.Context, ks []int) (map[int]string, error) {
		a.mu.Lock()
		a.keys = append(a.keys, slices.Clone(ks))
		a.mu.Unlock()
		return load(ctx, ks)
	}
}

func (a *asked) want(t *testing.T, law string, want ...[]int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if fmt.Sprint(a.keys) != fmt.Sprint(want) {
		t.Errorf("%s: the loader was asked for %v, want %v", law, a.keys, want)
	}
	a.keys = nil
}

// manyTTL wraps the origin as a function for many keys.
func manyTTL(t *testing.T, c advcache.Cache[string], o *origin, opt *advcache.TTLOptions) (single, many *advcache.Func[int, string], a *asked) {
	t.Helper()
	ttl, single := userTTL(t, c, o, opt)
	a = &asked{}
	return single, ttl.FuncMany("user:{}", a.wrap(o.loadMany)), a
}

func wantMany(t *testing.T, law string, f *advcache.Func[int, string], ks []int, want map[int]string) {
	t.Helper()
	if got, err := f.GetMany(t.Context(), ks); !maps.Equal(got, want) || err != nil {
		t.Errorf("%s: GetMany(%v) gives %v and the error %v, want %v", law, ks, got, err, want)
	}
}

func TestManyIsOneLoadOfWhatIsMissing(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		single, many, a := manyTTL(t, c, o, &advcache.TTLOptions{Observer: e.observer()})
		wantMany(t, "law 4: no keys", many, nil, map[int]string{})
		wantMany(t, "law 4: the same key twice", many, []int{3, 1, 3, 3}, map[int]string{3: "3#1", 1: "1#1"})
		a.want(t, "law 4: no key twice", []int{3, 1})
		wantMany(t, "law 4", many, []int{1, 2, 3, 4, 2}, map[int]string{1: "1#1", 2: "2#1", 3: "3#1", 4: "4#1"})
		a.want(t, "law 4: only what is missing", []int{2, 4})
		for k := range 4 {
			wants(t, "law 4: a single caller is served what the batch loaded", single, k+1, fmt.Sprintf("%d#1", k+1))
			wants(t, "law 4", many, k+1, fmt.Sprintf("%d#1", k+1))
		}
		wants(t, "law 4: Get of a function for many", many, 5, "5#1")
		wantMany(t, "law 4: GetMany of a function for one", single, []int{5, 6, 6}, map[int]string{5: "5#1", 6: "6#1"})
		wantCalls(t, e, "hits 11, stale 0, negative 0, misses 6")
	})
}

func TestManySharesLoads(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		single, many, a := manyTTL(t, c, o, nil)
		one := get(t.Context(), single, 1)
		time.Sleep(late)
		batch := call(func() (string, error) {
			wantMany(t, "law 4: a batch", many, []int{1, 2, 3}, map[int]string{1: "1#1", 2: "2#1", 3: "3#1"})
			return "", nil
		})
		time.Sleep(late)
		two := get(t.Context(), single, 2)
		three := get(t.Context(), many, 3)
		other := call(func() (string, error) {
			wantMany(t, "law 4: another batch", many, []int{3, 4, 1}, map[int]string{1: "1#1", 3: "3#1", 4: "4#1"})
			return "", nil
		})
		for r, took := range map[<-chan result]time.Duration{
			one: loadTime, batch: loadTime, two: loadTime - late, three: loadTime - late, other: loadTime,
		} {
			(<-r).wantTook(t, "law 4: all share", took)
		}
		a.want(t, "law 4: nothing is loaded twice", []int{2, 3}, []int{4})
		wantLoads(t, "law 4", o, 4)
	})
}

func TestManyWithErrors(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{err: errDown}, &events{}
		_, many, a := manyTTL(t, c, o, &advcache.TTLOptions{Observer: e.observer()})
		values, err := many.GetMany(t.Context(), []int{1, 2, 3, 4})
		if !maps.Equal(values, map[int]string{2: "2#1", 4: "4#1"}) || !errors.Is(err, errDown) {
			t.Errorf("law 7: %v, %v", values, err)
		}
		wantKeys(t, err, "user:1", "user:3")
		if n := len(e.of("LoadError")); n != 2 || len(e.of("Load")) != 2 {
			t.Errorf("law 7: %d errors were told, want 2", n)
		}
		a.want(t, "law 4", []int{1, 2, 3, 4})
		o.fails(nil)
		wantMany(t, "law 7: what could be had is kept", many, []int{1, 2, 3, 4}, map[int]string{1: "1#2", 2: "2#1", 3: "3#2", 4: "4#1"})
		a.want(t, "law 4", []int{1, 3})
	})
}

// wantKeys fails the test unless err joins one OpError for each key.
func wantKeys(t *testing.T, err error, keys ...string) {
	t.Helper()
	joined, _ := err.(interface{ Unwrap() []error })
	if joined == nil {
		t.Errorf("the error %v is not joined of one for each of %v", err, keys)
		return
	}
	var got []string
	for _, one := range joined.Unwrap() {
		if op, ok := errors.AsType[*advcache.OpError](one); ok {
			got = append(got, op.Key)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, keys) {
		t.Errorf("the error is about %q, want %q: %v", got, keys, err)
	}
}

func TestManyNotFound(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, life := range []time.Duration{0, time.Second} {
			e := &events{}
			ttl, _ := userTTL(t, c, &origin{}, &advcache.TTLOptions{NegativeTTL: life, Observer: e.observer()})
			a := &asked{}
			many := ttl.FuncMany("user:{}", a.wrap(func(_ context.Context, ks []int) (map[int]string, error) {
				found := map[int]string{99: "not asked for"}
				for _, k := range ks {
					if k%2 == 0 {
						found[k] = "even"
					}
				}
				return found, nil
			}))
			wantMany(t, "law 7: what the origin does not have is left out", many, []int{1, 2, 3}, map[int]string{2: "even"})
			a.want(t, "law 4", []int{1, 2, 3})
			wantMany(t, "law 7", many, []int{1, 2, 3}, map[int]string{2: "even"})
			if life == 0 {
				a.want(t, "law 4: not remembered", []int{1, 3})
			} else {
				a.want(t, "law 4: remembered")
			}
			(<-get(t.Context(), many, 1)).wantErr(t, "law 7: a single caller", advcache.ErrNotFound)
			if _, ok, err := c.GetEntry(t.Context(), "user:99"); ok || err != nil {
				t.Errorf("law 9: a key that nobody asked for was stored: %v", err)
			}
			if n := len(e.of("Negative")); n != int(life/time.Second)*3 {
				t.Errorf("law 7: %d negative answers were told", n)
			}
			if err := many.Invalidate(t.Context(), 1, 2, 3); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestManyStale(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		_, many, a := manyTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute, StaleIfError: time.Hour, Observer: e.observer()})
		first := map[int]string{1: "1#1", 2: "2#1", 3: "3#1"}
		wantMany(t, "law 1", many, []int{1, 2, 3}, first)
		time.Sleep(time.Minute)
		o.with(func(o *origin) { o.takes = loadTime })
		start := time.Now()
		for range 5 {
			wantMany(t, "law 1: stale, at once", many, []int{1, 2, 3}, first)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("law 1: stale values took %v", d)
		}
		time.Sleep(loadTime)
		synctest.Wait()
		a.want(t, "law 4: one refresh by one call", []int{1, 2, 3}, []int{1, 2, 3})
		wantMany(t, "law 1: refreshed", many, []int{1, 2, 3}, map[int]string{1: "1#2", 2: "2#2", 3: "3#2"})

		time.Sleep(3 * time.Minute)
		o.with(func(o *origin) { o.err, o.takes = errDown, 0 })
		wantMany(t, "law 1: odd keys fail, and are covered by StaleIfError", many, []int{1, 2, 3}, map[int]string{1: "1#2", 2: "2#3", 3: "3#2"})
		wantMany(t, "law 8: they back off", many, []int{1, 2, 3}, map[int]string{1: "1#2", 2: "2#3", 3: "3#2"})
		a.want(t, "law 8", []int{1, 2, 3})
		time.Sleep(2 * time.Hour)
		values, err := many.GetMany(t.Context(), []int{1, 2, 3})
		if len(values) != 1 || !errors.Is(err, errDown) {
			t.Errorf("law 1: dead: %v, %v", values, err)
		}
		wantCalls(t, e, "hits 4, stale 19, negative 0, misses 7")
	})
}

func TestManyPanics(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{panic: errDown}
		_, many, _ := manyTTL(t, c, o, nil)
		values, err := many.GetMany(t.Context(), []int{1, 2})
		wantPanicError(t, "law 6: a batch", err, errDown)
		wantKeys(t, err, "user:1", "user:2")
		if len(values) != 0 {
			t.Errorf("law 6: %v", values)
		}
		o.with(func(o *origin) { o.panic = nil })
		wantMany(t, "law 6: the next call loads again", many, []int{1, 2}, map[int]string{1: "1#2", 2: "2#2"})
	})
}

func TestManyCallerWhoLeaves(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		_, many, _ := manyTTL(t, c, o, nil)
		wants(t, "law 5", many, 9, "9#1")
		o.with(func(o *origin) { o.takes = loadTime })
		leave := func() {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			start := time.Now()
			values, err := many.GetMany(ctx, []int{9, 1, 2})
			if !maps.Equal(values, map[int]string{9: "9#1"}) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 50*time.Millisecond {
				t.Errorf("law 5: a caller with a deadline has %v, %v after %v", values, err, time.Since(start))
			}
			wantKeys(t, err, "user:1", "user:2")
		}
		leave()
		synctest.Wait()
		if o.stopped() != 1 {
			t.Error("law 5: the last caller has left, and the load goes on")
		}
		follower := make(chan (<-chan result), 1)
		go func() {
			time.Sleep(late)
			follower <- get(t.Context(), many, 2)
		}()
		leave()
		(<-<-follower).want(t, "law 5: a follower of one key", "2#2")
		wants(t, "law 5: then the whole load is kept", many, 1, "1#2")
		if o.stopped() != 1 {
			t.Error("law 5: the load was ended although somebody waited for it")
		}
	})
}

// TestManyLastCallerOfWhatIsLeft is about a batch of which one key needs no
// load after all, so that there is nobody to leave it.
func TestManyLastCallerOfWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open[string](t, nil)
		o := &origin{takes: loadTime}
		_, many, a := manyTTL(t, c, o, &advcache.TTLOptions{Observer: &advcache.Observer{Miss: func(ev advcache.Event) {
			if ev.Key == "user:1" { // somebody is faster, just after the look-up
				if err := c.Set(context.Background(), ev.Key, "set", time.Minute); err != nil {
					t.Error(err)
				}
			}
		}}})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		values, err := many.GetMany(ctx, []int{1, 2})
		if !maps.Equal(values, map[int]string{1: "set"}) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("law 4: %v, %v", values, err)
		}
		a.want(t, "law 4: what somebody else has stored is not loaded", []int{2})
		synctest.Wait()
		if o.stopped() != 1 {
			t.Error("law 5: the last caller has left, and the load goes on")
		}
	})
}
