package s3store_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// What a cache in a bucket costs, beside storage: at list prices, and with what is
// read over the internet.
func ExampleStore_Cost() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	bucket := s3store.New(client(server), "my-bucket", &s3store.Options{Freshness: s3store.OneRequest})
	reports := store.New[string](bucket, &store.Options{Compression: codec.None})

	ctx := context.Background()
	_ = reports.Set(ctx, "2026-11", strings.Repeat("a line\n", 1000), time.Hour)
	before := bucket.Usage()
	for range 1000 {
		_, _, _ = reports.Get(ctx, "2026-11")
	}
	fmt.Println(bucket.Usage().Since(before))
	fmt.Printf("$%.4f\n", bucket.Cost(nil))
	fmt.Printf("$%.4f\n", bucket.Cost(&s3store.Prices{ClassA: 0.005, ClassB: 0.0004, Received: 0.09}))
	// Output:
	// 0 class A, 1000 class B, 0 free; 0 bytes sent, 7000000 received
	// $0.0004
	// $0.0010
}

// What has been dead for a day is deleted, at so many requests a second.
func ExampleStore_Sweep() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	dead := store.Meta{CreatedAt: time.Now().AddDate(0, 0, -9), FreshUntil: time.Now().AddDate(0, 0, -2), Encoding: "json"}
	server.Plant("my-bucket", "prod/old", fakes3.Object{
		Body: []byte("{}"), Metadata: store.Metadata(&dead), LastModified: dead.CreatedAt,
	})
	bucket := s3store.New(client(server), "my-bucket", &s3store.Options{Prefix: "prod/"})
	_ = store.New[string](bucket, nil).Set(context.Background(), "new", "value", time.Hour)

	report, err := bucket.Sweep(context.Background(), &s3store.SweepOptions{Rate: 1000})
	fmt.Println(report, err)
	fmt.Println(server.Keys("my-bucket"))
	// Output:
	// 2 listed, 1 asked for, 1 deleted with 2 bytes, 0 foreign <nil>
	// [prod/new]
}

// A job that is the only one to write its keys need not look at what it wrote
// last, and a tag tells lifecycle rules for how long it is of use.
func ExampleOptions() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	bucket := s3store.New(client(server), "my-bucket", &s3store.Options{SoleWriter: true, LifetimeTag: "cache-life"})
	reports := store.New[string](bucket, &store.Options{Dedupe: true})

	ctx := context.Background()
	_ = reports.Set(ctx, "2026-11", "all is well", 48*time.Hour)
	server.Reset()
	err := reports.Set(ctx, "2026-11", "all is well", 48*time.Hour)
	fmt.Println(server.Requests(), err)
	obj, _ := server.Object("my-bucket", "2026-11")
	fmt.Println(obj.Tags)
	// Output:
	// no request <nil>
	// map[cache-life:3d]
}
