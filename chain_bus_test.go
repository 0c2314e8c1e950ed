package advcache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// loop is a Bus in this process, which can be cut.
type loop struct {
	mu   sync.Mutex
	subs map[int]advcache.BusSubscriber // guarded by mu
	next int                            // guarded by mu
	down bool                           // guarded by mu
	sent []advcache.Invalidation        // guarded by mu
}

var errCut = errors.New("the bus is cut")

func (l *loop) Publish(_ context.Context, m advcache.Invalidation) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return errCut
	}
	l.sent = append(l.sent, m)
	for _, s := range l.subs {
		s.Receive(m)
	}
	return nil
}

func (l *loop) Subscribe(s advcache.BusSubscriber) (stop func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.next
	l.next++
	if l.subs == nil {
		l.subs = make(map[int]advcache.BusSubscriber)
	}
	l.subs[id] = s
	s.Connected(!l.down)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subs, id)
	}, nil
}

// cut and heal tell all subscribers.
func (l *loop) cut()  { l.turn(true) }
func (l *loop) heal() { l.turn(false) }

func (l *loop) turn(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	for _, s := range l.subs {
		s.Connected(!down)
	}
}

// process is a process of a fleet: memory of its own over a store that all share.
type process struct {
	*advcache.Hybrid[string]

	counts *storetest.Counting
	l2     *storetest.Faulty
}

// fleet starts processes over one store, each with its own bus connection.
func fleet(t *testing.T, n int, bus func(i int) advcache.Bus, o advcache.HybridOptions) []process {
	t.Helper()
	shared := storetest.NewMemory(nil)
	var all []process
	for i := range n {
		m := inmem.New[string](nil)
		faulty := storetest.NewFaulty(shared, &storetest.FaultyOptions{Err: errCut})
		counting := storetest.NewCounting(faulty)
		mine := o
		if bus != nil {
			mine.Bus = bus(i)
		}
		h := advcache.NewHybrid(m, store.New[string](counting, nil), &mine)
		t.Cleanup(func() {
			closeChain(t, h)
			_ = m.Close()
		})
		all = append(all, process{h, counting, faulty})
	}
	return all
}

func (p process) want(t *testing.T, law, want string) {
	t.Helper()
	got, ok, err := p.Get(t.Context(), "k")
	if got != want || ok != (want != "") || err != nil {
		t.Errorf("%s: Get gives %q, %v, %v; want %q", law, got, ok, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBusDropsCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &loop{}
		ps := fleet(t, 3, func(int) advcache.Bus { return bus }, advcache.HybridOptions{})
		a, b, c := ps[0], ps[1], ps[2]
		must(t, a.Set(t.Context(), "k", "old", time.Hour))
		for _, p := range ps {
			p.want(t, "law 2: promotion", "old")
		}
		for name, change := range map[string]struct {
			do   func() error
			want string
		}{
			"Set":      {func() error { return a.Set(t.Context(), "k", "new", time.Hour) }, "new"},
			"SetMany":  {func() error { return a.SetMany(t.Context(), map[string]string{"k": "many"}, time.Hour) }, "many"},
			"SetEntry": {func() error { return b.SetEntry(t.Context(), "k", advcache.Entry[string]{Value: "entry"}) }, "entry"},
			"Delete":   {func() error { return b.Delete(t.Context(), "k", "other") }, ""},
			"Clear":    {func() error { return c.Clear(t.Context(), "") }, ""},
			"SetEntryIf": {func() error {
				e, _, _ := c.GetEntry(t.Context(), "k")
				ok, err := c.SetEntryIf(t.Context(), "k", advcache.Entry[string]{Value: "if"}, e.Version)
				if !ok {
					t.Error("law 3: SetEntryIf refuses the Version that it was just given")
				}
				return err
			}, "if"},
			"SetIfAbsent": {func() error {
				must(t, c.Delete(t.Context(), "k"))
				_, err := c.SetIfAbsent(t.Context(), "k", "added", time.Hour)
				return err
			}, "added"},
		} {
			for _, p := range ps {
				must(t, p.Set(t.Context(), "k", "before", time.Hour))
				p.want(t, "law 3", "before")
			}
			must(t, change.do())
			for _, p := range ps {
				p.want(t, "law 3: after "+name+" in one process, in all", change.want)
			}
		}
	})
}

// TestBusBarsLoads is about a load that began before another process changed its
// key: what it loads is not kept.
func TestBusBarsLoads(t *testing.T) {
	t.Run("chain", func(t *testing.T) { testBusBarsLoads(t, true) })
	t.Run("wrapper", func(t *testing.T) { testBusBarsLoads(t, false) })
}

func testBusBarsLoads(t *testing.T, direct bool) {
	synctest.Test(t, func(t *testing.T) {
		bus := &loop{}
		ps := fleet(t, 2, func(int) advcache.Bus { return bus }, advcache.HybridOptions{})
		var cache advcache.Cache[string] = ps[1] // a wrapper
		if direct {
			cache = ps[1].Hybrid
		}
		ttl := advcache.NewTTL[string](cache, time.Hour, nil)
		get := ttl.Cached("{}", func(context.Context, string) (string, error) {
			time.Sleep(time.Second)
			return "loaded", nil
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = get(t.Context(), "k")
		}()
		time.Sleep(time.Second / 2)
		must(t, ps[0].Delete(t.Context(), "k"))
		<-done
		for _, p := range ps {
			p.want(t, "law 3: a load elsewhere began before the Delete", "")
		}
		must(t, ttl.Close(t.Context()))
	})
}

func TestBusIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &loop{}
		ps := fleet(t, 2, func(int) advcache.Bus { return bus }, advcache.HybridOptions{L1TTL: time.Hour})
		a, b := ps[0], ps[1]
		must(t, a.Set(t.Context(), "k", "old", 24*time.Hour))
		must(t, a.Set(t.Context(), "same", "v", 24*time.Hour))
		b.want(t, "law 2", "old")
		_, _, _ = b.Get(t.Context(), "same")

		if !b.BusConnected() {
			t.Error("BusConnected is false while the bus delivers")
		}
		bus.cut()
		if b.BusConnected() {
			t.Error("BusConnected is true while the bus is cut")
		}
		b.counts.Reset()
		b.want(t, "law 3: a copy is looked at again after a gap", "old")
		if got := b.counts.Counts(); got.Requests != (storetest.Requests{Get: 1}) || got.Out != 0 {
			t.Errorf("law 12: a suspect copy that is unchanged costs %+v, want one Get without a body", got)
		}
		b.counts.Reset()
		b.want(t, "law 3", "old")
		if got := b.counts.Counts(); got.Requests != (storetest.Requests{}) {
			t.Errorf("law 12: the copy just looked at costs %+v", got)
		}
		if err := a.Set(t.Context(), "k", "new", 24*time.Hour); !errors.Is(err, errCut) {
			t.Errorf("law 7: Set without the bus gives %v; want an error, since others cannot be told", err)
		}
		a.want(t, "law 3: here it is set", "new")
		time.Sleep(advcache.DistrustedFor)
		b.want(t, "law 3: a copy is served for a second at most while the bus is cut", "new")

		a.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
		b.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
		time.Sleep(time.Second / 2)
		b.want(t, "law 7: without level 2, copies are served as long as they may be", "new")
		a.l2.Heal()
		b.l2.Heal()

		bus.heal()
		time.Sleep(time.Second) // what could not be told is
		must(t, a.Set(t.Context(), "k", "newest", 24*time.Hour))
		b.want(t, "law 3", "newest")
		b.want(t, "law 3", "newest")
		b.counts.Reset()
		time.Sleep(59 * time.Minute)
		b.want(t, "law 2", "newest")
		if got := b.counts.Counts(); got.Requests != (storetest.Requests{}) {
			t.Errorf("law 12: a hit of level 1 costs %+v", got)
		}
	})
}

// TestBusIsToldLater is about changes that the bus did not take: others are told
// when it does.
func TestBusIsToldLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, other := &loop{}, &loop{}
		ps := fleet(t, 2, func(i int) advcache.Bus {
			if i == 0 {
				return publisher{mine, other}
			}
			return other
		}, advcache.HybridOptions{L1TTL: time.Hour})
		a, b := ps[0], ps[1]
		must(t, a.Set(t.Context(), "k", "old", 24*time.Hour))
		b.want(t, "law 2", "old")
		mine.cut() // a alone cannot publish; b believes its own connection
		if err := a.Delete(t.Context(), "k"); !errors.Is(err, errCut) {
			t.Errorf("law 7: Delete gives %v, want the error of the bus", err)
		}
		b.want(t, "law 3: b has not been told", "old")
		mine.heal()
		time.Sleep(2 * time.Second)
		b.want(t, "law 3: b has been told", "")
	})
}

// publisher is the bus of a process that publishes on one that others listen to,
// and fails where its own is cut.
type publisher struct {
	*loop
	others *loop
}

func (p publisher) Publish(ctx context.Context, m advcache.Invalidation) error {
	if err := p.loop.Publish(ctx, m); err != nil {
		return err
	}
	return p.others.Publish(ctx, m)
}

// TestBusOfOthers is about messages that do not concern a chain.
func TestBusOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &loop{}
		p := fleet(t, 1, func(int) advcache.Bus { return bus }, advcache.HybridOptions{Name: "users"})[0]
		must(t, p.Set(t.Context(), "k", "v", time.Hour))
		m := bus.sent[0]
		if m.Cache != "users" || len(m.Keys) != 1 || m.Keys[0] != "k" || m.Origin == "" || m.At.IsZero() {
			t.Errorf("the message is %+v", m)
		}
		p.counts.Reset()
		for _, m := range []advcache.Invalidation{{Cache: "orders", Keys: []string{"k"}}, m, {}} {
			must(t, bus.Publish(t.Context(), m))
			p.want(t, "law 12", "v")
		}
		if got := p.counts.Counts(); got.Requests != (storetest.Requests{}) {
			t.Errorf("law 12: messages of others, and its own, cost %+v", got)
		}
	})
}

// TestMissedDeleteIsMadeGood is about a level that comes back after it has missed a
// Delete: no process reads the old value for long.
func TestMissedDeleteIsMadeGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &loop{}
		ps := fleet(t, 2, func(int) advcache.Bus { return bus }, advcache.HybridOptions{L1TTL: time.Hour})
		a, b := ps[0], ps[1]
		must(t, a.Set(t.Context(), "k", "old", 24*time.Hour))
		b.want(t, "law 2", "old")
		a.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
		if err := a.Delete(t.Context(), "k"); !errors.Is(err, errCut) {
			t.Errorf("law 7: Delete gives %v, want the error of level 2", err)
		}
		a.want(t, "law 7", "")
		b.want(t, "the value is in level 2 still", "old")
		a.l2.Heal()
		a.want(t, "law 7: a level that missed a Delete is not read for its key", "")
		time.Sleep(2 * time.Second)
		for _, p := range ps {
			p.want(t, "law 7: the Delete was made good", "")
		}
		if s := a.Levels()[1]; s.Doubted != 0 {
			t.Errorf("law 7: %d keys are doubted", s.Doubted)
		}
	})
}
