package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// With Stale, nobody waits for a value that has just become old: it is served
// once more, and refreshed in the background.
func ExampleTTLOptions_stale() {
	refreshed := make(chan struct{})
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, &advcache.TTLOptions{
		Stale:    10 * time.Minute,
		Observer: &advcache.Observer{Refresh: func(advcache.Event) { close(refreshed) }},
	})
	forecast := ttl.Cached("forecast:{}", func(context.Context, string) (string, error) { return "sun", nil })

	// Instead of an hour of waiting: a forecast that became old a minute ago.
	ctx := context.Background()
	old := time.Now().Add(-time.Minute)
	if err := memory.SetEntry(ctx, "forecast:Bern", advcache.Entry[string]{
		Value:      "rain",
		CreatedAt:  old.Add(-time.Hour),
		FreshUntil: old,
		StaleUntil: old.Add(10 * time.Minute),
	}); err != nil {
		fmt.Println(err)
	}

	fmt.Println(forecast(ctx, "Bern"))
	<-refreshed
	fmt.Println(forecast(ctx, "Bern"))
	// Output:
	// rain <nil>
	// sun <nil>
}

// With StaleIfError, an outage of the origin is not one of the callers, as long
// as there is an old value.
func ExampleTTLOptions_staleIfError() {
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Minute, &advcache.TTLOptions{
		StaleIfError: 24 * time.Hour,
		Observer: &advcache.Observer{
			LoadError: func(e advcache.Event) { fmt.Println("reported:", e.Key, e.Err) },
		},
	})
	price := ttl.Cached("price:{}", func(context.Context, string) (string, error) {
		return "", errors.New("connection refused")
	})

	// A price of an hour ago.
	ctx := context.Background()
	then := time.Now().Add(-time.Hour)
	if err := memory.SetEntry(ctx, "price:tea", advcache.Entry[string]{
		Value:      "3.20",
		CreatedAt:  then,
		FreshUntil: then.Add(time.Minute),
		StaleUntil: then.Add(24 * time.Hour),
	}); err != nil {
		fmt.Println(err)
	}

	fmt.Println(price(ctx, "tea"))
	_, err := price(ctx, "coffee")
	fmt.Println("coffee:", err)
	// Output:
	// reported: price:tea connection refused
	// 3.20 <nil>
	// reported: price:coffee connection refused
	// coffee: connection refused
}

// With NegativeTTL, what does not exist is not asked for again and again.
func ExampleTTLOptions_negativeTTL() {
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, &advcache.TTLOptions{NegativeTTL: time.Minute})
	email := ttl.Cached("email:{}", func(_ context.Context, user string) (string, error) {
		fmt.Println("asking the database for", user)
		return "", fmt.Errorf("no row for %s: %w", user, advcache.ErrNotFound)
	})

	for range 3 {
		_, err := email(context.Background(), "bob")
		fmt.Println(errors.Is(err, advcache.ErrNotFound))
	}
	// Output:
	// asking the database for bob
	// true
	// true
	// true
}

// With SoftTimeout, callers wait for a slow origin only so long, if there is an
// old value to serve. The load goes on for those who come later.
func ExampleTTLOptions_softTimeout() {
	loaded := make(chan struct{})
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Minute, &advcache.TTLOptions{
		StaleIfError: time.Hour,
		SoftTimeout:  10 * time.Millisecond,
		Observer:     &advcache.Observer{Load: func(advcache.Event) { close(loaded) }},
	})
	slow := make(chan struct{})
	report := ttl.Cached("report:{}", func(context.Context, int) (string, error) {
		<-slow
		return "the new report", nil
	})

	// A report that became old ten minutes ago.
	ctx := context.Background()
	old := time.Now().Add(-10 * time.Minute)
	if err := memory.SetEntry(ctx, "report:7", advcache.Entry[string]{
		Value:      "the old report",
		CreatedAt:  old.Add(-time.Minute),
		FreshUntil: old,
		StaleUntil: old.Add(time.Hour),
	}); err != nil {
		fmt.Println(err)
	}

	fmt.Println(report(ctx, 7))
	close(slow)
	<-loaded
	fmt.Println(report(ctx, 7))
	// Output:
	// the old report <nil>
	// the new report <nil>
}

// An Observer is told what happens. Stats is one that counts.
func ExampleTTLOptions_observer() {
	stats := advcache.NewStats()
	memory := inmem.New[int](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Hour, &advcache.TTLOptions{
		Name: "squares",
		Observer: advcache.Observers(stats.Observer(), &advcache.Observer{
			Load: func(e advcache.Event) { fmt.Println("loaded", e.Key) },
		}),
	})
	square := ttl.Cached("square:{}", func(_ context.Context, n int) (int, error) { return n * n, nil })

	for i := range 1000 {
		if _, err := square(context.Background(), i%4); err != nil {
			fmt.Println(err)
		}
	}
	squares := stats.Snapshot().Caches["squares"]
	fmt.Println(squares.Hits, "hits,", squares.Misses, "misses,", squares.Loads, "loads")
	fmt.Printf("%.1f%% of %d calls did not wait\n", 100*squares.HitRatio(), squares.Calls())
	// Output:
	// loaded square:0
	// loaded square:1
	// loaded square:2
	// loaded square:3
	// 996 hits, 4 misses, 4 loads
	// 99.6% of 1000 calls did not wait
}
