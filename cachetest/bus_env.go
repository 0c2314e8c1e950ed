package cachetest

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/trial"
)

// busEnv is what a check of a bus works with.
type busEnv struct {
	*trial.Trial

	t       *testing.T // for the functions of h, whose failures are not the bus's
	h       BusHarness
	join    func(t *testing.T) advcache.Bus
	closers []func()
}

// bus makes one of the buses that hear each other.
func (e *busEnv) bus() advcache.Bus {
	e.Helper()
	bus := e.join(e.t)
	if bus == nil {
		e.HarnessFatalf("New returns a function that makes buses: it returned nil")
	}
	if closer, ok := bus.(io.Closer); ok {
		e.closers = append(e.closers, func() { _ = closer.Close() })
	}
	return bus
}

// close ends what the check has begun, the last first.
func (e *busEnv) close() {
	for _, end := range slices.Backward(e.closers) {
		end()
	}
	e.closers = nil
}

// told is one call of a subscriber.
type told struct {
	message   advcache.Invalidation
	connected bool
	isMessage bool
}

func (t told) String() string {
	if t.isMessage {
		return describeInvalidation(t.message)
	}
	return fmt.Sprintf("Connected(%t)", t.connected)
}

func describeInvalidation(m advcache.Invalidation) string {
	return fmt.Sprintf("{%s of %s at %s: keys %s, all %t with prefix %s, tags %s}",
		short(m.Cache), short(m.Origin), instant(m.At), list(m.Keys), m.All, short(m.Prefix), list(m.Tags))
}

// ear is a subscriber that remembers what it is told.
type ear struct {
	e    *busEnv
	stop func()

	// during is called in each call, before it is remembered. Nil: nothing is.
	during func(told)

	mu     sync.Mutex
	calls  []told
	inside int           // calls under way
	atOnce bool          // there were two at the same time
	more   chan struct{} // closed and replaced with each call
}

// listen subscribes to a bus. It returns before there is a connection.
func (e *busEnv) listen(bus advcache.Bus, during func(told)) *ear {
	e.Helper()
	l := &ear{e: e, during: during, more: make(chan struct{})}
	stop, err := bus.Subscribe(advcache.BusSubscriber{
		Receive:   func(m advcache.Invalidation) { l.call(told{message: m, isMessage: true}) },
		Connected: func(connected bool) { l.call(told{connected: connected}) },
	})
	if err != nil || stop == nil {
		e.Fatalf("Subscribe gave a function %t, and %v", stop != nil, err)
	}
	l.stop = stop
	e.closers = append(e.closers, stop)
	return l
}

// hear is listen, until there is a connection.
func (e *busEnv) hear(bus advcache.Bus) *ear {
	e.Helper()
	l := e.listen(bus, nil)
	l.await("Connected(true)", isConnected)
	return l
}

// isConnected reports whether the last call of Connected was with true.
func isConnected(calls []told) bool {
	for _, t := range slices.Backward(calls) {
		if !t.isMessage {
			return t.connected
		}
	}
	return false
}

func (l *ear) call(t told) {
	l.mu.Lock()
	l.inside++
	l.atOnce = l.atOnce || l.inside > 1
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inside--
		l.calls = append(l.calls, t)
		close(l.more)
		l.more = make(chan struct{})
	}()
	if l.during != nil {
		l.during(t)
	}
}

// await waits until what was told is enough, and returns it.
func (l *ear) await(what string, enough func(calls []told) bool) []told {
	l.e.Helper()
	patience := time.NewTimer(l.e.h.Patience)
	defer patience.Stop()
	for {
		l.mu.Lock()
		calls, more := slices.Clip(l.calls), l.more
		l.mu.Unlock()
		if enough(calls) {
			return calls
		}
		select {
		case <-more:
		case <-patience.C:
			l.e.Fatalf("after %v there was no %s; the subscriber was told %v", l.e.h.Patience, what, last(calls))
		}
	}
}

// last returns the end of a long list.
func last(calls []told) []told { return calls[max(0, len(calls)-8):] }

// messages are those among calls.
func messages(calls []told) (all []advcache.Invalidation) {
	for _, t := range calls {
		if t.isMessage {
			all = append(all, t.message)
		}
	}
	return all
}

// count waits until there were n messages at the least, and returns all.
func (l *ear) count(n int) []advcache.Invalidation {
	l.e.Helper()
	calls := l.await(fmt.Sprintf("message number %d", n), func(calls []told) bool { return len(messages(calls)) >= n })
	return messages(calls)
}

// now returns what was told until now.
func (l *ear) now() []told {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.calls)
}

func (e *busEnv) publish(bus advcache.Bus, m advcache.Invalidation) {
	e.Helper()
	if err := bus.Publish(e.Context(), m); err != nil {
		e.Fatalf("Publish(%s) = %v", describeInvalidation(m), err)
	}
}

// quiet waits for what must not happen.
func (e *busEnv) quiet() {
	timer := time.NewTimer(e.h.Quiet)
	defer timer.Stop()
	<-timer.C
}

// within waits until done is closed.
func (e *busEnv) within(done <-chan struct{}, what string) {
	e.Helper()
	patience := time.NewTimer(e.h.Patience)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
		e.Fatalf("after %v there was no %s", e.h.Patience, what)
	}
}
