package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// A cached function is called like the function that it wraps.
func ExampleTTL() {
	type User struct {
		ID   int
		Name string
	}
	fetchUser := func(ctx context.Context, id int) (User, error) {
		fmt.Println("asking the database for", id)
		return User{ID: id, Name: "Ann"}, nil
	}

	memory := inmem.New[User](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Hour, &advcache.TTLOptions{Stale: time.Minute})
	getUser := ttl.Cached("user:{}", fetchUser)

	for range 3 {
		user, err := getUser(context.Background(), 42)
		fmt.Println(user.Name, err)
	}
	// Output:
	// asking the database for 42
	// Ann <nil>
	// Ann <nil>
	// Ann <nil>
}

// A function of several arguments takes them as a struct. The template names
// its fields.
func ExampleTTL_Cached_struct() {
	type invoice struct {
		Tenant string
		Year   int
		Trace  string `cache:"-"` // not a part of the key
	}
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[invoice](memory, time.Hour, nil)
	total := ttl.Cached("invoices/{Tenant}/{Year}", func(_ context.Context, k invoice) (string, error) {
		fmt.Println("adding up", k.Tenant, k.Year)
		return "1,024.00", nil
	})

	ctx := context.Background()
	for _, k := range []invoice{
		{"acme", 2025, "a1"},
		{"acme", 2025, "b2"},
		{"globex", 2025, "c3"},
	} {
		if _, err := total(ctx, k); err != nil {
			fmt.Println(err)
		}
	}
	for key := range memory.All() {
		if key == "invoices/acme/2025" {
			fmt.Println("the cache holds", key)
		}
	}
	// Output:
	// adding up acme 2025
	// adding up globex 2025
	// the cache holds invoices/acme/2025
}

// A template that does not fit the key is a mistake of the program, and panics
// when the function is wrapped: not at the first call, with the wrong value.
func ExampleTTL_Cached_mistake() {
	type page struct {
		Site string
		Path string
	}
	memory := inmem.New[string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[page](memory, time.Hour, nil)

	defer func() { fmt.Println(recover()) }()
	ttl.Cached("page:{Site}/{URL}", func(context.Context, page) (string, error) { return "", nil })
	// Output: advcache: key template "page:{Site}/{URL}": placeholder {URL} matches no field of advcache_test.page; its fields are {Site}, {Path}
}

// A function without arguments has a key without placeholders.
func ExampleTTL_CachedValue() {
	memory := inmem.New[[]string](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Minute, nil)
	countries := ttl.CachedValue("countries", func(context.Context) ([]string, error) {
		fmt.Println("loading")
		return []string{"Chile", "Ghana", "Nepal"}, nil
	})

	for range 2 {
		fmt.Println(countries(context.Background()))
	}
	// Output:
	// loading
	// [Chile Ghana Nepal] <nil>
	// [Chile Ghana Nepal] <nil>
}

// Values that say themselves how long they are good choose their life. Nothing
// is kept that has none left.
func ExampleTTL_LifeOf() {
	type token struct {
		Secret  string
		Expires time.Time
	}
	memory := inmem.New[token](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, nil).
		LifeOf(func(t token) time.Duration { return time.Until(t.Expires) - time.Minute })

	lifetimes := map[string]time.Duration{"long": 30 * time.Minute, "short": 30 * time.Second}
	tokenFor := ttl.Cached("token:{}", func(_ context.Context, account string) (token, error) {
		fmt.Println("asking for a token:", account)
		return token{"s3cr3t", time.Now().Add(lifetimes[account])}, nil
	})

	ctx := context.Background()
	for _, account := range []string{"long", "long", "short", "short"} {
		if _, err := tokenFor(ctx, account); err != nil {
			fmt.Println(err)
		}
	}
	entry, _, _ := memory.GetEntry(ctx, "token:long")
	fmt.Println("kept for", time.Until(entry.FreshUntil).Round(time.Minute))
	// Output:
	// asking for a token: long
	// asking for a token: short
	// asking for a token: short
	// kept for 29m0s
}

// After Close, the function serves what the cache holds, and starts nothing.
func ExampleTTL_Close() {
	memory := inmem.New[int](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Hour, nil)
	length := ttl.Cached("length:{}", func(_ context.Context, s string) (int, error) { return len(s), nil })

	ctx := context.Background()
	fmt.Println(length(ctx, "elephant"))
	// Loads under way may take this long to end.
	shutdown, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	fmt.Println(ttl.Close(shutdown))
	fmt.Println(length(ctx, "elephant"))
	_, err := length(ctx, "mouse")
	fmt.Println(errors.Is(err, advcache.ErrClosed), err)
	// Output:
	// 8 <nil>
	// <nil>
	// 8 <nil>
	// true advcache: ttl load "length:mouse": advcache: closed
}

// A loader can ask its origin whether the old value still holds, and say so: a
// request to an HTTP server with If-None-Match, for instance.
func ExamplePrevious() {
	type page struct{ ETag, Body string }
	server := page{ETag: "v1", Body: "a long text"} // what there is to fetch

	memory := inmem.New[page](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[string](memory, time.Minute, nil)
	pages := ttl.Func("page:{}", func(ctx context.Context, _ string) (page, error) {
		old, ok := advcache.Previous[page](ctx)
		if ok && old.Value.ETag == server.ETag {
			fmt.Println("304 Not Modified")
			return page{}, advcache.ErrUnchanged
		}
		fmt.Println("200 OK")
		return server, nil
	})

	ctx := context.Background()
	fmt.Println(pages.Get(ctx, "home"))
	fmt.Println(pages.Refresh(ctx, "home"))
	server = page{ETag: "v2", Body: "a new text"}
	fmt.Println(pages.Refresh(ctx, "home"))
	// Output:
	// 200 OK
	// {v1 a long text} <nil>
	// 304 Not Modified
	// {v1 a long text} <nil>
	// 200 OK
	// {v2 a new text} <nil>
}

// A panic in a loader is an error for all who wait for it, and no more.
func ExamplePanicError() {
	memory := inmem.New[int](nil)
	defer memory.Close()
	ttl := advcache.NewTTL[int](memory, time.Minute, nil)
	share := ttl.Cached("share:{}", func(_ context.Context, heirs int) (int, error) { return 100 / heirs, nil })

	_, err := share(context.Background(), 0)
	if p, ok := errors.AsType[*advcache.PanicError](err); ok {
		fmt.Println(p.Value)
	}
	fmt.Println(share(context.Background(), 4))
	// Output:
	// runtime error: integer divide by zero
	// 25 <nil>
}
