package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

const (
	warmCalls   = 10_000 // for each package, and as many again without stopwatch
	goroutines  = 1_000
	staleCalls  = 1_000
	outageCalls = 100
	deadCalls   = 10

	// beyond is how far past an instant the story goes on: memory keeps time
	// to 10 ms.
	beyond = 15 * time.Millisecond
)

// story calls a cached function in all the situations in which a cache is of
// use, and prints what that was like.
type story struct {
	origin   *origin
	packages []string
	ttl      time.Duration
	dir      string // of the second tier
	options  advcache.TTLOptions

	stats  *advcache.Stats
	memory *inmem.Cache[Report]
	cache  *advcache.TTL[string, Report]
	// cached is origin.analyze with the cache in front, and is called like it.
	cached func(context.Context, string) (Report, error)

	print    *printer
	steps    []*step
	reports  map[string]Report
	slowest  string        // the package with the longest load
	loadedAt time.Time     // when it was last loaded, or a little later
	loaded   chan struct{} // a load has ended
}

func newStory(o *origin, packages []string, ttl time.Duration, dir string, out io.Writer) *story {
	s := &story{
		origin:   o,
		packages: packages,
		ttl:      ttl,
		dir:      dir,
		stats:    advcache.NewStats(),
		print:    &printer{out: out},
		reports:  map[string]Report{},
		loaded:   make(chan struct{}, 1),
	}
	// A short ttl must leave time enough to see something.
	window := max(ttl, 200*time.Millisecond)
	s.options = advcache.TTLOptions{
		Name:         "packages",
		Stale:        window,
		StaleIfError: 3 * window,
		Observer:     advcache.Observers(s.stats.Observer(), s.tellLoads()),
	}
	s.memory = inmem.New[Report](nil)
	s.cache = advcache.NewTTL[string](s.memory, ttl, &s.options)
	s.cached = s.cache.Cached("package:{}", o.analyze)
	return s
}

// tellLoads returns hooks that say when a load has ended.
func (s *story) tellLoads() *advcache.Observer {
	ended := func(advcache.Event) {
		select {
		case s.loaded <- struct{}{}:
		default:
		}
	}
	return &advcache.Observer{Load: ended, Refresh: ended, LoadError: ended}
}

// close ends what the story has started, also where ctx is done.
func (s *story) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := s.cache.Close(ctx); err != nil {
		return err
	}
	return s.memory.Close()
}

// tell runs all steps. Its error is that of ctx, or what should not have failed.
func (s *story) tell(ctx context.Context) error {
	s.print.intro(s)
	for _, part := range []func(context.Context) error{s.coldAndWarm, s.stampede, s.stale, s.outage, s.dead, s.recovery, s.disk} {
		if err := part(ctx); err != nil {
			return err
		}
		if err := cmp.Or(ctx.Err(), s.print.err); err != nil {
			return err
		}
	}
	s.print.reports(s.packages, s.reports)
	s.print.stats(s.stats.Snapshot())
	return s.print.err
}

// coldAndWarm goes package by package, so that no value is old before it is
// asked for again, however slow the machine.
func (s *story) coldAndWarm(ctx context.Context) error {
	cold := &step{name: "cold", situation: "The first call for each package: nothing is cached yet."}
	warm := &step{name: "warm", situation: "The same calls again, many times."}
	var unwatched time.Duration
	var longest time.Duration
	for _, name := range s.packages {
		s.during(cold, func() { s.reports[name] = s.call(ctx, cold, name) })
		if cold.err != nil {
			return cold.err
		}
		if took := cold.took[len(cold.took)-1]; took > longest || s.slowest == "" {
			longest, s.slowest = took, name
		}
		s.during(warm, func() {
			for range warmCalls {
				s.call(ctx, warm, name)
			}
			start := time.Now()
			for range warmCalls {
				if _, err := s.cached(ctx, name); err != nil {
					warm.fail(err)
				}
			}
			unwatched += time.Since(start)
			warm.calls += warmCalls
		})
		if warm.err != nil {
			return warm.err
		}
	}
	s.end(cold)
	each := unwatched / time.Duration(warmCalls*len(s.packages))
	warm.lesson = fmt.Sprintf("Half of them were not timed one by one, as the stopwatch takes time too: these took %s each.", duration(each))
	s.end(warm)
	return nil
}

// stampede calls a key that is not in the cache from many goroutines at once.
func (s *story) stampede(ctx context.Context) error {
	if err := s.memory.Clear(ctx, ""); err != nil {
		return err
	}
	st := &step{
		name:      number(goroutines) + " goroutines at once",
		situation: fmt.Sprintf("The cache is emptied, then all ask for %s at the same time.", s.slowest),
	}
	took, errs := make([]time.Duration, goroutines), make([]error, goroutines)
	s.during(st, func() {
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range goroutines {
			wg.Go(func() {
				<-start
				began := time.Now()
				_, errs[i] = s.cached(ctx, s.slowest)
				took[i] = time.Since(began)
			})
		}
		close(start)
		wg.Wait()
	})
	s.loadedAt = time.Now()
	for i := range goroutines {
		st.add(took[i], errs[i])
	}
	if st.counts.Misses > st.loads {
		st.lesson = "Callers of one key share one load."
	}
	s.end(st)
	return st.err
}

// stale calls between the end of the ttl and that of the Stale window.
func (s *story) stale(ctx context.Context) error {
	if err := s.wait(ctx, s.loadedAt.Add(s.ttl), "until the ttl is over"); err != nil {
		return err
	}
	st := &step{name: "stale-while-revalidate", situation: fmt.Sprintf("The value of %s is older than its ttl.", s.slowest)}
	select {
	case <-s.loaded: // one of before
	default:
	}
	start := time.Now()
	s.during(st, func() {
		for range staleCalls {
			s.call(ctx, st, s.slowest)
		}
	})
	if st.counts.Stale > 0 { // then a load is under way, or has ended already
		s.during(st, func() {
			select {
			case <-s.loaded:
			case <-ctx.Done():
			}
		})
	}
	s.loadedAt = time.Now()
	if st.counts.Stale > 0 && st.counts.Misses == 0 && st.counts.Refreshes > 0 {
		st.lesson = fmt.Sprintf("Nobody waits for the new value, which is there after %s.", duration(s.loadedAt.Sub(start)))
	}
	s.end(st)
	return st.err
}

// outage calls after the Stale window, while loads fail.
func (s *story) outage(ctx context.Context) error {
	s.origin.broken.Store(true)
	if err := s.wait(ctx, s.loadedAt.Add(s.ttl+s.options.Stale), "until the Stale window is over; from now on, loads fail"); err != nil {
		return err
	}
	st := &step{name: "stale-if-error", situation: "The value is so old that callers wait for a new one, but there is none."}
	s.during(st, func() {
		for range outageCalls {
			s.call(ctx, st, s.slowest)
		}
	})
	if st.counts.Stale > 0 && st.failed == 0 {
		st.lesson = "An old value is better than none, and what has failed is not tried again at once."
	}
	s.end(st)
	return nil
}

// dead calls when there is nothing left to serve.
func (s *story) dead(ctx context.Context) error {
	if err := s.wait(ctx, s.loadedAt.Add(s.ttl+s.options.StaleIfError), "until the StaleIfError window is over"); err != nil {
		return err
	}
	st := &step{name: "error", situation: "The value is too old to be served at all, and loads still fail."}
	s.during(st, func() {
		for range deadCalls {
			s.call(ctx, st, s.slowest)
		}
	})
	if st.failed == st.calls && st.loads == int64(st.calls) {
		st.lesson = "An error is not cached."
	}
	s.end(st)
	return nil
}

// recovery shows that nothing remains of it all.
func (s *story) recovery(ctx context.Context) error {
	s.origin.broken.Store(false)
	st := &step{name: "recovery", situation: "Loads work again. Two calls."}
	s.during(st, func() {
		s.call(ctx, st, s.slowest)
		s.call(ctx, st, s.slowest)
	})
	s.end(st)
	return st.err
}

// call calls the cached function and takes the time.
func (s *story) call(ctx context.Context, st *step, name string) Report {
	start := time.Now()
	report, err := s.cached(ctx, name)
	st.add(time.Since(start), err)
	return report
}

// during counts as part of the step what happens while do runs.
func (s *story) during(st *step, do func()) {
	before, loads := s.stats.Snapshot(), s.origin.loads.Load()
	do()
	st.loads += s.origin.loads.Load() - loads
	st.count(before.CacheStats, s.stats.Snapshot().CacheStats)
}

func (s *story) end(st *step) {
	s.steps = append(s.steps, st)
	s.print.step(len(s.steps), st)
}

// wait waits until shortly after t.
func (s *story) wait(ctx context.Context, t time.Time, why string) error {
	d := time.Until(t.Add(beyond))
	s.print.wait(d, why)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
