package main

import (
	"bytes"
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
)

const nameS3 = "aws-sdk-go-v2"

func s3Keepers[V any](d *s3Depot, f form[V]) objectKeepers[V] {
	return objectKeepers[V]{
		bare: bareS3(d.client, f),
		head: keeperOf(nameHeadFirst, s3Cache[V](d, s3store.HeadFirst, f.ours)),
		one:  keeperOf(nameOneRequest, s3Cache[V](d, s3store.OneRequest, f.ours)),
	}
}

// s3Cache is ours, as a user sets it up.
func s3Cache[V any](d *s3Depot, freshness s3store.Freshness, o store.Options) *store.Cache[V] {
	return store.New[V](s3store.New(d.client, bucketName, &s3store.Options{Prefix: prefixOurs, Freshness: freshness}), &o)
}

// bareS3 is GetObject into memory of the size of the body, and PutObject.
func bareS3[V any](client *s3.Client, f form[V]) keeper[V] {
	return keeper[V]{
		name: nameS3,
		get: func(ctx context.Context, key string) (value V, err error) {
			out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucketName), Key: aws.String(prefixBare + key)})
			if err != nil {
				return value, err
			}
			defer func() { _ = out.Body.Close() }() // what was read was read
			body := make([]byte, aws.ToInt64(out.ContentLength))
			if _, err := io.ReadFull(out.Body, body); err != nil {
				return value, err
			}
			return f.decode(body)
		},
		set: func(ctx context.Context, key string, value V) error {
			body, err := f.encode(value)
			if err != nil {
				return err
			}
			_, err = client.PutObject(ctx, &s3.PutObjectInput{
				Bucket: aws.String(bucketName), Key: aws.String(prefixBare + key), Body: bytes.NewReader(body),
			})
			return err
		},
	}
}
