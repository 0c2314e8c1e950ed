package advcache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

func TestBehindConditionalWritesFlush(t *testing.T) {
	const law = "Behind: conditional writes are made at once, after what waits"
	synctest.Test(t, func(t *testing.T) {
		a := newAddingCache()
		slowly(a.mapCache, "SetEntry")
		c := quietChain(t, level(a, 0).With(behind))
		setsAtOnce(t, law, c, "a", "1")
		if stored, err := c.SetIfAbsent(t.Context(), "a", "2", 0); stored || err != nil {
			t.Errorf("%s: SetIfAbsent over what waits = %v, %v", law, stored, err)
		}
		holds(t, law, a.mapCache, "a", "1")
		e, _, err := c.GetEntry(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		seen := e.Version
		e.Value = "3"
		if stored, err := c.SetEntryIf(t.Context(), "a", e, seen); !stored || err != nil {
			t.Errorf("%s: SetEntryIf = %v, %v", law, stored, err)
		}
		holds(t, law, a.mapCache, "a", "3")
		setsAtOnce(t, law, c, "a", "4")
		if stored, err := c.SetEntryIf(t.Context(), "a", e, seen); stored || err != nil {
			t.Errorf("%s: SetEntryIf over what waits = %v, %v", law, stored, err)
		}
		asks(t, law, c, "a", "4", 0)
	})
	// What waits and cannot be written now is not lost, and decides.
	synctest.Test(t, func(t *testing.T) {
		a := newAddingCache()
		a.failing("SetEntry")
		c := quietChain(t, level(a, 0).With(behind))
		setsAtOnce(t, law, c, "a", "1")
		if stored, err := c.SetIfAbsent(t.Context(), "a", "2", 0); stored || !errors.Is(err, errDisk) {
			t.Errorf("%s: SetIfAbsent over what cannot be written = %v, %v, want the failure", law, stored, err)
		}
		asks(t, "Behind: what waits is not lost by a conditional write", c, "a", "1", 0)
		a.failing()
		time.Sleep(30 * time.Second)
		holds(t, law, a.mapCache, "a", "1")
	})
}

func TestBehindRetriesWithBackOff(t *testing.T) {
	const law = "law 8: failures back off"
	synctest.Test(t, func(t *testing.T) {
		m, start := newMapCache[string](), time.Now()
		var tries []time.Duration
		m.on(func(op, _ string) error {
			if op == "SetEntry" {
				tries = append(tries, time.Since(start))
				return errDisk
			}
			return nil
		})
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Behind: true, Breaker: advcache.Breaker{Failures: -1}}))
		setsAtOnce(t, law, c, "a", "1")
		time.Sleep(20 * time.Second)
		synctest.Wait()
		ms := time.Millisecond
		want := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms, 6300 * ms, 11300 * ms, 16300 * ms}
		if !slices.Equal(tries, want) {
			t.Errorf("%s: tried at %v, want %v", law, tries, want)
		}
		asks(t, "Behind: what waits is read", c, "a", "1", 0)
		if st := c.Levels()[0]; st.Queued != 1 || st.Dropped != 0 || !errors.Is(st.Err, errDisk) {
			t.Errorf("Levels()[0] = %+v", st)
		}
		m.on(nil)
		time.Sleep(5 * time.Second)
		holds(t, law, m, "a", "1")
	})
	// Many that fail together are one failure.
	synctest.Test(t, func(t *testing.T) {
		m, fail := newMapCache[string](), make(chan struct{})
		m.on(func(op, _ string) error {
			if op != "SetEntry" {
				return nil
			}
			<-fail // once all are under way
			return errDisk
		})
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Behind: true, Breaker: advcache.Breaker{Failures: -1}}))
		for i := range 16 {
			setsAtOnce(t, law, c, fmt.Sprint(i), "1")
		}
		synctest.Wait()
		close(fail)
		synctest.Wait()
		m.on(nil)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if st := c.Levels()[0]; st.Queued != 0 {
			t.Errorf("%s: after a failure of 16 writes at once, %d still wait 100 ms later", law, st.Queued)
		}
	})
	// What can never be written is given up.
	synctest.Test(t, func(t *testing.T) {
		m, e := newMapCache[string](), &events{}
		m.on(func(op, _ string) error {
			if op == "SetEntry" {
				return refused{}
			}
			return nil
		})
		c := advcache.NewChainWith(&advcache.ChainOptions{Observer: e.observer()}, level(m, 0).With(behind))
		setsAtOnce(t, law, c, "a", "1")
		synctest.Wait()
		if st := c.Levels()[0]; st.Queued != 0 || st.Dropped != 1 || st.Doubted != 1 {
			t.Errorf("Levels()[0] = %+v, want one dropped", st)
		}
		if told := e.of("BackendError"); len(told) != 1 || told[0].Key != "a" {
			t.Errorf("law 7: the Observer was told %v, want the lost write", told)
		}
		closeChain(t, c)
	})
}

// TestBehindServesNothingPastItsLimit: an outage may outlast the limit of what waits.
func TestBehindServesNothingPastItsLimit(t *testing.T) {
	const law = "law 2: past its limit a level no longer answers"
	synctest.Test(t, func(t *testing.T) {
		m, below := newMapCache[string](), newMapCache[string]()
		m.failing("SetEntry")
		c := quietChain(t, level(m, time.Minute).With(behind), level(below, 0))
		_ = m.Set(t.Context(), "a", "older", 0)
		sets(t, law, c, "a", "1")
		_ = below.Set(t.Context(), "a", "2", 0) // by another process
		time.Sleep(time.Minute - 1)
		asks(t, law, c, "a", "1", 0)
		time.Sleep(time.Nanosecond)
		asks(t, law, c, "a", "2", 0)
		m.failing()
	})
}

func TestBehindClose(t *testing.T) {
	t.Run("writes what waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newMapCache[string]()
			slowly(m, "SetEntry")
			c := advcache.NewChain(level(m, 0).With(behind))
			for i := range 20 {
				sets(t, "law 13", c, fmt.Sprint(i), "1")
			}
			sets(t, "law 13", c, "0", "2")
			synctest.Wait()
			sets(t, "law 13", c, "0", "3") // while it is written
			start := time.Now()
			closeChain(t, c)
			if took := time.Since(start); took != 2*time.Second {
				t.Errorf("law 13: Close took %v, want 2s", took)
			}
			holds(t, "law 13: Close writes what waits", m, "0", "3")
			holds(t, "law 13: Close writes what waits", m, "19", "1")
			start = time.Now()
			sets(t, "Behind: after Close writes go through", c, "0", "4")
			if took := time.Since(start); took != time.Second {
				t.Errorf("Behind: after Close, Set took %v", took)
			}
			holds(t, "Behind: after Close writes go through", m, "0", "4")
			closeChain(t, c)
		})
	})
	t.Run("says how many are lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newMapCache[string]()
			m.failing("SetEntry")
			c := advcache.NewChainWith(&advcache.ChainOptions{Logger: quiet}, level(m, 0).With(behind))
			for i := range 20 {
				sets(t, "law 13", c, fmt.Sprint(i), "1")
			}
			time.Sleep(time.Minute)
			m.requests()
			err := c.Close(t.Context())
			if err == nil || !strings.Contains(err.Error(), "20 queued writes") || strings.Contains(err.Error(), "%!") {
				t.Errorf("law 13: Close = %v, want an error that says how many", err)
			}
			if n := m.requests()["SetEntry"]; n == 0 || n > 20 {
				t.Errorf("law 13: Close tried %d writes, want some of the 20, once each", n)
			}
			if st := c.Levels()[0]; st.Queued != 0 || st.Dropped != 20 || st.Doubted != 20 {
				t.Errorf("Levels()[0] = %+v", st)
			}
		})
	})
	t.Run("tries a level that is left out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newMapCache[string]()
			m.failing("SetEntry")
			c := advcache.NewChainWith(&advcache.ChainOptions{Logger: quiet}, level(m, 0).With(
				advcache.LevelOptions{Behind: true, Breaker: advcache.Breaker{Failures: 1, Window: time.Hour}}))
			sets(t, "law 13", c, "a", "1")
			time.Sleep(time.Minute)
			m.failing()
			closeChain(t, c)
			holds(t, "law 13: Close writes what waits", m, "a", "1")
		})
	})
	t.Run("gives up in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newMapCache[string]()
			slowly(m, "SetEntry", "Delete") // whatever the context says
			c := advcache.NewChainWith(&advcache.ChainOptions{Logger: quiet}, level(m, 0).With(behind))
			for i := range 40 {
				sets(t, "law 13", c, fmt.Sprint(i), "1")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer cancel()
			start := time.Now()
			err := c.Close(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "24 queued writes") {
				t.Errorf("law 13: Close = %v, want its deadline and how many are lost", err)
			}
			if took := time.Since(start); took != 1500*time.Millisecond {
				t.Errorf("law 13: Close took %v", took)
			}
			for i := 16; i < 40; i++ {
				asks(t, "law 7: a write that is lost is not read around", c, fmt.Sprint(i), "", 0)
			}
			time.Sleep(5 * time.Second)
		})
	})
}

func TestBehindIdleHasNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, level(m, 0).With(behind))
		for i := range 100 {
			sets(t, "law 13", c, fmt.Sprint(i), "1")
		}
		synctest.Wait()
		time.Sleep(time.Second)
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if n := bytes.Count(stacks, []byte("writeQueue[...]).work(")); n > 0 {
			t.Errorf("law 13: %d goroutines are left of an idle queue:\n%s", n, stacks)
		}
	})
}

func TestBehindTogether(t *testing.T) {
	const law = "law 3: what was done last is what is read"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		m.on(func(op, key string) error {
			time.Sleep(time.Duration(len(op)+len(key)) * time.Microsecond)
			return nil
		})
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Behind: true, Queue: 8}))
		var group sync.WaitGroup
		for w := range 8 {
			group.Go(func() {
				key := fmt.Sprint(w)
				for i := range 200 {
					v := fmt.Sprint(i)
					if err := c.Set(t.Context(), key, v, 0); err != nil {
						t.Errorf("%s: %v", law, err)
					}
					if got, _, err := c.Get(t.Context(), key); got != v || err != nil {
						t.Errorf("%s: got %q, %v, want %q", law, got, err, v)
					}
					if i%7 == w%7 {
						if err := c.Delete(t.Context(), key); err != nil {
							t.Errorf("%s: %v", law, err)
						}
						if got, ok, err := c.Get(t.Context(), key); ok || err != nil {
							t.Errorf("%s: got %q, %v after a Delete", law, got, err)
						}
					}
					_, _ = c.Get, c.Levels()
				}
			})
		}
		group.Go(func() {
			time.Sleep(3 * time.Millisecond)
			closeChain(t, c)
		})
		group.Wait()
		closeChain(t, c)
		for w := range 8 {
			key := fmt.Sprint(w)
			if w%7 != 199%7 {
				holds(t, law, m, key, "199")
			}
		}
	})
}
