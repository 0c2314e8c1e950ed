package s3store_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
)

// TestObjects is about what other programs see of an object: by a PUT, by parts,
// and after a longer life was given to it.
func TestObjects(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		codec       codec.Codec
		contentType string
		life        time.Duration
		tag         string
	}{
		{codec.JSON, "application/json", time.Minute, "1d"},
		{codec.Msgpack, "application/vnd.msgpack", day, "1d"},
		{codec.Raw, "application/octet-stream", day + time.Second, "3d"},
		{codec.JSON, "application/json", 29 * day, "30d"},
		{codec.JSON, "application/json", 365 * day, "365d"},
		{codec.JSON, "application/json", 366 * day, "long"},
		{codec.JSON, "application/json", 0, "long"},
	} {
		for _, size := range []int{10, 6 * mib} {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				s, server := newStore(&s3store.Options{
					PartSize: 5 * mib, LifetimeTag: "cache life", StorageClass: types.StorageClassStandardIa,
					ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyID: "key",
				}, nil)
				c := store.New[string](s, &store.Options{Codec: test.codec, Dedupe: true, Compression: codec.None})
				value := strings.Repeat("v", size)
				check := func(what, tag string) {
					obj, _ := server.Object(bucket, "k")
					if got := obj.Header.Get("Content-Type"); got != test.contentType {
						t.Errorf("%s of %s: Content-Type is %q; want %q", what, test.codec.Name(), got, test.contentType)
					}
					if got, ok := obj.Header["Content-Encoding"]; ok {
						t.Errorf("%s: Content-Encoding is %q; want none", what, got)
					}
					if obj.Tags["cache life"] != tag || len(obj.Tags) != 1 {
						t.Errorf("%s for %v: the tags are %v; want %s", what, test.life, obj.Tags, tag)
					}
					if obj.StorageClass != "STANDARD_IA" || obj.Encryption != "aws:kms" || obj.KMSKey != "key" {
						t.Errorf("%s: class %q, encryption %q by %q", what, obj.StorageClass, obj.Encryption, obj.KMSKey)
					}
				}
				if err := c.Set(ctx, "k", value, test.life); err != nil {
					t.Fatal(err)
				}
				check("write", test.tag)
				if err := c.Set(ctx, "k", value, 60*day); err != nil { // another life, by a copy
					t.Fatal(err)
				}
				if n := server.Requests().CopyObject; n != 1 {
					t.Errorf("a life of %v after one of %v takes %d copies", 60*day, test.life, n)
				}
				check("renewal", "90d")
			})
		}
	}
}
