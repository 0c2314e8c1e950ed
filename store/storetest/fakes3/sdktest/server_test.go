package sdktest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestIgnores is of servers that accept conditions and take no notice: a store
// has to find that out by probing.
func TestIgnores(t *testing.T) {
	bubble(t, &fakes3.Options{Ignores: []fakes3.Feature{
		fakes3.PutIfNoneMatch, fakes3.PutIfMatch, fakes3.CopyIfNoneMatch, fakes3.CopyIfMatch, fakes3.CopySourceIf, fakes3.DeleteIfMatch,
		fakes3.GetIfMatch, fakes3.GetIfNoneMatch, fakes3.GetRange, fakes3.Checksums, fakes3.MetadataDirective,
	}}, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		etag := put(t, client, "k", "first", ifMatch(otherETag), func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"m": "1"} })
		put(t, client, "k", "first", ifNoneMatch, func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"m": "1"} })
		body, out := get(t, client, "k", func(in *s3.GetObjectInput) {
			in.IfMatch, in.IfNoneMatch, in.Range = aws.String(otherETag), aws.String(etag), aws.String("bytes=0-1")
		})
		if body != "first" || out.ChecksumCRC32 != nil || out.ChecksumCRC64NVME != nil {
			t.Errorf("got %q, %+v", body, out)
		}
		if _, err := copyTo(t, client, "k", "k", func(in *s3.CopyObjectInput) {
			in.CopySourceIfMatch, in.IfNoneMatch = aws.String(otherETag), aws.String("*")
			in.MetadataDirective, in.Metadata = types.MetadataDirectiveReplace, map[string]string{"m": "2"}
		}); err != nil {
			t.Error(err)
		}
		if _, out := get(t, client, "k"); out.Metadata["m"] != "1" {
			t.Errorf("the metadata are %v", out.Metadata)
		}
		if _, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), IfMatch: aws.String(otherETag)}); err != nil {
			t.Error(err)
		}
		if len(server.Keys(bucket)) != 0 {
			t.Error("it was not deleted")
		}
	})
}

func TestRefuses(t *testing.T) {
	bubble(t, &fakes3.Options{Refuses: []fakes3.Feature{fakes3.PutIfNoneMatch, fakes3.DeleteIfMatch}}, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		_, err := tryPut(t, client, "k", "v", ifNoneMatch)
		wantRefusal(t, err, http.StatusNotImplemented, "NotImplemented")
		etag := put(t, client, "k", "v")
		_, err = client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), IfMatch: aws.String(etag)})
		wantRefusal(t, err, http.StatusNotImplemented, "NotImplemented")
	})
}

func TestAuthorize(t *testing.T) {
	may := func(a fakes3.Access) bool {
		switch a.AccessKey {
		case "all":
			return true
		case "reader":
			return a.Op == fakes3.OpGetObject || a.Op == fakes3.OpHeadObject
		case "writer":
			return a.Op == fakes3.OpPutObject || a.Op == fakes3.OpCopyObject || a.Op == fakes3.OpDeleteObject
		case "prefix":
			return strings.HasPrefix(a.Key, "mine/")
		default:
			return false
		}
	}
	bubble(t, &fakes3.Options{Authorize: may}, func(t *testing.T, server *fakes3.Server, _ *s3.Client) {
		as := func(key string) *s3.Client {
			return newClient(server, func(o *s3.Options) { o.Credentials = credentials.NewStaticCredentialsProvider(key, "secret", "") })
		}
		etag := put(t, as("all"), "k", "v")
		denied := func(err error) {
			t.Helper()
			wantRefusal(t, err, http.StatusForbidden, "AccessDenied")
		}
		_, err := tryPut(t, as("nobody"), "k", "v")
		denied(err)
		_, err = tryPut(t, as("reader"), "k", "v")
		denied(err)
		get(t, as("reader"), "k")
		// Who may not list is not told what there is not.
		_, _, err = tryGet(t.Context(), as("reader"), "absent")
		denied(err)
		_, err = as("reader").HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("absent")})
		wantRefusal(t, err, http.StatusForbidden, "")
		// To compare is to read.
		put(t, as("writer"), "k", "v")
		_, err = tryPut(t, as("writer"), "k", "v", ifMatch(etag))
		denied(err)
		_, err = as("writer").DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("k"), IfMatch: aws.String(etag)})
		denied(err)
		_, err = copyTo(t, as("writer"), "k", "to")
		denied(err)
		put(t, as("prefix"), "mine/k", "v")
		_, err = tryPut(t, as("prefix"), "k", "v")
		denied(err)
		out, err := as("prefix").DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String(bucket), Delete: &types.Delete{
			Objects: []types.ObjectIdentifier{{Key: aws.String("k")}, {Key: aws.String("mine/k")}},
		}})
		if err != nil || len(out.Errors) != 1 || *out.Errors[0].Code != "AccessDenied" || len(out.Deleted) != 1 {
			t.Errorf("got %+v, %v", out, err)
		}
		_, err = as("prefix").ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("other/")})
		denied(err)
	})
}

// TestChecksums is of what a body is sent with, over https in its trailer.
func TestChecksums(t *testing.T) {
	for _, change := range [][]func(*s3.Options){nil, {overHTTP}} {
		bubble(t, nil, func(t *testing.T, server *fakes3.Server, _ *s3.Client) {
			client := newClient(server, change...)
			for algorithm, sum := range map[types.ChecksumAlgorithm]string{
				"":                               "y/Q5Jg==",
				types.ChecksumAlgorithmCrc32:     "y/Q5Jg==",
				types.ChecksumAlgorithmCrc32c:    "4waSgw==",
				types.ChecksumAlgorithmCrc64nvme: "rosUhgp5mIg=",
				types.ChecksumAlgorithmSha256:    "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
			} {
				put(t, client, "k", "123456789", func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = algorithm })
				obj, _ := server.Object(bucket, "k")
				if string(obj.Body) != "123456789" || obj.Checksum != sum || obj.Header.Get("Content-Encoding") != "" {
					t.Errorf("%s: %q is held with %s %s", algorithm, obj.Body, obj.ChecksumAlgorithm, obj.Checksum)
				}
				get(t, client, "k") // the SDK verifies
			}
			// What is claimed and is not so.
			_, err := tryPut(t, client, "k", "v", func(in *s3.PutObjectInput) { in.ChecksumCRC32 = aws.String("AAAAAA==") })
			wantRefusal(t, err, http.StatusBadRequest, "BadDigest")
			_, err = tryPut(t, client, "k", "v", func(in *s3.PutObjectInput) { in.ContentMD5 = aws.String("1B2M2Y8AsgTpgAmY7PhCfg==") })
			wantRefusal(t, err, http.StatusBadRequest, "BadDigest")
		})
	}
}

// TestUnseekableBody streams over https.
func TestUnseekableBody(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		data := bytes.Repeat([]byte("stream "), 100_000)
		if _, err := tryPut(t, client, "k", "", func(in *s3.PutObjectInput) {
			in.Body, in.ContentLength = io.MultiReader(bytes.NewReader(data)), aws.Int64(int64(len(data)))
		}); err != nil {
			t.Fatal(err)
		}
		if body, _ := get(t, client, "k"); body != string(data) {
			t.Errorf("got %d bytes", len(body))
		}
	})
}

func TestMetadataLimits(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		with := func(value string) error {
			_, err := tryPut(t, client, "k", "v", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"name": value} })
			return err
		}
		if err := with(strings.Repeat("x", 2044)); err != nil {
			t.Error(err)
		}
		wantRefusal(t, with(strings.Repeat("x", 2045)), http.StatusBadRequest, "MetadataTooLarge")
		if _, err := tryPut(t, client, strings.Repeat("k", 1024), "v"); err != nil {
			t.Error(err)
		}
		_, err := tryPut(t, client, strings.Repeat("é", 513), "v")
		wantRefusal(t, err, http.StatusBadRequest, "KeyTooLongError")
		_, err = tryPut(t, client, "k", "v", func(in *s3.PutObjectInput) { in.StorageClass = "COLD" })
		wantRefusal(t, err, http.StatusBadRequest, "InvalidStorageClass")
	})
}
