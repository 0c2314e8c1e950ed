package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// refused is an error about what was asked.
type refused struct{}

func (refused) Error() string { return "no such key can be" }
func (refused) Refusal() bool { return true }

// stuck is a mapCache whose operations wait for the end of their context.
type stuck struct {
	*mapCache[string]

	mu  sync.Mutex
	ops map[string]bool // guarded by mu
}

func newStuck(ops ...string) *stuck {
	s := &stuck{mapCache: newMapCache[string]()}
	s.stick(ops...)
	return s
}

// stick has these operations wait, and no others.
func (s *stuck) stick(ops ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops = make(map[string]bool)
	for _, op := range ops {
		s.ops[op] = true
	}
}

func (s *stuck) wait(ctx context.Context, op string) error {
	s.mu.Lock()
	sticks := s.ops[op]
	s.mu.Unlock()
	if !sticks {
		return nil
	}
	s.mapCache.mu.Lock()
	s.asked[op]++
	s.mapCache.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func (s *stuck) GetEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	if err := s.wait(ctx, "GetEntry"); err != nil {
		return advcache.Entry[string]{}, false, err
	}
	return s.mapCache.GetEntry(ctx, key)
}

func (s *stuck) SetEntry(ctx context.Context, key string, e advcache.Entry[string]) error {
	if err := s.wait(ctx, "SetEntry"); err != nil {
		return err
	}
	return s.mapCache.SetEntry(ctx, key, e)
}

func (s *stuck) Delete(ctx context.Context, keys ...string) error {
	if err := s.wait(ctx, "Delete"); err != nil {
		return err
	}
	return s.mapCache.Delete(ctx, keys...)
}

// quietChain is a chain of levels that fail, closed with the test.
func quietChain(t *testing.T, levels ...advcache.ChainLevel[string]) *advcache.Chain[string] {
	t.Helper()
	c := advcache.NewChainWith(&advcache.ChainOptions{Logger: quiet}, levels...)
	t.Cleanup(func() { closeChain(t, c) })
	return c
}

// asks gets key, and fails the test unless that takes as long and gives v, "" for
// a miss.
func asks(t *testing.T, law string, c advcache.Cache[string], key, v string, takes time.Duration) {
	t.Helper()
	start := time.Now()
	got, ok, err := c.Get(t.Context(), key)
	if took := time.Since(start); got != v || ok != (v != "") || err != nil || took != takes {
		t.Errorf("%s: Get(%q) = %q, %v, %v after %v, want %q after %v", law, key, got, ok, err, took, v, takes)
	}
}

// sets sets key, which must succeed.
func sets(t *testing.T, law string, c advcache.Cache[string], key, v string) {
	t.Helper()
	if err := c.Set(t.Context(), key, v, 0); err != nil {
		t.Errorf("%s: Set(%q) = %v", law, key, err)
	}
}

// wantAsked fails the test unless op was asked for n times since the last call.
func wantAsked(t *testing.T, law string, m interface{ requests() map[string]int }, op string, n int) {
	t.Helper()
	if got := m.requests(); got[op] != n {
		t.Errorf("%s: the level was asked %v, want %d × %s", law, got, n, op)
	}
}

const policyTimeout = 100 * time.Millisecond

// limited is a level with a Timeout.
func limited(c advcache.Cache[string], o advcache.LevelOptions) advcache.ChainLevel[string] {
	o.Timeout = policyTimeout
	return level(c, 0).With(o)
}

func TestChainTimeoutBoundsALevel(t *testing.T) {
	const law = "law 7: a level costs at most its timeout"
	synctest.Test(t, func(t *testing.T) {
		s, below := newStuck("GetEntry", "SetEntry", "Delete"), newMapCache[string]()
		c := quietChain(t, limited(s, advcache.LevelOptions{Breaker: advcache.Breaker{Failures: -1}}), level(below, 0))
		_ = below.Set(t.Context(), "a", "v", 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if v, ok, err := c.Get(ctx, "a"); v != "v" || !ok || err != nil {
			t.Errorf("%s: Get = %q, %v, %v", law, v, ok, err)
		}
		if took := time.Since(start); took != 2*policyTimeout { // the read, and the copy
			t.Errorf("%s: the read took %v, want %v", law, took, 2*policyTimeout)
		}
		start = time.Now()
		if err := c.Set(ctx, "b", "v", 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("law 7: Set = %v, want the timeout of the level", err)
		}
		if took := time.Since(start); took != policyTimeout {
			t.Errorf("%s: Set took %v", law, took)
		}
		// The caller's own time counts where it is shorter.
		ctx, cancel = context.WithTimeout(t.Context(), policyTimeout/4)
		defer cancel()
		start = time.Now()
		if _, _, err := c.Get(ctx, "c"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != policyTimeout/4 {
			t.Errorf("law 5: Get = %v after %v", err, time.Since(start))
		}
		s.stick()
	})
}

func TestChainBreakerCostsOneTimeoutPerWindow(t *testing.T) {
	const law = "law 7: a level that hangs costs at most its timeout, once in a window"
	synctest.Test(t, func(t *testing.T) {
		s, below := newStuck("GetEntry"), newMapCache[string]()
		c := quietChain(t, limited(s, advcache.LevelOptions{}), level(below, 0))
		start := time.Now()
		for i := range 100 {
			asks(t, law, c, fmt.Sprint(i), "", map[bool]time.Duration{true: policyTimeout}[i < advcache.DefaultBreakerFailures])
		}
		if took := time.Since(start); took != advcache.DefaultBreakerFailures*policyTimeout {
			t.Errorf("%s: 100 calls took %v", law, took)
		}
		wantAsked(t, law, s, "GetEntry", advcache.DefaultBreakerFailures)
		for window := range 4 {
			time.Sleep(advcache.DefaultBreakerWindow - 1)
			asks(t, law, c, "x", "", 0)
			time.Sleep(time.Nanosecond)
			asks(t, law, c, "x", "", policyTimeout)
			for range 100 {
				asks(t, law, c, "x", "", 0)
			}
			wantAsked(t, fmt.Sprintf("%s (window %d)", law, window), s, "GetEntry", 1)
		}
		if st := c.Levels()[0]; !st.LeftOut || !errors.Is(st.Err, context.DeadlineExceeded) {
			t.Errorf("law 7: Levels()[0] = %+v, want it left out, by a timeout", st)
		}
		s.stick()
		time.Sleep(advcache.DefaultBreakerWindow)
		asks(t, law, c, "x", "", 0)
		if st := c.Levels()[0]; st.LeftOut || st.Err != nil {
			t.Errorf("law 7: Levels()[0] = %+v after a success", st)
		}
		s.requests()
		asks(t, law, c, "x", "", 0)
		wantAsked(t, "law 7: a level that answers again is asked", s, "GetEntry", 1)
	})
}

func TestChainBreakerCountsFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 3}}), level(newMapCache[string](), 0))
		fail := func(n int) {
			m.failing("GetEntry")
			for range n {
				asks(t, "law 7", c, "a", "", 0)
			}
			m.failing()
		}
		fail(2)
		if st := c.Levels()[0]; st.LeftOut || !errors.Is(st.Err, errDisk) {
			t.Errorf("law 7: Levels()[0] = %+v after two failures, want the error", st)
		}
		asks(t, "law 7", c, "a", "", 0)
		if st := c.Levels()[0]; st.Err != nil {
			t.Errorf("law 7: Levels()[0].Err = %v after an answer", st.Err)
		}
		fail(2)
		m.requests()
		asks(t, "law 7", c, "a", "", 0)
		wantAsked(t, "law 7: a success in between resets the count", m, "GetEntry", 1)
		fail(3)
		m.requests()
		asks(t, "law 7", c, "a", "", 0)
		wantAsked(t, "law 7: three failures in a row open the breaker", m, "GetEntry", 0)

		never := newMapCache[string]()
		never.failing("GetEntry")
		c = quietChain(t, level(never, 0).With(advcache.LevelOptions{Breaker: advcache.Breaker{Failures: -1}}), level(newMapCache[string](), 0))
		for range 50 {
			asks(t, "law 7", c, "a", "", 0)
		}
		wantAsked(t, "Breaker.Failures below 0 never leaves a level out", never, "GetEntry", 50)
	})
}

func TestChainBreakerHasOneProbe(t *testing.T) {
	const law = "law 7: one request tries the level, and the others go on without it"
	synctest.Test(t, func(t *testing.T) {
		s := newStuck("GetEntry")
		c := quietChain(t, limited(s, advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 1, Window: time.Second}}), level(newMapCache[string](), 0))
		asks(t, law, c, "a", "", policyTimeout)
		s.requests()
		for range 3 {
			time.Sleep(time.Second)
			var slow int
			var mu sync.Mutex
			var group sync.WaitGroup
			for i := range 50 {
				group.Go(func() {
					start := time.Now()
					_, _, _ = c.Get(t.Context(), fmt.Sprint(i))
					if took := time.Since(start); took > 0 {
						mu.Lock()
						slow++
						mu.Unlock()
					}
				})
			}
			group.Wait()
			if slow != 1 {
				t.Errorf("%s: %d calls waited", law, slow)
			}
			wantAsked(t, law, s, "GetEntry", 1)
		}
	})
}

// TestChainBreakerProbesWhileDeletesFail: a level whose deletes alone fail would
// else be left out for ever.
func TestChainBreakerProbesWhileDeletesFail(t *testing.T) {
	const law = "law 7: deletes ignore the breaker, and do not put off its next try"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 1, Window: time.Second}}), level(newMapCache[string](), 0))
		m.failing("Delete", "GetEntry")
		asks(t, law, c, "a", "", 0)
		m.requests()
		for range 5 {
			if err := c.Delete(t.Context(), "a"); !errors.Is(err, errDisk) {
				t.Errorf("%s: Delete = %v, want the failure", law, err)
			}
		}
		wantAsked(t, law, m, "Delete", 5)
		time.Sleep(900 * time.Millisecond)
		_ = c.Delete(t.Context(), "a") // does not put off the next try
		m.failing("Delete")
		m.requests()
		time.Sleep(100 * time.Millisecond)
		asks(t, law, c, "b", "", 0)
		wantAsked(t, "law 7: a level is left out for its window, whatever deletes do meanwhile", m, "GetEntry", 1)
		m.failing()
	})
}

func TestChainBreakerKnowsWhoIsToBlame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, limited(m, advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 2, Window: time.Second}}), level(newMapCache[string](), 0))
		m.on(func(string, string) error { return refused{} })
		for range 10 {
			asks(t, "law 7", c, "b", "", 0)
		}
		if st := c.Levels()[0]; st.LeftOut || st.Err != nil {
			t.Errorf("law 7: refusals say nothing of the health: %+v", st)
		}
		// Nor do they close a breaker: the level was not asked.
		m.failing("GetEntry")
		asks(t, "law 7", c, "b", "", 0)
		m.on(func(string, string) error { return refused{} })
		asks(t, "law 7", c, "b", "", 0)
		m.failing("GetEntry")
		asks(t, "law 7", c, "b", "", 0)
		if st := c.Levels()[0]; !st.LeftOut {
			t.Errorf("law 7: a refusal between two failures resets the count: %+v", st)
		}
		time.Sleep(time.Second)
		m.on(func(string, string) error { return refused{} })
		asks(t, "law 7", c, "b", "", 0)
		if st := c.Levels()[0]; !st.LeftOut {
			t.Errorf("law 7: a refusal closes the breaker: %+v", st)
		}
		m.on(nil)
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStuck("GetEntry")
		c := quietChain(t, limited(s, advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 2}}), level(newMapCache[string](), 0))
		leave := func(d time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			_, _, _ = c.Get(ctx, "a")
		}
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(policyTimeout*9/10, cancel)
			_, _, _ = c.Get(ctx, "a")
			leave(policyTimeout/2 - 1)
		}
		if st := c.Levels()[0]; st.LeftOut || st.Err != nil {
			t.Errorf("law 5: callers that leave say nothing of the health: %+v", st)
		}
		leave(policyTimeout / 2)
		leave(policyTimeout / 2)
		if st := c.Levels()[0]; !st.LeftOut {
			t.Errorf("law 7: a level that did not answer in half of its time is failing: %+v", st)
		}
	})
}

// TestChainBreakerJudgesABatch: a value that is refused says nothing of the others.
func TestChainBreakerJudgesABatch(t *testing.T) {
	const law = "law 7: the level fails, though one value of a batch is refused"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 1}}), level(newMapCache[string](), 0))
		m.on(func(_, key string) error {
			if key == "large" {
				return refused{}
			}
			return errDisk
		})
		if err := c.SetMany(t.Context(), map[string]string{"large": "v", "a": "v"}, 0); !errors.Is(err, errDisk) {
			t.Errorf("%s: SetMany = %v", law, err)
		}
		if st := c.Levels()[0]; !st.LeftOut {
			t.Errorf("%s: %+v", law, st)
		}
		m.on(nil)
	})
}

func TestChainBreakerOfAStoreWithTimeout(t *testing.T) {
	const law = "law 7: the timeout of the cache itself counts for the half of it"
	synctest.Test(t, func(t *testing.T) {
		f := storetest.NewFaulty(storetest.NewMemory(&storetest.MemoryOptions{Timeout: policyTimeout}), &storetest.FaultyOptions{Latency: time.Minute})
		f.Rate(storetest.OpGet, storetest.Late, 1)
		c := quietChain(t, level(store.New[string](f, &store.Options{Logger: quiet}), 0).With(advcache.LevelOptions{Breaker: advcache.Breaker{Failures: 1}}), level(newMapCache[string](), 0))
		ctx, cancel := context.WithTimeout(t.Context(), policyTimeout/2)
		defer cancel()
		_, _, _ = c.Get(ctx, "a")
		if st := c.Levels()[0]; !st.LeftOut {
			t.Errorf("%s: %+v", law, st)
		}
	})
}

// TestChainNamesTheLevelThatFails: whoever reads the error must know where to look.
func TestChainNamesTheLevelThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		m.failing("SetEntry", "Delete")
		c := quietChain(t, level(newMapCache[string](), 0), level(m, 0))
		for name, err := range map[string]error{"Set": c.Set(t.Context(), "a", "v", 0), "Delete": c.Delete(t.Context(), "a")} {
			op, ok := errors.AsType[*advcache.OpError](err)
			if !ok || op.Backend != "chain/L2" || op.Key != "a" || !strings.EqualFold(op.Op, name) || !errors.Is(err, errDisk) {
				t.Errorf("law 7: %s = %#v, want an OpError of chain/L2", name, err)
			}
		}
		m.failing()
	})
}
