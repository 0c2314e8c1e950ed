package advcache

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// TestHitsAreNotTimedForEver serves hits at all depths of the stack: where the
// second serving of a timed hit is counted by another shard, the next hit must
// not be timed again.
func TestHitsAreNotTimedForEver(t *testing.T) {
	stats := NewStats()
	for depth := range 64 {
		h := newHitCounter(&reporter{name: fmt.Sprint(depth), observer: stats.Observer()})
		timed := 0
		var serve func()
		serve = func() {
			var frame [200]byte // what lies between the hit and its second serving
			defer runtime.KeepAlive(&frame)
			if h.counted() {
				return
			}
			h.arm()
			if s := h.startTimed(); s != nil {
				timed++
				defer h.endTimed(s, time.Now())
				serve()
			}
		}
		const n = 10 * hitSample
		below(depth, func() {
			for range n {
				serve()
			}
		})
		h.close()
		if timed > 3*n/hitSample {
			t.Errorf("depth %d: %d of %d hits were timed", depth, timed, n)
		}
		if h.told != n {
			t.Errorf("depth %d: %d of %d hits were told", depth, h.told, n)
		}
	}
}

//go:noinline
func below(depth int, do func()) {
	var frame [32]byte
	defer runtime.KeepAlive(&frame)
	if depth == 0 {
		do()
		return
	}
	below(depth-1, do)
}
