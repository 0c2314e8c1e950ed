package gcsstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestMutationLimit is about the one write and the one change of metadata that GCS
// takes of an object in a second: a write waits, and a renewal becomes a write.
func TestMutationLimit(t *testing.T) {
	for name, o := range map[string]*gcsstore.Options{"": nil, "SoleWriter": {SoleWriter: true}} {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(o, &fakegcs.Options{LimitMutations: true, Latency: 10 * time.Millisecond})
			c := store.New[string](s, &store.Options{Dedupe: true})
			ctx := context.Background()
			for i, ttl := range []time.Duration{time.Minute, time.Hour, 9 * time.Hour, 81 * time.Hour} {
				began := time.Now()
				if err := c.Set(ctx, "k", "v", ttl); err != nil {
					t.Fatalf("%s: renewal %d: %v", name, i, err)
				}
				if took := time.Since(began); took > 4*time.Second {
					t.Errorf("%s: renewal %d took %v", name, i, took)
				}
				meta, _, err := s.Head(ctx, "k")
				if err != nil || !meta.FreshUntil.Equal(store.FromMillis(store.Millis(began.Add(ttl)))) {
					t.Errorf("%s: renewal %d: FreshUntil = %v, %v; want %v", name, i, meta.FreshUntil, err, began.Add(ttl))
				}
			}
			// A write, a patch, and two that the service does not take as patches.
			if asked := server.Requests(); asked.PatchObject < 2 || asked.InsertObject < 2 {
				t.Errorf("%s: it took %v; want patches, and then inserts", name, asked)
			}
		})
	}
}

// TestThrottled holds that after many a 429 for all, other requests wait too, and
// that after one for an object they do not.
func TestThrottled(t *testing.T) {
	for name, test := range map[string]struct {
		so    fakegcs.Options
		fault []fakegcs.Fault
		waits bool
	}{
		"for all":       {fakegcs.Options{}, slices.Repeat([]fakegcs.Fault{fakegcs.TooManyRequests}, 4), true},
		"for an object": {fakegcs.Options{LimitMutations: true}, nil, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(nil, &test.so)
			put(t, s, "k", object([]byte("v"), time.Hour))
			server.Script(fakegcs.OpInsertObject, test.fault...)
			for range max(1, len(test.fault)) {
				go func() { put(t, s, "k", object([]byte("w"), time.Hour)) }() // is told 429 at once
			}
			synctest.Wait()
			began := time.Now()
			if _, _, err := s.Head(context.Background(), "other"); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took >= 50*time.Millisecond != test.waits {
				t.Errorf("a 429 %s: another request took %v; it waits: %v", name, took, test.waits)
			}
			time.Sleep(time.Minute)
		})
	}
}

// TestCustomTime is about what lifecycle rules look at.
func TestCustomTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		now := time.Now().Add(300 * time.Millisecond)
		time.Sleep(300 * time.Millisecond)
		second := func(d time.Duration) time.Time { return now.Add(d).Truncate(time.Second).Add(time.Second).UTC() }
		for _, sole := range []bool{false, true} {
			s, server := newStore(&gcsstore.Options{SoleWriter: sole}, nil)
			c := store.New[string](s, &store.Options{Dedupe: true})
			for i, step := range []struct {
				value string
				ttl   time.Duration
				want  time.Time
			}{
				{"v", time.Hour, second(time.Hour)},
				{"v", 9 * time.Hour, second(9 * time.Hour)},
				{"v", time.Hour, second(9 * time.Hour)}, // it cannot go back
				{"v", 2 * time.Hour, second(9 * time.Hour)},
				{"v", 81 * time.Hour, second(81 * time.Hour)},
				{"v", 0, time.Time{}}, // what never goes has none
				{"v", time.Hour, second(time.Hour)},
				{"w", 2 * time.Minute, second(2 * time.Minute)}, // nor has another generation
			} {
				if err := c.Set(ctx, "k", step.value, step.ttl); err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
				obj, _ := server.Object(bucket, "k")
				if !obj.CustomTime.Equal(step.want) {
					t.Errorf("SoleWriter: %v, step %d: the custom time is %v; want %v", sole, i, obj.CustomTime, step.want)
				}
				if e, ok, err := c.GetEntry(ctx, "k"); !ok || err != nil || e.Value != step.value {
					t.Errorf("SoleWriter: %v, step %d: GetEntry = %q, %v, %v", sole, i, e.Value, ok, err)
				}
			}
		}
		s, server := newStore(&gcsstore.Options{NoCustomTime: true}, nil)
		put(t, s, "k", object(nil, time.Hour))
		if obj, _ := server.Object(bucket, "k"); !obj.CustomTime.IsZero() {
			t.Errorf("with NoCustomTime, the custom time is %v", obj.CustomTime)
		}
	})
}

// TestNoCustomTimeKeepsRules holds that a store with NoCustomTime does not leave
// alone the custom time of what another one wrote: by a rule, a renewed object
// would be deleted.
func TestNoCustomTimeKeepsRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		with, server := newStore(nil, nil)
		without := gcsstore.New(with.Client(), bucket, &gcsstore.Options{NoCustomTime: true})
		for _, life := range []time.Duration{9 * time.Hour, 0} {
			put(t, with, "k", object([]byte("v"), time.Hour))
			meta := object(nil, life).Meta
			if life == 0 {
				meta.FreshUntil = time.Time{}
			}
			if ok, err := without.Touch(ctx, "k", meta, store.Cond{}); !ok || err != nil {
				t.Fatalf("Touch = %v, %v", ok, err)
			}
			obj, _ := server.Object(bucket, "k")
			if custom := obj.CustomTime; !custom.IsZero() && custom.Before(meta.GoesAt()) || life == 0 && !custom.IsZero() {
				t.Errorf("renewed to %v, the custom time is %v", meta.GoesAt(), custom)
			}
		}
	})
}

// TestSoleWriter holds that what is remembered is no more than what is there.
func TestSoleWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server := newStore(&gcsstore.Options{SoleWriter: true}, nil)
		c := store.New[string](s, &store.Options{Dedupe: true})
		set := func(want string) {
			t.Helper()
			server.Reset()
			if err := c.Set(ctx, "k", "v", time.Hour); err != nil {
				t.Fatal(err)
			}
			if asked := server.Requests().String(); asked != want {
				t.Errorf("law 12: a write took %s; want %s", asked, want)
			}
			if got, ok, err := c.Get(ctx, "k"); got != "v" || !ok || err != nil {
				t.Errorf("Get = %q, %v, %v", got, ok, err)
			}
		}
		set("1 GetObject, 1 InsertObject")
		set("no request")
		time.Sleep(20 * time.Minute) // less than 75 % is left
		set("1 PatchObject")
		set("no request")
		time.Sleep(20 * time.Minute)
		set("1 PatchObject")
		if err := c.Delete(ctx, "k"); err != nil {
			t.Fatal(err)
		}
		set("1 GetObject, 1 InsertObject")
		if err := s.Clear(ctx, ""); err != nil {
			t.Fatal(err)
		}
		set("1 GetObject, 1 InsertObject")
		// A write of which nobody knows whether it was done.
		server.Script(fakegcs.OpInsertObject, fakegcs.AccessDenied)
		if err := c.Set(ctx, "k", "w", time.Hour); err == nil {
			t.Fatal("a write that was refused gave no error")
		}
		set("1 GetObject")
	})
}

// TestBadEncoding holds that what headers would change is refused.
func TestBadEncoding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newStore(nil, nil)
		for _, encoding := range []string{"json ", " json", "js\non", "jsön", "json\x7f"} {
			obj := object(nil, time.Hour)
			obj.Meta.Encoding = encoding
			if _, ok, err := s.Put(context.Background(), "k", obj, store.Cond{}); ok || err == nil || !strings.Contains(err.Error(), "printable ASCII") {
				t.Errorf("Put with the encoding %q = %v, %v", encoding, ok, err)
			}
		}
		obj := object(nil, time.Hour)
		obj.Meta.Tags = []string{strings.Repeat("t", 9000)}
		if _, ok, err := s.Put(context.Background(), "k", obj, store.Cond{}); ok || err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Put with more metadata than GCS takes = %v, %v", ok, err)
		}
	})
}
