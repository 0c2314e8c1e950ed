package sdktest

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

const otherETag = `"00000000000000000000000000000000"`

func ifNoneMatch(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }

func ifMatch(etag string) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.IfMatch = aws.String(etag) }
}

func TestConditionalPut(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		_, err := tryPut(t, client, "k", "v", ifMatch(otherETag))
		wantRefusal(t, err, http.StatusNotFound, "NoSuchKey")
		first := put(t, client, "k", "first", ifNoneMatch)
		_, err = tryPut(t, client, "k", "second", ifNoneMatch)
		wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
		_, err = tryPut(t, client, "k", "second", ifMatch(otherETag))
		wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
		second := put(t, client, "k", "second", ifMatch(first))
		_, err = tryPut(t, client, "k", "third", ifMatch(first))
		wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
		// The ETag is the version of the body alone.
		if again := put(t, client, "k", "second", ifMatch(second)); again != second {
			t.Errorf("the ETags of equal bodies are %s and %s", second, again)
		}
		// What S3 does not know is refused, not guessed.
		for _, unknown := range []func(*s3.PutObjectInput){
			ifMatch("*"),
			func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String(second) },
			func(in *s3.PutObjectInput) { in.IfNoneMatch, in.IfMatch = aws.String("*"), aws.String(second) },
		} {
			_, err = tryPut(t, client, "k", "v", unknown)
			wantRefusal(t, err, http.StatusNotImplemented, "NotImplemented")
		}
		if body, _ := get(t, client, "k"); body != "second" {
			t.Errorf("%q is held", body)
		}
	})
}

func TestConditionalGetAndHead(t *testing.T) {
	bubble(t, nil, func(t *testing.T, _ *fakes3.Server, client *s3.Client) {
		etag := put(t, client, "k", "v")
		pass(2 * time.Hour)
		now := time.Now()
		for _, tt := range []struct {
			name   string
			get    s3.GetObjectInput
			status int
		}{
			{"If-Match, same", s3.GetObjectInput{IfMatch: aws.String(etag)}, 200},
			{"If-Match, other", s3.GetObjectInput{IfMatch: aws.String(otherETag)}, 412},
			{"If-None-Match, same", s3.GetObjectInput{IfNoneMatch: aws.String(etag)}, 304},
			{"If-None-Match, other", s3.GetObjectInput{IfNoneMatch: aws.String(otherETag)}, 200},
			{"modified since", s3.GetObjectInput{IfModifiedSince: aws.Time(now.Add(-3 * time.Hour))}, 200},
			{"not modified since", s3.GetObjectInput{IfModifiedSince: aws.Time(now)}, 304},
			{"not modified since an instant to come", s3.GetObjectInput{IfModifiedSince: aws.Time(now.Add(time.Hour))}, 200},
			{"unmodified since", s3.GetObjectInput{IfUnmodifiedSince: aws.Time(now)}, 200},
			{"not unmodified since", s3.GetObjectInput{IfUnmodifiedSince: aws.Time(now.Add(-3 * time.Hour))}, 412},
			{"the ETag counts more", s3.GetObjectInput{IfMatch: aws.String(etag), IfUnmodifiedSince: aws.Time(now.Add(-3 * time.Hour))}, 200},
			{"the other ETag counts more", s3.GetObjectInput{IfNoneMatch: aws.String(etag), IfModifiedSince: aws.Time(now.Add(-3 * time.Hour))}, 304},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				var err error
				if method == "GET" {
					_, _, err = tryGet(t.Context(), client, "k", func(in *s3.GetObjectInput) {
						in.IfMatch, in.IfNoneMatch = tt.get.IfMatch, tt.get.IfNoneMatch
						in.IfModifiedSince, in.IfUnmodifiedSince = tt.get.IfModifiedSince, tt.get.IfUnmodifiedSince
					})
				} else {
					_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{
						Bucket: aws.String(bucket), Key: aws.String("k"), IfMatch: tt.get.IfMatch, IfNoneMatch: tt.get.IfNoneMatch,
						IfModifiedSince: tt.get.IfModifiedSince, IfUnmodifiedSince: tt.get.IfUnmodifiedSince,
					})
				}
				if got := status(err); got != tt.status {
					t.Errorf("%s, %s: got %d, %v; want %d", method, tt.name, got, err, tt.status)
				}
			}
		}
	})
}

func TestConditionalDelete(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		remove := func(match string) error {
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), IfMatch: aws.String(match)})
			return err
		}
		wantRefusal(t, remove("*"), http.StatusNotFound, "NoSuchKey")
		etag := put(t, client, "k", "v")
		wantRefusal(t, remove(otherETag), http.StatusPreconditionFailed, "PreconditionFailed")
		if _, ok := server.Object(bucket, "k"); !ok {
			t.Error("it was deleted anyway")
		}
		if err := remove(etag); err != nil {
			t.Error(err)
		}
		put(t, client, "k", "v")
		if err := remove("*"); err != nil {
			t.Error(err)
		}
		if _, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("k")}); err != nil {
			t.Errorf("without a condition there need not be anything: %v", err)
		}
	})
}

// TestConditionalWritesAreAtomic has writers race: of those that create, and of
// those that replace the same version, one wins.
func TestConditionalWritesAreAtomic(t *testing.T) {
	const writers = 16
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		race := func(cond func(*s3.PutObjectInput)) int {
			var won atomic.Int32
			var all sync.WaitGroup
			for i := range writers {
				all.Go(func() {
					_, err := tryPut(t, client, "k", fmt.Sprint("writer ", i), cond)
					if err == nil {
						won.Add(1)
					}
				})
			}
			all.Wait()
			return int(won.Load())
		}
		if n := race(ifNoneMatch); n != 1 {
			t.Errorf("%d writers created the object", n)
		}
		for range 20 {
			obj, _ := server.Object(bucket, "k")
			// The winner of the last round may write what is there, which
			// changes nothing: nobody has written this.
			etag := put(t, client, "k", "between "+obj.ETag)
			if n := race(ifMatch(etag)); n != 1 {
				t.Errorf("%d writers replaced one version", n)
			}
		}
	})
}
