package sdktest

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// source is a CopySource as it has to be escaped.
func source(key string) *string {
	return aws.String(bucket + "/" + strings.ReplaceAll(url.QueryEscape(key), "+", "%20"))
}

func copyTo(t *testing.T, client *s3.Client, from, to string, change ...func(*s3.CopyObjectInput)) (*s3.CopyObjectOutput, error) {
	t.Helper()
	in := &s3.CopyObjectInput{Bucket: aws.String(bucket), Key: aws.String(to), CopySource: source(from)}
	for _, f := range change {
		f(in)
	}
	return client.CopyObject(t.Context(), in)
}

func TestCopyKeepsOrReplaces(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		old := map[string]string{"ac-fresh": "1"}
		etag := put(t, client, "a b+c/ü", "body", func(in *s3.PutObjectInput) {
			in.Metadata, in.ContentType, in.Tagging = old, aws.String("text/plain"), aws.String("t=1")
		})
		out, err := copyTo(t, client, "a b+c/ü", "to")
		if err != nil || *out.CopyObjectResult.ETag != etag {
			t.Fatal(out, err)
		}
		body, got := get(t, client, "to")
		if body != "body" || !maps.Equal(got.Metadata, old) || *got.ContentType != "text/plain" || *got.TagCount != 1 {
			t.Errorf("got %q, %+v", body, got)
		}
		renewed := map[string]string{"ac-fresh": "2"}
		if _, err := copyTo(t, client, "a b+c/ü", "to", func(in *s3.CopyObjectInput) {
			in.MetadataDirective, in.Metadata, in.StorageClass = types.MetadataDirectiveReplace, renewed, types.StorageClassStandardIa
			in.TaggingDirective = types.TaggingDirectiveReplace
		}); err != nil {
			t.Fatal(err)
		}
		_, got = get(t, client, "to")
		if !maps.Equal(got.Metadata, renewed) || *got.ContentType != "binary/octet-stream" || got.TagCount != nil || got.StorageClass != types.StorageClassStandardIa {
			t.Errorf("got %+v", got)
		}
		_, err = copyTo(t, client, "absent", "to")
		wantRefusal(t, err, http.StatusNotFound, "NoSuchKey")
	})
}

// TestSelfCopy is a renewal of metadata: without a body, and with the old ETag.
func TestSelfCopy(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		etag := put(t, client, "k", "body", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"ac-fresh": "1"} })
		_, err := copyTo(t, client, "k", "k")
		wantRefusal(t, err, http.StatusBadRequest, "InvalidRequest")
		pass(10 * time.Second)
		renew := func(in *s3.CopyObjectInput) {
			in.MetadataDirective, in.Metadata = types.MetadataDirectiveReplace, map[string]string{"ac-fresh": "2"}
			in.CopySourceIfMatch = aws.String(etag)
		}
		server.Reset()
		out, err := copyTo(t, client, "k", "k", renew)
		if err != nil || *out.CopyObjectResult.ETag != etag {
			t.Fatal(out, err)
		}
		if c := server.Counts(); c.In != 0 || c.Requests != (fakes3.Requests{CopyObject: 1}) {
			t.Errorf("got %v", c)
		}
		_, got := get(t, client, "k", func(in *s3.GetObjectInput) { in.IfMatch = aws.String(etag) })
		if got.Metadata["ac-fresh"] != "2" || !got.LastModified.Equal(time.Now().Truncate(time.Second)) {
			t.Errorf("got %v of %v", got.Metadata, got.LastModified)
		}
		put(t, client, "k", "other body")
		_, err = copyTo(t, client, "k", "k", renew)
		wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
	})
}

func TestCopyConditions(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		etag := put(t, client, "from", "body")
		held := put(t, client, "to", "other")
		for name, change := range map[string]func(*s3.CopyObjectInput){
			"source If-Match":           func(in *s3.CopyObjectInput) { in.CopySourceIfMatch = aws.String(otherETag) },
			"source If-None-Match":      func(in *s3.CopyObjectInput) { in.CopySourceIfNoneMatch = aws.String(etag) },
			"source modified since":     func(in *s3.CopyObjectInput) { in.CopySourceIfModifiedSince = aws.Time(time.Now()) },
			"source unmodified since":   func(in *s3.CopyObjectInput) { in.CopySourceIfUnmodifiedSince = aws.Time(time.Now().Add(-time.Hour)) },
			"destination If-Match":      func(in *s3.CopyObjectInput) { in.IfMatch = aws.String(otherETag) },
			"destination If-None-Match": func(in *s3.CopyObjectInput) { in.IfNoneMatch = aws.String("*") },
			"good source, bad destination": func(in *s3.CopyObjectInput) {
				in.CopySourceIfMatch, in.IfMatch = aws.String(etag), aws.String(otherETag)
			},
		} {
			if _, err := copyTo(t, client, "from", "to", change); status(err) != http.StatusPreconditionFailed {
				t.Errorf("%s: got %v", name, err)
			}
		}
		_, err := copyTo(t, client, "from", "absent", func(in *s3.CopyObjectInput) { in.IfMatch = aws.String(etag) })
		wantRefusal(t, err, http.StatusNotFound, "NoSuchKey")
		if _, err := copyTo(t, client, "from", "to", func(in *s3.CopyObjectInput) { in.CopySourceIfMatch, in.IfMatch = aws.String(etag), aws.String(held) }); err != nil {
			t.Error(err)
		}
		if _, err := copyTo(t, client, "from", "new", func(in *s3.CopyObjectInput) { in.IfNoneMatch = aws.String("*") }); err != nil {
			t.Error(err)
		}
	})
}

// TestKMS has ETags that say nothing of the body.
func TestKMS(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		kms := func(in *s3.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAwsKms }
		first, second := put(t, client, "k", "body", kms), put(t, client, "k", "body", kms)
		if first == second {
			t.Errorf("equal bodies have the ETag %s", first)
		}
		out, err := copyTo(t, client, "k", "k", func(in *s3.CopyObjectInput) {
			in.MetadataDirective, in.ServerSideEncryption = types.MetadataDirectiveReplace, types.ServerSideEncryptionAwsKms
		})
		if err != nil || *out.CopyObjectResult.ETag == second || out.ServerSideEncryption != types.ServerSideEncryptionAwsKms {
			t.Error(out, err)
		}
	})
}
