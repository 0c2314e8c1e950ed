package inmem_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// A cache in memory can be used by itself, without a function to wrap.
func ExampleNew() {
	sessions := inmem.New[string](nil)
	defer sessions.Close()

	ctx := context.Background()
	if err := sessions.Set(ctx, "session:8f3a", "ann", 20*time.Minute); err != nil {
		fmt.Println(err)
	}
	fmt.Println(sessions.Get(ctx, "session:8f3a"))

	if err := sessions.Delete(ctx, "session:8f3a"); err != nil {
		fmt.Println(err)
	}
	user, ok, err := sessions.Get(ctx, "session:8f3a")
	fmt.Printf("%q %v %v\n", user, ok, err) // a miss is no error
	// Output:
	// ann true <nil>
	// "" false <nil>
}

// A cache of values of very different size is best bounded by their weight.
// OnEvict is told of what is dropped: here, of what is too heavy for the whole.
func ExampleOptions_weight() {
	evicted := make(chan string)
	pages := inmem.New(&inmem.Options[[]byte]{
		MaxWeight: 1 << 20, // bytes
		Weigher:   func(key string, page []byte) uint32 { return uint32(len(key) + len(page)) },
		OnEvict: func(key string, page []byte, why inmem.Eviction) {
			evicted <- fmt.Sprintf("%s, %d bytes: %v", key, len(page), why)
		},
	})
	defer pages.Close()

	ctx := context.Background()
	for key, size := range map[string]int{"small": 1_000, "middle": 500_000, "huge": 2_000_000} {
		if err := pages.Set(ctx, key, make([]byte, size), 0); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(<-evicted)
	fmt.Println(pages.Exists(ctx, "middle"))
	fmt.Println(pages.Exists(ctx, "huge"))
	fmt.Println(pages.Weight(), "bytes in", pages.Len(), "pages")
	// Output:
	// huge, 2000000 bytes: overflow
	// true <nil>
	// false <nil>
	// 501011 bytes in 2 pages
}

// By default, all who get a value share it, and must not change it. With Copy,
// each has its own.
func ExampleOptions_copy() {
	ctx := context.Background()
	carts := inmem.New(&inmem.Options[[]string]{Copy: slices.Clone[[]string]})
	defer carts.Close()

	if err := carts.Set(ctx, "cart:1", []string{"tea", "milk"}, time.Hour); err != nil {
		fmt.Println(err)
	}
	cart, _, _ := carts.Get(ctx, "cart:1")
	cart[0] = "coffee"
	fmt.Println(carts.Get(ctx, "cart:1"))
	// Output: [tea milk] true <nil>
}

// SetIfAbsent is atomic: of all who try, one succeeds.
func ExampleCache_SetIfAbsent() {
	seen := inmem.New[struct{}](nil)
	defer seen.Close()

	ctx := context.Background()
	for _, message := range []string{"m1", "m2", "m1"} {
		first, err := seen.SetIfAbsent(ctx, message, struct{}{}, time.Hour)
		fmt.Println(message, first, err)
	}
	// Output:
	// m1 true <nil>
	// m2 true <nil>
	// m1 false <nil>
}

// The entries come with their instants, in no order.
func ExampleCache_All() {
	ages := inmem.New[int](nil)
	defer ages.Close()

	if err := ages.SetMany(context.Background(), map[string]int{"ann": 34, "bob": 27, "cy": 61}, time.Hour); err != nil {
		fmt.Println(err)
	}
	for _, name := range slices.Sorted(maps.Keys(maps.Collect(ages.All()))) {
		fmt.Println(name)
	}
	for name, entry := range ages.All() {
		if entry.Value > 60 {
			fmt.Println(name, "is", entry.Value, "for another", time.Until(entry.FreshUntil).Round(time.Minute))
		}
	}
	// Output:
	// ann
	// bob
	// cy
	// cy is 61 for another 1h0m0s
}

// Clear drops a group of keys.
func ExampleCache_Clear() {
	cache := inmem.New[string](nil)
	defer cache.Close()

	ctx := context.Background()
	if err := cache.SetMany(ctx, map[string]string{"acme/logo": "…", "acme/name": "…", "globex/logo": "…"}, 0); err != nil {
		fmt.Println(err)
	}
	if err := cache.Clear(ctx, "acme/"); err != nil {
		fmt.Println(err)
	}
	for key := range cache.All() {
		fmt.Println(key)
	}
	// Output: globex/logo
}

// An entry keeps the instants that it is set with: a copy lives no longer than
// its original. Past FreshUntil, Get misses; GetEntry answers until StaleUntil.
func ExampleCache_SetEntry() {
	cache := inmem.New[string](nil)
	defer cache.Close()

	ctx := context.Background()
	now := time.Now()
	if err := cache.SetEntry(ctx, "forecast", advcache.Entry[string]{
		Value:      "rain",
		CreatedAt:  now.Add(-time.Hour),
		FreshUntil: now.Add(-time.Minute),
		StaleUntil: now.Add(10 * time.Minute),
	}); err != nil {
		fmt.Println(err)
	}
	_, ok, err := cache.Get(ctx, "forecast")
	fmt.Println(ok, err)
	entry, ok, err := cache.GetEntry(ctx, "forecast")
	fmt.Println(ok, err, entry.Value, entry.IsFresh(now))
	// Output:
	// false <nil>
	// true <nil> rain false
}

// SaveTo and LoadFrom take what the cache holds over a restart: through a file,
// for instance. Entries keep their lives.
func ExampleCache_LoadFrom() {
	ctx := context.Background()
	var file bytes.Buffer
	{
		before := inmem.New[string](nil)
		if err := before.Set(ctx, "greeting", "hello", time.Hour); err != nil {
			fmt.Println(err)
		}
		if _, err := before.SaveTo(&file); err != nil {
			fmt.Println(err)
		}
		if err := before.Close(); err != nil {
			fmt.Println(err)
		}
	}

	after := inmem.New[string](nil)
	defer after.Close()
	n, err := after.LoadFrom(&file)
	fmt.Println(n, err)
	fmt.Println(after.Get(ctx, "greeting"))
	// Output:
	// 1 <nil>
	// hello true <nil>
}
