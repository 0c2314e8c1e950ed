package store_test

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
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// batches are backends that read many keys by one request, and key by key.
var batches = map[string][]string{"batch": nil, "bare": {"GetMany", "PutMany", "Touch"}}

// TestManyOverAHungBackend holds law 7 for calls of many keys: they wait for one
// Timeout, whatever the number of keys.
func TestManyOverAHungBackend(t *testing.T) {
	const timeout, n = 250 * time.Millisecond, 500
	for name, without := range batches {
		for _, dedupe := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/dedupe=%v", name, dedupe), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					faulty := storetest.NewFaulty(storetest.NewMemory(&storetest.MemoryOptions{Without: without, Timeout: timeout}), nil)
					c := store.New[string](faulty, &store.Options{Dedupe: dedupe})
					values, entries := make(map[string]string), make(map[string]advcache.Entry[string])
					var ks []int
					var keys []string
					for k := range n {
						ks = append(ks, k)
						keys = append(keys, fmt.Sprint("k", k))
						values[keys[k]], entries[keys[k]] = "v", advcache.Entry[string]{Value: "v"}
					}
					took := func(what string, want time.Duration, do func() error) {
						t.Helper()
						start := time.Now()
						err := do()
						if d := time.Since(start); d != want || want > 0 && what != "a batch of a TTL" && !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("law 7: %s took %v, %.200v; want %v", what, d, err, want)
						}
					}
					hang := func(probability float64) {
						for _, op := range []storetest.Op{storetest.OpGet, storetest.OpHead, storetest.OpPut, storetest.OpDelete, storetest.OpTouch, storetest.OpGetMany, storetest.OpPutMany} {
							if !slices.Contains(without, op.String()) {
								faulty.Rate(op, storetest.Hang, probability)
							}
						}
					}
					hang(1)
					took("GetMany", timeout, func() error { _, err := c.GetMany(t.Context(), keys); return err })
					took("GetEntries", timeout, func() error {
						told := make(map[error]bool)
						var err error
						for _, l := range c.GetEntries(t.Context(), keys) {
							told[l.Err] = true
							if err = l.Err; !errors.Is(err, context.DeadlineExceeded) {
								return err
							}
						}
						if len(told) > 33 { // those that were at work, and one for the rest
							t.Errorf("law 7: GetEntries of %d keys gives %d errors to be told", n, len(told))
						}
						return err
					})
					took("SetEntries", timeout, func() error { return c.SetEntries(t.Context(), entries) })
					took("SetMany", timeout, func() error { return c.SetMany(t.Context(), values, time.Hour) })
					took("Delete", timeout, func() error { return c.Delete(t.Context(), keys...) })

					var told troubles
					ttl := advcache.NewTTL[int](c, time.Minute, &advcache.TTLOptions{Observer: told.observer()})
					f := ttl.FuncMany("k{}", func(_ context.Context, ks []int) (map[int]string, error) {
						found := make(map[int]string)
						for _, k := range ks {
							found[k] = "loaded"
						}
						return found, nil
					})
					took("a batch of a TTL", 2*timeout, func() error {
						found, err := f.GetMany(t.Context(), ks)
						if len(found) != n || err != nil {
							t.Errorf("law 7: %d values, %v", len(found), err)
						}
						return err
					})
					reads := 0
					for _, err := range told.take() {
						if op, ok := errors.AsType[*advcache.OpError](err); ok && op.Op == "get" {
							reads++
						}
					}
					if want := map[string]int{"batch": 1, "bare": 33}[name]; reads == 0 || reads > want {
						t.Errorf("law 7: the Observer was told of %d failed reads of one batch, want %d at the most", reads, want)
					}
					hang(0)
					took("SetMany, after the outage", 0, func() error { return c.SetMany(t.Context(), values, time.Hour) })
					if found, err := c.GetMany(t.Context(), keys); len(found) != n || err != nil {
						t.Errorf("law 7: after the outage: %d values, %v", len(found), err)
					}
				})
			})
		}
	}
}

// slowClear is a store whose Clear takes an hour.
type slowClear struct{ *storetest.Memory }

func (s slowClear) Clear(ctx context.Context, prefix string) error {
	select {
	case <-time.After(time.Hour):
		return s.Memory.Clear(ctx, prefix)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestClearTakesAsLongAsItsContext: to find all keys may take minutes where
// nothing is wrong, so Timeout is not about Clear.
func TestClearTakesAsLongAsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := store.New[string](slowClear{storetest.NewMemory(nil)}, &store.Options{Timeout: 250 * time.Millisecond})
		set(t, c, "k", "v", 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := c.Clear(ctx, "")
		if op, ok := errors.AsType[*advcache.OpError](err); !ok || op.Op != "clear" || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("law 7: Clear with a context of a minute: %v after %v", err, time.Since(start))
		}
		start = time.Now()
		if err := c.Clear(t.Context(), ""); err != nil || time.Since(start) != time.Hour {
			t.Errorf("law 7: Clear without a deadline: %v after %v, want an hour", err, time.Since(start))
		}
		exists(t, c, "k", false)
	})
}

// TestBadKeysAreLeftOut: keys that the backend does not take do not keep the
// others from being read, written and deleted.
func TestBadKeysAreLeftOut(t *testing.T) {
	long := strings.Repeat("long", 300)
	for name, without := range batches {
		t.Run(name, func(t *testing.T) {
			memory := storetest.NewMemory(&storetest.MemoryOptions{Without: without, MaxKey: 1000})
			c := store.New[string](memory, nil)
			bad := func(op string, err error) {
				t.Helper()
				named := map[string]bool{}
				joined, _ := err.(interface{ Unwrap() []error })
				if joined == nil {
					t.Fatalf("%s: law 7: the error %v is not joined of one for each bad key", op, err)
				}
				for _, one := range joined.Unwrap() {
					e, ok := errors.AsType[*advcache.OpError](one)
					if !ok || e.Op != op || e.Backend != "memory" {
						t.Errorf("%s: law 7: error %v", op, one)
						continue
					}
					named[e.Key] = true
				}
				if len(named) != 2 || !named[""] || !named[long] || !strings.Contains(err.Error(), "the key is empty") || !strings.Contains(err.Error(), "1200 bytes") {
					t.Errorf("%s: law 7: the error names %d keys: %.500v", op, len(named), err)
				}
			}
			bad("set", c.SetMany(t.Context(), map[string]string{"a": "1", "": "2", long: "3", "b": "4"}, time.Hour))
			found, err := c.GetMany(t.Context(), []string{"a", "", "b", long, "none"})
			bad("get", err)
			if len(found) != 2 || found["a"] != "1" || found["b"] != "4" {
				t.Errorf("law 7: beside bad keys, GetMany found %v", found)
			}
			bad("set", c.SetEntries(t.Context(), map[string]advcache.Entry[string]{"a": {Value: "5"}, "": {}, long: {}, "b": {Value: "6"}, "c": {FreshUntil: time.Unix(1, 0)}}))
			hit(t, c, "b", "6")
			hit(t, c, "a", "5")
			var errs []error
			for i, l := range c.GetEntries(t.Context(), []string{"", "b", long, "none", "a"}) {
				want := []string{"", "6", "", "", "5"}[i]
				if isBad := i == 0 || i == 2; l.OK != (want != "") || l.Entry.Value != want || (l.Err != nil) != isBad {
					t.Errorf("law 7: beside bad keys, GetEntries has %+v at %d", l, i)
				}
				if l.Err != nil {
					errs = append(errs, l.Err)
				}
			}
			bad("get", errors.Join(errs...))
			var heads []error
			for _, key := range []string{"", long} {
				_, _, err := c.HeadEntry(t.Context(), key)
				heads = append(heads, err)
			}
			bad("get", errors.Join(heads...))
			bad("delete", c.Delete(t.Context(), "", "a", long))
			exists(t, c, "a", false)
			hit(t, c, "b", "6")
			if _, err := c.GetMany(t.Context(), []string{""}); err == nil {
				t.Error("law 7: GetMany of a bad key alone gives no error")
			}
		})
	}
}

// TestManyWithANilContext: the panic is in the caller's goroutine.
func TestManyWithANilContext(t *testing.T) {
	for name, without := range batches {
		c := store.New[string](storetest.NewMemory(&storetest.MemoryOptions{Without: without}), nil)
		var none context.Context
		for op, call := range map[string]func(){
			"GetMany":    func() { _, _ = c.GetMany(none, []string{"a", "b"}) },
			"SetMany":    func() { _ = c.SetMany(none, map[string]string{"a": "1", "b": "2"}, 0) },
			"GetEntries": func() { _ = c.GetEntries(none, []string{"a", "b"}) },
			"SetEntries": func() { _ = c.SetEntries(none, map[string]advcache.Entry[string]{"a": {}, "b": {}}) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: %s with a nil context does not panic", name, op)
					}
				}()
				call()
			}()
		}
	}
}

// TestZeroCache: what was never made says so.
func TestZeroCache(t *testing.T) {
	var c store.Cache[string]
	for name, call := range map[string]func(){
		"Get":        func() { _, _, _ = c.Get(t.Context(), "k") },
		"Exists":     func() { _, _ = c.Exists(t.Context(), "k") },
		"Set":        func() { _ = c.Set(t.Context(), "k", "v", 0) },
		"Delete":     func() { _ = c.Delete(t.Context(), "k") },
		"GetMany":    func() { _, _ = c.GetMany(t.Context(), []string{"k"}) },
		"SetMany":    func() { _ = c.SetMany(t.Context(), map[string]string{"k": "v"}, 0) },
		"GetEntries": func() { _ = c.GetEntries(t.Context(), []string{"k"}) },
		"SetEntries": func() { _ = c.SetEntries(t.Context(), map[string]advcache.Entry[string]{"k": {}}) },
		"HeadEntry":  func() { _, _, _ = c.HeadEntry(t.Context(), "k") },
		"Clear":      func() { _ = c.Clear(t.Context(), "") },
	} {
		func() {
			defer func() { // in this goroutine: elsewhere it would end the process
				if p := fmt.Sprint(recover()); !strings.Contains(p, "store.New") {
					t.Errorf("%s of the zero Cache panics with %s", name, p)
				}
			}()
			call()
		}()
	}
}
