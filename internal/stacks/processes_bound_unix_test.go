//go:build unix

package stacks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/advcache/advcache/redisstore"
)

const (
	// noticed is how long a bus may take to find that its connection delivers
	// nothing: see redisstore.
	noticed = redisstore.DefaultHeartbeat * 11 / 4

	// promised is the bound that holds whatever becomes of a message: what takes
	// longer is noticed by then, and copies are looked at again.
	promised = noticed

	// slack is what a test machine may take on top of a bound.
	slack = 10 * time.Second
)

// TestProcessesReadTheNewState is law 3 between processes: after a Set, a Delete or
// an Invalidate has returned in one, all others read the new state within a bound,
// and none reads an older one after that.
func TestProcessesReadTheNewState(t *testing.T) {
	for _, n := range []int{2, 5} {
		t.Run(fmt.Sprintf("of %d", n), func(t *testing.T) {
			f := newFleet(t, shared(t), n, time.Hour)
			took := f.rounds(t, 600/n, promised+slack)
			t.Logf("%d reads by others: p50 %v, p99 %v, at most %v after the change returned", len(took), at(took, 0.5), at(took, 0.99), at(took, 1))
		})
	}
}

// BenchmarkInvalidation measures from when a Set, a Delete or an Invalidate has
// returned in one process until no other process reads the older state any more.
// The readers look every 50 µs.
func BenchmarkInvalidation(b *testing.B) {
	for _, n := range []int{2, 3, 5} {
		b.Run(fmt.Sprintf("processes=%d", n), func(b *testing.B) {
			f := newFleet(b, shared(b), n, time.Hour)
			f.rounds(b, 10, promised+slack)
			b.ResetTimer()
			took := f.rounds(b, b.N, promised+slack)
			b.ReportMetric(milliseconds(at(took, 0.5)), "p50-ms")
			b.ReportMetric(milliseconds(at(took, 0.99)), "p99-ms")
			b.ReportMetric(milliseconds(at(took, 1)), "max-ms")
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// at returns what a part of the sorted durations does not exceed.
func at(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(part*float64(len(sorted))))]
}

// rounds has one process after the other make changes, while the others read. It
// returns how long after the return of each change another process still read the
// older state, sorted.
func (f *fleet) rounds(tb testing.TB, n int, bound time.Duration) (took []time.Duration) {
	tb.Helper()
	keys := []string{"a", "b", "f1"}
	states := make(map[string]string)
	for i := range n {
		key := keys[i%len(keys)]
		writer := f.processes[i%len(f.processes)]
		next, state := i/len(keys), present(fmt.Sprintf("value %d", i/len(keys)))
		if key[0] != 'f' && next%2 == 1 {
			state = absent
		}
		if i < len(keys) {
			state, _ = f.change(writer, key, next) // so that there is an older state
			states[key] = state
			continue
		}
		var watches []*observation
		for _, p := range f.processes {
			if p == writer {
				continue
			}
			w := p.watch(order{Key: key, Value: state, Calm: true})
			if w.first != states[key] {
				tb.Fatalf("law 3: before change %d %s reads %q as %q; want what was last set, %q", i, p.name, key, w.first, states[key])
			}
			watches = append(watches, w)
		}
		_, r := f.change(writer, key, next)
		if r.Err != "" {
			tb.Fatalf("change %d of %q in %s: %s", i, key, writer.name, r.Err)
		}
		if got := writer.read(key); got != state {
			tb.Errorf("law 3: %s reads %q as %q after it has set %q", writer.name, key, got, state)
		}
		for _, w := range watches {
			took = append(took, w.within("law 3: an invalidation wins", r.Ended, bound))
		}
		states[key] = state
	}
	slices.Sort(took)
	return took
}
