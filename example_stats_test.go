package advcache_test

import (
	"fmt"
	"time"

	"github.com/advcache/advcache"
)

// A cache that was given stats.Observer() tells it what happens. Here a few
// events are told by hand, so that the numbers are always the same.
func ExampleStats() {
	stats := advcache.NewStats()
	observer := stats.Observer()

	observer.Hits(advcache.HitEvent{Cache: "users", Count: 940, Sample: 85 * time.Nanosecond})
	observer.Stale(advcache.Event{Cache: "users", Key: "user:7"})
	observer.Refresh(advcache.Event{Cache: "users", Key: "user:7", Duration: 12 * time.Millisecond})
	observer.Miss(advcache.Event{Cache: "users", Key: "user:8", Duration: 200 * time.Nanosecond})
	observer.Load(advcache.Event{Cache: "users", Key: "user:8", Duration: 15 * time.Millisecond})
	observer.Set(advcache.Event{Cache: "users", Key: "user:8"})

	observer.Hits(advcache.HitEvent{Cache: "prices", Count: 57})
	observer.Miss(advcache.Event{Cache: "prices", Key: "price:1", Duration: 2 * time.Microsecond})
	observer.LoadError(advcache.Event{Cache: "prices", Key: "price:1"})

	fmt.Println(stats.Snapshot())
	// Output:
	// cache             all caches  prices  users
	// calls                   1000      58    942
	// hits                     997      57    940
	// stale                      1       0      1
	// negative                   0       0      0
	// misses                     2       1      1
	// hit ratio              99.8%   98.3%  99.9%
	// loads                      1       0      1
	// load errors                1       1      0
	// refreshes                  1       0      1
	// sets                       1       0      1
	// deletes                    0       0      0
	// evictions                  0       0      0
	// backend errors             0       0      0
	// hit p50                 85ns       -   85ns
	// hit p99                 85ns       -   85ns
	// hit max                 85ns       -   85ns
	// miss look-up p50       207ns     2µs  200ns
	// miss look-up p99         2µs     2µs  200ns
	// miss look-up max         2µs     2µs  200ns
	// load p50                15ms       -   15ms
	// load p99                15ms       -   15ms
	// load max                15ms       -   15ms
	// refresh p50             12ms       -   12ms
	// refresh p99             12ms       -   12ms
	// refresh max             12ms       -   12ms
}

// The numbers can also be used as they are.
func ExampleCacheStats_HitRatio() {
	stats := advcache.NewStats()
	observer := stats.Observer()
	observer.Hits(advcache.HitEvent{Cache: "users", Count: 90})
	observer.Stale(advcache.Event{Cache: "users", Key: "user:1"})
	observer.Negative(advcache.Event{Cache: "users", Key: "user:2"})
	for range 8 {
		observer.Miss(advcache.Event{Cache: "users", Key: "user:3"})
	}

	users := stats.Snapshot().Caches["users"]
	fmt.Printf("%d calls, %.0f%% of them without waiting\n", users.Calls(), 100*users.HitRatio())
	// Output: 100 calls, 92% of them without waiting
}
