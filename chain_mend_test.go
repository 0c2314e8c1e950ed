package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

const missed = "law 7: a level that missed a write of a key is not read for it until one succeeds"

var patient = advcache.LevelOptions{Breaker: advcache.Breaker{Failures: -1}}

func TestMissedWritesAreNotRead(t *testing.T) {
	for name, change := range map[string]func(ctx context.Context, c *advcache.Chain[string]) error{
		"Set":    func(ctx context.Context, c *advcache.Chain[string]) error { return c.Set(ctx, "a", "new", 0) },
		"Delete": func(ctx context.Context, c *advcache.Chain[string]) error { return c.Delete(ctx, "a") },
		"SetMany": func(ctx context.Context, c *advcache.Chain[string]) error {
			return c.SetMany(ctx, map[string]string{"a": "new"}, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMapCache[string]()
				c := quietChain(t, level(m, 0).With(patient))
				sets(t, missed, c, "a", "old")
				m.failing("SetEntry", "Delete")
				if err := change(t.Context(), c); !errors.Is(err, errDisk) {
					t.Errorf("law 7: a failed %s is returned: %v", name, err)
				}
				asks(t, missed, c, "a", "", 0)
				if got, err := c.GetMany(t.Context(), []string{"a"}); len(got) != 0 || err != nil {
					t.Errorf("%s: GetMany = %v, %v", missed, got, err)
				}
				if ok, err := c.Exists(t.Context(), "a"); ok || err != nil {
					t.Errorf("%s: Exists = %v, %v", missed, ok, err)
				}
				if st := c.Levels()[0]; st.Doubted != 1 {
					t.Errorf("%s: Levels()[0] = %+v", missed, st)
				}
				m.failing()
				sets(t, missed, c, "a", "newer")
				asks(t, missed, c, "a", "newer", 0)
				if st := c.Levels()[0]; st.Doubted != 0 {
					t.Errorf("%s: Levels()[0] = %+v", missed, st)
				}
			})
		})
	}
}

func TestMissedWritesAreMadeGood(t *testing.T) {
	const law = "law 7: what was missed is deleted in the background, within a second"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, level(m, 0).With(patient))
		for i := range 600 {
			sets(t, law, c, fmt.Sprint(i), "old")
		}
		m.failing("SetEntry", "Delete")
		for i := range 600 {
			if err := c.Set(t.Context(), fmt.Sprint(i), "new", 0); !errors.Is(err, errDisk) {
				t.Fatalf("law 7: Set = %v", err)
			}
		}
		time.Sleep(10*time.Second + time.Millisecond)
		m.failing()
		sets(t, law, c, "0", "newer")
		time.Sleep(time.Second)
		synctest.Wait()
		if st := c.Levels()[0]; st.Doubted != 0 {
			t.Errorf("%s: Levels()[0] = %+v", law, st)
		}
		holds(t, law, m, "0", "newer")
		for i := 1; i < 600; i++ {
			holds(t, law, m, fmt.Sprint(i), "")
		}
		m.requests()
		time.Sleep(time.Hour)
		if got := m.requests(); len(got) != 0 {
			t.Errorf("law 13: the level is asked %v in an hour with nothing left to do", got)
		}
		// It runs again when it has to.
		m.failing("Delete")
		_ = c.Delete(t.Context(), "0")
		m.failing()
		time.Sleep(time.Second)
		synctest.Wait()
		holds(t, law, m, "0", "")
	})
}

func TestMissedWritesOfALevelThatIsLeftOut(t *testing.T) {
	const law = "law 7: what a level missed while it was left out is made good when it is back"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{MayFail: true, Breaker: advcache.Breaker{Failures: 1, Window: 5 * time.Second}}), level(newMapCache[string](), 0))
		sets(t, law, c, "a", "old")
		m.failing(everything...)
		for range 3 {
			sets(t, "MayFail: a failed write does not fail Set", c, "a", "new")
		}
		wantAsked(t, "law 7: a level that is left out is not asked", m, "SetEntry", 2)
		asks(t, law, c, "a", "new", 0)
		time.Sleep(time.Second)
		m.failing()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		holds(t, law, m, "a", "")
		if st := c.Levels()[0]; st.LeftOut || st.Doubted != 0 || st.Err != nil {
			t.Errorf("%s: Levels()[0] = %+v", law, st)
		}
	})
}

func TestMissedWritesAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStuck()
		c := quietChain(t, level(s, 0))
		sets(t, "law 13", c, "a", "old")
		s.stick("Delete")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Delete(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("law 7: Delete = %v", err)
		}
		time.Sleep(5 * time.Second) // the mender waits for the level
		start := time.Now()
		closeChain(t, c)
		if took := time.Since(start); took != 0 {
			t.Errorf("law 13: Close took %v", took)
		}
		asks(t, missed, c, "a", "", 0)
		s.requests()
		time.Sleep(time.Hour)
		wantAsked(t, "law 13: Close ends the work in the background", s, "Delete", 0)
	})
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := advcache.NewChainWith(&advcache.ChainOptions{Logger: quiet}, level(m, 0))
		m.failing("Delete")
		_ = c.Delete(t.Context(), "a")
		m.on(func(string, string) error { time.Sleep(time.Minute); return nil }) // whatever the context says
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := c.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("law 13: Close = %v after %v, want its deadline", err, time.Since(start))
		}
		time.Sleep(time.Minute)
	})
}

func TestMissedWritesBeyondTheBound(t *testing.T) {
	const law = "law 7: 10,000 keys are remembered, then the level is distrusted as a whole"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		c := quietChain(t, level(m, 0).With(patient))
		sets(t, law, c, "bystander", "old")
		sets(t, law, c, "last", "old")
		time.Sleep(time.Millisecond)
		m.failing("SetEntry", "Delete")
		for i := range 10_000 {
			_ = c.Delete(t.Context(), fmt.Sprint(i))
		}
		asks(t, law, c, "bystander", "old", 0)
		_ = c.Delete(t.Context(), "last")
		asks(t, law, c, "last", "", 0)
		asks(t, law, c, "bystander", "", 0)
		if ok, err := c.Exists(t.Context(), "last"); ok || err != nil {
			t.Errorf("%s: Exists = %v, %v", law, ok, err)
		}
		m.failing()
		time.Sleep(time.Millisecond)
		sets(t, law, c, "last", "new")
		asks(t, law, c, "last", "new", 0)
		time.Sleep(2 * time.Second)
		if st := c.Levels()[0]; st.Doubted != 0 {
			t.Errorf("%s: Levels()[0] = %+v", law, st)
		}
		asks(t, law, c, "bystander", "", 0)
	})
}

// TestMissedSetIfAbsent: one that failed has replaced nothing.
func TestMissedSetIfAbsent(t *testing.T) {
	const law = "law 7: a SetIfAbsent that failed does not have the key deleted"
	synctest.Test(t, func(t *testing.T) {
		a := newAddingCache()
		c := quietChain(t, level(a, 0))
		sets(t, law, c, "job", "done")
		a.failing("SetIfAbsent")
		if stored, err := c.SetIfAbsent(t.Context(), "job", "again", 0); stored || !errors.Is(err, errDisk) {
			t.Errorf("law 7: SetIfAbsent = %v, %v", stored, err)
		}
		a.failing()
		time.Sleep(10 * time.Second)
		asks(t, law, c, "job", "done", 0)
		if stored, err := c.SetIfAbsent(t.Context(), "job", "again", 0); stored || err != nil {
			t.Errorf("%s: SetIfAbsent = %v, %v", law, stored, err)
		}
	})
}

func TestMayFailTellsTheObserver(t *testing.T) {
	const law = "MayFail: a failed write is told to the Observer instead"
	synctest.Test(t, func(t *testing.T) {
		for name, fails := range map[string]error{"failure": errDisk, "refusal": refused{}} {
			m, e := newMapCache[string](), &events{}
			c := advcache.NewChainWith(&advcache.ChainOptions{Observer: e.observer()},
				level(m, 0).With(advcache.LevelOptions{MayFail: true}), level(newMapCache[string](), 0))
			m.on(func(string, string) error { return fails })
			sets(t, law, c, "a", "v")
			if err := c.SetMany(t.Context(), map[string]string{"b": "v"}, 0); err != nil {
				t.Errorf("%s: SetMany = %v", law, err)
			}
			if told := e.of("BackendError"); len(told) != 2 {
				t.Errorf("%s: after a %s of Set and SetMany it was told %v", law, name, told)
			}
			if err := c.Delete(t.Context(), "a"); fails == errDisk && !errors.Is(err, errDisk) { //nolint:errorlint // the very one
				t.Errorf("MayFail: a failed Delete is returned all the same: %v", err)
			}
			closeChain(t, c)
		}
	})
}
