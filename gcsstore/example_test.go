package gcsstore_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

type Report struct {
	Month string `json:"month"`
	Lines string `json:"lines"`
}

// client is one of a server in the process; that of a real bucket is made by
// storage.NewClient(ctx, storage.WithXMLReads()).
func client(server *fakegcs.Server) *storage.Client {
	c, err := storage.NewClient(context.Background(), storage.WithXMLReads(), option.WithHTTPClient(server.Client()), option.WithoutAuthentication())
	if err != nil {
		panic(err)
	}
	return c
}

// Reports of a month are made once, and kept in a bucket, one object each.
func Example() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	bucket := gcsstore.New(client(server), "my-bucket", &gcsstore.Options{Prefix: "prod/"})
	reports := store.New[Report](bucket, &store.Options{Codec: codec.JSON})
	ttl := advcache.NewTTL[string](reports, 24*time.Hour, nil)
	report := ttl.Cached("reports/{}", func(_ context.Context, month string) (Report, error) {
		fmt.Println("making the report of", month)
		return Report{month, strings.Repeat("a line\n", 1000)}, nil
	})

	for range 2 {
		r, err := report(context.Background(), "2026-11")
		fmt.Println(r.Month, len(r.Lines), err)
	}
	fmt.Println(server.Keys("my-bucket"))
	// Output:
	// making the report of 2026-11
	// 2026-11 7000 <nil>
	// 2026-11 7000 <nil>
	// [prod/reports/2026-11]
}

// With Dedupe, what has not changed is not sent again: its metadata tell, and where
// the life has to be prolonged, they alone are changed.
func Example_dedupe() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	reports := store.New[Report](gcsstore.New(client(server), "my-bucket", nil), &store.Options{Codec: codec.JSON, Dedupe: true})
	report := Report{"2026-11", strings.Repeat("a line\n", 1000)}

	ctx := context.Background()
	for _, ttl := range []time.Duration{time.Hour, time.Hour, 24 * time.Hour} {
		server.Reset()
		err := reports.Set(ctx, "2026-11", report, ttl)
		fmt.Println(server.Requests(), err)
	}
	// Output:
	// 1 GetObject, 1 InsertObject <nil>
	// 1 GetObject <nil>
	// 1 GetObject, 1 PatchObject <nil>
}

// One request for each read, in place of two: the headers of the object tell
// whether it is of use.
func ExampleOneRequest() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	bucket := gcsstore.New(client(server), "my-bucket", &gcsstore.Options{Freshness: gcsstore.OneRequest})
	reports := store.New[Report](bucket, nil)

	ctx := context.Background()
	_ = reports.Set(ctx, "2026-11", Report{Month: "2026-11"}, time.Hour)
	server.Reset()
	r, ok, err := reports.Get(ctx, "2026-11")
	fmt.Println(r.Month, ok, err, server.Requests())
	// Output:
	// 2026-11 true <nil> 1 ReadObject
}

// What a bucket costs can be watched, or reported.
func ExampleStore_Cost() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	bucket := gcsstore.New(client(server), "my-bucket", nil)
	reports := store.New[Report](bucket, nil)

	ctx := context.Background()
	_ = reports.Set(ctx, "2026-11", Report{Month: "2026-11"}, time.Hour)
	for range 1000 {
		_, _, _ = reports.Get(ctx, "2026-11")
	}
	used := bucket.Usage()
	fmt.Printf("%d class A, %d class B: $%.6f\n", used.ClassA, used.ClassB, bucket.Cost(nil))
	// Output:
	// 1 class A, 2000 class B: $0.000805
}

// What has been dead for a day is deleted, where no lifecycle rule does it.
func ExampleStore_Sweep() {
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}})
	bucket := gcsstore.New(client(server), "my-bucket", nil)
	_ = store.New[Report](bucket, nil).Set(context.Background(), "2026-11", Report{}, time.Hour)

	report, err := bucket.Sweep(context.Background(), nil)
	fmt.Println(report, err)
	// Output:
	// 1 listed, 0 asked for, 0 deleted with 0 bytes, 0 foreign <nil>
}
