package advcache_test

import (
	"context"
	"fmt"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// Func gives a handle on a cached function, for a program that also writes: it
// knows when a value is out of date.
func ExampleFunc() {
	names := map[int]string{1: "Ann", 2: "Bob"} // a table of a database

	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Hour, nil)
	name := ttl.Func("name:{}", func(_ context.Context, id int) (string, error) {
		fmt.Println("asking the database for", id)
		return names[id], nil
	})

	ctx := context.Background()
	fmt.Println(name.Get(ctx, 1))
	fmt.Println(name.Get(ctx, 1))

	// Whoever changes the database invalidates what was cached before.
	names[1] = "Anna"
	if err := name.Invalidate(ctx, 1); err != nil {
		fmt.Println("callers may get the old name for up to an hour:", err)
	}
	fmt.Println(name.Get(ctx, 1))
	// Output:
	// asking the database for 1
	// Ann <nil>
	// Ann <nil>
	// asking the database for 1
	// Anna <nil>
}

// Peek looks without loading.
func ExampleFunc_Peek() {
	memory := inmem.New[int](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, nil)
	length := ttl.Func("length:{}", func(_ context.Context, s string) (int, error) { return len(s), nil })

	ctx := context.Background()
	fmt.Println(length.Peek(ctx, "elephant"))
	fmt.Println(length.Get(ctx, "elephant"))
	fmt.Println(length.Peek(ctx, "elephant"))
	// Output:
	// 0 false <nil>
	// 8 <nil>
	// 8 true <nil>
}

// Set stores a value that the program has already: one that it has just
// written, for instance.
func ExampleFunc_Set() {
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Hour, nil)
	title := ttl.Func("title:{}", func(context.Context, int) (string, error) { return "from the database", nil })

	ctx := context.Background()
	if err := title.Set(ctx, 7, "just written"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(title.Get(ctx, 7))
	// Output: just written <nil>
}

// Refresh loads whatever the cache holds. If that fails, what it holds stays.
func ExampleFunc_Refresh() {
	rates := []string{"1.08", "1.09", ""} // what the origin says, one day after the other

	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, 24*time.Hour, nil)
	rate := ttl.Func("rate:{}", func(_ context.Context, currency string) (string, error) {
		today := rates[0]
		rates = rates[1:]
		if today == "" {
			return "", fmt.Errorf("no rate for %s today", currency)
		}
		return today, nil
	})

	ctx := context.Background()
	fmt.Println(rate.Get(ctx, "EUR"))
	fmt.Println(rate.Refresh(ctx, "EUR"))
	_, err := rate.Refresh(ctx, "EUR")
	fmt.Println(err)
	fmt.Println(rate.Get(ctx, "EUR"))
	// Output:
	// 1.08 <nil>
	// 1.09 <nil>
	// no rate for EUR today
	// 1.09 <nil>
}

// Invalidate takes several keys at once.
func ExampleFunc_Invalidate() {
	memory := inmem.New[int](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, nil)
	length := ttl.Func("length:{}", func(_ context.Context, s string) (int, error) {
		fmt.Println("counting", s)
		return len(s), nil
	})

	ctx := context.Background()
	animals := []string{"ant", "bear", "cat"}
	for _, animal := range animals {
		if _, err := length.Get(ctx, animal); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(length.Invalidate(ctx, "ant", "cat"))
	for _, animal := range animals {
		if _, err := length.Get(ctx, animal); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// counting ant
	// counting bear
	// counting cat
	// <nil>
	// counting ant
	// counting cat
}

// Key tells where the value of an argument is in the cache, for who wants to
// look there.
func ExampleFunc_Key() {
	type page struct{ Site, Path string }
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[page](memory, time.Hour, nil)
	body := ttl.Func("page:{Site}:{Path}", func(context.Context, page) (string, error) { return "Hello", nil })

	ctx := context.Background()
	home := page{Site: "example.com", Path: "/"}
	if _, err := body.Get(ctx, home); err != nil {
		fmt.Println(err)
	}
	key := body.Key(home)
	entry, ok, err := memory.GetEntry(ctx, key)
	fmt.Println(key, ok, err)
	fmt.Println(entry.Value, "is fresh for", time.Until(entry.FreshUntil).Round(time.Minute))
	// Output:
	// page:example.com:%2F true <nil>
	// Hello is fresh for 1h0m0s
}
