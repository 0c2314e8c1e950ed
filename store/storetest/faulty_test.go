package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store"
)

// faultyOver returns a Faulty, and the Memory under it, which holds "k" and
// "other".
func faultyOver(t *testing.T, o *FaultyOptions) (*Faulty, *Memory) {
	t.Helper()
	m := NewMemory(nil)
	f := NewFaulty(m, o)
	for _, key := range []string{"k", "other"} {
		mustPut(t, f, key, lives("content of "+key, long, 0))
	}
	return f, m
}

func mustPut(t *testing.T, s store.Store, key string, obj store.Object) {
	t.Helper()
	if _, ok, err := s.Put(t.Context(), key, obj, store.Cond{}); !ok || err != nil {
		t.Fatalf("Put = %v, %v", ok, err)
	}
}

func mustGet(t *testing.T, s store.Store, key string) store.Object {
	t.Helper()
	obj, ok, err := s.Get(t.Context(), key, store.Want{})
	if !ok || err != nil {
		t.Fatalf("Get(%q) = %v, %v", key, ok, err)
	}
	return obj
}

// TestFail is about faults that give an error: what was done, and what was not.
func TestFail(t *testing.T) {
	mine := errors.New("mine")
	for _, fault := range []Fault{Fail, LostAnswer} {
		t.Run(fault.String(), func(t *testing.T) {
			f, m := faultyOver(t, &FaultyOptions{Err: mine})
			done := fault == LostAnswer
			ctx := t.Context()
			f.Rate(AnyOp, fault, 1)
			_, ok, err := f.Put(ctx, "k", lives("new", long, 0), store.Cond{})
			if ok || !errors.Is(err, mine) {
				t.Errorf("Put = %v, %v; want the error of the options", ok, err)
			}
			if got := string(mustGet(t, m, "k").Body) == "new"; got != done {
				t.Errorf("Put is done: %v; want %v", got, done)
			}
			meta := mustGet(t, m, "k").Meta
			before := meta.Version
			meta.FreshUntil = meta.FreshUntil.Add(long)
			if ok, err := f.Touch(ctx, "k", meta, store.Cond{}); ok || !errors.Is(err, mine) {
				t.Errorf("Touch = %v, %v", ok, err)
			}
			if got := mustGet(t, m, "k").Meta.Version != before; got != done {
				t.Errorf("Touch is done: %v; want %v", got, done)
			}
			if err := f.PutMany(ctx, map[string]store.Object{"many": lives("v", long, 0)}); !errors.Is(err, mine) {
				t.Errorf("PutMany = %v", err)
			}
			if _, got, _ := m.Head(ctx, "many"); got != done {
				t.Errorf("PutMany is done: %v; want %v", got, done)
			}
			if _, ok, err := f.Get(ctx, "k", store.Want{}); ok || !errors.Is(err, mine) {
				t.Errorf("Get = %v, %v", ok, err)
			}
			if _, ok, err := f.Head(ctx, "k"); ok || !errors.Is(err, mine) {
				t.Errorf("Head = %v, %v", ok, err)
			}
			if objs, err := f.GetMany(ctx, []string{"k"}, store.Want{}); len(objs) != 0 || !errors.Is(err, mine) {
				t.Errorf("GetMany = %v, %v", objs, err)
			}
			if err := f.Delete(ctx, "k"); !errors.Is(err, mine) {
				t.Errorf("Delete = %v", err)
			}
			if _, got, _ := m.Head(ctx, "k"); got == done {
				t.Errorf("Delete is done: %v; want %v", !got, done)
			}
			if err := f.Clear(ctx, ""); !errors.Is(err, mine) {
				t.Errorf("Clear = %v", err)
			}
			if got := len(m.Keys()) == 0; got != done {
				t.Errorf("Clear is done: %v; want %v", got, done)
			}
			if got := f.Met(fault); got != 8 {
				t.Errorf("Met(%v) = %d; want 8", fault, got)
			}
		})
	}
}

func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := faultyOver(t, nil)
		f.Script(OpPut, Hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		_, ok, err := f.Put(ctx, "k", lives("new", long, 0), store.Cond{})
		if ok || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("Put = %v, %v after %v; want the end of the context after 1m", ok, err, time.Since(begin))
		}
		if got := string(mustGet(t, m, "k").Body); got == "new" {
			t.Error("Put is done")
		}
	})
}

func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := faultyOver(t, &FaultyOptions{Latency: time.Second})
		f.Script(OpGet, Late, Late)
		begin := time.Now()
		mustGet(t, f, "k")
		if took := time.Since(begin); took != time.Second {
			t.Errorf("Get took %v; want 1s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, ok, err := f.Get(ctx, "k", store.Want{}); ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get with 1 ms = %v, %v", ok, err)
		}
	})
}

func TestHalf(t *testing.T) {
	f, m := faultyOver(t, nil)
	ctx := t.Context()
	f.Script(OpPutMany, Half)
	objs := make(map[string]store.Object)
	for _, key := range []string{"a", "b", "c", "d"} {
		objs[key] = lives(key, long, 0)
	}
	err := f.PutMany(ctx, objs)
	if got := strings.Join(m.Keys(), " "); got != "a c k other" || !errors.Is(err, ErrInjected) {
		t.Errorf("half a PutMany leaves %q, %v", got, err)
	}
	f.Script(OpGetMany, Half)
	keys := []string{"a", "c", "k"}
	got, err := f.GetMany(ctx, keys, store.Want{})
	if found := foundIn(keys, got); len(found) != 2 || !errors.Is(err, ErrInjected) {
		t.Errorf("half a GetMany = %d objects, %v; want 2", len(found), err)
	}
	f.Script(OpDelete, Half)
	err = f.Delete(ctx, "a", "c", "k")
	if got := strings.Join(m.Keys(), " "); got != "c other" || !errors.Is(err, ErrInjected) {
		t.Errorf("half a Delete leaves %q, %v", got, err)
	}
}

// TestDamage is about answers that are wrong in one place.
func TestDamage(t *testing.T) {
	for fault, damaged := range map[Fault]func(got, right store.Object) bool{
		Truncate: func(got, right store.Object) bool {
			return len(got.Body) < len(right.Body) && bytes.HasPrefix(right.Body, got.Body) && differs(&got.Meta, &right.Meta) == ""
		},
		FlipBody: func(got, right store.Object) bool {
			return len(got.Body) == len(right.Body) && string(got.Body) != string(right.Body) && differs(&got.Meta, &right.Meta) == ""
		},
		FlipHash:     func(got, right store.Object) bool { return got.Meta.Hash != right.Meta.Hash },
		FlipEncoding: func(got, right store.Object) bool { return got.Meta.Encoding != right.Meta.Encoding },
		FlipSchema:   func(got, right store.Object) bool { return got.Meta.Schema != right.Meta.Schema },
		Foreign:      func(got, _ store.Object) bool { return got.Meta.Foreign && got.Body == nil },
		Damaged:      func(got, _ store.Object) bool { return got.Meta.Damaged && got.Body == nil },
		Swapped:      func(got, _ store.Object) bool { return string(got.Body) == "content of other" },
	} {
		t.Run(fault.String(), func(t *testing.T) {
			f, m := faultyOver(t, nil)
			right := mustGet(t, m, "k")
			f.Script(OpGet, fault)
			if got := mustGet(t, f, "k"); !damaged(got, right) {
				t.Errorf("Get = %s", describe(got))
			}
			f.Script(OpGetMany, fault)
			objs, err := f.GetMany(t.Context(), []string{"k", "other"}, store.Want{})
			if err != nil || len(objs) != 2 || !damaged(*objs[0], right) {
				t.Errorf("GetMany = %s, %v", describe(*objs[0]), err)
			}
			if fault != Truncate && fault != FlipBody {
				f.Script(OpHead, fault)
				meta, ok, err := f.Head(t.Context(), "k")
				if !ok || err != nil || differs(&meta, &right.Meta) == "" {
					t.Errorf("Head = %s, %v, %v", describeMeta(&meta), ok, err)
				}
			}
			if got := mustGet(t, f, "k"); sameObject(&got, &right) != "" {
				t.Errorf("what is held has changed: %s", sameObject(&got, &right))
			}
		})
	}
}

func TestOutdated(t *testing.T) {
	f, _ := faultyOver(t, nil)
	f.Rate(OpGet, Outdated, 1)
	f.Rate(OpHead, Outdated, 1)
	ctx := t.Context()
	if obj, ok, err := f.Get(ctx, "k", store.Want{}); ok || err != nil {
		t.Errorf("Get = %s, %v, %v; want a miss, as before the first Put", describe(obj), ok, err)
	}
	mustPut(t, f, "k", lives("new", long, 0))
	old := mustGet(t, f, "k")
	if string(old.Body) != "content of k" {
		t.Errorf("Get = %s; want what was before", describe(old))
	}
	if got, ok, err := f.Get(ctx, "k", store.Want{Hash: old.Meta.Hash}); !ok || err != nil || !got.NotModified || got.Body != nil {
		t.Errorf("Get with the hash = %s, %v, %v", describe(got), ok, err)
	}
	if meta, ok, err := f.Head(ctx, "k"); !ok || err != nil || meta.Version != old.Meta.Version {
		t.Errorf("Head = %s, %v, %v", describeMeta(&meta), ok, err)
	}
	if err := f.Delete(ctx, "k"); err != nil {
		t.Fatal(err)
	}
	if got := mustGet(t, f, "k"); string(got.Body) != "new" {
		t.Errorf("after Delete, Get = %s; want what was deleted", describe(got))
	}
	f.Heal()
	if _, ok, err := f.Get(ctx, "k", store.Want{}); ok || err != nil {
		t.Errorf("healed, Get = %v, %v; want a miss", ok, err)
	}
}

func TestScripts(t *testing.T) {
	f, _ := faultyOver(t, nil)
	f.Script(OpGet, Fail, None, Fail)
	f.Script(AnyOp, None, Half, Fail) // Half cannot happen to Get
	var said strings.Builder
	for range 8 {
		_, _, err := f.Get(t.Context(), "k", store.Want{})
		fmt.Fprint(&said, err != nil, " ")
	}
	if said.String() != "true false true false false true false false " {
		t.Errorf("failed: %s", said.String())
	}
}

// TestSeed shows that chance is the same for the same seed.
func TestSeed(t *testing.T) {
	run := func(seed uint64, heads int) (said string) {
		f, _ := faultyOver(t, &FaultyOptions{Seed: seed})
		f.Rate(OpGet, Fail, 0.3)
		f.Rate(OpGet, FlipBody, 0.3)
		f.Rate(OpHead, Fail, 0.5)
		for range 200 {
			for range heads { // another kind, which changes nothing
				_, _, _ = f.Head(t.Context(), "k")
			}
			obj, _, err := f.Get(t.Context(), "k", store.Want{})
			said += fmt.Sprintf("%q %v\n", obj.Body, err)
		}
		if n := f.Met(Fail); heads == 0 && (n < 30 || n > 90) || f.Met(FlipBody) < 30 || f.Met(FlipBody) > 90 {
			t.Errorf("Fail met %d and FlipBody %d of 200; want about 60", n, f.Met(FlipBody))
		}
		return said
	}
	if run(1, 0) != run(1, 2) {
		t.Error("one seed gave two runs")
	}
	if run(1, 0) == run(2, 0) {
		t.Error("two seeds gave one run")
	}
}

func TestFaultyAtTheSameTime(t *testing.T) {
	f, _ := faultyOver(t, nil)
	for fault := Fail; fault < faults; fault++ {
		if fault != Hang {
			f.Rate(AnyOp, fault, 0.05)
		}
	}
	f.o.Latency = time.Microsecond
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			ctx := t.Context()
			for i := range 100 {
				key := numbered(i % 5)
				_, _, _ = f.Put(ctx, key, lives(fmt.Sprint(n), long, 0), store.Cond{})
				_, _, _ = f.Get(ctx, key, store.Want{})
				_, _, _ = f.Head(ctx, key)
				_, _ = f.GetMany(ctx, []string{key, "k"}, store.Want{})
				_ = f.PutMany(ctx, map[string]store.Object{key: lives("many", long, 0)})
				_, _ = f.Touch(ctx, key, lives("many", long, 0).Meta, store.Cond{})
				_ = f.Delete(ctx, key, "k")
				if i%20 == 0 {
					_ = f.Clear(ctx, "key/")
				}
			}
		})
	}
	wg.Wait()
}

func TestImpossibleFaults(t *testing.T) {
	f := NewFaulty(NewMemory(nil), nil)
	for want, call := range map[string]func(){
		"Truncate cannot happen to Put":                func() { f.Script(OpPut, None, Truncate) },
		"Half cannot happen to Get":                    func() { f.Rate(OpGet, Half, 0.5) },
		"Fault(99) cannot happen to AnyOp":             func() { f.Script(AnyOp, Fault(99)) },
		"Fail cannot happen to Op(77)":                 func() { f.Rate(Op(77), Fail, 1) },
		"the probability of Fail is 1.5":               func() { f.Rate(OpHead, Fail, 1.5) },
		"the probability of Fail is -1":                func() { f.Rate(OpHead, Fail, -1) },
		"the probabilities of faults of Get are 1.2":   func() { f.Rate(OpGet, Fail, 0.6); f.Rate(OpGet, Late, 0.6) },
		"FaultyOptions.Latency is -1s":                 func() { NewFaulty(NewMemory(nil), &FaultyOptions{Latency: -time.Second}) },
		"MemoryOptions.Without has \"Head\"; capabili": func() { NewMemory(&MemoryOptions{Without: []string{"Head"}}) },
	} {
		if said := panics(call); !strings.Contains(said, want) {
			t.Errorf("panic: %q; want %q", said, want)
		}
	}
}

func TestFaultyLacksWhatItsStoreLacks(t *testing.T) {
	f := NewFaulty(bare{NewMemory(nil)}, nil)
	f.Rate(AnyOp, Fail, 1)
	unsupported(t, f)
	if f.Met(Fail) != 0 {
		t.Errorf("%d faults met requests that cannot be made", f.Met(Fail))
	}
}
