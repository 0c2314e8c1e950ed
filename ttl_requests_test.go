package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// wantRequests fails the test unless the cache was asked want since the last
// call: the names of methods with how often they were called.
func wantRequests(t *testing.T, what string, m *mapCache[string], want map[string]int) {
	t.Helper()
	if got := m.requests(); !maps.Equal(got, want) {
		t.Errorf("law 12: %s: the cache was asked %v, want %v", what, got, want)
	}
}

func TestRequests(t *testing.T) {
	onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		write := "SetEntry"
		if _, ok := c.(advcache.EntryIfSetter[string]); ok {
			write = "SetEntryIf"
		}
		o := &origin{}
		_, f, _ := manyTTL(t, c, o, &advcache.TTLOptions{Stale: time.Minute})
		wants(t, "law 12", f, 1, "1#1")
		wantRequests(t, "a miss", m, map[string]int{"GetEntry": 1, write: 1})
		wants(t, "law 12", f, 1, "1#1")
		wantRequests(t, "a hit", m, map[string]int{"GetEntry": 1})
		time.Sleep(time.Minute)
		wants(t, "law 12", f, 1, "1#1")
		synctest.Wait()
		wantRequests(t, "a stale hit and its refresh", m, map[string]int{"GetEntry": 1, write: 1})
		if err := errors.Join(f.Set(t.Context(), 1, "set"), f.Invalidate(t.Context(), 1, 1, 1)); err != nil {
			t.Error(err)
		}
		wantRequests(t, "Set, and Invalidate of one key", m, map[string]int{"SetEntry": 1, "Delete": 1})
		if _, _, err := f.Peek(t.Context(), 1); err != nil {
			t.Error(err)
		}
		wantRequests(t, "Peek", m, map[string]int{"Get": 1})
		if _, err := f.Refresh(t.Context(), 1); err != nil {
			t.Error(err)
		}
		wantRequests(t, "Refresh", m, map[string]int{"GetEntry": 1, write: 1})
		var callers []<-chan result
		o.with(func(o *origin) { o.takes = loadTime })
		for range 10 {
			callers = append(callers, get(t.Context(), f, 2))
		}
		for _, one := range callers {
			<-one
		}
		wantRequests(t, "10 callers of a miss", m, map[string]int{"GetEntry": 10, write: 1})
	})
	for _, conditional := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			able := newAbleCache[string]()
			m := able.mapCache
			var c advcache.Cache[string] = able.batchCache
			write := "SetEntry"
			if conditional {
				c, write = able, "SetEntryIf"
			}
			o := &origin{}
			_, f, _ := manyTTL(t, c, o, nil)
			wantMany(t, "law 12", f, []int{1, 2, 3}, map[int]string{1: "1#1", 2: "2#1", 3: "3#1"})
			wantRequests(t, "a batch of misses", m, map[string]int{"GetEntries": 1, write: 3})
			wantMany(t, "law 12", f, []int{1, 2, 3}, map[int]string{1: "1#1", 2: "2#1", 3: "3#1"})
			wantRequests(t, "a batch of hits", m, map[string]int{"GetEntries": 1})
			m.failing("Delete")
			if err := f.Invalidate(t.Context(), 1, 2, 3); err == nil {
				t.Error("law 7: Invalidate did not fail")
			}
			m.requests()
			wantMany(t, "law 12", f, []int{1, 2, 3}, map[int]string{1: "1#2", 2: "2#2", 3: "3#2"})
			wantRequests(t, "a batch of keys that are not to be read", m, map[string]int{"SetEntry": 3})
			m.failing("GetEntries", "GetEntry")
			wantMany(t, "law 7: the whole read fails", f, []int{1, 2}, map[int]string{1: "1#3", 2: "2#3"})
		})
	}
}

// TestManyKeyByKey is about functions for one key: 32 loads are at work at once.
func TestManyKeyByKey(t *testing.T) {
	for _, life := range []time.Duration{time.Minute, 0} {
		onEach(t, func(t *testing.T, c advcache.Cache[string]) {
			var at, most atomic.Int64
			ttl := advcache.NewTTL[int](c, life, nil)
			f := ttl.Func("user:{}", func(_ context.Context, k int) (string, error) {
				most.Store(max(most.Load(), at.Add(1)))
				defer at.Add(-1)
				time.Sleep(loadTime)
				switch {
				case k == 50:
					return "", advcache.ErrNotFound
				case k == 51:
					return "", errDown
				case k == 52:
					panic(errDisk)
				case k >= 60 && k < 95: // more than there are workers
					runtime.Goexit()
				}
				return fmt.Sprint(k), nil
			})
			ks := make([]int, 0, 200)
			for k := range 100 {
				ks = append(ks, k, k)
			}
			start := time.Now()
			values, err := f.GetMany(t.Context(), ks)
			if len(values) != 100-3-35 || values[99] != "99" || !errors.Is(err, errDown) || !errors.Is(err, errDisk) || errors.Is(err, advcache.ErrNotFound) {
				t.Errorf("law 6: %v: %d values, %v", life, len(values), err)
			}
			if n := strings.Count(fmt.Sprint(err), advcache.ErrGoexit.Error()); n != 35 {
				t.Errorf("law 6: %v: %d of 35 calls of Goexit were told", life, n)
			}
			if d := time.Since(start); d != 4*loadTime || most.Load() != 32 {
				t.Errorf("law 4: %v: %d loads at once, %v in all, want 32 and %v", life, most.Load(), d, 4*loadTime)
			}
		})
	}
}

func TestBypass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newMapCache[string]()
		o, a := &origin{}, &asked{}
		ttl := advcache.NewTTL[int](c, 0, &advcache.TTLOptions{NegativeTTL: time.Minute, Stale: time.Minute, MaxConcurrentLoads: 1})
		f, many := ttl.Func("user:{}", o.load), ttl.FuncMany("user:{}", a.wrap(o.loadMany))
		wants(t, "each call calls the loader", f, 1, "1#1")
		wants(t, "each call calls the loader", f, 1, "1#2")
		if v, err := f.Refresh(t.Context(), 1); v != "1#3" || err != nil {
			t.Errorf("Refresh gives %q, %v", v, err)
		}
		wantMany(t, "law 4", many, []int{1, 2, 1}, map[int]string{1: "1#4", 2: "2#1"})
		a.want(t, "law 4: no key twice", []int{1, 2})
		if err := f.Set(t.Context(), 1, "set"); err != nil {
			t.Error(err)
		}
		wantRequests(t, "a bypass", c, map[string]int{})

		o.fails(errDown)
		values, err := many.GetMany(t.Context(), []int{1, 2, 3})
		if len(values) != 1 || !errors.Is(err, errDown) {
			t.Errorf("law 7: %v, %v", values, err)
		}
		wantKeys(t, err, "user:1", "user:3")
		_, err = f.GetMany(t.Context(), []int{1, 2})
		wantKeys(t, err, "user:1", "user:2")
		o.fails(advcache.ErrNotFound)
		if values, err := many.GetMany(t.Context(), []int{1, 3}); len(values) != 0 || err != nil {
			t.Errorf("law 7: what is not there is left out: %v, %v", values, err)
		}
		o.with(func(o *origin) { o.panic = errDisk })
		_, err = f.Get(t.Context(), 1)
		wantPanicError(t, "law 6: Get", err, errDisk)
		_, err = many.GetMany(t.Context(), []int{1, 2})
		wantPanicError(t, "law 6: GetMany", err, errDisk)
		wantKeys(t, err, "user:1", "user:2")
	})
}

// broken is a key of which some have no text.
type broken struct{ id int }

func (b broken) MarshalText() ([]byte, error) {
	if b.id < 0 {
		return nil, errDisk
	}
	return fmt.Append(nil, b.id), nil
}

func TestKeysThatCannotBeMade(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, life := range []time.Duration{time.Minute, 0} {
			ttl := advcache.NewTTL[broken](c, life, nil)
			load := func(context.Context, broken) (string, error) { return "v", nil }
			f := ttl.Func("b:{}", load)
			many := ttl.FuncMany("b:{}", func(_ context.Context, ks []broken) (map[broken]string, error) {
				return map[broken]string{ks[0]: "v"}, nil
			})
			for _, g := range []*advcache.Func[broken, string]{f, many} {
				values, err := g.GetMany(t.Context(), []broken{{1}, {-1}})
				if life > 0 && (len(values) != 1 || !errors.Is(err, errDisk)) || values[broken{1}] != "v" {
					t.Errorf("law 9: %v: GetMany gives %v, %v", life, values, err)
				}
			}
			if life == 0 {
				continue // no key is made
			}
			_, err := f.Get(t.Context(), broken{-1})
			_, refresh := f.Refresh(t.Context(), broken{-1})
			_, _, peek := f.Peek(t.Context(), broken{-1})
			for i, err := range []error{err, refresh, peek, f.Set(t.Context(), broken{-1}, "v"), f.Invalidate(t.Context(), broken{1}, broken{-1})} {
				if !errors.Is(err, errDisk) {
					t.Errorf("law 9: call %d gives %v", i, err)
				}
			}
			if _, ok, err := f.Peek(t.Context(), broken{1}); ok || err != nil {
				t.Errorf("law 3: the other key was not invalidated: %v", err)
			}
			wantPanic(t, func() { f.Key(broken{-1}) }, "b:{}", errDisk.Error())
		}
	})
}

// TestALoaderMayUseTheKeysItIsGiven as its own: it may sort them, or keep what
// it wants of them in their place.
func TestALoaderMayUseTheKeysItIsGiven(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, life := range []time.Duration{time.Minute, 0} {
			for name, use := range map[string]func([]int){
				"sort": slices.Sort[[]int], "reverse": slices.Reverse[[]int], "clear": func(ks []int) { clear(ks) },
			} {
				many := advcache.NewTTL[int](c, life, nil).FuncMany(name+":{}", func(_ context.Context, ks []int) (map[int]string, error) {
					values := make(map[int]string)
					for _, k := range ks {
						values[k] = fmt.Sprint("value ", k)
					}
					use(ks)
					return values, nil
				})
				want := map[int]string{7: "value 7", 3: "value 3", 5: "value 5", 1: "value 1"}
				ks := []int{7, 3, 5, 1}
				for range 2 {
					wantMany(t, "law 10: "+name, many, ks, want)
				}
				if !slices.Equal(ks, []int{7, 3, 5, 1}) {
					t.Errorf("law 10: %s: the caller's keys are %v now", name, ks)
				}
			}
		}
	})
}
