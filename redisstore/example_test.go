package redisstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// exampleServer is where the examples find Redis: a server that the tests start.
// Without redis-server on the machine the examples are left out.
func exampleServer() string {
	server, err := start()
	if err != nil {
		panic(err)
	}
	return server.addr()
}

type User struct{ Name string }

// A cache of users in Redis. With ContextTimeoutEnabled, no request takes a
// goroutine.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: exampleServer(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	users := store.New[User](redisstore.New(rdb, &redisstore.Options{Prefix: "users:"}), nil)

	ctx := context.Background()
	if err := users.Set(ctx, "42", User{Name: "Ada"}, time.Hour); err != nil {
		fmt.Println(err)
	}
	user, ok, err := users.Get(ctx, "42")
	fmt.Println(user.Name, ok, err)
	fmt.Println(rdb.Keys(ctx, "*").Val())
	// Output:
	// Ada true <nil>
	// [users:42]
}

// Redis in front of a function: the function runs once, for all processes that
// come later.
func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: exampleServer(), ContextTimeoutEnabled: true})
	defer rdb.Close()

	for process := range 2 {
		ttl := advcache.NewTTL[int](store.New[string](redisstore.New(rdb, nil), nil), time.Hour, nil)
		greet := ttl.Cached("greeting:{}", func(_ context.Context, id int) (string, error) {
			fmt.Println("loaded by process", process)
			return fmt.Sprint("hello, ", id), nil
		})
		fmt.Println(greet(context.Background(), 42))
		if err := ttl.Close(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// loaded by process 0
	// hello, 42 <nil>
	// hello, 42 <nil>
}

// Clear deletes by prefix, and leaves what others keep in the same database.
func ExampleStore_Clear() {
	rdb := redis.NewClient(&redis.Options{Addr: exampleServer(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	ctx := context.Background()
	rdb.Set(ctx, "of somebody else", "kept", 0)

	pages := store.New[string](redisstore.New(rdb, &redisstore.Options{Prefix: "pages:"}), nil)
	for _, key := range []string{"en/1", "en/2", "de/1"} {
		if err := pages.Set(ctx, key, "text", time.Hour); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(pages.Clear(ctx, "en/"), rdb.DBSize(ctx).Val())
	fmt.Println(pages.Clear(ctx, ""), rdb.Keys(ctx, "*").Val())
	// Output:
	// <nil> 2
	// <nil> [of somebody else]
}

// Two processes that share a channel: what one of them changes, the other one drops
// its copy of. A chain or a Hybrid does this with the bus it is given.
func ExampleNewBus() {
	addr := exampleServer()
	process := func() (*redis.Client, *redisstore.Bus) {
		rdb := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
		return rdb, redisstore.NewBus(rdb, nil)
	}
	oneClient, one := process()
	defer oneClient.Close()
	defer one.Close()
	otherClient, other := process()
	defer otherClient.Close()
	defer other.Close()

	connected, dropped := make(chan bool, 1), make(chan []string, 1)
	stop, err := other.Subscribe(advcache.BusSubscriber{
		Receive:   func(m advcache.Invalidation) { dropped <- m.Keys },
		Connected: func(now bool) { connected <- now }, // false: trust no copy
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	fmt.Println("connected:", <-connected)

	err = one.Publish(context.Background(), advcache.Invalidation{Cache: "users", Keys: []string{"user:42"}, At: time.Now()})
	fmt.Println("published:", err)
	fmt.Println("to drop:", <-dropped)
	// Output:
	// connected: true
	// published: <nil>
	// to drop: [user:42]
}
