package main

import (
	"slices"
	"time"

	"github.com/advcache/advcache/store/objects"
)

// step is one situation, and what was measured in it, in each mode.
type step struct {
	name      string
	situation string
	rows      []*row
	lesson    string // what it shows, if it does
}

// row is what was measured in one mode.
type row struct {
	mode  string
	calls int
	took  []time.Duration // of each call
	made  []time.Duration // how long the maker took for each that it made
	usage objects.Usage
}

// latency is how long half of the calls took at the most.
func (r *row) latency() time.Duration { return median(r.took) }

// cost is what the requests of one call cost, in US dollars.
func (r *row) cost(p objects.Prices) float64 {
	if r.calls == 0 {
		return 0
	}
	return r.usage.Cost(p) / float64(r.calls)
}

// median returns the least duration that half of all do not exceed; 0 if there
// are none.
func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(all))[(len(all)-1)/2]
}

func sum(all []time.Duration) (total time.Duration) {
	for _, d := range all {
		total += d
	}
	return total
}

// each reports whether all rows are so.
func each(rows []*row, so func(r *row) bool) bool {
	return !slices.ContainsFunc(rows, func(r *row) bool { return !so(r) })
}
