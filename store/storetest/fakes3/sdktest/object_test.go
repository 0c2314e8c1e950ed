package sdktest

import (
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

func TestPutGetHeadDelete(t *testing.T) {
	for _, over := range []struct {
		name   string
		change []func(*s3.Options)
	}{
		{"https, virtual-hosted", nil},
		{"http, path style", []func(*s3.Options){overHTTP}},
		{"accelerated", []func(*s3.Options){func(o *s3.Options) { o.UseAccelerate = true }}},
		{"dual stack", []func(*s3.Options){func(o *s3.Options) { o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled }}},
		{"checksums when required", []func(*s3.Options){func(o *s3.Options) {
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}}},
	} {
		t.Run(over.name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, server *fakes3.Server, _ *s3.Client) {
				client := newClient(server, over.change...)
				written := time.Now().Truncate(time.Second)
				meta := map[string]string{"ac-created": "1700000000000", "ac-hash": "0123456789abcdef"}
				etag := put(t, client, "users/42", `{"name":"Ann"}`, func(in *s3.PutObjectInput) {
					in.Metadata = meta
					in.ContentType = aws.String("application/json")
					in.StorageClass = types.StorageClassStandardIa
					in.ServerSideEncryption = types.ServerSideEncryptionAwsKms
					in.SSEKMSKeyId = aws.String("my-key")
					in.Tagging = aws.String("team=cache&cost=low")
				})
				pass(1500 * time.Millisecond)
				body, out := get(t, client, "users/42")
				if body != `{"name":"Ann"}` || !maps.Equal(out.Metadata, meta) {
					t.Errorf("got %q with %v", body, out.Metadata)
				}
				if *out.ETag != etag || !out.LastModified.Equal(written) || *out.ContentType != "application/json" || *out.ContentLength != int64(len(body)) {
					t.Errorf("got ETag %s of %v, %s, %d", *out.ETag, out.LastModified, *out.ContentType, *out.ContentLength)
				}
				if out.StorageClass != types.StorageClassStandardIa || out.ServerSideEncryption != types.ServerSideEncryptionAwsKms ||
					*out.SSEKMSKeyId != "my-key" || *out.TagCount != 2 || out.ContentEncoding != nil {
					t.Errorf("got %+v", out)
				}
				head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("users/42")})
				if err != nil || *head.ContentLength != int64(len(body)) || !maps.Equal(head.Metadata, meta) || *head.ETag != etag {
					t.Errorf("got %+v, %v", head, err)
				}
				if _, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("users/42")}); err != nil {
					t.Error(err)
				}
				_, _, err = tryGet(t.Context(), client, "users/42")
				wantRefusal(t, err, http.StatusNotFound, "NoSuchKey")
				_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("users/42")})
				wantRefusal(t, err, http.StatusNotFound, "NotFound")
				wantRequests(t, server, fakes3.Requests{PutObject: 1, GetObject: 2, HeadObject: 2, DeleteObject: 1})
			})
		})
	}
}

func TestBuckets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakes3.New(nil)
		client := newClient(server)
		name := aws.String("a.dotted.bucket")
		_, err := client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: name})
		wantRefusal(t, err, http.StatusNotFound, "NotFound")
		_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: name, Key: aws.String("k")})
		wantRefusal(t, err, http.StatusNotFound, "NoSuchBucket")
		create := &s3.CreateBucketInput{Bucket: name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"}}
		if _, err := client.CreateBucket(t.Context(), create); err != nil {
			t.Fatal(err)
		}
		_, err = client.CreateBucket(t.Context(), create)
		wantRefusal(t, err, http.StatusConflict, "BucketAlreadyOwnedByYou")
		if _, err := client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: name}); err != nil {
			t.Error(err)
		}
		_, err = client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: name})
		wantRefusal(t, err, http.StatusNotImplemented, "NotImplemented")
	})
}

func TestKeys(t *testing.T) {
	keys := []string{
		"a", "a/b", "a//b", "/a", "//", ".", "..", "../a", "a/../b", "a/./b", "a b", "a+b", "a%2Bb", "a%b", "ключ", "日本語", "e\u0301", "\u00e9",
		"?x=1&y", "#f", "a\tb\nc", "\x01\x02\x7f", "<&>\"'", "\U0001F600", "~*!'()", "=", ";", ":", "@", "a\\b",
		string(make([]byte, 1)) + "nul",
	}
	for _, change := range [][]func(*s3.Options){nil, {overHTTP}} {
		bubble(t, nil, func(t *testing.T, server *fakes3.Server, _ *s3.Client) {
			client := newClient(server, change...)
			for _, key := range keys {
				put(t, client, key, "body of "+key)
			}
			for _, key := range keys {
				if body, _ := get(t, client, key); body != "body of "+key {
					t.Errorf("got %q for %q", body, key)
				}
				if obj, ok := server.Object(bucket, key); !ok || string(obj.Body) != "body of "+key {
					t.Errorf("the server holds %q for %q", obj.Body, key)
				}
			}
			if got := len(server.Keys(bucket)); got != len(keys) {
				t.Errorf("%d keys are held, want %d", got, len(keys))
			}
		})
	}
}

func TestRanges(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		put(t, client, "k", "0123456789")
		for spec, want := range map[string]string{
			"bytes=0-0": "0", "bytes=2-4": "234", "bytes=7-": "789", "bytes=-3": "789", "bytes=5-100": "56789", "bytes=-100": "0123456789",
		} {
			body, out := get(t, client, "k", func(in *s3.GetObjectInput) { in.Range = aws.String(spec) })
			if body != want || *out.ContentLength != int64(len(want)) || out.ContentRange == nil {
				t.Errorf("%s gave %q", spec, body)
			}
		}
		_, _, err := tryGet(t.Context(), client, "k", func(in *s3.GetObjectInput) { in.Range = aws.String("bytes=10-") })
		wantRefusal(t, err, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		if body, _ := get(t, client, "k", func(in *s3.GetObjectInput) { in.Range = aws.String("lines=1-2") }); body != "0123456789" {
			t.Errorf("what is no range gave %q", body)
		}
	})
}

func TestPresigned(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		put(t, client, "k", "body")
		signed, err := s3.NewPresignClient(client).PresignGetObject(t.Context(),
			&s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), ResponseContentType: aws.String("text/x")},
			s3.WithPresignExpires(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		ask := func() (status int, contentType string) {
			req, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode, resp.Header.Get("Content-Type")
		}
		if status, contentType := ask(); status != http.StatusOK || contentType != "text/x" {
			t.Errorf("got %d, %s", status, contentType)
		}
		pass(2 * time.Minute)
		if status, _ := ask(); status != http.StatusForbidden {
			t.Errorf("got %d after the end", status)
		}
	})
}

// TestAbsentKeyWithoutXML is of a key that XML cannot name: the status alone
// says that there is nothing.
func TestAbsentKeyWithoutXML(t *testing.T) {
	bubble(t, nil, func(t *testing.T, _ *fakes3.Server, client *s3.Client) {
		_, _, err := tryGet(t.Context(), client, "a\x01b")
		wantRefusal(t, err, http.StatusNotFound, "")
		_, _, err = tryGet(t.Context(), client, "a\rb\n")
		wantRefusal(t, err, http.StatusNotFound, "NoSuchKey")
	})
}
