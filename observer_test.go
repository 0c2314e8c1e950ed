package advcache

import (
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

// hookNames returns the names of all hooks, so that the tests here see those
// that are added later.
func hookNames() []string {
	var names []string
	for field := range reflect.TypeFor[Observer]().Fields() {
		names = append(names, field.Name)
	}
	return names
}

// hookCall returns a call of the exported hook of o that is called name. The
// call itself needs no reflection, so that its allocations can be measured.
func hookCall(tb testing.TB, o *Observer, name string, hit HitEvent, event Event) func() {
	tb.Helper()
	switch hook := reflect.ValueOf(o).Elem().FieldByName(name).Interface().(type) {
	case func(HitEvent):
		return func() { hook(hit) }
	case func(Event):
		return func() { hook(event) }
	default:
		tb.Fatalf("hook %s has the type %T, which this test does not know", name, hook)
		return nil
	}
}

// recorder returns an observer with all hooks; each appends its name to log.
func recorder(prefix string, log *[]string) *Observer {
	event := func(name string) func(Event) {
		return func(e Event) { *log = append(*log, prefix+name+" "+e.Key) }
	}
	return &Observer{
		Hits:         func(e HitEvent) { *log = append(*log, prefix+"Hits "+e.Cache) },
		Stale:        event("Stale"),
		Miss:         event("Miss"),
		Negative:     event("Negative"),
		Load:         event("Load"),
		LoadError:    event("LoadError"),
		Refresh:      event("Refresh"),
		Set:          event("Set"),
		Delete:       event("Delete"),
		Evict:        event("Evict"),
		BackendError: event("BackendError"),
		attach:       func(func() bool) { *log = append(*log, prefix+"attach") },
	}
}

func TestObserversTellsAllInOrder(t *testing.T) {
	var log []string
	joined := Observers(recorder("a.", &log), nil, recorder("b.", &log), &Observer{}, recorder("c.", &log))
	for _, name := range hookNames() {
		if reflect.ValueOf(joined).Elem().FieldByName(name).IsNil() {
			t.Errorf("the hook %s is not joined", name)
			continue
		}
		log = nil
		suffix := " x"
		if name == "attach" {
			joined.attach(func() bool { return true })
			suffix = ""
		} else {
			hookCall(t, joined, name, HitEvent{Cache: "x"}, Event{Key: "x"})()
		}
		want := []string{"a." + name + suffix, "b." + name + suffix, "c." + name + suffix}
		if !slices.Equal(log, want) {
			t.Errorf("%s told %q, want %q", name, log, want)
		}
	}
}

func TestObserversLeavesOut(t *testing.T) {
	if got := Observers(); got != nil {
		t.Errorf("Observers() = %p, want nil", got)
	}
	if got := Observers(nil, nil); got != nil {
		t.Errorf("Observers(nil, nil) = %p, want nil", got)
	}
	one := &Observer{}
	if got := Observers(nil, one, nil); got != one {
		t.Errorf("one observer alone gave %p, want itself, %p", got, one)
	}
}

func TestObserversHasOnlyHooksThatOneHas(t *testing.T) {
	loads, evictions := 0, 0
	joined := Observers(
		&Observer{Load: func(Event) { loads++ }},
		&Observer{Evict: func(Event) { evictions++ }},
		&Observer{Load: func(Event) { loads++ }})
	for _, name := range hookNames() {
		has := !reflect.ValueOf(joined).Elem().FieldByName(name).IsNil()
		if want := name == "Load" || name == "Evict"; has != want {
			t.Errorf("hook %s: there is one: %t, want %t", name, has, want)
		}
	}
	joined.Load(Event{})
	joined.Evict(Event{})
	if loads != 2 || evictions != 1 {
		t.Errorf("got %d loads and %d evictions told, want 2 and 1", loads, evictions)
	}
}

func TestObserversAttachesToAllThatAsk(t *testing.T) {
	first, second := NewStats(), NewStats()
	joined := Observers(first.Observer(), &Observer{}, second.Observer())
	waiting := int64(3)
	joined.attach(func() bool {
		joined.Hits(HitEvent{Cache: "c", Count: waiting})
		waiting = 0
		return true
	})
	if got := first.Snapshot().Hits; got != 3 {
		t.Errorf("the first Stats has %d hits, want 3", got)
	}
	if got := second.Snapshot().Hits; got != 3 {
		t.Errorf("the second Stats has %d hits, want 3", got)
	}
}

func TestFlushersDropDeadOnes(t *testing.T) {
	var f flushers
	calls := 0
	f.attach(func() bool { calls++; return calls < 3 })
	for range 5 {
		f.flush()
	}
	if calls != 3 {
		t.Errorf("called %d times, want 3: not again after it reported false", calls)
	}
	if len(f.all) != 0 {
		t.Errorf("%d functions are kept, want 0", len(f.all))
	}
}

func TestFlushersStayBoundedWithoutFlush(t *testing.T) {
	var f flushers
	const alive, dead = 100, 10_000
	calls := 0
	for range alive {
		f.attach(func() bool { calls++; return true })
	}
	for range dead {
		f.attach(func() bool { calls++; return false })
	}
	if got := len(f.all); got > 3*alive {
		t.Errorf("%d functions are kept for %d that are alive", got, alive)
	}
	if limit := 3 * (alive + dead); calls > limit {
		t.Errorf("%d calls to find out who is dead, want at most %d: three for each attached", calls, limit)
	}
	f.flush()
	if got := len(f.all); got != alive {
		t.Errorf("%d functions are kept after flush, want the %d that are alive", got, alive)
	}
}

func TestFlushersConcurrently(t *testing.T) {
	var f flushers
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				f.attach(func() bool { return i%2 == 0 })
				if i%20 == 0 {
					f.flush()
				}
			}
		})
	}
	wg.Wait()
	f.flush()
	if got := len(f.all); got != 800 {
		t.Errorf("%d functions are kept, want the 800 that are alive", got)
	}
}

func BenchmarkObservers(b *testing.B) {
	o := Observers(NewStats().Observer(), NewStats().Observer())
	o.Load(Event{Cache: "users"})
	b.ReportAllocs()
	for b.Loop() {
		o.Load(Event{Cache: "users", Key: "user:1", Duration: time.Millisecond})
	}
}
