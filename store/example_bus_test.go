package store_test

import (
	"context"
	"fmt"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// Two processes tell each other of changes by an object of a store that both have:
// here one in memory, for tests; a bucket takes its place, or a folder.
func ExampleNewBus() {
	shared := storetest.NewMemory(nil) // s3store.New(client, "my-bucket", &s3store.Options{Prefix: "prod/bus/"})
	here := store.NewBus(shared, "!bus", &store.BusOptions{Interval: 10 * time.Millisecond})
	there := store.NewBus(shared, "!bus", nil)
	defer there.Close()
	defer here.Close()

	connected, received := make(chan bool, 10), make(chan advcache.Invalidation, 10)
	stop, err := here.Subscribe(advcache.BusSubscriber{
		Receive:   func(m advcache.Invalidation) { received <- m },
		Connected: func(is bool) { connected <- is },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("connected:", <-connected)

	err = there.Publish(context.Background(), advcache.Invalidation{Cache: "users", Origin: "there", At: time.Now(), Keys: []string{"user:42"}})
	fmt.Println("published:", err)
	m := <-received
	fmt.Println(m.Cache, m.Keys, "from", m.Origin)
	stop()
	// Output:
	// connected: true
	// published: <nil>
	// users [user:42] from there
}
