package redisstore

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/advcache/advcache"
)

const (
	// mostWaiting and mostBytes bound what waits for a subscriber. They are for
	// one that is held up: those in time have a few messages waiting.
	mostWaiting = 1024
	mostBytes   = 16 << 20

	// rest is the pause of a subscriber that panicked. One that does so at each
	// call must not keep the process busy, nor fill its logs.
	rest = 100 * time.Millisecond
)

// subscriber calls a BusSubscriber, in a goroutine of its own, so that those who
// are slow or panic leave the others alone.
type subscriber struct {
	to  advcache.BusSubscriber
	opt BusOptions

	wake  chan struct{} // holds one if there is something to do
	ended chan struct{} // closed where it need not go on
	over  chan struct{} // closed when nothing is called any more

	mu       sync.Mutex
	isUp     bool      // the bus is connected
	sayDown  bool      // Connected(false) is to be called first,
	sayUp    bool      // then Connected(true),
	waiting  []message // and these then
	bytes    int       // of them
	toldUp   bool      // what Connected was last called with
	closing  bool      // what waits is still said, and nothing comes any more
	finished bool      // nothing is called any more
}

type message struct {
	advcache.Invalidation

	size int
}

func newSubscriber(to advcache.BusSubscriber, o BusOptions) *subscriber {
	s := &subscriber{to: to, opt: o, wake: make(chan struct{}, 1), ended: make(chan struct{}), over: make(chan struct{})}
	go s.run()
	return s
}

// receive has the subscriber told of a message, some time.
func (s *subscriber) receive(m message) {
	s.change(func() {
		if len(s.waiting) >= mostWaiting || s.bytes+m.size > mostBytes {
			s.gap()
			return
		}
		s.waiting = append(s.waiting, m)
		s.bytes += m.size
	})
}

// connected has it told of a connection, or of the end of one.
func (s *subscriber) connected(up bool) {
	s.change(func() {
		s.isUp = up
		if up {
			s.sayUp = true
		} else {
			s.gap()
		}
	})
}

// lost has it told that messages were lost.
func (s *subscriber) lost() { s.change(s.gap) }

// gap drops what waits: who is told of a loss believes nothing from before. The
// caller has the lock.
func (s *subscriber) gap() {
	s.waiting, s.bytes = nil, 0
	s.sayDown, s.sayUp = s.sayDown || s.toldUp, s.isUp
}

func (s *subscriber) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.finished {
		return
	}
	f()
	s.poke()
}

func (s *subscriber) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// end has nothing called any more; but it is still said, if so, that there is no
// connection.
func (s *subscriber) end(say bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing && say {
		s.isUp = false
		s.gap()
	}
	s.closing = true
	if !say {
		s.finish()
	}
	s.poke()
}

// finish has nothing called any more. The caller has the lock.
func (s *subscriber) finish() {
	if !s.finished {
		s.finished = true
		close(s.ended)
	}
}

// run calls the subscriber until the end, and goes on in another goroutine where
// that panics: runtime.Goexit has ended this one.
func (s *subscriber) run() {
	var calls string
	defer func() {
		if calls == "" {
			close(s.over)
			return
		}
		panicked := recover()
		go s.resume(calls, panicked, debug.Stack())
	}()
	for {
		call, name := s.next()
		if call == nil {
			return
		}
		calls = name
		call()
		calls = ""
	}
}

// resume goes on after a panic.
func (s *subscriber) resume(calls string, panicked any, stack []byte) {
	if panicked == nil {
		panicked = advcache.ErrGoexit
	}
	s.mu.Lock()
	if calls == "Connected" {
		s.toldUp = true // it may believe so
	}
	s.gap()
	if s.closing { // it has been told
		s.finish()
	}
	s.mu.Unlock()
	logSafely(func() {
		s.opt.Logger.Warn("redisstore: a subscriber of a bus panicked, and is told that messages were lost",
			slog.String("bus", s.opt.Name), slog.String("function", calls),
			slog.String("panic", fmt.Sprint(panicked)), slog.String("stack", string(stack)))
	})
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ended:
	}
	s.run()
}

// next waits for the next call. Nil: there is none any more.
func (s *subscriber) next() (call func(), name string) {
	for {
		call, name, end := s.take()
		if call != nil || end {
			return call, name
		}
		<-s.wake
	}
}

func (s *subscriber) take() (call func(), name string, end bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.finished:
		return nil, "", true
	case s.sayDown:
		s.sayDown, s.toldUp = false, false
		return func() { s.tell(false) }, "Connected", false
	case s.sayUp:
		s.sayUp, s.toldUp = false, true
		return func() { s.tell(true) }, "Connected", false
	case len(s.waiting) > 0:
		m := s.waiting[0]
		s.waiting[0] = message{} // for the garbage collector
		s.waiting, s.bytes = s.waiting[1:], s.bytes-m.size
		return func() {
			if s.to.Receive != nil {
				s.to.Receive(m.Invalidation)
			}
		}, "Receive", false
	}
	return nil, "", s.closing
}

func (s *subscriber) tell(connected bool) {
	if s.to.Connected != nil {
		s.to.Connected(connected)
	}
}

// logSafely logs; a handler that panics is the user's, and there is nobody left to
// tell.
func logSafely(f func()) {
	defer func() { _ = recover() }()
	f()
}
