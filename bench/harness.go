package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// fail ends the program: a contender that does not answer has no speed.
func fail(why any) {
	fmt.Fprintln(os.Stderr, "bench:", why)
	os.Exit(1)
}

// entrant is one contender in a measurement.
type entrant struct {
	name string
	// run does n operations, beginning at operation from of the sequence.
	run func(from, n int)
}

// sample is the cost of one operation in one slice.
type sample struct {
	cpu, wall float64 // nanoseconds
	allocs    float64
	bytes     float64 // allocated
}

// series are the samples of one entrant, one per round.
type series []sample

func (s series) cpus() []float64   { return s.pick(func(s sample) float64 { return s.cpu }) }
func (s series) walls() []float64  { return s.pick(func(s sample) float64 { return s.wall }) }
func (s series) allocs() []float64 { return s.pick(func(s sample) float64 { return s.allocs }) }
func (s series) bytes() []float64  { return s.pick(func(s sample) float64 { return s.bytes }) }

func (s series) pick(of func(sample) float64) []float64 {
	values := make([]float64, len(s))
	for i := range s {
		values[i] = of(s[i])
	}
	return values
}

// plan says how long to measure.
type plan struct {
	rounds int
	slice  time.Duration // the work of one entrant in one round
	least  int           // operations of a slice; 0: 1,024
}

// interleave measures the entrants in rounds: in each, every entrant runs for
// one slice, in rotating order. What disturbs the machine for longer than a
// round so disturbs all alike, and the ratios within a round stay true.
func interleave(entrants []entrant, p plan, callers int) []series {
	counts := make([]int, len(entrants))
	for i, e := range entrants {
		counts[i] = calibrate(e, p, callers)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))

	all := make([]series, len(entrants))
	for round := range p.rounds {
		for turn := range entrants {
			i := (round + turn) % len(entrants)
			sweep()
			// Slow contenders must see as much of the sequence as quick ones.
			from := round * counts[i]
			// After a collection the caches of the CPU are cold.
			spread(entrants[i].run, from, counts[i]/10, callers)
			all[i] = append(all[i], take(counts[i], func() {
				spread(entrants[i].run, from, counts[i], callers)
			}))
		}
	}
	return all
}

// swept is how much had been allocated when the garbage was last collected.
var swept uint64

// sweep collects the garbage where there is enough of it to matter. Within the
// slices the collector is off: one contender's garbage is never another's cost,
// and the contenders' heaps, which are all alive at once, are nobody's.
func sweep() {
	const enough = 8 << 20
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if stats.TotalAlloc-swept > enough {
		runtime.GC()
		swept = stats.TotalAlloc
	}
}

// take runs work, which is n operations, and returns the cost of one.
func take(n int, work func()) sample {
	var before, after runtime.MemStats
	procs := runtime.GOMAXPROCS(0)
	runtime.ReadMemStats(&before)
	wall, cpu := time.Now(), cpuTime(procs)
	work()
	cpu = cpuTime(procs) - cpu
	elapsed := time.Since(wall)
	runtime.ReadMemStats(&after)
	return sample{
		cpu:    float64(cpu) / float64(n),
		wall:   float64(elapsed) / float64(n),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}
}

// calibrate returns how many operations of e fill a slice.
func calibrate(e entrant, p plan, callers int) int {
	least := p.least
	if least == 0 {
		least = 1024
	}
	for n := least; ; n *= 2 {
		begin := time.Now()
		spread(e.run, 0, n, callers)
		if took := time.Since(begin); took >= p.slice/4 || n >= 1<<30 {
			return max(least, int(float64(n)*float64(p.slice)/float64(max(took, 1))))
		}
	}
}

// spread runs n operations by the given number of callers, each at a place of
// its own in the sequence.
func spread(run func(from, n int), from, n, callers int) {
	if callers == 1 {
		run(from, n)
		return
	}
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() { run(from+caller*7919, n/callers) })
	}
	group.Wait()
}

// loop makes a run function of one that works through a part of a sequence.
func loop[K any](sequence []K, work func([]K)) func(from, n int) {
	return func(from, n int) {
		at := from % len(sequence)
		for n > 0 {
			part := sequence[at:min(at+n, len(sequence))]
			work(part)
			n -= len(part)
			at = 0
		}
	}
}

// quantile returns the q-quantile of values; NaN if there are none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// pairwise applies f to the values of a and b of the same round.
func pairwise(a, b []float64, f func(a, b float64) float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = f(a[i], b[i])
	}
	return out
}

func ratio(a, b float64) float64 { return a / b }
