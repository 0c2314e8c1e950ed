package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// change is a way to change key 1 behind a load; left is what the key holds
// afterwards, empty for nothing.
type change struct {
	do   func(ctx context.Context, c advcache.Cache[string], f *advcache.Func[int, string]) error
	left string
}

const key1 = "user:1"

// changes are those that a cache on its own can bring about.
var changes = map[string]change{
	"Delete": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		return c.Delete(ctx, "other", key1)
	}, ""},
	"Set": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		return c.Set(ctx, key1, "set", time.Hour)
	}, "set"},
	"SetEntry": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		return c.SetEntry(ctx, key1, advcache.Entry[string]{Value: "set"})
	}, "set"},
	"SetEntry of a dead one": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		return c.SetEntry(ctx, key1, advcache.Entry[string]{Value: "set", FreshUntil: time.Now()})
	}, ""},
	"SetEntryIf": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		e, _, err := c.GetEntry(ctx, key1)
		if err != nil {
			return err
		}
		ok, err := advcache.SetEntryIf(ctx, c, key1, advcache.Entry[string]{Value: "set"}, e.Version)
		if !ok {
			err = errors.Join(err, errors.New("refused"))
		}
		return err
	}, "set"},
	"SetMany": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		return advcache.SetMany(ctx, c, map[string]string{key1: "set"}, time.Hour)
	}, "set"},
}

// ownChanges are those of a TTL, which any cache must heed.
var ownChanges = map[string]change{
	"Invalidate": {func(ctx context.Context, _ advcache.Cache[string], f *advcache.Func[int, string]) error {
		return f.Invalidate(ctx, 7, 1, 1)
	}, ""},
	"Func.Set": {func(ctx context.Context, _ advcache.Cache[string], f *advcache.Func[int, string]) error {
		return f.Set(ctx, 1, "set")
	}, "set"},
}

// inMemory are those that a cache in memory alone has.
var inMemory = map[string]change{
	"Clear": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		return advcache.Clear(ctx, c, "user:")
	}, ""},
	"Clear of all": {func(ctx context.Context, c advcache.Cache[string], _ *advcache.Func[int, string]) error {
		return advcache.Clear(ctx, c, "")
	}, ""},
}

// changesOf returns the changes that loads over c must not undo.
func changesOf(c advcache.Cache[string]) map[string]change {
	all := make(map[string]change)
	add := func(more map[string]change) {
		maps.Copy(all, more)
	}
	add(ownChanges)
	if _, ok := c.(advcache.EntryIfSetter[string]); ok {
		add(changes)
	}
	if _, ok := c.(*inmem.Cache[string]); ok {
		add(inMemory)
	}
	return all
}

// loadsOfKey1 begin a load of key 1, which takes loadTime.
var loadsOfKey1 = map[string]func(ctx context.Context, single, many *advcache.Func[int, string]) error{
	"Get": func(ctx context.Context, f, _ *advcache.Func[int, string]) error { _, err := f.Get(ctx, 1); return err },
	"Refresh": func(ctx context.Context, f, _ *advcache.Func[int, string]) error {
		_, err := f.Refresh(ctx, 1)
		return err
	},
	"GetMany": func(ctx context.Context, f, _ *advcache.Func[int, string]) error {
		_, err := f.GetMany(ctx, []int{1, 2})
		return err
	},
	"FuncMany": func(ctx context.Context, _, f *advcache.Func[int, string]) error {
		_, err := f.GetMany(ctx, []int{1, 2})
		return err
	},
	"FuncMany.Get": func(ctx context.Context, _, f *advcache.Func[int, string]) error { _, err := f.Get(ctx, 1); return err },
	"FuncMany of it": func(ctx context.Context, _, f *advcache.Func[int, string]) error {
		_, err := f.GetMany(ctx, []int{1})
		return err
	},
}

func TestAChangeDuringALoadWins(t *testing.T) {
	over := func(t *testing.T, c advcache.Cache[string]) {
		t.Helper()
		for _, state := range []string{"cold", "stale", "spare", "ahead", "negative"} {
			for load, begin := range loadsOfKey1 {
				for name, change := range changesOf(c) {
					law := fmt.Sprintf("law 3: %s during a %s of a %s key", name, load, state)
					o := &origin{}
					opt := &advcache.TTLOptions{}
					switch state {
					case "stale":
						opt.Stale = time.Hour
					case "spare":
						opt.StaleIfError = time.Hour
					case "ahead":
						opt.RefreshAhead = 0.5
					case "negative":
						opt.NegativeTTL = time.Second
						o.fails(advcache.ErrNotFound)
					}
					single, many, _ := manyTTL(t, c, o, opt)
					if state != "cold" {
						_, _ = single.Get(t.Context(), 1)
						time.Sleep(map[string]time.Duration{"stale": time.Minute, "spare": time.Minute, "ahead": 30 * time.Second, "negative": time.Second}[state])
					}
					o.with(func(o *origin) { o.takes, o.err = loadTime, nil })
					before := o.total()
					loading := call(func() (string, error) { return "", begin(t.Context(), single, many) })
					time.Sleep(late)
					if o.total() == before {
						t.Fatalf("%s: no load has begun", law)
					}
					if err := change.do(t.Context(), c, single); err != nil {
						t.Errorf("%s: %v", law, err)
					}
					wantLeft(t, law, c, change.left)
					(<-loading).want(t, law, "")
					time.Sleep(loadTime)
					synctest.Wait()
					wantLeft(t, law+", after it", c, change.left)
					if err := single.Invalidate(t.Context(), 1, 2); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
	onEach(t, over)
	t.Run("able", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { over(t, newAbleCache[string]()) })
	})
}

// wantLeft fails the test unless key 1 holds want.
func wantLeft(t *testing.T, law string, c advcache.Cache[string], want string) {
	t.Helper()
	if e, _, err := c.GetEntry(t.Context(), key1); e.Value != want || err != nil {
		t.Fatalf("%s: the cache holds %q, %v; want %q", law, e.Value, err, want)
	}
}

func TestWhoComesAfterAChangeNeverHasTheOlderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for load, begin := range loadsOfKey1 {
			for name, change := range changesOf(c) {
				if _, own := ownChanges[name]; !own {
					if _, ok := c.(*inmem.Cache[string]); !ok {
						continue // a change that no TTL was told of
					}
				}
				law := fmt.Sprintf("law 3: %s during a %s", name, load)
				o := &origin{}
				single, many, _ := manyTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour})
				for _, warmed := range []bool{false, true} {
					o.with(func(o *origin) { o.takes = 0 })
					if warmed {
						warm(t, single, 1)
						time.Sleep(time.Minute)
					}
					o.with(func(o *origin) { o.takes = loadTime })
					loading := call(func() (string, error) { return "", begin(t.Context(), single, many) })
					time.Sleep(late)
					old := o.of(1)
					if err := change.do(t.Context(), c, single); err != nil {
						t.Errorf("%s: %v", law, err)
					}
					for what, r := range map[string]<-chan result{
						"Get": get(t.Context(), single, 1), "FuncMany": get(t.Context(), many, 1),
						"GetMany": call(func() (string, error) { vs, err := many.GetMany(t.Context(), []int{1}); return vs[1], err }),
					} {
						got := <-r
						if got.err != nil || change.left != "" && got.v != change.left || change.left == "" && !newer(got.v, old) {
							t.Errorf("%s: %s afterwards gives %q, %v", law, what, got.v, got.err)
						}
					}
					<-loading
					if err := single.Invalidate(t.Context(), 1, 2); err != nil {
						t.Error(err)
					}
				}
			}
		}
	})
}

// newer reports whether v is what a load of key 1 later than the n-th gave.
func newer(v string, n int) bool {
	got, err := strconv.Atoi(strings.TrimPrefix(v, "1#"))
	return err == nil && got > n
}
