package advcache

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Stats is a ready [Observer] that counts what happens in caches and how long
// it takes. One Stats may observe many caches; it tells them apart by name and
// uses 31 KB for each name. It keeps no keys. The zero Stats is ready for use;
// it must not be copied. All methods are safe for concurrent use.
//
// To publish it through package expvar:
//
//	expvar.Publish("cache", expvar.Func(func() any { return stats.Snapshot() }))
type Stats struct {
	// Hooks read caches without a lock; a new name replaces the map.
	caches   atomic.Pointer[map[string]*counters]
	cachesMu sync.Mutex // held to replace caches

	flushers flushers
}

// NewStats returns an empty Stats.
func NewStats() *Stats { return new(Stats) }

// Observer returns the hooks that feed s: hand it to the caches to be counted,
// joined with others by [Observers] if need be. Each call makes a new one.
func (s *Stats) Observer() *Observer {
	count := func(what int) func(Event) {
		return func(e Event) { s.cache(e.Cache).counts[what].Add(1) }
	}
	countAndTime := func(what, which int) func(Event) {
		return func(e Event) {
			c := s.cache(e.Cache)
			c.counts[what].Add(1)
			c.times[which].record(e.Duration)
		}
	}
	return &Observer{
		Hits: func(e HitEvent) {
			c := s.cache(e.Cache)
			c.counts[countHits].Add(e.Count)
			if e.Sample > 0 {
				c.times[timeHit].record(e.Sample)
			}
		},
		Stale:        count(countStale),
		Miss:         countAndTime(countMisses, timeMiss),
		Negative:     count(countNegative),
		Load:         countAndTime(countLoads, timeLoad),
		LoadError:    count(countLoadErrors),
		Refresh:      countAndTime(countRefreshes, timeRefresh),
		Set:          count(countSets),
		Delete:       count(countDeletes),
		Evict:        count(countEvictions),
		BackendError: count(countBackendErrors),
		attach:       s.flushers.attach,
	}
}

// Snapshot returns what was counted up to now, hits that the caches have not
// told yet included. Events and batches of hits that are being told during the
// call may be in it or not.
func (s *Stats) Snapshot() Snapshot {
	s.flushers.flush()
	caches := s.known()
	snapshot := Snapshot{Caches: make(map[string]CacheStats, len(caches))}
	var all counters
	for name, c := range caches {
		var own counters // a copy that stands still, so that its numbers agree
		own.add(c)
		all.add(&own)
		snapshot.Caches[name] = own.stats()
	}
	snapshot.CacheStats = all.stats()
	return snapshot
}

// Reset forgets all that was counted, cache names too. Events and batches of
// hits that are being told during the call may count as before or after it.
func (s *Stats) Reset() {
	s.flushers.flush() // hits of before must not arrive later
	s.cachesMu.Lock()
	defer s.cachesMu.Unlock()
	s.caches.Store(nil)
}

func (s *Stats) known() map[string]*counters {
	if caches := s.caches.Load(); caches != nil {
		return *caches
	}
	return nil
}

func (s *Stats) cache(name string) *counters {
	if c := s.known()[name]; c != nil {
		return c
	}
	s.cachesMu.Lock()
	defer s.cachesMu.Unlock()
	known := s.known()
	if c := known[name]; c != nil {
		return c
	}
	caches := make(map[string]*counters, len(known)+1)
	maps.Copy(caches, known)
	c := new(counters)
	caches[name] = c
	s.caches.Store(&caches)
	return c
}

const (
	countHits = iota
	countStale
	countNegative
	countMisses
	countLoads
	countLoadErrors
	countRefreshes
	countSets
	countDeletes
	countEvictions
	countBackendErrors
	numCounts
)

const (
	timeHit = iota
	timeMiss
	timeLoad
	timeRefresh
	numTimes
)

// counters are what is counted of one cache.
type counters struct {
	counts [numCounts]atomic.Int64
	times  [numTimes]histogram
}

func (c *counters) add(other *counters) {
	for i := range other.counts {
		c.counts[i].Add(other.counts[i].Load())
	}
	for i := range other.times {
		c.times[i].add(&other.times[i])
	}
}

func (c *counters) stats() CacheStats {
	return CacheStats{
		Hits:          c.counts[countHits].Load(),
		Stale:         c.counts[countStale].Load(),
		Negative:      c.counts[countNegative].Load(),
		Misses:        c.counts[countMisses].Load(),
		Loads:         c.counts[countLoads].Load(),
		LoadErrors:    c.counts[countLoadErrors].Load(),
		Refreshes:     c.counts[countRefreshes].Load(),
		Sets:          c.counts[countSets].Load(),
		Deletes:       c.counts[countDeletes].Load(),
		Evictions:     c.counts[countEvictions].Load(),
		BackendErrors: c.counts[countBackendErrors].Load(),
		HitTime:       c.times[timeHit].latency(),
		MissTime:      c.times[timeMiss].latency(),
		LoadTime:      c.times[timeLoad].latency(),
		RefreshTime:   c.times[timeRefresh].latency(),
	}
}

// CacheStats is what was counted of one cache, or of all together. Event counts
// are as the hooks of [Observer] tell them.
type CacheStats struct {
	Hits          int64 `json:"hits"`           // calls answered by a fresh entry
	Stale         int64 `json:"stale"`          // calls answered by a stale entry
	Negative      int64 `json:"negative"`       // calls answered by a negative entry
	Misses        int64 `json:"misses"`         // calls that found nothing to serve
	Loads         int64 `json:"loads"`          // loads that a caller waited for and that answered
	LoadErrors    int64 `json:"load_errors"`    // loads and refreshes that failed
	Refreshes     int64 `json:"refreshes"`      // loads in the background that answered
	Sets          int64 `json:"sets"`           // values written
	Deletes       int64 `json:"deletes"`        // keys deleted
	Evictions     int64 `json:"evictions"`      // entries that the cache dropped by itself
	BackendErrors int64 `json:"backend_errors"` // operations that failed and were worked around

	HitTime     Latency `json:"hit_time"`     // of a sample of the hits
	MissTime    Latency `json:"miss_time"`    // of the look-up alone, before a load
	LoadTime    Latency `json:"load_time"`    // of the loader, for Loads
	RefreshTime Latency `json:"refresh_time"` // of the loader, for Refreshes
}

// Calls returns how often a value was asked for: hits, stale, negative and
// misses.
func (c CacheStats) Calls() int64 { return c.Hits + c.Stale + c.Negative + c.Misses }

// HitRatio returns the part of the calls, from 0 to 1, that were answered from
// the cache without waiting for the origin: hits, stale and negative over all
// calls. It is 0 where there were no calls.
func (c CacheStats) HitRatio() float64 {
	calls := c.Calls()
	if calls == 0 {
		return 0
	}
	return float64(calls-c.Misses) / float64(calls)
}

// Snapshot is a plain copy of what a [Stats] had counted at one time.
type Snapshot struct {
	// CacheStats is the sum over all caches. Where observed caches are stacked,
	// a call that goes through several is counted in each.
	CacheStats
	// Caches has the same for each cache, by name.
	Caches map[string]CacheStats `json:"caches"`
}

// String returns a table for people to read, without an end of line after its
// last line: a column for each cache, in the order of the names, after one for
// all of them where there are several. Its form may change.
func (s Snapshot) String() string {
	names := slices.Sorted(maps.Keys(s.Caches))
	table := [][]string{{"cache"}}
	for _, row := range s.rows() {
		table = append(table, row[:1])
	}
	addColumn := func(title string, c CacheStats) {
		table[0] = append(table[0], title)
		for i, row := range c.rows() {
			table[i+1] = append(table[i+1], row[1])
		}
	}
	if len(names) != 1 {
		addColumn("all caches", s.CacheStats)
	}
	for _, name := range names {
		addColumn(cmp.Or(name, "(no name)"), s.Caches[name])
	}

	widths := make([]int, len(table[0]))
	for _, row := range table {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for i, row := range table {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%-*s", widths[0], row[0])
		for j, cell := range row[1:] {
			fmt.Fprintf(&b, "  %*s", widths[j+1], cell)
		}
	}
	return b.String()
}

// rows returns the labels and cells of c's column.
func (c CacheStats) rows() [][]string {
	ratio := "-"
	if c.Calls() != 0 {
		ratio = fmt.Sprintf("%.1f%%", 100*c.HitRatio())
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	rows := [][]string{
		{"calls", number(c.Calls())},
		{"hits", number(c.Hits)},
		{"stale", number(c.Stale)},
		{"negative", number(c.Negative)},
		{"misses", number(c.Misses)},
		{"hit ratio", ratio},
		{"loads", number(c.Loads)},
		{"load errors", number(c.LoadErrors)},
		{"refreshes", number(c.Refreshes)},
		{"sets", number(c.Sets)},
		{"deletes", number(c.Deletes)},
		{"evictions", number(c.Evictions)},
		{"backend errors", number(c.BackendErrors)},
	}
	for _, t := range []struct {
		label string
		Latency
	}{{"hit", c.HitTime}, {"miss look-up", c.MissTime}, {"load", c.LoadTime}, {"refresh", c.RefreshTime}} {
		rows = append(rows,
			[]string{t.label + " p50", t.show(t.P50)},
			[]string{t.label + " p99", t.show(t.P99)},
			[]string{t.label + " max", t.show(t.Max)})
	}
	return rows
}
