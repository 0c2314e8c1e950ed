package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// onFailing runs the test over caches that can be made to fail, by errors and
// by panics.
func onFailing(t *testing.T, test func(t *testing.T, c advcache.Cache[string], m *mapCache[string], fail func(ops ...string))) {
	t.Helper()
	for name, failure := range map[string]func() error{
		"errors": func() error { return errDisk },
		"panics": func() error { panic(errDisk) },
	} {
		t.Run(name, func(t *testing.T) {
			onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
				test(t, c, m, func(ops ...string) {
					m.on(func(op, _ string) error {
						if slices.Contains(ops, op) {
							return failure()
						}
						return nil
					})
				})
			})
		})
	}
}

var writes = []string{"Set", "SetEntry", "SetEntryIf"}

// wantBackendErrors fails the test unless the Observer was told of n failures
// of the cache, each with what, where and why.
func wantBackendErrors(t *testing.T, e *events, op string, n int) {
	t.Helper()
	told := e.of("BackendError")
	if len(told) != n {
		t.Errorf("law 7: BackendError was told of %d failures, want %d: %v", len(told), n, told)
	}
	for _, ev := range told {
		o, ok := errors.AsType[*advcache.OpError](ev.Err)
		if !ok || o.Op != op || o.Backend != "ttl" || o.Key != ev.Key || !errors.Is(ev.Err, errDisk) {
			t.Errorf("law 7: BackendError was told %+v", ev)
		}
	}
}

func TestReadErrorIsAReportedMiss(t *testing.T) {
	onFailing(t, func(t *testing.T, c advcache.Cache[string], _ *mapCache[string], fail func(...string)) {
		o, e := &origin{}, &events{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Observer: e.observer()})
		fail("GetEntry", "Get")
		wants(t, "law 7: the loader's value", f, 1, "1#1")
		wants(t, "law 7: the loader's value", f, 1, "1#2")
		wantBackendErrors(t, e, "get", 2)
		fail()
		wants(t, "law 7: the cache is back, with what was written meanwhile", f, 1, "1#2")
		wantLoads(t, "law 7", o, 2)
	})
}

func TestACallerWhoLeavesIsNoFailureOfTheCache(t *testing.T) {
	onFailing(t, func(t *testing.T, c advcache.Cache[string], _ *mapCache[string], _ func(...string)) {
		e := &events{}
		_, f := userTTL(t, c, &origin{}, &advcache.TTLOptions{Observer: e.observer()})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		(<-get(ctx, f, 1)).wantErr(t, "law 5", context.Canceled)
		if told := e.of("BackendError"); len(told) != 0 {
			t.Errorf("law 7: BackendError was told of %v", told)
		}
	})
}

func TestWriteErrorOfALoadedValue(t *testing.T) {
	onFailing(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string], fail func(...string)) {
		o, e := &origin{}, &events{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, Observer: e.observer()})
		many := ttl.FuncMany("user:{}", o.loadMany)
		wants(t, "law 7", f, 1, "1#1")
		time.Sleep(time.Minute)
		fail(writes...)
		wants(t, "law 7: stale", f, 1, "1#1")
		synctest.Wait()
		wantBackendErrors(t, e, "set", 1)

		m.requests()
		wants(t, "law 7: the level missed a write, and is not read", f, 1, "1#3")
		if asked := m.requests(); asked["GetEntry"]+asked["Get"] != 0 {
			t.Errorf("law 7: the level was read for a key that it missed a write of: %v", asked)
		}
		for _, g := range []*advcache.Func[int, string]{f, many} {
			values, err := g.GetMany(t.Context(), []int{1, 1})
			if n := fmt.Sprintf("1#%d", o.total()); values[1] != n || err != nil {
				t.Errorf("law 7: a batch gives %v, %v; want %s", values, err, n)
			}
		}
		fail()
		n := fmt.Sprintf("1#%d", o.total()+1)
		wants(t, "law 7: a write succeeds", f, 1, n)
		wants(t, "law 7: from then on the level is read", f, 1, n)
	})
}

func TestFailedInvalidateAndSetAreReturned(t *testing.T) {
	onFailing(t, func(t *testing.T, c advcache.Cache[string], _ *mapCache[string], fail func(...string)) {
		for name, change := range map[string]func(f *advcache.Func[int, string]) error{
			"Invalidate": func(f *advcache.Func[int, string]) error { return f.Invalidate(t.Context(), 1, 2) },
			"Set":        func(f *advcache.Func[int, string]) error { return f.Set(t.Context(), 1, "set") },
		} {
			o, e := &origin{}, &events{}
			ttl, f := userTTL(t, c, o, &advcache.TTLOptions{Observer: e.observer()})
			many := ttl.FuncMany("user:{}", o.loadMany)
			wants(t, "law 7", f, 1, "1#1")
			fail(append(writes, "Delete")...)
			err := change(f)
			if op, ok := errors.AsType[*advcache.OpError](err); !ok || !errors.Is(err, errDisk) || name == "Set" && op.Key != "user:1" {
				t.Errorf("law 7: %s gives %v", name, err)
			}
			if v, ok, err := f.Peek(t.Context(), 1); ok || err != nil {
				t.Errorf("law 7: %s: Peek reads %q, %v from a level that is not to be read", name, v, err)
			}
			if values, err := many.GetMany(t.Context(), []int{1, 3}); values[1] != "1#2" || err != nil {
				t.Errorf("law 7: %s: a batch gives %v, %v", name, values, err)
			}
			wants(t, "law 7: "+name+" failed, so the old value is not read", f, 1, "1#3")
			if len(e.of("Set"))+len(e.of("Delete")) != 0 {
				t.Errorf("law 7: %s: a failure was told as a success", name)
			}
			fail()
			if err := change(f); err != nil {
				t.Errorf("law 7: %s: %v", name, err)
			}
			if v, ok, err := f.Peek(t.Context(), 1); ok != (name == "Set") || err != nil {
				t.Errorf("law 7: %s: Peek reads %q, %v", name, v, err)
			}
			if err := f.Invalidate(t.Context(), 1, 2, 3); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAChangeThatCannotWait holds that a change whose context is done while
// another write of the key is under way counts as one that failed.
func TestAChangeThatCannotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, o := newMapCache[string](), &origin{}
		_, f := userTTL(t, m, o, nil)
		wants(t, "law 7", f, 1, "1#1")
		wants(t, "law 7", f, 2, "2#1")
		m.on(func(op, key string) error {
			if op == "SetEntry" && key == "user:2" {
				time.Sleep(time.Second)
			}
			return nil
		})
		slow := call(func() (string, error) { return "", f.Set(t.Context(), 2, "set") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		(<-call(func() (string, error) { return "", f.Invalidate(ctx, 1, 2, 3) })).wantErr(t, "law 7", context.DeadlineExceeded)
		(<-slow).want(t, "law 7", "")
		wants(t, "law 7: the invalidation of key 1 was missed, so its old value is not read", f, 1, "1#2")
		wants(t, "law 7: the Set of key 2 came later than the missed invalidation", f, 2, "set")

		m.on(func(op, _ string) error {
			if op == "SetEntry" {
				time.Sleep(time.Second)
			}
			return nil
		})
		load := get(t.Context(), f, 4)
		synctest.Wait() // it is being stored
		again, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		(<-call(func() (string, error) { return "", f.Invalidate(again, 4) })).wantErr(t, "law 7", context.DeadlineExceeded)
		(<-load).want(t, "law 7", "4#1")
		m.on(nil)
		wants(t, "law 7: the invalidation of key 4 was missed, and the load it was to bar is not read", f, 4, "4#2")

		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 { // what is decided by the context is decided the same way each time
			if err := f.Invalidate(cancelled, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("law 7: Invalidate gives %v", err)
			}
		}
		if n := m.requests()["Delete"]; n != 20 {
			t.Errorf("law 7: the cache was asked %d times of 20", n)
		}
	})
}

func TestMoreMissedWritesThanAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 10_100
		o, e, c := &origin{}, &events{}, newAbleCache[string]()
		m := c.mapCache
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{Observer: e.observer()})
		many := ttl.FuncMany("user:{}", o.loadMany)
		for k := range keys {
			if _, err := f.Get(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		m.failing("Delete")
		for k := range keys {
			if err := f.Invalidate(t.Context(), k); err == nil {
				t.Fatal("law 7: Invalidate did not fail")
			}
		}
		m.failing()
		time.Sleep(time.Second)
		wantMany(t, "law 7: keys whose missed writes are not remembered one by one", many, []int{keys - 3, keys - 4},
			map[int]string{keys - 3: fmt.Sprintf("%d#2", keys-3), keys - 4: fmt.Sprintf("%d#2", keys-4)})
		for k := range keys - 4 {
			if _, ok, err := f.Peek(t.Context(), k); ok || err != nil {
				t.Fatalf("law 7: Peek reads key %d, %v, of which a write was missed", k, err)
			}
			if v, err := f.Get(t.Context(), k); v != fmt.Sprintf("%d#2", k) || err != nil {
				t.Fatalf("law 7: key %d gives %q, %v", k, v, err)
			}
		}
		time.Sleep(time.Second)
		for k := 0; k < keys; k += 99 {
			wants(t, "law 7: what was written since is read", f, k, fmt.Sprintf("%d#2", k))
		}
		m.requests()
		if values, err := many.GetMany(t.Context(), []int{1, 2, 3, keys - 2, keys - 1}); len(values) != 5 || err != nil {
			t.Errorf("law 7: %v, %v", values, err)
		}
		wantLoads(t, "law 7: a batch reads what was written since", o, 2*keys)
		if n := len(e.of("BackendError")); n != 0 {
			t.Errorf("law 7: %d failures were told, though Invalidate returned them", n)
		}
	})
}

// TestAsManyMissedWritesAsAreRemembered holds that a key which is remembered
// takes no room twice: beyond that, all that is older would be distrusted.
func TestAsManyMissedWritesAsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, o := newMapCache[string](), &origin{}
		_, f := userTTL(t, m, o, nil)
		wants(t, "law 7", f, -1, "-1#1")
		m.failing("Delete")
		for range 2 {
			for k := range 10_000 {
				if err := f.Invalidate(t.Context(), k); err == nil {
					t.Fatal("law 7: Invalidate did not fail")
				}
			}
		}
		wants(t, "law 7: a key that missed nothing", f, -1, "-1#1")
	})
}

// TestConditionalWriteThatIsRefused is about another process that was faster.
func TestConditionalWriteThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		o, e := &origin{takes: loadTime}, &events{}
		_, f := userTTL(t, conditionalCache[string]{m}, o, &advcache.TTLOptions{Observer: e.observer()})
		load := get(t.Context(), f, 1)
		time.Sleep(late)
		if err := m.Set(t.Context(), "user:1", "theirs", time.Minute); err != nil {
			t.Error(err)
		}
		(<-load).want(t, "law 3", "1#1")
		wants(t, "law 3: theirs stays", f, 1, "theirs")
		if told := e.of("BackendError"); len(told) != 0 {
			t.Errorf("law 3: a refused write is no failure: %v", told)
		}
		if !strings.Contains(fmt.Sprint(m.requests()), "SetEntryIf:1") {
			t.Error("law 3: the load was not stored by SetEntryIf")
		}
	})
}
