package s3store_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

type Report struct {
	Month string `json:"month"`
	Lines string `json:"lines"`
}

// client is one of a server in the process; s3.NewFromConfig makes that of a real
// bucket.
func client(server *fakes3.Server) *s3.Client {
	return s3.New(s3.Options{
		Region: "eu-central-1", HTTPClient: server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}

// Reports of a month are made once, and kept in a bucket, one object each.
func Example() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	bucket := s3store.New(client(server), "my-bucket", &s3store.Options{Prefix: "prod/"})
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

// With Dedupe, what has not changed is not sent again: a HEAD tells, and where
// the life has to be prolonged, the bucket copies the object to itself.
func Example_dedupe() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	reports := store.New[Report](s3store.New(client(server), "my-bucket", nil), &store.Options{Codec: codec.JSON, Dedupe: true})
	report := Report{"2026-11", strings.Repeat("a line\n", 1000)}

	ctx := context.Background()
	for _, ttl := range []time.Duration{time.Hour, time.Hour, 24 * time.Hour} {
		server.Reset()
		err := reports.Set(ctx, "2026-11", report, ttl)
		counts := server.Counts()
		fmt.Println(counts.Requests, counts.In > 0, err)
	}
	// Output:
	// 1 HeadBucket, 1 HeadObject, 1 PutObject true <nil>
	// 1 HeadObject false <nil>
	// 1 HeadObject, 1 CopyObject false <nil>
}

// One request for each read, in place of two: the headers of the object tell
// whether it is of use.
func ExampleOneRequest() {
	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}})
	bucket := s3store.New(client(server), "my-bucket", &s3store.Options{Freshness: s3store.OneRequest})
	reports := store.New[Report](bucket, nil)

	ctx := context.Background()
	_ = reports.Set(ctx, "2026-11", Report{Month: "2026-11"}, time.Hour)
	server.Reset()
	r, ok, err := reports.Get(ctx, "2026-11")
	fmt.Println(r.Month, ok, err, server.Requests())
	// Output:
	// 2026-11 true <nil> 1 GetObject
}
