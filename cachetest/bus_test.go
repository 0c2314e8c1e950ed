package cachetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/trial"
)

// medium is what buses in memory have in common. Bugs may be put in.
type medium struct {
	bugs

	mu    sync.Mutex
	buses []*memoryBus
}

type bugs struct {
	right   bool                                                  // there is none
	change  func(m advcache.Invalidation) []advcache.Invalidation // what becomes of a message
	others  bool                                                  // only these are told
	both    bool                                                  // calls go on at the same time
	deaf    bool                                                  // contexts are not looked at
	bare    bool                                                  // errors have no operation
	early   bool                                                  // Connected(true) comes before anything arrives
	wrong   bool                                                  // Connected begins with false
	leaves  bool                                                  // stop does not wait
	goes    bool                                                  // stop does not end
	once    bool                                                  // there is no second subscription
	trusts  bool                                                  // after Close it says nothing
	closed  bool                                                  // Close changes nothing for Publish
	silent  bool                                                  // a panic is no loss
	leaking bool                                                  // a goroutine stays
	needs   bool                                                  // Publish takes a subscription
}

// memoryBus is a right bus, unless its medium has a bug.
type memoryBus struct {
	m *medium

	mu     sync.Mutex
	subs   map[*memorySub]bool
	used   bool
	closed bool
}

type memorySub struct {
	bus   *memoryBus
	to    advcache.BusSubscriber
	mu    sync.Mutex
	queue []func()
	wake  chan struct{}
	ended bool
	done  chan struct{}
}

func (m *medium) join() *memoryBus {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &memoryBus{m: m, subs: map[*memorySub]bool{}}
	m.buses = append(m.buses, b)
	return b
}

func (b *memoryBus) Publish(ctx context.Context, msg advcache.Invalidation) error {
	fail := func(err error) error {
		if b.m.bare {
			return err
		}
		return &advcache.OpError{Op: "publish", Backend: "memory", Err: err}
	}
	b.mu.Lock()
	closed, subs := b.closed, len(b.subs)
	b.mu.Unlock()
	if closed && !b.m.closed || b.m.needs && subs == 0 {
		return fail(advcache.ErrClosed)
	}
	if err := ctx.Err(); err != nil && !b.m.deaf {
		return fail(err)
	}
	all := []advcache.Invalidation{msg}
	if b.m.change != nil {
		all = b.m.change(msg)
	}
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	for _, other := range b.m.buses {
		if b.m.others && other == b {
			continue
		}
		other.mu.Lock()
		subs := make([]*memorySub, 0, len(other.subs))
		for s := range other.subs {
			subs = append(subs, s)
		}
		other.mu.Unlock()
		for _, s := range subs {
			for _, msg := range all {
				call := func() { s.to.Receive(msg) }
				switch {
				case b.m.both:
					go func() {
						defer func() { _ = recover() }()
						call()
					}()
				default:
					s.push(call)
				}
			}
		}
	}
	return nil
}

func (b *memoryBus) Subscribe(to advcache.BusSubscriber) (stop func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, &advcache.OpError{Op: "subscribe", Backend: "memory", Err: advcache.ErrClosed}
	}
	s := &memorySub{bus: b, to: to, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.start()
	if b.m.wrong {
		s.push(func() { to.Connected(false) })
	}
	if b.m.once && b.used {
		return func() {}, nil
	}
	b.used = true
	s.push(func() { to.Connected(true) })
	if b.m.early {
		go func() {
			time.Sleep(time.Millisecond) // in a bubble: after all else
			b.mu.Lock()
			defer b.mu.Unlock()
			b.subs[s] = true
		}()
	} else {
		b.subs[s] = true
	}
	return func() { b.stop(s) }, nil
}

func (b *memoryBus) stop(s *memorySub) {
	b.mu.Lock()
	if !b.m.goes {
		delete(b.subs, s)
	}
	b.mu.Unlock()
	if !b.m.goes {
		s.end(true)
	}
}

func (b *memoryBus) Close() error {
	b.mu.Lock()
	subs := make([]*memorySub, 0, len(b.subs))
	for s := range b.subs {
		subs = append(subs, s)
	}
	b.closed, b.subs = true, map[*memorySub]bool{}
	b.mu.Unlock()
	for _, s := range subs {
		if !b.m.trusts {
			s.push(func() { s.to.Connected(false) })
		}
		s.end(false)
	}
	return nil
}

func (s *memorySub) push(call func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.queue = append(s.queue, call)
		s.poke()
	}
}

func (s *memorySub) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *memorySub) end(drop bool) {
	s.mu.Lock()
	s.ended = true
	if drop {
		s.queue = nil
	}
	s.poke()
	s.mu.Unlock()
	if !s.bus.m.leaves {
		<-s.done
	}
}

// start tells by the stack which goroutines are of a right bus: those of mutants may
// stay for as long as the tests run.
func (s *memorySub) start() {
	if s.bus.m.right {
		go s.runRight()
	} else {
		go s.run()
	}
}

func (s *memorySub) runRight() { s.run() }

func (s *memorySub) run() {
	finished := false
	defer func() {
		if finished {
			close(s.done)
			return
		}
		_ = recover()
		if !s.bus.m.silent {
			s.push(func() { s.to.Connected(false) })
			s.push(func() { s.to.Connected(true) })
		}
		s.start()
	}()
	for {
		s.mu.Lock()
		var call func()
		if len(s.queue) > 0 {
			call, s.queue = s.queue[0], s.queue[1:]
		}
		ended := s.ended && !s.bus.m.leaking
		s.mu.Unlock()
		switch {
		case call != nil:
			call()
		case ended:
			finished = true
			return
		default:
			<-s.wake
		}
	}
}

func busHarness(b bugs) BusHarness {
	return BusHarness{
		Around: synctest.Test,
		New: func(*testing.T) func(*testing.T) advcache.Bus {
			m := &medium{bugs: b}
			return func(*testing.T) advcache.Bus { return m.join() }
		},
	}
}

func TestBus(t *testing.T) { RunBus(t, busHarness(bugs{})) }

func TestBusGoroutines(t *testing.T) {
	h := busHarness(bugs{right: true})
	h.Around = nil
	h.Goroutine = func(stack string) bool { return strings.Contains(stack, "(*memorySub).runRight") }
	RunBus(t, h)
}

func TestBusHarnessMakesSense(t *testing.T) {
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "BusHarness.New is nil") {
			t.Errorf("RunBus panics with %q", said)
		}
	}()
	RunBus(t, BusHarness{})
}

// TestBusMutants shows that each check is able to refuse something.
func TestBusMutants(t *testing.T) {
	refuses := make(map[string]bool)
	for name, bug := range map[string]bugs{
		"loses all":           {change: func(advcache.Invalidation) []advcache.Invalidation { return nil }},
		"forgets the instant": {change: func(m advcache.Invalidation) []advcache.Invalidation { m.At = time.Time{}; return all(m) }},
		"tells twice":         {change: func(m advcache.Invalidation) []advcache.Invalidation { return append(all(m), m) }},
		"cuts keys": {change: func(m advcache.Invalidation) []advcache.Invalidation {
			m.Keys = m.Keys[:min(len(m.Keys), 1000)]
			return all(m)
		}},
		"tells others only":   {others: true},
		"calls at once":       {both: true},
		"is deaf":             {deaf: true},
		"has bare errors":     {bare: true},
		"is early":            {early: true},
		"begins with false":   {wrong: true},
		"does not wait":       {leaves: true},
		"does not stop":       {goes: true},
		"subscribes once":     {once: true},
		"is trusted for ever": {trusts: true},
		"publishes for ever":  {closed: true},
		"hides panics":        {silent: true},
		"leaks":               {leaking: true, leaves: true},
		"needs a subscriber":  {needs: true},
		"is in no order": {change: func() func(m advcache.Invalidation) []advcache.Invalidation {
			var held []advcache.Invalidation
			return func(m advcache.Invalidation) []advcache.Invalidation {
				if held = append(held, m); len(held) < 5 {
					return nil
				}
				out := held
				slices.Reverse(out)
				held = nil
				return out
			}
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			h := busHarness(bug)
			h.Around = func(t *testing.T, test func(t *testing.T)) { test(t) }
			h.Patience, h.Quiet = 100*time.Millisecond, 10*time.Millisecond
			h.Goroutine = func(stack string) bool { return name == "leaks" && strings.Contains(stack, "(*memorySub).run") }
			h = h.complete()
			said := false
			for _, topic := range busTopics {
				for _, c := range topic.checks {
					messages := trial.Record(t.Context(), func(tb trial.TB) { c.exec(t, tb, h) })
					if len(messages) == 0 {
						continue
					}
					said = true
					refuses[topic.name+"/"+c.name] = true
					for _, message := range messages {
						if !strings.HasPrefix(message, c.law+": "+c.says+": ") {
							t.Errorf("%s/%s does not quote its law: %s", topic.name, c.name, message)
						}
					}
				}
			}
			if !said {
				t.Error("the suite lets it pass")
			}
		})
	}
	if t.Failed() {
		return
	}
	for _, topic := range busTopics {
		for _, c := range topic.checks {
			if !refuses[topic.name+"/"+c.name] {
				t.Errorf("%s/%s passes for every mutant; add one that it must refuse", topic.name, c.name)
			}
		}
	}
}

func all(m advcache.Invalidation) []advcache.Invalidation { return []advcache.Invalidation{m} }
