package store

import (
	"slices"
	"sync"

	"github.com/advcache/advcache"
)

// mostEvents is how many messages a subscriber may be late.
const mostEvents = 4096

// event is what a subscriber is told: a message, or whether it is connected.
type event struct {
	m         *advcache.Invalidation // nil: none
	connected bool
}

// subscriber tells a BusSubscriber of events, one after the other.
type subscriber struct {
	to       advcache.BusSubscriber
	panicked func(what any)
	done     chan struct{} // closed when nothing is called any more

	// Of the goroutine of run.
	told      bool // what Connected was told last
	receiving bool // Receive is under way

	mu        sync.Mutex // guards what follows
	wake      *sync.Cond
	queue     []event
	connected bool // by the events that were ever pushed
	ending    bool // nothing more is to be told
	closing   bool // nothing more but what is in queue
}

func newSubscriber(to advcache.BusSubscriber, panicked func(what any)) *subscriber {
	s := &subscriber{to: to, panicked: panicked, done: make(chan struct{})}
	s.wake = sync.NewCond(&s.mu)
	return s
}

// push adds to what is to be told. Where that is too much, all of it is a gap.
func (s *subscriber) push(events ...event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending || s.closing {
		return
	}
	for _, e := range events {
		if e.m == nil {
			s.connected = e.connected
		}
	}
	if len(s.queue)+len(events) > mostEvents {
		s.queue, events = nil, []event{{}}
		if s.connected {
			events = append(events, event{connected: true})
		}
	}
	s.queue = append(s.queue, events...)
	s.wake.Signal()
}

// end has nothing more be told. A call that is under way goes on.
func (s *subscriber) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending, s.queue = true, nil
	s.wake.Signal()
}

// last has nothing more be told than that the subscriber is not connected.
func (s *subscriber) last() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing, s.queue = true, []event{{}}
	s.wake.Signal()
}

// run tells what there is to be told, until the end.
func (s *subscriber) run() {
	ended := false
	defer func() {
		if ended {
			close(s.done)
			return
		}
		what := recover()
		if what == nil {
			what = advcache.ErrGoexit
		}
		s.panicked(what)
		s.missed()
		go s.run()
	}()
	for {
		e, ok := s.next()
		if !ok {
			ended = true
			return
		}
		s.tell(e)
	}
}

// next waits for an event.
func (s *subscriber) next() (event, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.ending && !s.closing {
		s.wake.Wait()
	}
	if len(s.queue) == 0 {
		return event{}, false
	}
	e := s.queue[0]
	s.queue[0] = event{}
	s.queue = s.queue[1:]
	return e, true
}

func (s *subscriber) tell(e event) {
	switch {
	case e.m != nil && s.to.Receive != nil:
		s.receiving = true
		s.to.Receive(copied(e.m))
		s.receiving = false
	case e.m == nil && e.connected != s.told:
		s.told = e.connected
		if s.to.Connected != nil {
			s.to.Connected(e.connected)
		}
	}
}

// copied returns a message that is the subscriber's own.
func copied(m *advcache.Invalidation) advcache.Invalidation {
	own := *m
	own.Keys, own.Tags = slices.Clone(m.Keys), slices.Clone(m.Tags)
	return own
}

// missed makes a gap of a message that Receive did not come to the end of.
func (s *subscriber) missed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiving && s.told && !s.ending && !s.closing {
		s.queue = append([]event{{}, {connected: true}}, s.queue...)
	}
	s.receiving = false
}
