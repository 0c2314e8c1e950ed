package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// turns is a cache whose reads are answered as the script says, one after the other.
type turns struct {
	*mapCache[string]

	mu     sync.Mutex
	script []turn          // guarded by mu
	began  []time.Duration // of each read; guarded by mu
	ended  int             // reads that were called off; guarded by mu
	start  time.Time
}

type turn struct {
	takes time.Duration
	v     string
	err   error
	panic any
	exit  bool
}

func (s *turns) GetEntry(ctx context.Context, _ string) (e advcache.Entry[string], ok bool, err error) {
	s.mu.Lock()
	s.began = append(s.began, time.Since(s.start))
	next := turn{v: "unscripted"}
	if len(s.script) > 0 {
		next, s.script = s.script[0], s.script[1:]
	}
	s.mu.Unlock()
	select {
	case <-ctx.Done():
		s.mu.Lock()
		s.ended++
		s.mu.Unlock()
		return e, false, ctx.Err()
	case <-time.After(next.takes):
	}
	switch {
	case next.panic != nil:
		panic(next.panic)
	case next.exit:
		runtime.Goexit()
	case next.err != nil:
		return e, false, next.err
	}
	return advcache.Entry[string]{Value: next.v, CreatedAt: time.Now()}, next.v != "", nil
}

func TestHedge(t *testing.T) {
	const ms = time.Millisecond
	for name, row := range map[string]struct {
		law    string
		script []turn
		v      string
		err    error
		took   time.Duration
		asked  int
		ended  int
	}{
		"in time":            {"law 12: a read that is answered in time is one request", []turn{{takes: 10*ms - 1, v: "1"}}, "1", nil, 10*ms - 1, 1, 0},
		"second wins":        {"the first answer is taken, the other request is called off", []turn{{takes: time.Hour, v: "1"}, {takes: 5 * ms, v: "2"}}, "2", nil, 15 * ms, 2, 1},
		"first wins":         {"the first answer is taken, the other request is called off", []turn{{takes: 12 * ms, v: "1"}, {takes: time.Hour, v: "2"}}, "1", nil, 12 * ms, 2, 1},
		"a miss wins":        {"a miss is an answer", []turn{{takes: time.Hour, v: "1"}, {takes: ms}}, "", nil, 11 * ms, 2, 1},
		"early error":        {"an error is not asked about again: the next level is", []turn{{takes: ms, err: errDisk}}, "", errDisk, ms, 1, 0},
		"first fails":        {"an error does not win over an answer", []turn{{takes: 12 * ms, err: errDisk}, {takes: 5 * ms, v: "2"}}, "2", nil, 15 * ms, 2, 0},
		"second fails":       {"an error does not win over an answer", []turn{{takes: 20 * ms, v: "1"}, {takes: ms, err: errDisk}}, "1", nil, 20 * ms, 2, 0},
		"both fail":          {"law 7: the error is that of the last", []turn{{takes: 20 * ms, err: errDown}, {takes: ms, err: errDisk}}, "", errDown, 20 * ms, 2, 0},
		"no answer in time":  {"law 7: a level costs at most its timeout", []turn{{takes: time.Hour}, {takes: time.Hour}}, "", context.DeadlineExceeded, policyTimeout, 2, 2},
		"the level panics":   {"law 6: a panic is an error", []turn{{takes: ms, panic: errDisk}}, "", errDisk, ms, 1, 0},
		"the level gives up": {"law 6: Goexit is an error", []turn{{takes: ms, exit: true}}, "", advcache.ErrGoexit, ms, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &turns{mapCache: newMapCache[string](), script: row.script, start: time.Now()}
				c := quietChain(t, limited(s, advcache.LevelOptions{Hedge: 10 * ms}))
				v, ok, err := c.Get(t.Context(), "a")
				if took := time.Since(s.start); v != row.v || ok != (row.v != "") || !errors.Is(err, row.err) || took != row.took {
					t.Errorf("%s: Get = %q, %v, %v after %v, want %q, %v after %v", row.law, v, ok, err, took, row.v, row.err, row.took)
				}
				synctest.Wait()
				if len(s.began) != row.asked || s.ended != row.ended || row.asked == 2 && s.began[1] != 10*ms {
					t.Errorf("%s: asked at %v, of which %d were called off, want %d and %d", row.law, s.began, s.ended, row.asked, row.ended)
				}
			})
		})
	}
}

// TestHedgeCountsOnceForTheBreaker: two requests that fail are one read that failed.
func TestHedgeCountsOnceForTheBreaker(t *testing.T) {
	const law = "law 7: the breaker counts reads, not requests"
	synctest.Test(t, func(t *testing.T) {
		s := &turns{mapCache: newMapCache[string](), start: time.Now()}
		c := quietChain(t, limited(s, advcache.LevelOptions{Hedge: time.Millisecond, Breaker: advcache.Breaker{Failures: 2}}))
		for i := range 2 {
			s.script = []turn{{takes: 5 * time.Millisecond, err: errDisk}, {takes: time.Millisecond, err: errDisk}}
			if _, _, err := c.Get(t.Context(), fmt.Sprint(i)); !errors.Is(err, errDisk) {
				t.Errorf("%s: %v", law, err)
			}
			if st := c.Levels()[0]; st.LeftOut != (i == 1) {
				t.Errorf("%s: after %d reads %+v", law, i+1, st)
			}
		}
	})
}

func TestHedgeOfACallerThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &turns{mapCache: newMapCache[string](), script: []turn{{takes: time.Hour}, {takes: time.Hour}}, start: time.Now()}
		c := quietChain(t, level(s, 0).With(advcache.LevelOptions{Hedge: time.Millisecond}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := c.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("law 5: Get = %v", err)
		}
		synctest.Wait()
		if s.ended != 2 || time.Since(s.start) != time.Second {
			t.Errorf("law 13: %d of 2 requests were called off after %v", s.ended, time.Since(s.start))
		}
	})
}
