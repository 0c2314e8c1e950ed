package stacks

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// TestRequestsOfStale is law 12 for a stale copy in memory: while it was judged not
// longer than StaleFor ago, reads of entries do not ask for a fresher one.
func TestRequestsOfStale(t *testing.T) {
	t.Parallel()
	wait := func(d time.Duration) step {
		return func(context.Context, *world) { time.Sleep(d) }
	}
	soon, later := wait(advcache.StaleFor-time.Millisecond), wait(advcache.StaleFor)
	for _, c := range []requestCase{
		{"GetEntry, judged a moment ago", all(entry(1, stale), soon), getEntry, "no request | no request"},
		{"GetEntry, judged StaleFor ago", all(entry(1, stale), later), getEntry, "1 Get +bodies | 1 Get +bodies"},
		{"GetEntry, judged again", all(entry(1, stale), later, read, soon), getEntry, "no request | no request"},
		{"Get, judged a moment ago", all(entry(1, stale), soon), get(""), "1 Get +bodies | 1 Get +bodies"},
		{"function, judged a moment ago", all(entry(1, stale), soon), load(1, 1), "1 Put | 1 Put"},
		{"function, judged StaleFor ago", all(entry(1, stale), later), load(1, 1), "1 Get, 1 Put +bodies | 1 Get, 1 Put +bodies"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first, _ := s3Store()
				last, _ := s3Store()
				c.run(t, newWorld(t, chain, first, last))
			})
		})
	}
}
