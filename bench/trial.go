package main

import "math"

// trial is one contender of a work that moves or changes bytes.
type trial struct {
	name string
	run  func(from, n int)

	// bytes is how much one operation works on: more than 0 gives MB/s.
	bytes int
	// ratio is what compression made of it: more than 0 is shown.
	ratio float64

	// ours names the trial that is compared with this one. Empty: none.
	ours string
	// limits of ours ÷ this, in CPU time; 0: no goal.
	limit float64
	// more is how many allocations ours may have above this one; below 0: no goal.
	more float64
	// allocs is how many allocations this one may have; below 0: no goal.
	allocs float64
}

// goalless is a trial that is only measured.
func goalless(name string, run func(from, n int)) trial {
	return trial{name: name, run: run, more: -1, allocs: -1}
}

// against makes the trial one that another is compared with.
func (t trial) against(ours string, limit, more float64) trial {
	t.ours, t.limit, t.more = ours, limit, more
	return t
}

// leastTrial is how many operations a slice has at the least. These take
// microseconds, so that fewer will do than of hits.
const leastTrial = 16

// trials measures a work, and adds its rows.
func (r *runner) trials(work string, callers int, trials []trial, notes ...string) {
	entrants := make([]entrant, len(trials))
	byName := make(map[string]int, len(trials))
	for i, t := range trials {
		entrants[i] = entrant{t.name, t.run}
		byName[t.name] = i
	}
	p := r.plan()
	p.least = leastTrial * callers
	all := interleave(entrants, p, callers)
	rows := make([]row, len(trials))
	for i, t := range trials {
		allocs := perOp(median(all[i].allocs()))
		rows[i] = row{Work: work, Procs: r.procs, Callers: callers, Contender: t.name, Metrics: []metric{
			spreadOf("CPU ns/op", all[i].cpus()),
			{Name: "wall ns/op", Value: median(all[i].walls())},
			{Name: "allocs/op", Value: allocs},
		}}
		if t.bytes > 0 {
			const mega = 1e6
			rate := float64(t.bytes) / mega / (median(all[i].cpus()) / 1e9)
			rows[i].Metrics = append(rows[i].Metrics, metric{Name: "MB/s", Value: rate})
		}
		if t.ratio > 0 {
			rows[i].Metrics = append(rows[i].Metrics, metric{Name: "ratio", Value: t.ratio})
		}
		if t.allocs >= 0 {
			rows[i].Goals = append(rows[i].Goals, atMost("allocations", t.allocs, allocs))
		}
		if t.ours == "" {
			continue
		}
		ours := all[byName[t.ours]]
		ratios := spreadOf(oursByThis, pairwise(ours.cpus(), all[i].cpus(), ratio))
		rows[i].Metrics = append(rows[i].Metrics, ratios,
			metric{Name: "wall ÷", Value: median(pairwise(ours.walls(), all[i].walls(), ratio))})
		if t.limit > 0 {
			rows[i].Goals = append(rows[i].Goals, atMost(oursByThis, t.limit, ratios.Value))
		}
		if t.more >= 0 {
			// Whole ones: the runtime makes a few in a slice of few operations.
			more := math.Round(median(ours.allocs()) - median(all[i].allocs()))
			rows[i].Goals = append(rows[i].Goals, atMost("allocations more", t.more, more))
		}
	}
	r.add(notes, rows)
}
