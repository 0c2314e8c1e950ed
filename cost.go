package advcache

import (
	"sync/atomic"
	"time"
)

// loadCost is the moving average of how long loads take. The zero value is
// ready for use.
type loadCost struct{ nanos atomic.Int64 }

// add counts a load. The newest weighs one eighth, as in the round-trip time of
// TCP (RFC 6298). Of two at the same time, one may be lost.
func (c *loadCost) add(took time.Duration) {
	mean := c.nanos.Load()
	if mean == 0 {
		mean = int64(took)
	} else {
		mean += (int64(took) - mean) / 8
	}
	c.nanos.Store(mean)
}

func (c *loadCost) mean() int64 { return c.nanos.Load() }
