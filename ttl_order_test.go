package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// TestAChangeBetweenLookAndLoad makes each change just after the level was
// read for a caller, who then loads with what it saw.
func TestAChangeBetweenLookAndLoad(t *testing.T) {
	over := func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		t.Helper()
		for _, state := range []string{"cold", "stale", "spare"} {
			for load, begin := range loadsOfKey1 {
				for name, change := range changesOf(c) {
					law := fmt.Sprintf("law 3: %s just before a %s of a %s key", name, load, state)
					o, opt := &origin{}, &advcache.TTLOptions{}
					switch state {
					case "stale":
						opt.Stale = time.Hour
					case "spare":
						opt.StaleIfError = time.Hour
					}
					single, many, _ := manyTTL(t, c, o, opt)
					if state != "cold" {
						wants(t, law, single, 1, "1#1")
						time.Sleep(time.Minute)
					}
					var made atomic.Bool
					m.afterRead(func(op, key string, _ bool) {
						if key != key1 && op != "GetEntries" || made.Swap(true) {
							return
						}
						if err := change.do(context.Background(), c, single); err != nil {
							t.Errorf("%s: %v", law, err)
						}
					})
					if err := begin(t.Context(), single, many); err != nil {
						t.Errorf("%s: %v", law, err)
					}
					synctest.Wait()
					m.afterRead(nil)
					// A load that began after the change may be stored; an older value may not.
					if e, ok, err := c.GetEntry(t.Context(), key1); err != nil || change.left != "" && e.Value != change.left || change.left == "" && ok && !newer(e.Value, 1) && state != "cold" {
						t.Errorf("%s: the cache holds %q, %v", law, e.Value, err)
					}
					if err := single.Invalidate(t.Context(), 1, 2); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
	onPlain(t, over)
	t.Run("able", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newAbleCache[string]()
			over(t, c, c.mapCache)
		})
	})
}

// TestALoadBetweenLookAndLoad is one load nevertheless: what has been stored
// meanwhile is served.
func TestALoadBetweenLookAndLoad(t *testing.T) {
	onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		for load, begin := range loadsOfKey1 {
			if load == "Refresh" {
				continue // it loads whatever the cache holds
			}
			o := &origin{}
			single, many, _ := manyTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute})
			var looked atomic.Bool
			m.afterRead(func(op, key string, _ bool) {
				if op == "GetEntry" && key == key1 && !looked.Swap(true) {
					(<-get(context.Background(), single, 1)).want(t, "law 4", "1#1")
				}
			})
			if err := begin(t.Context(), single, many); err != nil {
				t.Error(err)
			}
			m.afterRead(nil)
			if n := o.of(1); n != 1 || !looked.Load() {
				t.Errorf("law 4: %s: key 1 was loaded %d times", load, n)
			}
			if err := single.Invalidate(t.Context(), 1, 2); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAChangeWhileALoadIsStored waits for the store, and comes after it.
func TestAChangeWhileALoadIsStored(t *testing.T) {
	onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		for name, change := range ownChanges {
			o := &origin{}
			_, f := userTTL(t, c, o, nil)
			slow := func(op, key string) error {
				if key == key1 && (op == "SetEntry" || op == "SetEntryIf") {
					time.Sleep(loadTime)
				}
				return nil
			}
			m.on(slow)
			loading := get(t.Context(), f, 1)
			time.Sleep(late)
			done := <-call(func() (string, error) { return "", change.do(t.Context(), c, f) })
			done.want(t, "law 3: "+name, "")
			(<-loading).want(t, "law 3", "1#1")
			wantLeft(t, "law 3: "+name+" while a load is stored", c, change.left)
			m.on(nil)
			if err := f.Invalidate(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestChangesOfManyKeysDoNotWaitForEachOther(t *testing.T) {
	onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		_, f := userTTL(t, c, &origin{}, nil)
		m.on(func(string, string) error { time.Sleep(time.Millisecond); return nil })
		var all []<-chan result
		for i := range 20 {
			ks := []int{i % 3, (i + 1) % 3, (i + 2) % 3, i % 3}
			all = append(all, call(func() (string, error) { return "", f.Invalidate(t.Context(), ks...) }),
				call(func() (string, error) { return "", f.Set(t.Context(), i%3, "v") }))
		}
		for _, one := range all {
			(<-one).want(t, "law 3: a deadlock would end the test", "")
		}
	})
}

// TestALoaderThatChangesItsOwnKey does not wait for itself, and what it returns
// is not stored.
func TestALoaderThatChangesItsOwnKey(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for name, change := range changesOf(c) {
			o := &origin{}
			_, f := userTTL(t, c, o, nil)
			o.do = func(ctx context.Context, _, _ int) (string, error) { return "loaded", change.do(ctx, c, f) }
			wants(t, "law 3: "+name, f, 1, "loaded")
			wantLeft(t, "law 3: "+name+" by the loader", c, change.left)
			if err := f.Invalidate(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestTwoTTLsOverOneCache are to each other what another process is, where the
// cache is not in memory.
func TestTwoTTLsOverOneCache(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		if _, ok := c.(advcache.EntryIfSetter[string]); !ok {
			c = conditionalCache[string]{newMapCache[string]()} // without SetEntryIf there is no way
		}
		for name, change := range ownChanges {
			o := &origin{takes: loadTime}
			_, mine := userTTL(t, c, o, nil)
			_, theirs := userTTL(t, c, o, nil)
			loading := get(t.Context(), mine, 1)
			time.Sleep(late)
			if err := change.do(t.Context(), c, theirs); err != nil {
				t.Error(err)
			}
			(<-loading).want(t, "law 3", "1#1")
			wantLeft(t, "law 3: "+name+" by another TTL", c, change.left)
			if err := mine.Invalidate(t.Context(), 1); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestReadsAreNeverOlderThanAChange has readers by all paths run beside a writer
// of a few keys, with no bubble around them. A read that begins after a change
// has returned must see that change or a later one.
func TestReadsAreNeverOlderThanAChange(t *testing.T) {
	plain := newMapCache[int64]()
	for name, c := range map[string]advcache.Cache[int64]{
		"inmem": open[int64](t, nil), "plain": plain, "able": newAbleCache[int64](),
	} {
		t.Run(name, func(t *testing.T) {
			const keys, rounds = 3, 1500
			var origin, floor [keys]atomic.Int64 // what is true, and what a change has made known
			ttl := advcache.NewTTL[int](c, time.Minute, &advcache.TTLOptions{Stale: time.Minute, RefreshAhead: 1e-12, Logger: quiet})
			single := ttl.Func("n:{}", func(_ context.Context, k int) (int64, error) { return origin[k].Load(), nil })
			many := ttl.FuncMany("n:{}", func(_ context.Context, ks []int) (map[int]int64, error) {
				values := make(map[int]int64)
				for _, k := range ks {
					values[k] = origin[k].Load()
				}
				return values, nil
			})
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for reader := range 4 {
				wg.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						k := n % keys
						least := floor[k].Load()
						var v int64
						var err error
						switch (n/keys + reader) % 3 {
						case 0:
							v, err = single.Get(t.Context(), k)
						case 1:
							v, err = many.Get(t.Context(), k)
						case 2:
							var values map[int]int64
							values, err = many.GetMany(t.Context(), []int{(k + 1) % keys, k})
							if _, ok := values[k]; !ok && err == nil {
								t.Errorf("law 7: a batch without key %d and without an error", k)
							}
							v = values[k]
						}
						if err != nil || v < least {
							t.Errorf("law 3: key %d gives %d, %v, though a change to %d had returned; path %d", k, v, err, least, (n/keys+reader)%3)
							return
						}
					}
				})
			}
			for n := range int64(rounds) {
				k := rand.IntN(keys)
				origin[k].Store(n)
				var err error
				if n%2 == 0 {
					err = single.Invalidate(t.Context(), k)
				} else {
					err = single.Set(t.Context(), k, n)
				}
				floor[k].Store(n)
				if err != nil {
					t.Error(err)
				}
				if n%100 == 0 { // let hot paths settle
					for i := range 50 {
						_, err = single.Get(t.Context(), i%keys)
					}
				}
				if err != nil {
					t.Error(errors.Join(errors.New(strconv.FormatInt(n, 10)), err))
				}
			}
			stop()
			wg.Wait()
			if err := ttl.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
