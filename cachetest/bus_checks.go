package cachetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/advcache/advcache"
)

var busConnectedChecks = []busCheck{
	{
		name: "BeginsWithTrue", law: lawBusConnected, says: "a subscriber begins with false, so that true comes before anything else is said of a connection",
		run: func(e *busEnv) {
			bus := e.bus()
			for range 2 { // the second finds a connection
				l := e.hear(bus)
				calls := l.now()
				if first := slices.IndexFunc(calls, func(t told) bool { return !t.isMessage }); !calls[first].connected {
					e.Errorf("it was told %v", last(calls))
				}
			}
		},
	},
	{
		name: "NothingIsLostFromThenOn", law: lawBusConnected, says: "messages that are published after true arrive",
		run: func(e *busEnv) {
			for i := range 3 {
				bus := e.bus()
				l := e.hear(bus)
				m := message(i)
				e.publish(e.bus(), m)
				if got := l.count(1)[0]; !sameInvalidation(got, m) {
					e.Errorf("the first message is %s; want %s", describeInvalidation(got), describeInvalidation(m))
				}
			}
		},
	},
}

// message is the nth of a sender.
func message(n int) advcache.Invalidation {
	return advcache.Invalidation{
		Cache: "users", Origin: "a process", At: time.Unix(1_700_000_000+int64(n), 123_456_789), Keys: []string{fmt.Sprint("key ", n)},
	}
}

var busMessageChecks = []busCheck{
	{
		name: "ArrivesAsItWas", law: lawBusReceive, says: "what arrives is what was published",
		run: func(e *busEnv) {
			l, from := e.hear(e.bus()), e.bus()
			for i, m := range []advcache.Invalidation{
				{},
				{Cache: "c", Origin: "o", At: time.Unix(1, 1), Keys: []string{"k"}},
				{Cache: "c", All: true, At: time.Now()},
				{Cache: "c", All: true, Prefix: "p/", Keys: []string{"a", "", "b"}, Tags: []string{"t", "u"}},
				{Cache: "", Origin: "", Tags: []string{""}},
				{Cache: "\x00\xff", Origin: "\n\r\n", Keys: []string{"\xff\xfe", "ключ", strings.Repeat("k", 300)}, Prefix: "\x00"},
			} {
				e.publish(from, m)
				if got := l.count(i + 1)[i]; !sameInvalidation(got, m) {
					e.Errorf("it is %s; want %s", describeInvalidation(got), describeInvalidation(m))
				}
			}
		},
	},
	{
		name: "OwnToo", law: lawBusPublish, says: "subscribers of the same process are told as well",
		run: func(e *busEnv) {
			bus := e.bus()
			l := e.hear(bus)
			e.publish(bus, message(1))
			if got := l.count(1)[0]; !sameInvalidation(got, message(1)) {
				e.Errorf("it is told %s", describeInvalidation(got))
			}
		},
	},
	{
		name: "InOrder", law: lawBusReceive, says: "the messages of one sender arrive in their order, one call after the other, each once",
		run: func(e *busEnv) {
			const n = 300
			bus := e.bus()
			l := e.listen(bus, func(told) { runtime.Gosched() })
			l.await("Connected(true)", isConnected)
			from := e.bus()
			for i := range n {
				e.publish(from, message(i))
			}
			for i, got := range l.count(n) {
				if !sameInvalidation(got, message(i)) {
					e.Fatalf("message number %d is %s", i, describeInvalidation(got))
				}
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.atOnce {
				e.Errorf("two calls were under way at the same time")
			}
		},
	},
	{
		name: "ToAll", law: lawBusPublish, says: "all subscribers are told, of this bus and of others, and one that is held up holds up no other",
		run: func(e *busEnv) {
			bus, other := e.bus(), e.bus()
			free := make(chan struct{})
			defer close(free)
			held := make(chan struct{}, 1)
			slow := e.listen(bus, func(t told) {
				if t.isMessage {
					select {
					case held <- struct{}{}:
					default:
					}
					<-free
				}
			})
			slow.await("Connected(true)", isConnected)
			ears := []*ear{e.hear(bus), e.hear(bus), e.hear(other)}
			for i := range 20 {
				e.publish(bus, message(i))
			}
			for _, l := range ears {
				for i, got := range l.count(20) {
					if !sameInvalidation(got, message(i)) {
						e.Errorf("message number %d is %s", i, describeInvalidation(got))
					}
				}
			}
		},
	},
	{
		name: "Large", law: lawBusPublish, says: "a long list of keys arrives as a whole, in one message or several",
		run: func(e *busEnv) {
			l, from := e.hear(e.bus()), e.bus()
			m := message(0)
			m.All, m.Prefix, m.Keys = true, "p/", nil
			for i := range 5000 {
				m.Keys = append(m.Keys, fmt.Sprintf("%d/%s", i, strings.Repeat("k", 30)))
				m.Tags = append(m.Tags, fmt.Sprint("tag ", i))
			}
			m.Keys = append(m.Keys, strings.Repeat("long ", 20_000), "the last one")
			e.publish(from, m)
			var keys, tags []string
			prefixes := 0
			l.await("end of the list", func(calls []told) bool {
				keys, tags, prefixes = nil, nil, 0
				for _, got := range messages(calls) {
					keys, tags = append(keys, got.Keys...), append(tags, got.Tags...)
					if got.All && got.Prefix == m.Prefix {
						prefixes++
					}
					if got.Cache != m.Cache || got.Origin != m.Origin || !got.At.Equal(m.At) {
						e.Fatalf("a part is %s", describeInvalidation(got))
					}
				}
				return len(keys) >= len(m.Keys) && len(tags) >= len(m.Tags) || len(calls) > 0 && !isConnected(calls)
			})
			if !slices.Equal(keys, m.Keys) || !slices.Equal(tags, m.Tags) || prefixes == 0 {
				e.Errorf("%d keys, %d tags and %d times the prefix arrived, of %d, %d and 1", len(keys), len(tags), prefixes, len(m.Keys), len(m.Tags))
			}
		},
	},
	{
		name: "NoSubscribers", law: lawBusPublish, says: "to publish takes no subscription",
		run: func(e *busEnv) {
			bus := e.bus()
			e.publish(bus, message(0))
			l := e.hear(e.bus())
			e.publish(bus, message(1))
			l.await("message", func(calls []told) bool {
				return slices.ContainsFunc(messages(calls), func(m advcache.Invalidation) bool { return sameInvalidation(m, message(1)) })
			})
		},
	},
}

var busStopChecks = []busCheck{
	{
		name: "Waits", law: lawBusStop, says: "stop waits for the calls that are under way",
		run: func(e *busEnv) {
			bus := e.bus()
			begun, free := make(chan struct{}), make(chan struct{})
			var once, ended atomic.Bool
			l := e.listen(bus, func(t told) {
				if t.isMessage && once.CompareAndSwap(false, true) {
					close(begun)
					<-free
					ended.Store(true)
				}
			})
			l.await("Connected(true)", isConnected)
			e.publish(bus, message(0))
			e.within(begun, "call of Receive")
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				l.stop()
				if !ended.Load() {
					e.Errorf("it returned before the call did")
				}
			}()
			e.quiet()
			close(free)
			e.within(stopped, "end of stop")
		},
	},
	{
		name: "NothingAfter", law: lawBusStop, says: "after stop nothing is called, and others still are",
		run: func(e *busEnv) {
			bus := e.bus()
			stays := e.hear(bus)
			l := e.hear(bus)
			for i := range 10 {
				e.publish(bus, message(i))
			}
			l.stop()
			before := len(l.now())
			for i := range 10 {
				e.publish(bus, message(10+i))
			}
			stays.count(20)
			e.quiet()
			l.stop() // again
			if calls := l.now(); len(calls) != before {
				e.Errorf("it was told %v", last(calls[before:]))
			}
		},
	},
	{
		name: "Again", law: lawBusStop, says: "a bus can be subscribed to again after its last subscriber has stopped",
		run: func(e *busEnv) {
			bus := e.bus()
			for i := range 3 {
				l := e.hear(bus)
				e.publish(bus, message(i))
				if got := l.count(1)[0]; !sameInvalidation(got, message(i)) {
					e.Errorf("it is told %s", describeInvalidation(got))
				}
				l.stop()
			}
		},
	},
}

var busPanicChecks = []busCheck{
	{
		name: "CountsAsLost", law: lawBusPanic, says: "a subscriber that panics is told that messages were lost, and goes on, as do the others",
		run: func(e *busEnv) {
			for _, crash := range []func(){func() { panic("a subscriber panics") }, runtime.Goexit} {
				bus := e.bus()
				var crashed atomic.Bool
				l := e.listen(bus, func(t told) {
					if t.isMessage && crashed.CompareAndSwap(false, true) {
						crash()
					}
				})
				l.await("Connected(true)", isConnected)
				other := e.hear(bus)
				e.publish(bus, message(0))
				l.await("Connected(true) after the panic", func(calls []told) bool {
					crash := slices.IndexFunc(calls, func(t told) bool { return t.isMessage })
					return crash >= 0 && slices.ContainsFunc(calls[crash:], func(t told) bool { return !t.isMessage && t.connected })
				})
				e.publish(bus, message(1))
				l.await("message after the panic", func(calls []told) bool {
					got := messages(calls)
					return len(got) > 0 && sameInvalidation(got[len(got)-1], message(1))
				})
				other.count(2)
				l.stop()
				other.stop()
			}
		},
	},
}

var busContextChecks = []busCheck{
	{
		name: "Done", law: lawBusPublish, says: "with a context that is done it gives the error of the context",
		run: func(e *busEnv) {
			bus := e.bus()
			l := e.hear(bus)
			canceled, cancel := context.WithCancel(e.Context())
			cancel()
			late, cancel := context.WithDeadline(e.Context(), time.Now().Add(-time.Second))
			defer cancel()
			for _, ctx := range []context.Context{canceled, late} {
				if err := bus.Publish(ctx, message(0)); !errors.Is(err, ctx.Err()) {
					e.Errorf("Publish gave %v; want %v", err, ctx.Err())
				} else if op, ok := errors.AsType[*advcache.OpError](err); !ok || op.Op != "publish" || op.Backend == "" {
					e.Errorf("Publish gave %#v; want an *OpError of publish", err)
				}
			}
			e.publish(bus, message(1)) // the bus is not the worse for it
			l.await("message", func(calls []told) bool {
				return slices.ContainsFunc(messages(calls), func(m advcache.Invalidation) bool { return sameInvalidation(m, message(1)) })
			})
		},
	},
}

var busCloseChecks = []busCheck{
	{
		name: "EndsAll", law: lawBusClose, says: "after Close nobody is told anything but that there is no connection, and calls give ErrClosed",
		run: func(e *busEnv) {
			bus := e.bus()
			closer, ok := bus.(io.Closer)
			if !ok {
				return
			}
			l := e.hear(bus)
			for range 2 {
				if err := closer.Close(); err != nil {
					e.Errorf("Close gave %v", err)
				}
			}
			calls := l.now()
			if isConnected(calls) {
				e.Errorf("the subscriber believes that it is connected: it was told %v", last(calls))
			}
			err := bus.Publish(e.Context(), message(0))
			if op, ok := errors.AsType[*advcache.OpError](err); !ok || op.Op != "publish" || !errors.Is(err, advcache.ErrClosed) {
				e.Errorf("Publish gave %v; want an *OpError of ErrClosed", err)
			}
			if _, err := bus.Subscribe(advcache.BusSubscriber{}); !errors.Is(err, advcache.ErrClosed) {
				e.Errorf("Subscribe gave %v; want ErrClosed", err)
			}
			e.publish(e.bus(), message(1))
			e.quiet()
			l.stop()
			if now := l.now(); len(now) != len(calls) {
				e.Errorf("after Close the subscriber was told %v", last(now[len(calls):]))
			}
		},
	},
	{
		name: "Goroutines", law: lawBusClose, says: "with the last subscriber, and with Close, its goroutines end",
		run: func(e *busEnv) {
			bus := e.bus()
			for range 2 {
				l := e.hear(bus)
				e.publish(bus, message(0))
				l.count(1)
				l.stop()
				busGoroutinesEnd(e)
			}
			e.hear(bus)
			e.close()
			busGoroutinesEnd(e)
		},
	},
}

// busGoroutinesEnd waits until no goroutine is one of the bus: others, as those of a
// client, are none of its business.
func busGoroutinesEnd(e *busEnv) {
	e.Helper()
	if e.h.Goroutine == nil {
		return
	}
	var left string
	stacks := make([]byte, 1<<20)
	for end := time.Now().Add(e.h.Patience); time.Now().Before(end); {
		left = ""
		for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if e.h.Goroutine(stack) {
				left = stack
			}
		}
		if left == "" {
			return
		}
		timer := time.NewTimer(time.Millisecond)
		<-timer.C
	}
	e.Errorf("after %v there is still\n%s", e.h.Patience, left)
}
