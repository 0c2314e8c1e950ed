package advcache_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// TestBadOptions says what is wrong, and what would be right.
func TestBadOptions(t *testing.T) {
	c := newMapCache[string]()
	for _, bad := range []struct {
		opt   advcache.TTLOptions
		wrong []string
	}{
		{advcache.TTLOptions{Stale: -1}, []string{"TTLOptions.Stale", "-1ns", "0 for the default", "positive"}},
		{advcache.TTLOptions{StaleIfError: -time.Second}, []string{"TTLOptions.StaleIfError", "-1s", "positive"}},
		{advcache.TTLOptions{NegativeTTL: -time.Second}, []string{"TTLOptions.NegativeTTL", "-1s", "positive"}},
		{advcache.TTLOptions{LoadTimeout: -time.Second}, []string{"TTLOptions.LoadTimeout", "-1s", "positive"}},
		{advcache.TTLOptions{SoftTimeout: -time.Second}, []string{"TTLOptions.SoftTimeout", "-1s", "positive"}},
		{advcache.TTLOptions{SoftTimeout: time.Second}, []string{"SoftTimeout", "set StaleIfError"}},
		{advcache.TTLOptions{SoftTimeout: time.Second, Stale: time.Hour, StaleIfError: time.Hour}, []string{"SoftTimeout", "StaleIfError is not longer than Stale"}},
		{advcache.TTLOptions{RefreshAhead: -0.1}, []string{"TTLOptions.RefreshAhead", "-0.1", "from 0 (off) to below 1"}},
		{advcache.TTLOptions{RefreshAhead: 1}, []string{"TTLOptions.RefreshAhead", "is 1", "below 1"}},
		{advcache.TTLOptions{RefreshAhead: math.NaN()}, []string{"TTLOptions.RefreshAhead", "NaN", "below 1"}},
		{advcache.TTLOptions{Jitter: 1.5}, []string{"TTLOptions.Jitter", "1.5", "below 1"}},
		{advcache.TTLOptions{Jitter: math.Inf(-1)}, []string{"TTLOptions.Jitter", "-Inf", "below 1"}},
		{advcache.TTLOptions{Jitter: math.NaN()}, []string{"TTLOptions.Jitter", "NaN", "below 1"}},
		{advcache.TTLOptions{EarlyExpiry: -1}, []string{"TTLOptions.EarlyExpiry", "-1", "0 is off, 1 a good value"}},
		{advcache.TTLOptions{EarlyExpiry: math.Inf(1)}, []string{"TTLOptions.EarlyExpiry", "+Inf", "1 a good value"}},
		{advcache.TTLOptions{EarlyExpiry: math.NaN()}, []string{"TTLOptions.EarlyExpiry", "NaN", "1 a good value"}},
		{advcache.TTLOptions{MaxConcurrentLoads: -2}, []string{"TTLOptions.MaxConcurrentLoads", "-2", "0 for no bound"}},
		{advcache.TTLOptions{MaxKeyLength: -3}, []string{"TTLOptions.MaxKeyLength", "-3", "0 for none", "80"}},
		{advcache.TTLOptions{MaxKeyLength: 79}, []string{"TTLOptions.MaxKeyLength", "79", "0 for none", "80"}},
		{advcache.TTLOptions{RefreshBackoff: advcache.Backoff{Initial: -1}}, []string{"TTLOptions.RefreshBackoff.Initial", "-1ns", "positive"}},
		{advcache.TTLOptions{RefreshBackoff: advcache.Backoff{Max: -1}}, []string{"TTLOptions.RefreshBackoff.Max", "-1ns", "positive"}},
		{advcache.TTLOptions{RefreshBackoff: advcache.Backoff{Initial: 2, Max: 1}}, []string{"RefreshBackoff.Max is 1ns", "less than Initial, 2ns", "the same or more"}},
	} {
		t.Run(fmt.Sprintf("%+v", bad.wrong), func(t *testing.T) {
			wantPanic(t, func() { advcache.NewTTL[int](c, time.Minute, &bad.opt) }, append(bad.wrong, "advcache: ")...)
		})
	}
}

func TestBadConstruction(t *testing.T) {
	c := newMapCache[string]()
	ttl := advcache.NewTTL[int](c, time.Minute, nil)
	load := func(context.Context, int) (string, error) { return "", nil }
	type withInterface struct {
		ID   int
		Kind any
	}
	for name, bad := range map[string]struct {
		do    func()
		wrong []string
	}{
		"nil cache":      {func() { advcache.NewTTL[int, string](nil, time.Minute, nil) }, []string{"NewTTL", "the cache is nil", "inmem.New"}},
		"negative ttl":   {func() { advcache.NewTTL[int](c, -time.Second, nil) }, []string{"NewTTL", "-1s is negative", "use 0"}},
		"nil function":   {func() { ttl.Cached("user:{}", nil) }, []string{"user:{}", "the function is nil", "hand in"}},
		"Func":           {func() { ttl.Func("user:{}", nil) }, []string{"TTL.Func(user:{})", "the function is nil"}},
		"CachedMany":     {func() { ttl.CachedMany("user:{}", nil) }, []string{"user:{}", "the function is nil"}},
		"FuncMany":       {func() { ttl.FuncMany("user:{}", nil) }, []string{"TTL.FuncMany(user:{})", "the function is nil"}},
		"CachedValue":    {func() { ttl.CachedValue("settings", nil) }, []string{"TTL.CachedValue(settings)", "the function is nil"}},
		"LifeOf":         {func() { ttl.LifeOf(nil) }, []string{"TTL.LifeOf", "the function is nil", "hand in"}},
		"no placeholder": {func() { ttl.Cached("users", load) }, []string{`"users"`, "int"}},
		"two of them":    {func() { ttl.Cached("{}:{}", load) }, []string{`"{}:{}"`}},
		"not closed":     {func() { ttl.Cached("user:{", load) }, []string{`"user:{"`}},
		"a value's key":  {func() { ttl.CachedValue("settings:{}", func(context.Context) (string, error) { return "", nil }) }, []string{"settings:{}"}},
		"interface field": {func() {
			advcache.NewTTL[withInterface](c, time.Minute, nil).Cached("{ID}/{Kind}", func(context.Context, withInterface) (string, error) { return "", nil })
		}, []string{"{ID}/{Kind}", "Kind"}},
	} {
		t.Run(name, func(t *testing.T) { wantPanic(t, bad.do, append(bad.wrong, "advcache: ")...) })
	}
}

// TestDefaults holds what the zero value of the options is said to be.
func TestDefaults(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, opt := range map[string]*advcache.TTLOptions{"nil": nil, "zero": {}} {
			o := &origin{}
			f := advcache.NewTTL[int](c, time.Minute, opt).Func("user:{}", o.load)
			wants(t, name, f, 1, "1#1")
			e, _, err := c.GetEntry(t.Context(), "user:1")
			if !e.FreshUntil.Equal(time.Now().Add(time.Minute)) || !e.StaleUntil.IsZero() || e.Absent || err != nil {
				t.Errorf("%s: the entry is %+v, %v; want no jitter and no stale window", name, e, err)
			}
			time.Sleep(time.Minute - 1)
			warm(t, f, 1)
			synctest.Wait()
			wantLoads(t, name+": nothing is refreshed ahead", o, 1)
			o.fails(advcache.ErrNotFound)
			time.Sleep(time.Nanosecond)
			for n := range 2 {
				(<-get(t.Context(), f, 1)).wantErr(t, name+": no negative entries", advcache.ErrNotFound)
				wantLoads(t, name, o, 2+n)
			}
			o.with(func(o *origin) { o.err, o.takes = nil, time.Hour })
			r := <-get(t.Context(), f, 1)
			r.wantErr(t, name+": LoadTimeout", context.DeadlineExceeded)
			r.wantTook(t, name+": LoadTimeout", 30*time.Second)
			if !strings.Contains(r.err.Error(), "ttl load") {
				t.Errorf("%s: the error does not name the ttl: %v", name, r.err)
			}
		}
	})
}

// TestOptionsAreNotKept holds that what the caller does with them later does not
// matter.
func TestOptionsAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, opt := &origin{}, &advcache.TTLOptions{Stale: time.Hour, Logger: slog.New(slog.DiscardHandler)}
		_, f := userTTL(t, newMapCache[string](), o, opt)
		*opt = advcache.TTLOptions{Stale: -1, Jitter: 0.9, MaxConcurrentLoads: 1, NegativeTTL: time.Hour}
		wants(t, "options are copied", f, 1, "1#1")
		time.Sleep(time.Minute)
		wants(t, "options are copied: stale", f, 1, "1#1")
		synctest.Wait()
	})
}

func TestHotKeysAreServedAlike(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 100, 1 << 20} {
		synctest.Test(t, func(t *testing.T) {
			o := &origin{}
			_, f := userTTL(t, open[string](t, nil), o, &advcache.TTLOptions{HotKeys: n})
			for range 3 {
				for k := range 500 {
					warm(t, f, k)
				}
				time.Sleep(time.Millisecond)
			}
			wantLoads(t, "law 4", o, 500)
			for k := range 500 {
				wants(t, "law 9", f, k, fmt.Sprintf("%d#1", k))
			}
			time.Sleep(time.Minute)
			for k := range 500 {
				wants(t, "law 1", f, k, fmt.Sprintf("%d#2", k))
			}
		})
	}
}

func TestMaxKeyLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newMapCache[string]()
		calls := 0
		f := advcache.NewTTL[string](c, time.Minute, &advcache.TTLOptions{MaxKeyLength: 100}).Func("user:{}", func(_ context.Context, k string) (string, error) {
			calls++
			return k, nil
		})
		long := strings.Repeat("x", 200)
		for range 2 {
			for _, k := range []string{long + "1", long + "2", "short"} {
				if v, err := f.Get(t.Context(), k); v != k || err != nil {
					t.Errorf("law 9: %q, %v", v, err)
				}
				if n := len(f.Key(k)); n > 100 {
					t.Errorf("law 9: a key of %d bytes", n)
				}
			}
		}
		if calls != 3 {
			t.Errorf("law 4: %d loads of 3 keys", calls)
		}
	})
}
