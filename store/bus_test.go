package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestBusBetweenProcesses: what one publishes, all are told, in order, an Interval
// later at the latest, and as it was.
func TestBusBetweenProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory(nil)
		a, b := newBus(t, memory, nil), newBus(t, memory, nil)
		la, lb := listen(t, a), listen(t, b)
		publish(t, a, "1", "2", "3")
		la.hears(t, "1", "2", "3") // at once
		began := time.Now()
		time.Sleep(aPoll)
		synctest.Wait()
		for _, at := range lb.at {
			if late := at.Sub(began); late > 1100*time.Millisecond {
				t.Errorf("a message was %v late", late)
			}
		}
		lb.hears(t, "1", "2", "3")
		want := advcache.Invalidation{
			Cache: "c", Origin: "\xff", At: time.Now().Add(time.Nanosecond), Keys: []string{"k", "", "\x00\xfe"},
			All: true, Prefix: "p\xff", Tags: []string{"t"},
		}
		if err := b.Publish(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		time.Sleep(aPoll)
		synctest.Wait()
		for _, l := range []*listener{la, lb} {
			got := l.msgs[len(l.msgs)-1]
			if !got.At.Equal(want.At) || fmt.Sprintf("%+q", got.Keys) != fmt.Sprintf("%+q", want.Keys) || got.Cache != want.Cache || got.Origin != want.Origin ||
				got.All != want.All || got.Prefix != want.Prefix || !slices.Equal(got.Tags, want.Tags) {
				t.Errorf("%+v was told as %+v", want, got)
			}
		}
	})
}

// TestBusRequests is law 12.
func TestBusRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counting := storetest.NewCounting(storetest.NewMemory(nil))
		b := newBus(t, counting, nil)
		other := newBus(t, counting, nil)
		time.Sleep(time.Hour)
		wants(t, counting, "a bus without subscribers", storetest.Requests{})

		var stops []func()
		for range 3 {
			stop, err := b.Subscribe((&listener{}).subscriber())
			if err != nil {
				t.Fatal(err)
			}
			stops = append(stops, stop)
		}
		synctest.Wait()
		wants(t, counting, "the first poll of no object", storetest.Requests{Get: 1, Put: 1})
		const polls = 10_000
		time.Sleep(polls * time.Second)
		synctest.Wait()
		counts := counting.Counts()
		if n := counts.Requests.Get; n < polls*99/100 || n > polls*101/100 || counts.Requests.Total() != n || counts.Out != 0 {
			t.Errorf("law 12: %d Intervals of an idle bus took %v; want as many Get, and no bytes", polls, counts)
		}
		counting.Reset()

		publish(t, other, "1")
		wants(t, counting, "a Publish of who has seen nothing", storetest.Requests{Get: 1, Put: 1})
		publish(t, other, "2")
		wants(t, counting, "a Publish", storetest.Requests{Put: 1})
		time.Sleep(aPoll)
		synctest.Wait()
		if counts := counting.Counts(); counts.Requests.Total() != counts.Requests.Get || counts.Out == 0 {
			t.Errorf("law 12: a poll of what has changed took %v", counts)
		}
		for _, stop := range stops {
			stop()
			stop()
		}
		counting.Reset()
		publish(t, b, "3")
		wants(t, counting, "a Publish of who has polled", storetest.Requests{Put: 1})
		publish(t, other, "4")
		wants(t, counting, "a Publish after that of another", storetest.Requests{Get: 1, Put: 2})
		time.Sleep(time.Hour)
		wants(t, counting, "a bus that all have left", storetest.Requests{})
	})
}

// TestBusGroups: what is published while a write is under way goes by the next.
func TestBusGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := storetest.NewFaulty(storetest.NewMemory(nil), nil)
		counting := storetest.NewCounting(faulty)
		b := newBus(t, counting, nil)
		l := listen(t, b)
		counting.Reset()
		faulty.Script(storetest.OpPut, storetest.Late, storetest.Late)
		began := time.Now()
		var group sync.WaitGroup
		for i := range 100 {
			group.Go(func() { publish(t, b, fmt.Sprint(i)) })
			synctest.Wait()
		}
		group.Wait()
		if d := time.Since(began); d != 200*time.Millisecond {
			t.Errorf("100 messages took %v; want the time of 2 writes", d)
		}
		if n := counting.Requests().Put; n != 2 { // there may be a poll as well
			t.Errorf("law 12: 100 messages took %d writes; want 2", n)
		}
		synctest.Wait()
		for i, key := range l.heard() {
			if key != fmt.Sprint(i) {
				t.Fatalf("message %d is %s", i, key)
			}
		}
	})
}

// TestBusManyPublishers: nothing is lost, told twice, or told in another order,
// whoever publishes.
func TestBusManyPublishers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const processes, publishers, each = 5, 4, 30
		memory := storetest.NewMemory(nil)
		var buses []*store.Bus
		var listeners []*listener
		for range processes {
			// A store that takes a while, so that they come in between each other.
			faulty := storetest.NewFaulty(memory, &storetest.FaultyOptions{Latency: 7 * time.Millisecond})
			b := newBus(t, faulty, nil)
			buses, listeners = append(buses, b), append(listeners, listen(t, b))
			faulty.Rate(storetest.AnyOp, storetest.Late, 0.5)
		}
		var group sync.WaitGroup
		for p, b := range buses {
			for q := range publishers {
				group.Go(func() {
					for i := range each {
						publish(t, b, fmt.Sprintf("%d.%d.%d", p, q, i))
					}
				})
			}
		}
		group.Wait()
		time.Sleep(2 * aPoll)
		synctest.Wait()
		first := listeners[0].heard()
		if len(first) != processes*publishers*each {
			t.Errorf("of %d messages %d were told", processes*publishers*each, len(first))
		}
		next := map[string]int{}
		for _, key := range first {
			who, n := key[:3], 0
			if _, err := fmt.Sscan(key[4:], &n); err != nil || n != next[who] {
				t.Errorf("%s was told where %d comes next", key, next[who])
			}
			next[who]++
		}
		for _, l := range listeners[1:] {
			if got := l.heard(); !slices.Equal(got, first) {
				t.Errorf("one was told %q, another %q", first, got)
			}
		}
	})
}

// TestBusSubscribers: one that is slow or panics is told of a gap, and no other
// one is kept.
func TestBusSubscribers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory(nil)
		b := newBus(t, memory, nil)
		well := listen(t, b)

		bad := new(listener)
		do := bad.subscriber()
		receive := do.Receive
		do.Receive = func(m advcache.Invalidation) {
			receive(m)
			switch m.Keys[0] {
			case "panic":
				panic("no")
			case "goexit":
				runtime.Goexit()
			}
		}
		if _, err := b.Subscribe(do); err != nil {
			t.Fatal(err)
		}
		publish(t, b, "1", "panic", "2", "goexit", "3")
		well.hears(t, "1", "panic", "2", "goexit", "3")
		bad.hears(t, "true", "1", "panic", "false", "true", "2", "goexit", "false", "true", "3")

		slow, blocked := new(listener), make(chan struct{})
		late := slow.subscriber()
		receiveLate := late.Receive
		late.Receive = func(m advcache.Invalidation) {
			receiveLate(m)
			<-blocked
		}
		stop, err := b.Subscribe(late)
		if err != nil {
			t.Fatal(err)
		}
		publish(t, b, "0")
		synctest.Wait()
		var group sync.WaitGroup
		for range 9 {
			for i := range 500 { // together, since each write takes all of the object
				group.Go(func() { publish(t, b, fmt.Sprint(i)) })
			}
			group.Wait()
			synctest.Wait()
		}
		if n := len(well.heard()); n != 4501 {
			t.Errorf("beside a slow one, %d of 4501 messages were told", n)
		}
		close(blocked)
		synctest.Wait()
		if said := slow.heard(); !slices.Equal(said[:4], []string{"true", "0", "false", "true"}) || len(said) > 4+501 {
			t.Errorf("a slow one was told %.200q", said)
		}
		bad.heard()
		publish(t, b, "on")
		slow.hears(t, "on")
		stop()
		publish(t, b, "off")
		slow.hears(t)

		if _, err := b.Subscribe(advcache.BusSubscriber{}); err != nil {
			t.Errorf("a subscriber without functions: %v", err)
		}
		if _, err := b.Subscribe(advcache.BusSubscriber{Connected: func(bool) { panic("no") }}); err != nil {
			t.Error(err)
		}
		publish(t, b, "last")
		synctest.Wait()
		well.hears(t, "on", "off", "last")
	})
}

// TestBusStopWaits: stop waits for the call that is under way, and there is none
// after it.
func TestBusStopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t, storetest.NewMemory(nil), nil)
		var calls int
		stop, err := b.Subscribe(advcache.BusSubscriber{Receive: func(advcache.Invalidation) {
			time.Sleep(time.Minute)
			calls++ // without a lock: the race detector tells whether stop waits
		}})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		publish(t, b, "1", "2", "3")
		synctest.Wait()
		stop()
		if calls != 1 {
			t.Errorf("%d calls; want the one that was under way", calls)
		}
		time.Sleep(time.Hour)
		if calls != 1 {
			t.Error("law 13: there was a call after stop")
		}
	})
}

func TestBusClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := storetest.NewFaulty(storetest.NewMemory(nil), nil)
		b := newBus(t, faulty, nil)
		stop, err := b.Subscribe(advcache.BusSubscriber{})
		if err != nil {
			t.Fatal(err)
		}
		l := listen(t, b)
		faulty.Rate(storetest.OpPut, storetest.Hang, 1)
		errs := make(chan error, 2)
		for range 2 { // one that is under way, and one that waits
			go func() { errs <- b.Publish(t.Context(), message("1")) }()
			synctest.Wait()
		}
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				if err := b.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		group.Wait()
		for range 2 {
			if err := <-errs; !isClosed(err, "publish") {
				t.Errorf("law 13: a Publish that Close ends gives %v", err)
			}
		}
		l.hears(t, "false")
		stop()
		if err := b.Publish(t.Context(), message("1")); !isClosed(err, "publish") {
			t.Errorf("law 13: Publish after Close: %v", err)
		}
		if _, err := b.Subscribe(l.subscriber()); !isClosed(err, "subscribe") {
			t.Errorf("law 13: Subscribe after Close: %v", err)
		}
	})
}

func isClosed(err error, op string) bool {
	e, ok := errors.AsType[*advcache.OpError](err)
	return ok && e.Op == op && e.Backend == "memory" && e.Key == busKey && errors.Is(err, advcache.ErrClosed)
}

// TestBusPublishers: each obeys its own context, and what it shares with others
// goes on.
func TestBusPublishers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := storetest.NewFaulty(storetest.NewMemory(nil), &storetest.FaultyOptions{Latency: 2 * time.Second})
		counting := storetest.NewCounting(faulty)
		b := newBus(t, counting, nil)
		l := listen(t, b)
		faulty.Script(storetest.OpPut, storetest.Late)
		go publish(t, b, "0")
		synctest.Wait()
		var group sync.WaitGroup
		for _, wait := range []time.Duration{time.Second, time.Minute} {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), wait)
				defer cancel()
				if err := b.Publish(ctx, message(wait.String())); (wait == time.Second) != errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Publish within %v: %v", wait, err)
				}
			})
			synctest.Wait()
		}
		group.Wait()
		l.hears(t, "0", "1s", "1m0s")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		faulty.Rate(storetest.OpPut, storetest.Fail, 1)
		for i, want := range []error{context.DeadlineExceeded, storetest.ErrInjected} {
			if i == 1 {
				ctx = t.Context() // which does not end
			}
			counting.Reset()
			err := b.Publish(ctx, message("no"))
			e, ok := errors.AsType[*advcache.OpError](err)
			if n := counting.Requests().Put; !ok || e.Op != "publish" || e.Key != busKey || i == 1 && (!errors.Is(err, want) || n != 5) {
				t.Errorf("Publish that fails: %v, by %d tries", err, n)
			}
		}
		faulty.Heal()
		faulty.Rate(storetest.OpPut, storetest.Hang, 1)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := b.Publish(ctx, message("no")); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("law 7: Publish that hangs: %v, after %v", err, time.Since(began))
		}
		if err := b.Publish(ctx, message("no")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Publish with a context that has ended: %v", err)
		}
	})
}

func TestNewBusMisused(t *testing.T) {
	memory := storetest.NewMemory(&storetest.MemoryOptions{MaxKey: 10, MaxSize: 1 << 20})
	var none *storetest.Memory
	for want, misuse := range map[string]func(){
		"nil Store":            func() { store.NewBus(nil, "k", nil) },
		"on a nil Store":       func() { store.NewBus(none, "k", nil) },
		"without a key":        func() { store.NewBus(memory, "", nil) },
		"key of 11 bytes":      func() { store.NewBus(memory, strings.Repeat("k", 11), nil) },
		"Interval is negative": func() { store.NewBus(memory, "k", &store.BusOptions{Interval: -1}) },
		"Timeout is negative":  func() { store.NewBus(memory, "k", &store.BusOptions{Timeout: -1}) },
		"MaxSize is -1":        func() { store.NewBus(memory, "k", &store.BusOptions{MaxSize: -1}) },
		"MaxSize is 100":       func() { store.NewBus(memory, "k", &store.BusOptions{MaxSize: 100}) },
		"takes 1048576 bytes":  func() { store.NewBus(memory, "k", &store.BusOptions{MaxSize: 2 << 20}) },
		"the zero Bus":         func() { _ = new(store.Bus).Close() },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("it panicked with %q; want %q in it", got, want)
				}
			}()
			misuse()
		}()
	}
	if err := store.NewBus(memory, "k", nil).Close(); err != nil {
		t.Error(err)
	}
}
