package cachetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/inmem"
)

// testMemory is the whole test of a cache in memory. In a test file of the
// cache, it is called TestCache.
func testMemory(t *testing.T) {
	cachetest.Run(t, cachetest.Harness{
		New: func(t *testing.T) advcache.Cache[string] {
			c := inmem.New[string](nil)
			t.Cleanup(func() {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
			return c
		},
		Around:     synctest.Test,
		Resolution: 10 * time.Millisecond, // what inmem promises
	})
}

// A cache over a server is tested in real time: its harness has no bubble, and
// may have its checks wait at the same time.
func Example() {
	_ = cachetest.Harness{
		New:    newServerCache,
		Around: func(t *testing.T, test func(t *testing.T)) { t.Parallel(); test(t) },
		Unit:   500 * time.Millisecond,
		// What the server cannot do atomically.
		Without: []string{"SetEntryIf", "Clear"},
	}
	// Output:
}

// newServerCache stands for a function that makes a cache under a prefix that
// no other cache has.
func newServerCache(*testing.T) advcache.Cache[string] { return nil }
