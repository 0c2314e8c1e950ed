//go:build unix

package stacks

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/redisstore"
)

const (
	// reconnected is how long it takes at most until the bus and the store are
	// back when Redis answers again: 2 s between two attempts of the bus, and
	// one in which the client repeats what its last attempt has said.
	reconnected = 3 * time.Second

	// mended is how long it takes then at most until Redis has what it has missed,
	// or nothing in its place, and all have been told.
	mended = reconnected + time.Second

	// awake is how soon the clocks of a process that goes on have been looked at.
	awake = redisstore.DefaultHeartbeat / 4
)

// The keys of these tests: one of a Set, one of a Delete, one of the function.
var faultKeys = []string{"set", "delete", "f1"}

// begin gives all keys an old state, which all processes have in memory.
func (f *fleet) begin(t *testing.T) {
	t.Helper()
	for _, key := range faultKeys {
		state := f.makes(t, key, 0)
		for _, p := range f.processes {
			p.watch(order{Key: key, Value: state, Calm: true}).seen()
		}
	}
}

// makes has the first process make a change, as often as it takes.
func (f *fleet) makes(t *testing.T, key string, n int) (state string) {
	t.Helper()
	eventually(t, func(context.Context) error {
		var r report
		if state, r = f.change(f.processes[0], key, n); r.Err != "" {
			return errors.New(r.Err)
		}
		return nil
	})
	return state
}

// watchAll has a process wait for the new state of all keys.
func watchAll(p *process, calm bool) (all []*observation) {
	p.tb.Helper()
	for _, key := range faultKeys {
		o := order{Key: key, Value: present("value 2"), Calm: calm, Lasting: 200 * time.Millisecond}
		if key == "delete" {
			o.Value = absent
		}
		all = append(all, p.watch(o))
	}
	return all
}

// changeAll makes the changes in a process that others are to see.
func (f *fleet) changeAll(t *testing.T, by *process) (last int64) {
	t.Helper()
	for _, key := range faultKeys {
		n := 2
		if key == "delete" {
			n = 1
		}
		_, r := f.change(by, key, n)
		if r.Err != "" {
			t.Fatalf("%s of %s: %s", key, by.name, r.Err)
		}
		last = r.Ended
	}
	return last
}

// within wants of all watches what observation.within does, and says how long it
// took.
func within(t *testing.T, what, law string, all []*observation, since int64, bound time.Duration) {
	t.Helper()
	took := time.Duration(0)
	for _, w := range all {
		took = max(took, w.within(law, since, bound+slack))
	}
	t.Logf("%s: %s read the older state for %v more; the bound is %v", what, all[0].of.name, took.Round(10*time.Microsecond), bound)
}

// TestProcessIsCutOff is law 3 where the connections of a process to Redis are cut,
// while others make changes, and heal. The bounds are counted from that.
func TestProcessIsCutOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		line         line
		lasts, bound time.Duration
	}{
		{"closed", refuses, 2 * time.Second, reconnected},
		{"held until it is noticed", holds, noticed + time.Second, reconnected},
		{"held, and not noticed", holds, time.Second, promised},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, own(t), 3, time.Hour, 2)
			f.begin(t)
			other, cut := f.processes[1], f.processes[2]
			cut.proxy.turn(test.line)
			watches, theirs := watchAll(cut, true), watchAll(other, true)
			last := f.changeAll(t, f.processes[0])
			within(t, "not cut off", "law 3: an invalidation wins", theirs, last, promised)
			pause(t.Context(), test.lasts)
			healed := time.Now().UnixNano()
			cut.proxy.turn(passes)
			within(t, test.name, "law 3: a process that was cut off reads the new state", watches, healed, test.bound)
		})
	}
}

// TestBusAloneIsCutOff is law 3 where a process can ask Redis, but gets no messages.
// The bounds are counted from the change.
func TestBusAloneIsCutOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		ended bool
		bound time.Duration
	}{
		{"swallowed", false, promised},
		{"ended", true, advcache.DistrustedFor},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, own(t), 2, time.Hour, 1)
			f.begin(t)
			cut := f.processes[1]
			cut.proxy.turn(deaf)
			if test.ended {
				if err := f.server.client(t).Do(t.Context(), "client", "kill", "type", "pubsub").Err(); err != nil {
					t.Fatal(err)
				}
				cut.loses(1)
			}
			watches := watchAll(cut, true)
			last := f.changeAll(t, f.processes[0])
			within(t, test.name, "law 3: a process that hears no messages reads the new state", watches, last, test.bound)
		})
	}
}

// TestProcessIsPaused is law 3 where a process stands still, while others make
// changes. The bounds are counted from its waking.
func TestProcessIsPaused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		l1ttl, lasts time.Duration
		cut          bool // its connections end meanwhile
		bound        time.Duration
	}{
		{"past its limit", time.Second, 1500 * time.Millisecond, false, awake},
		{"not noticed by the bus", time.Hour, 1500 * time.Millisecond, false, awake},
		{"noticed by the bus", time.Hour, noticed + time.Second, false, awake},
		{"past its limit and cut off", time.Second, 1500 * time.Millisecond, true, awake},
		{"cut off", time.Hour, noticed + time.Second, true, awake},
	} {
		for _, calm := range []bool{true, false} {
			name := test.name
			if !calm {
				name += " and busy"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, own(t), 2, test.l1ttl, 1)
				f.begin(t)
				paused := f.processes[1]
				watches := watchAll(paused, calm)
				resume := paused.stop()
				if test.cut { // so that there are no messages that wait for it
					paused.proxy.turn(refuses)
					paused.proxy.turn(passes)
				}
				f.changeAll(t, f.processes[0])
				pause(t.Context(), test.lasts)
				within(t, name, "law 3: a process that was paused reads the new state", watches, resume(), test.bound)
				for _, w := range watches {
					if n := w.result.Stale; n > 0 {
						t.Logf("%s: %d reads of %q gave the older state, for %v from the first read on", name, n, w.order.Key, time.Duration(w.result.LastStale-w.result.Waking))
					}
				}
			})
		}
	}
}

// failAll makes the changes in a process that cannot reach Redis: each gives an
// error, and the process itself does not read the older state any more.
func (f *fleet) failAll(t *testing.T, by *process) {
	t.Helper()
	for _, key := range faultKeys {
		n := 2
		if key == "delete" {
			n = 1
		}
		if state, r := f.change(by, key, n); r.Err == "" {
			t.Errorf("law 7: a change of %q to %s gives no error in %s, which cannot reach Redis", key, state, by.name)
		}
	}
}

// watchOld has a process read all keys until none has the older state, and for
// longer than it takes Redis to bring it back.
func watchOld(p *process) (all []*observation) {
	p.tb.Helper()
	for _, key := range faultKeys {
		all = append(all, p.watch(order{Key: key, Value: present("value 0"), Not: true, Calm: true, Lasting: mended}))
	}
	return all
}

// TestChangesMissRedis is law 7: changes that could not be made in Redis do not
// bring the older state back when Redis is reached again, which has it still. That is
// so at once where they were made, and for the others when what Redis has missed was
// deleted there.
func TestChangesMissRedis(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		begin, resume func(f *fleet, cut *process) error
	}{
		{"Redis was down", func(f *fleet, _ *process) error {
			f.server.kill()
			return nil
		}, func(f *fleet, _ *process) error { return f.server.run() }},
		{"one process was cut off", func(_ *fleet, cut *process) error {
			cut.proxy.turn(refuses)
			return nil
		}, func(_ *fleet, cut *process) error {
			cut.proxy.turn(passes)
			return nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const law = "law 7: a change that Redis has missed does not bring the old value back"
			f := newFleet(t, own(t), 3, time.Hour, 0, 1, 2)
			f.begin(t)
			f.makes(t, "witness", 0)
			changes, other, late := f.processes[0], f.processes[1], f.processes[2]
			if err := test.begin(f, changes); err != nil {
				t.Fatal(err)
			}
			changes.loses(1)
			f.failAll(t, changes)
			mine := watchOld(changes)
			since := time.Now().UnixNano()
			theirs := watchOld(other)
			pause(t.Context(), time.Second)
			if err := test.resume(f, changes); err != nil {
				t.Fatal(err)
			}
			back := time.Now().UnixNano()
			lates := watchOld(late)
			for _, w := range mine {
				w.within(law+" where it was made", since, 0)
			}
			within(t, test.name+": elsewhere", law, theirs, back, mended)
			within(t, test.name+": elsewhere", law, lates, back, mended)
			for _, p := range f.processes {
				p.comesTo("Redis has lost what nobody has changed, so that this test shows nothing", "witness", present("value 0"))
				p.comesTo(law, "delete", absent)
				p.comesTo(law, "f1", present("value 2"))
			}
		})
	}
}
