package advcache_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// gated is a cache whose next write can be made to stand still: before it takes
// effect, or after that.
type gated struct {
	*store.Cache[string]

	mu            sync.Mutex
	before, after chan struct{} // guarded by mu; nil: there is no gate
}

// close closes the gate for one write, until the function that it returns is
// called.
func (g *gated) close(before bool) (open func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate := make(chan struct{})
	if before {
		g.before = gate
	} else {
		g.after = gate
	}
	return func() { close(gate) }
}

func (g *gated) pass(at *chan struct{}) {
	g.mu.Lock()
	gate := *at
	*at = nil
	g.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

func (g *gated) SetEntry(ctx context.Context, key string, e advcache.Entry[string]) error {
	g.pass(&g.before)
	defer g.pass(&g.after)
	return g.Cache.SetEntry(ctx, key, e)
}

func (g *gated) SetEntryIf(ctx context.Context, key string, e advcache.Entry[string], seen advcache.Version) (bool, error) {
	g.pass(&g.before)
	defer g.pass(&g.after)
	return g.Cache.SetEntryIf(ctx, key, e, seen)
}

// newGated returns a cache over s with patience for gates.
func newGated(s store.Store) *gated {
	return &gated{Cache: store.New[string](s, &store.Options{Timeout: time.Hour})}
}

// TestBusOvertakesAPromotion has a message about a newer change come while this
// process copies what is older to a level that is not in memory, but its own.
func TestBusOvertakesAPromotion(t *testing.T) {
	t.Run("conditional", func(t *testing.T) { testBusOvertakesAPromotion(t, func(c *gated) advcache.Cache[string] { return c }) })
	t.Run("without conditions", func(t *testing.T) {
		testBusOvertakesAPromotion(t, func(c *gated) advcache.Cache[string] { return struct{ advcache.Cache[string] }{c} })
	})
}

func testBusOvertakesAPromotion(t *testing.T, wrap func(c *gated) advcache.Cache[string]) {
	synctest.Test(t, func(t *testing.T) {
		bus, shared := &loop{}, storetest.NewMemory(nil)
		disk := newGated(storetest.NewMemory(nil))
		mine := advcache.NewChainWith(&advcache.ChainOptions{Name: "hybrid", Bus: bus},
			level(open[string](t, nil), 0), level(wrap(disk), 0).With(advcache.LevelOptions{Local: true}), level(store.New[string](shared, nil), 0))
		t.Cleanup(func() { closeChain(t, mine) })
		theirs := builder{t}.hybrid(open[string](t, nil), store.New[string](shared, nil), &advcache.HybridOptions{Bus: bus})
		must(t, theirs.Set(t.Context(), "k", "older", 0))
		release := disk.close(true)
		done := make(chan error)
		go func() {
			_, _, err := mine.Get(t.Context(), "k")
			done <- err
		}()
		synctest.Wait()
		must(t, theirs.Set(t.Context(), "k", "newer", 0))
		release()
		must(t, <-done)
		if got, _, err := mine.Get(t.Context(), "k"); got != "newer" || err != nil {
			t.Errorf("law 3: Get = %q, %v; want what the last level has", got, err)
		}
	})
}

// TestBusOvertakesAWriteOfThree is about a level between, which both share.
func TestBusOvertakesAWriteOfThree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &advcache.ChainOptions{Bus: &loop{}}
		middle, last := storetest.NewMemory(nil), storetest.NewMemory(nil)
		slow := newGated(last)
		mine := advcache.NewChainWith(o, level(open[string](t, nil), 0), level(store.New[string](middle, nil), 0), level(slow, 0))
		theirs := advcache.NewChainWith(o, level(open[string](t, nil), 0), level(store.New[string](middle, nil), 0), level(store.New[string](last, nil), 0))
		t.Cleanup(func() { closeChain(t, mine); closeChain(t, theirs) })
		release := slow.close(false)
		done := make(chan error)
		go func() { done <- mine.Set(t.Context(), "k", "older", 0) }()
		synctest.Wait()
		must(t, theirs.Set(t.Context(), "k", "newer", 0))
		release()
		must(t, <-done)
		for who, c := range map[string]*advcache.Chain[string]{"the process that was overtaken": mine, "the other one": theirs} {
			if got, _, err := c.Get(t.Context(), "k"); got != "newer" || err != nil {
				t.Errorf("law 3: %s reads %q, %v; want what the last level has", who, got, err)
			}
		}
	})
}

// TestDeleteOvertakesAPromotion has another process delete a key while this one
// copies its value to a level that both share: on its way when the message comes,
// or, without a Bus, when nothing but a tombstone tells.
func TestDeleteOvertakesAPromotion(t *testing.T) {
	for name, c := range map[string]struct {
		bus        bool
		tombstones time.Duration
	}{"told by the Bus": {bus: true}, "told by a tombstone": {tombstones: time.Minute}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var o advcache.ChainOptions
				if c.bus {
					o.Bus = &loop{}
				}
				middle, last := storetest.NewMemory(nil), storetest.NewMemory(nil)
				mid := newGated(middle)
				mine := advcache.NewChainWith(&o, level(open[string](t, nil), time.Minute), level(mid, 0), level(store.New[string](last, nil), 0))
				t.Cleanup(func() { closeChain(t, mine) })
				both := &store.Options{Tombstones: c.tombstones}
				theirs := advcache.NewChainWith(&o, level(store.New[string](middle, both), 0), level(store.New[string](last, both), 0))
				t.Cleanup(func() { closeChain(t, theirs) })
				must(t, store.New[string](last, nil).Set(t.Context(), "k", "older", 0))
				release := mid.close(true)
				done := make(chan error)
				go func() {
					_, _, err := mine.Get(t.Context(), "k")
					done <- err
				}()
				synctest.Wait()
				must(t, theirs.Delete(t.Context(), "k"))
				release()
				must(t, <-done)
				if got, ok, err := theirs.Get(t.Context(), "k"); ok || err != nil {
					t.Errorf("law 3: Get = %q, %v, %v after a Delete; want a miss", got, ok, err)
				}
				time.Sleep(time.Minute) // the limit of what is in memory
				if got, ok, err := mine.Get(t.Context(), "k"); ok || err != nil {
					t.Errorf("law 3: Get = %q, %v, %v in the process that read; want a miss", got, ok, err)
				}
			})
		})
	}
}

// later is a Bus that delivers to the chains of one name when it is told to.
type later struct {
	*loop

	held string

	mu     sync.Mutex
	queued []func() // guarded by mu
}

func (l *later) Subscribe(s advcache.BusSubscriber) (stop func(), err error) {
	receive := s.Receive
	s.Receive = func(m advcache.Invalidation) {
		if m.Cache != l.held {
			receive(m)
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.queued = append(l.queued, func() { receive(m) })
	}
	return l.loop.Subscribe(s)
}

func (l *later) deliver() {
	l.mu.Lock()
	queued := l.queued
	l.queued = nil
	l.mu.Unlock()
	for _, f := range queued {
		f()
	}
}

// TestBusOfNestedChains has the message of the chain above come before that of the
// chain below, which has an older copy then.
func TestBusOfNestedChains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, shared := &loop{}, storetest.NewMemory(nil)
		slow := &later{loop: bus, held: "inner"}
		build := func(bus advcache.Bus) *advcache.Chain[string] {
			inner := builder{t}.hybrid(open[string](t, nil), store.New[string](shared, nil), &advcache.HybridOptions{Name: "inner", Bus: bus})
			outer := advcache.NewChainWith(&advcache.ChainOptions{Name: "outer", Bus: bus}, level(open[string](t, nil), time.Hour), level(inner, 0))
			t.Cleanup(func() { closeChain(t, outer) })
			return outer
		}
		a, b := build(bus), build(slow)
		must(t, a.Set(t.Context(), "k", "old", day))
		slow.deliver()
		if got, _, err := b.Get(t.Context(), "k"); got != "old" || err != nil {
			t.Fatal(got, err)
		}
		must(t, a.Set(t.Context(), "k", "new", day))
		for _, deliver := range []func(){func() {}, slow.deliver} {
			deliver()
			if got, _, err := b.Get(t.Context(), "k"); got != "new" || err != nil {
				t.Errorf("law 3: Get = %q, %v; want new", got, err)
			}
		}
	})
}
