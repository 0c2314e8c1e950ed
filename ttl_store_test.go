package advcache_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// onSlowStore runs the test over caches whose writes take a second, for values
// that were loaded by one and by many.
func onSlowStore(t *testing.T, opt advcache.TTLOptions, test func(t *testing.T, o *origin, e *events, f *advcache.Func[int, string], read func(ctx context.Context) <-chan result)) {
	t.Helper()
	onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		for _, many := range []bool{false, true} {
			o, e, opt := &origin{takes: loadTime}, &events{}, opt
			opt.Observer = e.observer()
			single, batch, _ := manyTTL(t, c, o, &opt)
			m.on(func(op, _ string) error {
				if op == "SetEntry" || op == "SetEntryIf" {
					time.Sleep(time.Second)
				}
				return nil
			})
			test(t, o, e, single, func(ctx context.Context) <-chan result {
				return call(func() (string, error) {
					if !many {
						return single.Get(ctx, 1)
					}
					ks := make([]int, 0, 100) // more than are stored at once
					for k := range 100 {
						ks = append(ks, 99-k)
					}
					values, err := batch.GetMany(ctx, ks)
					if err == nil && len(values) != len(ks) {
						err = fmt.Errorf("%d values", len(values))
					}
					return values[1], err
				})
			})
			synctest.Wait()
			m.on(nil)
			for k := range 100 {
				if err := single.Invalidate(t.Context(), k); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestASlowStoreKeepsNoValueFromACaller(t *testing.T) {
	onSlowStore(t, advcache.TTLOptions{}, func(t *testing.T, o *origin, e *events, f *advcache.Func[int, string], read func(context.Context) <-chan result) {
		ctx, cancel := context.WithTimeout(t.Context(), loadTime+late)
		defer cancel()
		leader := read(ctx)
		time.Sleep(loadTime + late/2)
		own, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		follower := get(own, f, 1)
		r := <-leader
		r.want(t, "law 7: the value is there when the caller's time is over", "1#1")
		r.wantTook(t, "law 7", loadTime+late)
		r = <-follower
		r.want(t, "law 7: for a follower too", "1#1")
		r.wantTook(t, "law 7", late)
		time.Sleep(5 * time.Second)
		wants(t, "law 5: what is loaded is stored, though nobody waits for that", f, 1, "1#1")
		if n := o.of(1); n != 1 {
			t.Errorf("law 4: key 1 was loaded %d times", n)
		}
		if told := e.of("BackendError"); len(told) != 0 {
			t.Errorf("law 7: slow is no failure: %v", told)
		}
	})
}

func TestAStoreThatOutlastsLoadTimeout(t *testing.T) {
	onSlowStore(t, advcache.TTLOptions{LoadTimeout: 300 * time.Millisecond}, func(t *testing.T, o *origin, e *events, f *advcache.Func[int, string], read func(context.Context) <-chan result) {
		r := <-read(t.Context())
		r.want(t, "law 7: the loader was in time", "1#1")
		r.wantTook(t, "law 7", 300*time.Millisecond)
		time.Sleep(5 * time.Second)
		if told := e.of("LoadError"); len(told) != 0 {
			t.Errorf("law 7: a failure of the cache was told as one of the origin: %v", told[0].Err)
		}
		if told := e.of("BackendError"); len(told) == 0 {
			t.Error("law 7: a write that was cut off was not told")
		}
		r = <-get(t.Context(), f, 1)
		r.want(t, "law 7: the level missed a write, and is not read", fmt.Sprintf("1#%d", o.of(1)))
		if o.of(1) != 2 {
			t.Errorf("law 7: key 1 was loaded %d times, want 2", o.of(1))
		}
	})
}

func TestASlowStoreOfNothing(t *testing.T) {
	onSlowStore(t, advcache.TTLOptions{NegativeTTL: time.Minute}, func(t *testing.T, o *origin, _ *events, f *advcache.Func[int, string], _ func(context.Context) <-chan result) {
		o.fails(advcache.ErrNotFound)
		ctx, cancel := context.WithTimeout(t.Context(), loadTime+late)
		defer cancel()
		r := <-get(ctx, f, 1)
		r.wantErr(t, "law 7: that there is nothing is known too", advcache.ErrNotFound)
		r.wantTook(t, "law 7", loadTime+late)
		time.Sleep(time.Second)
		r = <-get(t.Context(), f, 1)
		r.wantErr(t, "law 7: it was stored", advcache.ErrNotFound)
		r.wantTook(t, "law 7", 0)
	})
}

// TestCloseTellsNothingOfTheStoresThatItEnds: they are no failures of the cache,
// but what it holds may be old now.
func TestCloseTellsNothingOfTheStoresThatItEnds(t *testing.T) {
	for _, fails := range []bool{false, true} {
		onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
			o, e := &origin{}, &events{}
			opt := &advcache.TTLOptions{Stale: time.Hour, Observer: e.observer()}
			ttl, f := userTTL(t, c, o, opt)
			wants(t, "law 13", f, 1, "1#1")
			time.Sleep(time.Minute)
			m.on(func(op, _ string) error {
				if op == "SetEntry" || op == "SetEntryIf" {
					time.Sleep(time.Second)
					if fails {
						return errDisk
					}
				}
				return nil
			})
			wants(t, "law 13: begins a refresh", f, 1, "1#1")
			synctest.Wait() // it is being stored
			if !fails {
				if err := ttl.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			time.Sleep(2 * time.Second)
			if told := e.of("BackendError"); len(told) > 0 != fails {
				t.Errorf("law 13: BackendError was told %v", told)
			}
			m.on(nil)
			if v, ok, err := f.Peek(t.Context(), 1); ok || err != nil {
				t.Errorf("law 7: Peek reads %q, %v of a key whose write was missed", v, err)
			}
		})
	}
}
