package advcache_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

func TestLifeEndsToTheNanosecond(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, warmed := range []bool{false, true} {
			o := &origin{}
			_, f := userTTL(t, c, o, nil)
			end := time.Now().Add(time.Minute)
			wants(t, "law 1: the load", f, 1, "1#1")
			for _, before := range []time.Duration{20 * time.Millisecond, 11 * time.Millisecond, 10 * time.Millisecond, 6 * time.Millisecond, time.Millisecond, 1} {
				until(end.Add(-before))
				if warmed {
					warm(t, f, 1)
				}
				wants(t, "law 1: "+before.String()+" before the end", f, 1, "1#1")
			}
			until(end)
			wants(t, "law 1: at the end", f, 1, "1#2")
			if err := f.Invalidate(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestStaleWindowEndsToTheNanosecond(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: 10 * time.Second, Observer: e.observer()})
		end := time.Now().Add(time.Minute)
		wants(t, "law 1: the load", f, 1, "1#1")
		warm(t, f, 1)
		o.fails(errDown)

		until(end.Add(-1))
		wants(t, "law 1: before the end", f, 1, "1#1")
		synctest.Wait()
		wantLoads(t, "law 1: before the end", o, 1)

		until(end)
		wants(t, "law 1: at the end", f, 1, "1#1")
		synctest.Wait()
		wantLoads(t, "law 1: stale, so refreshed", o, 2)
		if _, ok, err := f.Peek(t.Context(), 1); ok || err != nil {
			t.Errorf("law 1: Peek returns a stale value: %v, %v", ok, err)
		}

		until(end.Add(10*time.Second - 1))
		wants(t, "law 1: the last stale nanosecond", f, 1, "1#1")
		synctest.Wait()

		until(end.Add(10 * time.Second))
		(<-get(t.Context(), f, 1)).wantErr(t, "law 1: dead", errDown)
		wantCalls(t, e, "hits 9, stale 2, negative 0, misses 2")
	})
}

// wantCalls fails the test unless the Observer was told of these calls.
func wantCalls(t *testing.T, e *events, want string) {
	t.Helper()
	time.Sleep(100 * time.Millisecond) // hits are told in batches
	synctest.Wait()
	if got := e.calls(); got != want {
		t.Errorf("the Observer was told of %s; want %s", got, want)
	}
}

func TestStaleIfErrorEndsToTheNanosecond(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{
			Stale: time.Second, StaleIfError: 10 * time.Second, Observer: e.observer(),
			RefreshBackoff: advcache.Backoff{Initial: time.Millisecond, Max: time.Millisecond},
		})
		end := time.Now().Add(time.Minute)
		wants(t, "law 1: the load", f, 1, "1#1")
		o.with(func(o *origin) { o.err, o.takes = errDown, loadTime })

		until(end.Add(time.Second - 1))
		wants(t, "law 1: within Stale nobody waits", f, 1, "1#1")
		time.Sleep(loadTime + time.Millisecond)

		r := <-get(t.Context(), f, 1)
		r.want(t, "law 1: within StaleIfError a failed load gives the stale value", "1#1")
		r.wantTook(t, "law 1: callers wait for the load first", loadTime)

		until(end.Add(10*time.Second - loadTime - 1))
		r = <-get(t.Context(), f, 1)
		r.want(t, "law 1: a load that fails in the last nanosecond", "1#1")
		until(end.Add(11 * time.Second))
		(<-get(t.Context(), f, 1)).wantErr(t, "law 1: dead", errDown)

		o.fails(nil)
		(<-get(t.Context(), f, 1)).want(t, "law 1: the origin is back", "1#6")
		wantCalls(t, e, "hits 0, stale 3, negative 0, misses 3")
	})
}

func TestEntryHasTheInstantsOfTheLoad(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, StaleIfError: time.Second})
		began := time.Now()
		if _, err := f.Get(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		e, ok, err := c.GetEntry(t.Context(), "user:1")
		if !ok || err != nil {
			t.Fatalf("law 2: %v, %v", ok, err)
		}
		fresh := began.Add(loadTime + time.Minute)
		if !e.CreatedAt.Equal(began) || !e.FreshUntil.Equal(fresh) || !e.StaleUntil.Equal(fresh.Add(time.Hour)) {
			t.Errorf("law 2: the entry is %+v, want the instants %v, %v, %v", e, began, fresh, fresh.Add(time.Hour))
		}
		// A copy of level 1 may have a limit of its own.
		if _, limited := c.(*advcache.Hybrid[string]); !limited && !e.HeldUntil.IsZero() {
			t.Errorf("law 2: HeldUntil is %v; a TTL sets none", e.HeldUntil)
		}
	})
}

func TestLongLivesDoNotOverflow(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		ttl := advcache.NewTTL[int](c, math.MaxInt64, &advcache.TTLOptions{
			Stale: math.MaxInt64, StaleIfError: math.MaxInt64, NegativeTTL: math.MaxInt64, RefreshAhead: 0.99, Jitter: 0.01,
		})
		f := ttl.Func("user:{}", o.load)
		wants(t, "law 1", f, 1, "1#1")
		time.Sleep(10 * time.Minute)
		warm(t, f, 1)
		wants(t, "law 1", f, 1, "1#1")
		synctest.Wait()
		wantLoads(t, "law 1: a life of 290 years", o, 1)
	})
}

func TestNegativeTTL(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, e := &origin{}, &events{}
		o.fails(noneError{})
		_, f := userTTL(t, c, o, &advcache.TTLOptions{NegativeTTL: time.Second, Stale: time.Hour, StaleIfError: time.Hour, RefreshAhead: 0.1, Observer: e.observer()})
		end := time.Now().Add(time.Second)
		for range 3 {
			(<-get(t.Context(), f, 1)).wantErr(t, "law 1: the origin's word", advcache.ErrNotFound)
		}
		until(end.Add(-1))
		(<-get(t.Context(), f, 1)).wantErr(t, "law 1: the last nanosecond", advcache.ErrNotFound)
		wantLoads(t, "law 1: remembered", o, 1)
		if ok, err := c.Exists(t.Context(), "user:1"); ok || err != nil {
			t.Errorf("law 1: Exists is %v, %v", ok, err)
		}
		until(end)
		o.fails(errDown)
		(<-get(t.Context(), f, 1)).wantErr(t, "law 1: a negative entry is never stale", errDown)
		o.fails(nil)
		(<-get(t.Context(), f, 1)).want(t, "law 1: there is a value now", "1#3")
		wantCalls(t, e, "hits 0, stale 0, negative 3, misses 3")
		if told := e.of("Load"); len(told) != 2 || told[0].Err == nil || told[1].Err != nil {
			t.Errorf("Load was told of %v", told)
		}
	})
}

// noneError is a loader's own error for what the origin does not have.
type noneError struct{}

func (noneError) Error() string        { return "no such user" }
func (noneError) Is(target error) bool { return target == advcache.ErrNotFound }

func TestNotFoundRemovesWhatIsStale(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, stale := range []time.Duration{time.Hour, 0} {
			o := &origin{}
			_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: stale, StaleIfError: time.Hour})
			wants(t, "law 1: the load", f, 1, "1#1")
			time.Sleep(time.Minute)
			o.fails(advcache.ErrNotFound)
			if stale > 0 {
				wants(t, "law 1: stale", f, 1, "1#1")
				synctest.Wait()
			}
			(<-get(t.Context(), f, 1)).wantErr(t, "law 1: ErrNotFound is no failure to be covered up", advcache.ErrNotFound)
			if _, ok, err := c.GetEntry(t.Context(), "user:1"); ok || err != nil {
				t.Errorf("law 1: what the origin does not have is still held: %v, %v", ok, err)
			}
		}
	})
}

// TestNotFoundRemovesWhatCouldNotBeRead is about a value that the cache holds,
// but did not hand out when it was asked.
func TestNotFoundRemovesWhatCouldNotBeRead(t *testing.T) {
	run := func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		t.Helper()
		for load, begin := range loadsOfKey1 {
			o := &origin{}
			single, many, _ := manyTTL(t, c, o, nil)
			wants(t, "law 7", single, 1, "1#1")
			m.failing("Get", "GetEntry", "GetEntries")
			o.do = func(context.Context, int, int) (string, error) { return "", advcache.ErrNotFound }
			if err := begin(t.Context(), single, many); err != nil && !errors.Is(err, advcache.ErrNotFound) {
				t.Error(err)
			}
			m.failing()
			wantLeft(t, "law 7: "+load+" learned that there is no value", c, "")
			if err := single.Invalidate(t.Context(), 1, 2); err != nil {
				t.Error(err)
			}
		}
	}
	onPlain(t, run)
	t.Run("able", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newAbleCache[string]()
			run(t, c, c.mapCache)
		})
	})
}

func TestLifeOf(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		life := time.Duration(0)
		ttl, plain := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Second})
		f := ttl.LifeOf(func(string) time.Duration { return life }).Func("user:{}", o.load)
		for n, l := range []time.Duration{0, -time.Second, math.MinInt64} {
			life = l
			(<-get(t.Context(), f, 1)).want(t, "law 1: a life of 0 is served and not kept", []string{"1#1", "1#2", "1#3"}[n])
		}
		life = time.Second
		end := time.Now().Add(life)
		wants(t, "law 1", f, 1, "1#4")
		until(end.Add(-1))
		wants(t, "law 1: the life that LifeOf gave", plain, 1, "1#4")
		until(end)
		life = 0
		wants(t, "law 1: stale", f, 1, "1#4")
		synctest.Wait()
		if _, ok, err := c.GetEntry(t.Context(), "user:1"); ok || err != nil {
			t.Errorf("law 1: a value that is not to be kept left the older one: %v, %v", ok, err)
		}
		wants(t, "law 1: the TTL without LifeOf has its own life", plain, 1, "1#6")
		if err := f.Set(t.Context(), 1, "set"); err != nil {
			t.Error(err)
		}
		wants(t, "law 1: a Set with the life 0 removes", plain, 1, "1#7")
		life = time.Millisecond
		if err := f.Set(t.Context(), 1, "set"); err != nil {
			t.Error(err)
		}
		wants(t, "law 1: Set has the life of a loaded value", plain, 1, "set")
		time.Sleep(time.Millisecond + time.Second)
		wants(t, "law 1: and its windows", plain, 1, "1#8")
	})
}

func TestAStaleWindowOfAnotherTTLIsNotOurs(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		_, long := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour})
		_, short := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Second})
		wants(t, "law 1", long, 1, "1#1")
		time.Sleep(time.Minute + time.Second)
		wants(t, "law 1: longer stale than this TTL allows", short, 1, "1#2")
		time.Sleep(time.Minute + time.Second)
		wants(t, "law 1: dead, whatever this TTL would allow", long, 1, "1#3")
		if err := c.Set(context.Background(), "user:2", "set", time.Second); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		wants(t, "law 1: Set leaves no stale window", long, 2, "2#1")
	})
}
