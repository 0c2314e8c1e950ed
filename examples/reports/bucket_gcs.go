package main

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/gcsstore"
)

// gcsPause is a little more than the second in which GCS takes one write, and one
// change of metadata, of an object.
const gcsPause = 1100 * time.Millisecond

// realGCS returns a bucket of Google Cloud Storage. Credentials are those of the
// environment.
func realGCS(ctx context.Context, bucket string) (*service, error) {
	client, err := storage.NewClient(ctx, storage.WithXMLReads())
	if err != nil {
		return nil, fmt.Errorf("-gcs-bucket: the environment makes no client; set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login: %w", err)
	}
	s := serviceGCS(client, bucket, fmt.Sprintf("the bucket %s of Google Cloud Storage", bucket))
	s.close = client.Close
	return s, nil
}

func serviceGCS(client *storage.Client, bucket, name string) *service {
	return &service{
		name:   name,
		reads:  "attrs and read",
		writes: "insert and patch",
		prices: gcsstore.ListPrices(),
		pause:  gcsPause,
		open: func(o tierOptions) tier {
			freshness := gcsstore.HeadFirst
			if o.oneRequest {
				freshness = gcsstore.OneRequest
			}
			return gcsstore.New(client, bucket, &gcsstore.Options{
				Prefix: o.prefix, Freshness: freshness, SoleWriter: o.soleWriter, Logger: o.logger,
			})
		},
		close: func() error { return nil },
	}
}
