package storetest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/internal/trial"
	"github.com/advcache/advcache/store"
)

func TestWrapper(t *testing.T) {
	Run(t, inBubble(nil, func(m *Memory) store.Store { return wrap(m) }))
}

func TestCountingConforms(t *testing.T) {
	h := inBubble(nil, func(m *Memory) store.Store { return NewCounting(m) })
	h.Requests = func(_ *testing.T, s store.Store) int { return s.(*Counting).Requests().Total() }
	Run(t, h)
}

func TestFaultyConforms(t *testing.T) {
	Run(t, inBubble(nil, func(m *Memory) store.Store { return NewFaulty(m, nil) }))
}

// TestLateConforms is about a store whose requests take time, but no fault.
func TestLateConforms(t *testing.T) {
	Run(t, inBubble(nil, func(m *Memory) store.Store {
		f := NewFaulty(m, &FaultyOptions{Latency: time.Millisecond})
		f.Rate(AnyOp, Late, 1)
		return f
	}))
}

// TestBare is about a store that can do nothing special, by itself and where
// wrappers pass it on.
func TestBare(t *testing.T) {
	for name, wrap := range map[string]func(m *Memory) store.Store{
		"Bare":     func(m *Memory) store.Store { return bare{m} },
		"Counting": func(m *Memory) store.Store { return NewCounting(bare{m}) },
		"Faulty":   func(m *Memory) store.Store { return NewFaulty(bare{m}, nil) },
		"Both":     func(m *Memory) store.Store { return NewFaulty(NewCounting(bare{m}), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			h := inBubble(nil, wrap)
			h.Without = optional
			Run(t, h)
		})
	}
	t.Run("Memory", func(t *testing.T) { Run(t, inBubble(&MemoryOptions{Without: optional}, plain)) })
}

// TestSimple is about a backend that moves the body to everybody, does not know
// the size before it has, and whose stranger's objects cannot be made.
func TestSimple(t *testing.T) {
	h := inBubble(nil, func(m *Memory) store.Store {
		w := wrap(m)
		wanting(w, func(want store.Want) store.Want {
			want.Hash = store.Hash{}
			return want
		})
		w.head = func(ctx context.Context, key string) (store.Meta, bool, error) {
			meta, ok, err := m.Head(ctx, key)
			meta.Size = -1
			return meta, ok, err
		}
		return w
	})
	h.Without = []string{capNotModified, capSize}
	h.Raw, h.Corrupt = nil, nil
	Run(t, h)
}

// TestLimits is about a backend with small keys and bodies.
func TestLimits(t *testing.T) {
	Run(t, inBubble(&MemoryOptions{MaxKey: 200, MaxSize: 70_000}, plain))
}

// TestDeaf is about a store that answers although the context is done.
func TestDeaf(t *testing.T) {
	Run(t, inBubble(nil, func(m *Memory) store.Store {
		w := wrap(m)
		deaf := context.WithoutCancel
		w.get = func(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
			return m.Get(deaf(ctx), key, want)
		}
		w.head = func(ctx context.Context, key string) (store.Meta, bool, error) { return m.Head(deaf(ctx), key) }
		w.put = func(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
			return m.Put(deaf(ctx), key, obj, cond)
		}
		w.delete = func(ctx context.Context, keys ...string) error { return m.Delete(deaf(ctx), keys...) }
		w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
			return m.Touch(deaf(ctx), key, meta, cond)
		}
		w.getMany = func(ctx context.Context, keys []string, want store.Want) (map[string]store.Object, error) {
			return m.find(deaf(ctx), keys, want)
		}
		w.putMany = func(ctx context.Context, objs map[string]store.Object) error { return m.PutMany(deaf(ctx), objs) }
		w.clear = func(ctx context.Context, prefix string) error { return m.Clear(deaf(ctx), prefix) }
		return w
	}))
}

// TestLazyTouch is about a backend that renews only what is due, and takes what
// is gone for nothing.
func TestLazyTouch(t *testing.T) {
	Run(t, inBubble(&MemoryOptions{Keep: true}, func(m *Memory) store.Store {
		w := wrap(m)
		w.touch = func(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
			held, ok, err := m.Head(ctx, key)
			if err != nil || !ok || held.GoneAt(time.Now()) || !held.SameContent(&meta) || !cond.Holds(&held) {
				return false, err
			}
			if !held.DueAt(time.Now(), &meta) {
				return true, nil
			}
			return m.Touch(ctx, key, meta, cond)
		}
		return w
	}))
}

// TestUnits is about lives that harnesses may ask for.
func TestUnits(t *testing.T) {
	for _, unit := range []time.Duration{trial.MinUnit, time.Second, 90 * time.Second, trial.MaxUnit} {
		t.Run(unit.String(), func(t *testing.T) {
			h := inBubble(nil, plain)
			h.Unit = unit
			Run(t, h)
		})
	}
}

// TestSlow is about calls that take time, as those to a server do: checks must
// not take an object for lost that they came too late to find.
func TestSlow(t *testing.T) {
	Run(t, inBubble(nil, func(m *Memory) store.Store { return slow(m, 3*time.Millisecond) }))
}

// TestTooSlow is about calls that take longer than the lives of objects.
func TestTooSlow(t *testing.T) {
	h := inBubble(nil, func(m *Memory) store.Store { return slow(m, time.Second) }).complete()
	said := record(t, h, lifeChecks[0])
	want := "storetest: FreshUntil came too late 4 times, at last with lives of 800ms: the calls take too long, set a larger Harness.Unit"
	if len(said) != 1 || said[0] != want {
		t.Errorf("the suite said %q; want %q", said, want)
	}
}

// TestResolution is about a backend with a clock that ticks every 10 ms.
func TestResolution(t *testing.T) {
	const tick = 10 * time.Millisecond
	h := inBubble(&MemoryOptions{Keep: true}, func(m *Memory) store.Store {
		w := wrap(m)
		now := func(t time.Time) time.Time {
			if t.IsZero() {
				return time.Now().Truncate(tick)
			}
			return t
		}
		wanting(w, func(want store.Want) store.Want {
			want.Now = now(want.Now)
			return want
		})
		conditions(w, func(_ *store.Meta, cond store.Cond) store.Cond {
			cond.Now = now(cond.Now)
			return cond
		})
		return w
	})
	h.Unit = 203 * time.Millisecond // instants between ticks
	h.Resolution = tick
	Run(t, h)

	h.Resolution = 0
	said := record(t, h.complete(), lifeChecks[0])
	if want := lawLife + ": an object is found until FreshUntil"; len(said) != 1 || !strings.HasPrefix(said[0], want) {
		t.Errorf("without a Resolution, the suite said %q; want %q", said, want)
	}
}

func TestImpossibleHarness(t *testing.T) {
	empty := func(*testing.T) store.Store { return NewMemory(nil) }
	for _, test := range []struct {
		h    Harness
		says string
	}{
		{Harness{}, "Harness.New is nil; it must return an empty store"},
		{Harness{New: empty, Unit: -1}, "Harness.Unit is -1ns; it must be between 10ms and 1h0m0s"},
		{Harness{New: empty, Unit: 2 * time.Hour}, "Harness.Unit is 2h0m0s"},
		{Harness{New: empty, Resolution: -1}, "Harness.Resolution is -1ns"},
		{Harness{New: empty, Resolution: 60 * time.Millisecond}, "Harness.Resolution is 60ms; it must be between 0 and 50ms"},
		{Harness{New: empty, Without: []string{"Raw"}}, `Harness.Without has "Raw"; a store can be without Touch, GetMany, PutMany, Clear, NotModified, Size`},
	} {
		if said := panics(func() { Run(t, test.h) }); !strings.Contains(said, test.says) {
			t.Errorf("panic: %q; want %q", said, test.says)
		}
	}
	said := record(t, Harness{New: func(*testing.T) store.Store { return nil }, Around: synctest.Test}.complete(), missChecks[0])
	if len(said) == 0 || !strings.Contains(said[0], "New returns an empty store: it returned nil") {
		t.Errorf("of a New that returns nil, the suite said %q", said)
	}
}

// panics returns what f panics with; empty if it does not.
func panics(f func()) (said string) {
	defer func() { said, _ = recover().(string) }()
	f()
	return ""
}

// TestTable is about what the suite is made of.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, topic := range topics {
		for _, c := range topic.checks {
			name := topic.name + "/" + c.name
			if c.name == "" || c.law == "" || c.says == "" || c.run == nil {
				t.Errorf("%s has no name, law, words or code", name)
			}
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
	keys := make(map[string]bool)
	for _, key := range awkwardKeys(0) {
		if keys[key] || key == "" {
			t.Errorf("the awkward key %s is empty, or there twice", short(key))
		}
		keys[key] = true
	}
	if slices.ContainsFunc(awkwardKeys(255), func(key string) bool { return len(key) > 255 }) {
		t.Error("awkwardKeys(255) has longer ones")
	}
}

// TestDefaults is about a harness that has New alone, and needs no time.
func TestDefaults(t *testing.T) {
	var passed atomic.Int64
	h := Harness{New: func(*testing.T) store.Store { return NewMemory(nil) }}.complete()
	synctest.Test(t, func(*testing.T) {
		begin := time.Now()
		h.Advance(time.Hour)
		passed.Store(int64(time.Since(begin)))
	})
	if passed.Load() != int64(time.Hour) || h.Unit != trial.DefaultUnit {
		t.Errorf("Advance(1h) moved time by %v; Unit is %v", time.Duration(passed.Load()), h.Unit)
	}
	ran := false
	h.Around(t, func(*testing.T) { ran = true })
	if !ran {
		t.Error("Around did not run the check")
	}
}

// pause lets other goroutines go on in the middle of a call, which runs in a
// bubble.
func pause() { wait(time.Microsecond) }

// wait lets time pass in a bubble.
func wait(d time.Duration) { time.Sleep(d) }

// slow makes all calls take d.
func slow(m *Memory, d time.Duration) store.Store {
	w := wrap(m)
	rekey(w, func(key string) string {
		time.Sleep(d)
		return key
	})
	return w
}
