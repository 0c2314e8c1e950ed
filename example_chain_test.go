package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// Memory in front of a cache that lasts: what one of them has is found, and what
// the second one has is copied to the first.
func ExampleNewChain() {
	ctx := context.Background()
	memory := inmem.New[string](nil)
	defer memory.Close()
	shared := store.New[string](storetest.NewMemory(nil), nil) // in an application: redisstore, s3store, gcsstore

	chain := advcache.NewChain(
		advcache.Level(memory, time.Minute),
		advcache.Level(shared, 24*time.Hour))
	defer chain.Close(ctx)

	_ = shared.Set(ctx, "user:1", "Ann", time.Hour) // by another process
	for range 2 {
		fmt.Println(chain.Get(ctx, "user:1"))
	}
	fmt.Println(memory.Get(ctx, "user:1"))
	// Output:
	// Ann true <nil>
	// Ann true <nil>
	// Ann true <nil>
}

// Two levels with the usual settings.
func ExampleNewHybrid() {
	ctx := context.Background()
	memory := inmem.New[string](nil)
	defer memory.Close()
	shared := store.New[string](storetest.NewMemory(nil), nil)

	users := advcache.NewHybrid(memory, shared, &advcache.HybridOptions{L1TTL: 10 * time.Second})
	defer users.Close(ctx)

	fmt.Println(users.Set(ctx, "user:1", "Ann", time.Hour))
	fmt.Println(shared.Get(ctx, "user:1"))
	fmt.Println(users.Delete(ctx, "user:1"))
	fmt.Println(shared.Exists(ctx, "user:1"))
	// Output:
	// <nil>
	// Ann true <nil>
	// <nil>
	// false <nil>
}

// One call ends all entries with a tag, whatever their number.
func ExampleChain_InvalidateTag() {
	ctx := context.Background()
	memory := inmem.New[string](nil)
	defer memory.Close()
	chain := advcache.NewChain(
		advcache.Level(memory, time.Minute),
		advcache.Level(store.New[string](storetest.NewMemory(nil), nil), 0))
	defer chain.Close(ctx)

	for _, key := range []string{"acme/users", "acme/orders"} {
		entry := advcache.Entry[string]{Value: key, FreshUntil: time.Now().Add(time.Hour), Tags: []string{"tenant:acme"}}
		if err := chain.SetEntry(ctx, key, entry); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(chain.Exists(ctx, "acme/users"))
	fmt.Println(chain.InvalidateTag(ctx, "tenant:acme"))
	fmt.Println(chain.Exists(ctx, "acme/users"))
	fmt.Println(chain.Exists(ctx, "acme/orders"))
	// Output:
	// true <nil>
	// <nil>
	// false <nil>
	// false <nil>
}

// A level that is slow to write, and may fail, holds nobody up. Close writes what
// still waits.
func ExampleLevelOptions() {
	ctx := context.Background()
	backend := storetest.NewFaulty(storetest.NewMemory(nil), nil)
	bucket := store.New[string](backend, nil)
	memory := inmem.New[string](nil)
	defer memory.Close()

	chain := advcache.NewChain(
		advcache.Level(memory, time.Minute),
		advcache.Level(bucket, 0).With(advcache.LevelOptions{
			Name:    "bucket",
			Timeout: time.Second,
			Hedge:   100 * time.Millisecond,
			Behind:  true,
			Breaker: advcache.Breaker{Failures: 3, Window: 10 * time.Second},
		}))
	fmt.Println(chain.Set(ctx, "report", "42 pages", time.Hour))
	fmt.Println(chain.Close(ctx))
	fmt.Println(bucket.Get(ctx, "report"))

	backend.Rate(storetest.OpDelete, storetest.Fail, 1)
	err := chain.Delete(ctx, "report")
	fmt.Println(errors.Is(err, storetest.ErrInjected))
	for _, level := range chain.Levels() {
		fmt.Println(level.Name, level.Doubted)
	}
	fmt.Println(chain.Get(ctx, "report")) // which the bucket still holds
	// Output:
	// <nil>
	// <nil>
	// 42 pages true <nil>
	// true
	// L1 0
	// bucket 1
	//  false <nil>
}
