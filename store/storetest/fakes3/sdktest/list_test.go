package sdktest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// list returns all keys and common prefixes, in pages, and how many pages there
// were.
func list(t *testing.T, client *s3.Client, in s3.ListObjectsV2Input) (keys, prefixes []string, pages int) {
	t.Helper()
	in.Bucket = aws.String(bucket)
	for p := s3.NewListObjectsV2Paginator(client, &in); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if int(*page.KeyCount) != len(page.Contents)+len(page.CommonPrefixes) {
			t.Errorf("KeyCount is %d of %d and %d", *page.KeyCount, len(page.Contents), len(page.CommonPrefixes))
		}
		for _, obj := range page.Contents {
			keys = append(keys, *obj.Key)
		}
		for _, p := range page.CommonPrefixes {
			prefixes = append(prefixes, *p.Prefix)
		}
	}
	return keys, prefixes, pages
}

func TestList(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		for _, key := range []string{"a", "b/1", "b/2", "b//3", "b/c/4", "b0", "c", "Z", "é"} {
			put(t, client, key, "body of "+key)
		}
		for _, tt := range []struct {
			name           string
			in             s3.ListObjectsV2Input
			keys, prefixes string
			pages          int
		}{
			{"all", s3.ListObjectsV2Input{}, "Z a b//3 b/1 b/2 b/c/4 b0 c é", "", 1},
			{"pages", s3.ListObjectsV2Input{MaxKeys: aws.Int32(2)}, "Z a b//3 b/1 b/2 b/c/4 b0 c é", "", 5},
			{"pages without rest", s3.ListObjectsV2Input{MaxKeys: aws.Int32(3)}, "Z a b//3 b/1 b/2 b/c/4 b0 c é", "", 3},
			{"prefix", s3.ListObjectsV2Input{Prefix: aws.String("b/")}, "b//3 b/1 b/2 b/c/4", "", 1},
			{"delimiter", s3.ListObjectsV2Input{Delimiter: aws.String("/")}, "Z a b0 c é", "b/", 1},
			{"delimiter, pages", s3.ListObjectsV2Input{Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)}, "Z a b0 c é", "b/", 6},
			{"prefix and delimiter", s3.ListObjectsV2Input{Prefix: aws.String("b/"), Delimiter: aws.String("/")}, "b/1 b/2", "b// b/c/", 1},
			{"prefix and delimiter, pages", s3.ListObjectsV2Input{Prefix: aws.String("b/"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)}, "b/1 b/2", "b// b/c/", 4},
			{"start after", s3.ListObjectsV2Input{StartAfter: aws.String("b/1")}, "b/2 b/c/4 b0 c é", "", 1},
			{"start after, pages", s3.ListObjectsV2Input{StartAfter: aws.String("b/1"), MaxKeys: aws.Int32(2)}, "b/2 b/c/4 b0 c é", "", 3},
			{"long delimiter", s3.ListObjectsV2Input{Delimiter: aws.String("//")}, "Z a b/1 b/2 b/c/4 b0 c é", "b//", 1},
			{"nothing", s3.ListObjectsV2Input{Prefix: aws.String("x")}, "", "", 1},
		} {
			keys, prefixes, pages := list(t, client, tt.in)
			if !slices.Equal(keys, strings.Fields(tt.keys)) || !slices.Equal(prefixes, strings.Fields(tt.prefixes)) || pages != tt.pages {
				t.Errorf("%s: got %q and %q in %d pages", tt.name, keys, prefixes, pages)
			}
		}
	})
}

func TestListIsInPagesOfAThousand(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		for i := range 2500 {
			server.Plant(bucket, fmt.Sprintf("%05d", i), fakes3.Object{})
		}
		keys, _, pages := list(t, client, s3.ListObjectsV2Input{MaxKeys: aws.Int32(5000)})
		if len(keys) != 2500 || pages != 3 || !slices.Equal(keys, server.Keys(bucket)) {
			t.Errorf("got %d keys in %d pages", len(keys), pages)
		}
		wantRequests(t, server, fakes3.Requests{ListObjectsV2: 3})
		none, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), MaxKeys: aws.Int32(0)})
		if err != nil || len(none.Contents) != 0 || *none.IsTruncated {
			t.Errorf("with no keys wanted, got %+v, %v", none, err)
		}
		_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), ContinuationToken: aws.String("?")})
		wantRefusal(t, err, http.StatusBadRequest, "InvalidArgument")
	})
}

// TestListOfControlCharacters needs names to be encoded: XML has no such
// characters.
func TestListOfControlCharacters(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		want := []string{"\x01", "a\r\nb", "a b", "a&<>b", "a+b", "a/b"}
		for _, key := range want {
			put(t, client, key, "")
		}
		_, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
		if err == nil {
			t.Error("the parser took a control character")
		}
		encoded, _, _ := list(t, client, s3.ListObjectsV2Input{EncodingType: types.EncodingTypeUrl})
		for i, key := range encoded {
			got, err := url.QueryUnescape(key)
			if err != nil || !slices.Contains(want, got) {
				t.Errorf("key %d is %q, %v", i, key, err)
			}
		}
		if len(encoded) != len(want) || !slices.Contains(encoded, "a/b") {
			t.Errorf("got %q", encoded)
		}
	})
}

func TestDeleteObjects(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		remove := func(quiet bool, ids ...types.ObjectIdentifier) (*s3.DeleteObjectsOutput, error) {
			return client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{
				Bucket: aws.String(bucket), Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(quiet)},
			})
		}
		etag := put(t, client, "a&b", "1")
		put(t, client, "c\rd", "2")
		put(t, client, "e", "3")
		out, err := remove(false,
			types.ObjectIdentifier{Key: aws.String("a&b"), ETag: aws.String(etag)},
			types.ObjectIdentifier{Key: aws.String("c\rd")},
			types.ObjectIdentifier{Key: aws.String("absent")},
			types.ObjectIdentifier{Key: aws.String("e"), ETag: aws.String(otherETag)})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Deleted) != 3 || len(out.Errors) != 1 || *out.Errors[0].Key != "e" || *out.Errors[0].Code != "PreconditionFailed" {
			t.Errorf("got %v and %v", out.Deleted, out.Errors)
		}
		if keys := server.Keys(bucket); !slices.Equal(keys, []string{"e"}) {
			t.Errorf("%q are left", keys)
		}
		out, err = remove(true, types.ObjectIdentifier{Key: aws.String("e")}, types.ObjectIdentifier{Key: aws.String("absent")})
		if err != nil || len(out.Deleted)+len(out.Errors) != 0 {
			t.Errorf("got %+v, %v", out, err)
		}
		ids := make([]types.ObjectIdentifier, 1001)
		for i := range ids {
			key := fmt.Sprint(i)
			server.Plant(bucket, key, fakes3.Object{})
			ids[i].Key = &key
		}
		_, err = remove(true, ids...)
		wantRefusal(t, err, http.StatusBadRequest, "MalformedXML")
		server.Reset()
		if _, err := remove(true, ids[:1000]...); err != nil {
			t.Error(err)
		}
		if n := len(server.Keys(bucket)); n != 1 || server.Requests().In(fakes3.Free) != 1 {
			t.Errorf("%d keys are left after %v", n, server.Requests())
		}
	})
}
