package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestBusGaps: whatever is lost, subscribers are told that something is, once.
func TestBusGaps(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, memory *storetest.Memory, other *store.Bus){
		"too many": func(t *testing.T, _ *storetest.Memory, other *store.Bus) {
			for i := range 1025 {
				publish(t, other, fmt.Sprint(i))
			}
		},
		"too large": func(t *testing.T, _ *storetest.Memory, other *store.Bus) {
			publish(t, other, strings.Repeat("k", 64<<10))
		},
		"too large together": func(t *testing.T, _ *storetest.Memory, other *store.Bus) {
			publish(t, other, strings.Repeat("a", 40<<10), strings.Repeat("b", 40<<10))
		},
		"cleared": func(t *testing.T, memory *storetest.Memory, _ *store.Bus) {
			if err := store.Clear(t.Context(), memory, ""); err != nil {
				t.Error(err)
			}
		},
		"cleared, and made anew with as many messages": func(t *testing.T, memory *storetest.Memory, other *store.Bus) {
			if err := memory.Delete(t.Context(), busKey); err != nil {
				t.Error(err)
			}
			publish(t, other, "1", "2")
		},
		"put back from a copy": func(t *testing.T, memory *storetest.Memory, other *store.Bus) {
			var before store.Object
			memory.Edit(busKey, func(obj *store.Object) { before = *obj })
			publish(t, other, "3")
			time.Sleep(aPoll)
			memory.Edit(busKey, func(obj *store.Object) { *obj = before })
			publish(t, other, "4")
		},
		"cut": func(_ *testing.T, memory *storetest.Memory, _ *store.Bus) {
			memory.Edit(busKey, func(obj *store.Object) { obj.Body = obj.Body[:len(obj.Body)-1] })
			memory.Edit(busKey, func(obj *store.Object) { obj.Meta.Version = store.NumberVersion(1) })
			memory.Edit(busKey, func(obj *store.Object) { obj.Meta.Hash[31]++ })
		},
		"damaged": func(_ *testing.T, memory *storetest.Memory, _ *store.Bus) {
			memory.Edit(busKey, func(obj *store.Object) {
				obj.Meta = store.Meta{Damaged: true, Size: obj.Meta.Size, Version: store.NumberVersion(1)}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := storetest.NewMemory(nil)
				a, other := newBus(t, memory, nil), newBus(t, memory, nil)
				l := listen(t, a)
				publish(t, other, "1", "2")
				time.Sleep(aPoll)
				l.hears(t, "1", "2")
				lose(t, memory, other)
				time.Sleep(3 * aPoll)
				synctest.Wait()
				var told []string
				for _, said := range l.heard() {
					if said == "false" || said == "true" { // beside messages that came before the loss or after it
						told = append(told, said)
					}
				}
				if !slices.Equal(told, []string{"false", "true"}) {
					t.Errorf("it was told %q; want a gap", told)
				}
				publish(t, other, "5")
				publish(t, a, "6")
				time.Sleep(aPoll)
				l.hears(t, "5", "6")
			})
		})
	}
}

// TestBusHasAKeyOfItsOwn: what else stands under the key is not touched, and a cache
// that is asked for the key gives a miss, and leaves the object.
func TestBusHasAKeyOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory(nil)
		memory.Plant(busKey, []byte("mine"))
		b := newBus(t, memory, nil)
		l := new(listener)
		if _, err := b.Subscribe(l.subscriber()); err != nil {
			t.Fatal(err)
		}
		refused := func(what string, why error) {
			t.Helper()
			before, _, err := memory.Head(t.Context(), busKey)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if err := b.Publish(t.Context(), message("1")); !errors.Is(err, why) {
				t.Errorf("Publish over %s: %v", what, err)
			}
			if m, ok, err := memory.Head(t.Context(), busKey); err != nil || !ok || m.Version != before.Version {
				t.Errorf("%s was replaced", what)
			}
			l.hears(t)
		}
		refused("a foreign object", store.ErrForeign)
		values := store.New[string](memory, &store.Options{Observer: new(troubles).observer()})
		if err := values.Set(t.Context(), busKey, "v", 0); err != nil {
			t.Fatal(err)
		}
		refused("a value", store.ErrMismatch)
		memory.Edit(busKey, func(obj *store.Object) { obj.Meta.Encoding = store.LaterFormat })
		refused("an object of a later format", store.ErrMismatch)
		if err := values.Delete(t.Context(), busKey); err != nil {
			t.Fatal(err)
		}
		time.Sleep(aPoll)
		l.hears(t, "true")
		publish(t, b, "1")

		raw := store.New[[]byte](memory, &store.Options{Codec: codec.Raw, Observer: new(troubles).observer()})
		for _, get := range []func() (bool, error){
			func() (bool, error) { _, ok, err := values.Get(t.Context(), busKey); return ok, err },
			func() (bool, error) { _, ok, err := raw.Get(t.Context(), busKey); return ok, err },
			func() (bool, error) { return raw.Exists(t.Context(), busKey) },
		} {
			if ok, err := get(); ok || err != nil {
				t.Errorf("a cache reads the object of the bus: %v, %v", ok, err)
			}
		}
		publish(t, b, "2")
		l.hears(t, "1", "2")
	})
}

// TestBusOutage: subscribers are told after three Intervals, and of what they
// missed when it is over.
func TestBusOutage(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{"errors": storetest.Fail, "hangs": storetest.Hang, "lost": storetest.LostAnswer} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := storetest.NewMemory(nil)
				faulty := storetest.NewFaulty(memory, nil)
				log := new(journal)
				a := newBus(t, faulty, &store.BusOptions{Logger: slog.New(slog.NewTextHandler(log, nil))})
				other := newBus(t, memory, nil)
				l := listen(t, a)
				time.Sleep(10 * time.Second)
				faulty.Rate(storetest.OpGet, fault, 1)
				began := time.Now()
				time.Sleep(1800 * time.Millisecond)
				l.hears(t) // not yet
				publish(t, other, "1", "2")
				time.Sleep(time.Minute)
				synctest.Wait()
				if d := l.at[0].Sub(began); d > 3*time.Second || d < 1900*time.Millisecond {
					t.Errorf("the outage was told after %v; want 3 Intervals after the last answer", d)
				}
				l.hears(t, "false")
				faulty.Heal()
				time.Sleep(3 * time.Second)
				l.hears(t, "1", "2", "true")
				if !strings.Contains(log.String(), "no answer for a while") {
					t.Errorf("it logged %s", log.String())
				}

				faulty.Script(storetest.OpGet, fault) // one that is lost is no outage
				time.Sleep(time.Minute)
				l.hears(t)
			})
		})
	}
}

// stalling is a store whose next answer takes as long as it is told, whatever the
// context says: as after a stop of the process.
type stalling struct {
	*storetest.Memory

	mu       sync.Mutex // guards get and put
	get, put time.Duration
	before   func() // the next Put
}

// stall takes d for the next answer.
func (s *stalling) stall(d *time.Duration) {
	s.mu.Lock()
	wait := *d
	*d = 0
	s.mu.Unlock()
	time.Sleep(wait)
}

func (s *stalling) set(d *time.Duration, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*d = wait
}

func (s *stalling) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	obj, ok, err := s.Memory.Get(ctx, key, want)
	s.stall(&s.get)
	return obj, ok, err
}

func (s *stalling) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	if s.before != nil {
		s.before()
	}
	version, ok, err := s.Memory.Put(ctx, key, obj, cond)
	s.stall(&s.put)
	return version, ok, err
}

// TestBusOldAnswers: what is learned last may have been so first. It neither tells
// messages again nor is a gap.
func TestBusOldAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stalls := &stalling{Memory: storetest.NewMemory(nil)}
		a, other := newBus(t, stalls, nil), newBus(t, stalls.Memory, nil)
		l := listen(t, a)
		publish(t, other, "1")
		stalls.set(&stalls.get, 1400*time.Millisecond) // a poll
		time.Sleep(aPoll)                              // it has looked, and has no answer yet
		publish(t, a, "2")
		time.Sleep(3 * aPoll)
		l.hears(t, "1", "2")

		stalls.set(&stalls.put, 3*time.Second)
		go publish(t, a, "3")
		synctest.Wait()
		publish(t, other, "4")
		time.Sleep(2 * aPoll) // polls find both
		l.hears(t, "3", "4")
		time.Sleep(5 * time.Second) // the answer to the Put
		publish(t, a, "5")
		l.hears(t, "5")
	})
}

// TestBusLeavesWhatAppears: somebody else may make an object while the bus makes its
// own.
func TestBusLeavesWhatAppears(t *testing.T) {
	memory := storetest.NewMemory(nil)
	stalls := &stalling{Memory: memory, before: func() { memory.Plant(busKey, []byte("mine")) }}
	b := newBus(t, stalls, nil)
	if err := b.Publish(t.Context(), message("1")); !errors.Is(err, store.ErrForeign) {
		t.Errorf("Publish over a foreign object that appears: %v", err)
	}
	if m, ok, err := memory.Head(t.Context(), busKey); err != nil || !ok || !m.Foreign {
		t.Errorf("there is %+v, %v, %v", m, ok, err)
	}
}

// TestBusDamagedOnItsWay: what was damaged on its way is asked for again, and not
// replaced.
func TestBusDamagedOnItsWay(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.FlipBody, storetest.Truncate, storetest.FlipHash, storetest.Damaged} {
		synctest.Test(t, func(t *testing.T) {
			memory := storetest.NewMemory(nil)
			faulty := storetest.NewFaulty(memory, nil)
			counting := storetest.NewCounting(faulty)
			a, other := newBus(t, counting, nil), newBus(t, memory, nil)
			l := listen(t, a)
			counting.Reset()
			publish(t, other, "1")
			faulty.Script(storetest.OpGet, fault)
			time.Sleep(aPoll)
			l.hears(t, "1")
			if n := counting.Requests().Put; n > 0 || faulty.Met(fault) != 1 {
				t.Errorf("%v: the object was replaced", fault)
			}
		})
	}
}

// TestBusStopOfTheProcess: an answer that is long past is none.
func TestBusStopOfTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stalls := &stalling{Memory: storetest.NewMemory(nil)}
		a, other := newBus(t, stalls, nil), newBus(t, stalls.Memory, nil)
		l := listen(t, a)
		stalls.set(&stalls.get, time.Hour)
		time.Sleep(aPoll)
		publish(t, other, "1")
		time.Sleep(time.Hour - 2*time.Second)
		l.hears(t, "false")
		time.Sleep(3 * time.Second)
		l.hears(t, "1", "true")
	})
}

// TestBusOfReaders: who may not write the object hears all the same, and is told
// of a gap when it appears.
func TestBusOfReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory(nil)
		faulty := storetest.NewFaulty(memory, nil)
		counting := storetest.NewCounting(faulty)
		faulty.Rate(storetest.OpPut, storetest.Fail, 1)
		reader, other := newBus(t, counting, nil), newBus(t, memory, nil)
		l := listen(t, reader)
		time.Sleep(time.Hour)
		l.hears(t)
		if n := counting.Requests().Put; n != 1 {
			t.Errorf("law 12: a reader tried %d times to make the object; want once", n)
		}
		publish(t, other, "1")
		time.Sleep(aPoll)
		l.hears(t, "false", "true")
		publish(t, other, "2")
		time.Sleep(aPoll)
		l.hears(t, "2")
	})
}

// TestBusLostAnswers: a write whose answer was lost is found, and told once.
func TestBusLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory(nil)
		faulty := storetest.NewFaulty(memory, nil)
		faulty.Script(storetest.OpPut, storetest.LostAnswer) // when the object is made, too
		a, other := newBus(t, faulty, nil), newBus(t, memory, nil)
		l, lo := listen(t, a), listen(t, other)
		faulty.Script(storetest.OpPut, storetest.LostAnswer, storetest.None, storetest.Fail, storetest.LostAnswer)
		publish(t, a, "1", "2", "3")
		faulty.Script(storetest.OpPut, storetest.LostAnswer)
		faulty.Script(storetest.OpGet, storetest.Fail, storetest.Fail)
		publish(t, a, "4")
		l.hears(t, "1", "2", "3", "4")
		time.Sleep(aPoll)
		lo.hears(t, "1", "2", "3", "4")
	})
}

// TestBusChaos: whatever goes wrong, of each message that is published a subscriber
// is told, or of a gap that began no sooner than its Publish.
func TestBusChaos(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			memory := storetest.NewMemory(nil)
			var buses []*store.Bus
			var faults []*storetest.Faulty
			for i := range uint64(3) {
				f := storetest.NewFaulty(memory, &storetest.FaultyOptions{Seed: 3*seed + i, Latency: 700 * time.Millisecond})
				faults = append(faults, f)
				buses = append(buses, newBus(t, f, &store.BusOptions{MaxSize: 1 << 10}))
			}
			for _, f := range faults {
				for _, op := range []storetest.Op{storetest.OpGet, storetest.OpPut} {
					f.Rate(op, storetest.Fail, 0.1)
					f.Rate(op, storetest.LostAnswer, 0.1)
					f.Rate(op, storetest.Late, 0.1)
					f.Rate(op, storetest.Hang, 0.02)
				}
				for _, fault := range []storetest.Fault{storetest.Truncate, storetest.FlipBody, storetest.FlipHash, storetest.Outdated, storetest.Damaged} {
					f.Rate(storetest.OpGet, fault, 0.02)
				}
			}
			var listeners []*listener
			for _, b := range buses {
				l := new(listener)
				listeners = append(listeners, l)
				if _, err := b.Subscribe(l.subscriber()); err != nil {
					t.Fatal(err)
				}
			}
			began := make(map[string]time.Time) // of what was published
			var mu sync.Mutex                   // guards began
			var group sync.WaitGroup
			for p, b := range buses {
				group.Go(func() {
					for i := range 40 {
						time.Sleep(time.Duration(i%5) * 300 * time.Millisecond)
						key, start := fmt.Sprintf("%d.%d", p, i), time.Now()
						if b.Publish(t.Context(), message(key)) == nil {
							mu.Lock()
							began[key] = start
							mu.Unlock()
						}
						if p == 0 && i%20 == 10 {
							_ = store.Clear(t.Context(), memory, "") // a fault as others are
						}
					}
				})
			}
			group.Wait()
			for _, f := range faults {
				f.Heal()
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if len(began) < 60 {
				t.Errorf("seed %d: of 120 messages %d were published", seed, len(began))
			}
			for i, l := range listeners {
				for key, start := range began {
					told := false
					for j, said := range l.said {
						told = told || said == key || said == "true" && !l.at[j].Before(start)
					}
					if !told {
						t.Errorf("seed %d: subscriber %d was not told of %s", seed, i, key)
					}
				}
				if last := l.said[len(l.said)-1]; last == "false" {
					t.Errorf("seed %d: subscriber %d is not connected in the end", seed, i)
				}
			}
		})
	}
}
