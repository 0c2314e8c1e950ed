package main

import (
	"fmt"

	"github.com/advcache/advcache"
)

// sequenceLength is short enough to stay in the second level cache of a CPU
// and long enough that branch prediction does not learn it.
const sequenceLength = 1 << 14

// wrapped are the contenders for a function's cached call.
func wrapped[K comparable]() []contender[K] {
	return []contender[K]{
		cached[K], otterCoarse[K], otterReal[K], theineLoading[K], sturdyCache[K], ttlCache[K],
		lru[K], goCache[K], redisCache[K], lockFree[K], callAlone[K],
	}
}

// hitGoals are the goals of one work of hits.
type hitGoals struct {
	ratios   map[string]float64 // by contender
	noAllocs bool
	column   string // what the ratio is called
}

// hits is a work of hits alone.
type hits[K comparable] struct {
	name       string
	kind       keyKind[K]
	keys       int
	capacity   int
	zipf       bool
	contenders []contender[K]
	goals      hitGoals
}

func (w hits[K]) run(r *runner, callers int) {
	keys := w.kind.keys(w.keys)
	sequence := uniform(keys, sequenceLength)
	if w.zipf {
		// Long enough to show the tail, and not longer than its own cost allows.
		sequence = zipf(keys, 1.01, 1<<18)
	}
	subjects, counters := build(r, w.kind, w.capacity, w.contenders)
	entrants := make([]entrant, len(subjects))
	filled := make([]int64, len(subjects))
	for i, s := range subjects {
		if s.name != nameCall {
			fill(s, w.kind, keys)
		}
		filled[i] = counters[i]()
		entrants[i] = entrant{s.name, loop(sequence, s.hits)}
	}
	all := interleave(entrants, r.plan(), callers)
	var notes []string
	for i, s := range subjects {
		if extra := counters[i]() - filled[i]; extra > 0 {
			notes = append(notes, fmt.Sprintf("%s had lost keys: %d of its calls were no hits", s.name, extra))
		}
		s.close()
	}
	r.add(notes, compare(r, w.name, callers, entrants, all, w.goals))
}

// build makes every contender and gives for each the counter of its loads.
func build[K comparable](r *runner, kind keyKind[K], capacity int, contenders []contender[K]) ([]*subject[K], []func() int64) {
	subjects := make([]*subject[K], len(contenders))
	counters := make([]func() int64, len(contenders))
	for i, contender := range contenders {
		load, loads := kind.loader()
		subjects[i] = contender(setup[K]{kind: kind, capacity: capacity, load: load, nothing: kind.nothing, clock: r.clock})
		counters[i] = loads.Load
	}
	return subjects, counters
}

// oursByThis heads the ratios: below 1, advcache needs less than the row.
const oursByThis = "advcache ÷ this"

// compare makes the rows of one measurement. The first entrant is ours.
func compare(r *runner, work string, callers int, entrants []entrant, all []series, goals hitGoals) []row {
	rows := make([]row, len(entrants))
	for i, e := range entrants {
		rows[i] = row{Work: work, Procs: r.procs, Callers: callers, Contender: e.name, Metrics: []metric{
			spreadOf("CPU ns/op", all[i].cpus()),
			{Name: "wall ns/op", Value: median(all[i].walls())},
			{Name: "allocs/op", Value: perOp(median(all[i].allocs()))},
		}}
		if i == 0 {
			if goals.noAllocs {
				got := perOp(median(all[0].allocs()))
				rows[0].Goals = append(rows[0].Goals, exactly("allocations", 0, got))
			}
			continue
		}
		ratios := spreadOf(goals.column, pairwise(all[0].cpus(), all[i].cpus(), ratio))
		rows[i].Metrics = append(rows[i].Metrics, ratios)
		if limit, ok := goals.ratios[e.name]; ok {
			rows[i].Goals = []verdict{atMost(goals.column, limit, ratios.Value)}
		}
	}
	return rows
}

// perOp rounds allocations to hundredths: the runtime itself makes a few in a
// slice.
func perOp(allocs float64) float64 { return float64(int(allocs*100+0.5)) / 100 }

func inmemWork(r *runner) {
	plain := stringKeys
	plain.format = func(k string) string { return k }
	hits[string]{
		name: "inmem.Get, K = string, 1,000 keys", kind: plain, keys: 1000, capacity: 10_000,
		contenders: []contender[string]{
			inmemGet, presentCoarse, presentReal, theineLoading[string], ttlCache[string],
			lru[string], goCache[string], lockFree[string], callAlone[string],
		},
		goals: hitGoals{map[string]float64{nameOtter: 1.15}, true, oursByThis},
	}.run(r, 1)
}

var (
	intGoals    = hitGoals{map[string]float64{nameOtter: 0.20, nameSturdyc: 0.05, nameRedis: 0.01}, true, oursByThis}
	stringGoals = hitGoals{map[string]float64{nameOtter: 0.30}, true, oursByThis}
	structGoals = hitGoals{map[string]float64{nameOtter: 0.45}, true, oursByThis}
	zipfGoals   = hitGoals{map[string]float64{nameOtter: 0.60}, true, oursByThis}
)

func hot[K comparable](kind keyKind[K], goals hitGoals) hits[K] {
	return hits[K]{
		name: "wrapped hit, K = " + kind.name + ", 1,000 hot keys", kind: kind, keys: 1000,
		capacity: 10_000, contenders: wrapped[K](), goals: goals,
	}
}

func zipfHits() hits[int] {
	return hits[int]{
		name: "wrapped hit, K = int, 100,000 keys zipf 1.01", kind: intKeys, keys: 100_000,
		capacity: 150_000, zipf: true, contenders: wrapped[int](), goals: zipfGoals,
	}
}

func intWork(r *runner)    { hot(intKeys, intGoals).run(r, 1) }
func stringWork(r *runner) { hot(stringKeys, stringGoals).run(r, 1) }
func structWork(r *runner) { hot(structKeys, structGoals).run(r, 1) }
func zipfWork(r *runner)   { zipfHits().run(r, 1) }

// parallelWork is hits from as many goroutines as there are processors.
func parallelWork(r *runner) {
	if r.procs < 2 {
		return
	}
	few := hot(intKeys, intGoals)
	few.name = "parallel " + few.name
	few.run(r, r.procs)
	many := zipfHits()
	many.name = "parallel " + many.name
	many.run(r, r.procs)
}

// statsWork is what a Stats costs a hit.
func statsWork(r *runner) {
	observed := func(s setup[int]) *subject[int] {
		stats := advcache.NewStats()
		return cachedWith(s, "advcache, Stats on", &advcache.TTLOptions{Observer: stats.Observer()})
	}
	const name = "Stats on, wrapped hit, K = int, 1,000 hot keys"
	for _, callers := range callersOf(r) {
		keys := intKeys.keys(1000)
		subjects, _ := build(r, intKeys, 10_000, []contender[int]{observed, cached[int]})
		entrants := make([]entrant, len(subjects))
		for i, s := range subjects {
			fill(s, intKeys, keys)
			entrants[i] = entrant{s.name, loop(uniform(keys, sequenceLength), s.hits)}
		}
		all := interleave(entrants, r.plan(), callers)
		for _, s := range subjects {
			s.close()
		}
		rows := compare(r, name, callers, entrants, all, hitGoals{noAllocs: true, column: "Stats on ÷ off"})
		extra := spreadOf("extra ns/op", pairwise(all[0].cpus(), all[1].cpus(), func(on, off float64) float64 { return on - off }))
		rows[0].Metrics = append(rows[0].Metrics, extra)
		rows[0].Goals = append(rows[0].Goals, atMost("extra ns", 5, extra.Value))
		r.add(nil, rows)
	}
}

// callersOf is one caller, and one for each processor if there are several.
func callersOf(r *runner) []int {
	if r.procs == 1 {
		return []int{1}
	}
	return []int{1, r.procs}
}
