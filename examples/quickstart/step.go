package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

// step is one situation of the story, and what was measured in it.
type step struct {
	name      string
	situation string
	lesson    string // what it shows, if it does
	told      string // how the calls were answered, where counts do not say

	calls  int
	loads  int64           // how often the function behind the cache was called
	took   []time.Duration // of the calls that were timed
	failed int             // calls that gave an error
	err    error           // the last of these
	counts advcache.CacheStats
}

// add adds a call.
func (st *step) add(took time.Duration, err error) {
	st.calls++
	st.took = append(st.took, took)
	if err != nil {
		st.fail(err)
	}
}

func (st *step) fail(err error) {
	st.failed++
	st.err = err
}

// count adds what the cache has counted between two snapshots.
func (st *step) count(before, after advcache.CacheStats) {
	st.counts.Hits += after.Hits - before.Hits
	st.counts.Stale += after.Stale - before.Stale
	st.counts.Misses += after.Misses - before.Misses
	st.counts.Loads += after.Loads - before.Loads
	st.counts.Refreshes += after.Refreshes - before.Refreshes
	st.counts.LoadErrors += after.LoadErrors - before.LoadErrors
}

// outcome says in words how the calls were answered.
func (st *step) outcome() string {
	if st.told != "" {
		return st.told
	}
	c := st.counts
	var parts []string
	say := func(n int64, format string, args ...any) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	if c.Loads > 0 {
		say(c.Misses, "%s waited for %s", calls(c.Misses), plural(c.Loads, "load"))
	} else {
		say(c.Misses, "%s found nothing to serve", calls(c.Misses))
	}
	say(c.Hits, "%s answered from memory", calls(c.Hits))
	say(c.Stale, "%s got the old value", calls(c.Stale))
	say(c.Refreshes, "%s in the background", plural(c.Refreshes, "load"))
	say(c.LoadErrors, "%s failed", plural(c.LoadErrors, "load"))
	say(int64(st.failed), "%s got an error (%v)", calls(int64(st.failed)), st.err)
	return strings.Join(parts, ", ") + "."
}

func calls(n int64) string { return plural(n, "call") }

// percentile returns the least duration that percent of the timed calls did not
// exceed; 0 if there are none.
func (st *step) percentile(percent int) time.Duration {
	if len(st.took) == 0 {
		return 0
	}
	if !slices.IsSorted(st.took) {
		slices.Sort(st.took)
	}
	return st.took[max(0, (len(st.took)*percent+99)/100-1)]
}
