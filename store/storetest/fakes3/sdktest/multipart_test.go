package sdktest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

const partSize = 5 << 20

// uploadParts begins an upload of parts, and returns what completes it.
func uploadParts(t *testing.T, client *s3.Client, create *s3.CreateMultipartUploadInput, parts ...[]byte) *s3.CompleteMultipartUploadInput {
	t.Helper()
	create.Bucket, create.Key = aws.String(bucket), aws.String("k")
	created, err := client.CreateMultipartUpload(t.Context(), create)
	if err != nil {
		t.Fatal(err)
	}
	done := &types.CompletedMultipartUpload{}
	for i, data := range parts {
		n := aws.Int32(int32(i + 1))
		out, err := client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: create.Bucket, Key: create.Key, UploadId: created.UploadId, PartNumber: n, Body: bytes.NewReader(data),
			ChecksumAlgorithm: create.ChecksumAlgorithm,
		})
		if err != nil {
			t.Fatal(err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{
			PartNumber: n, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C,
			ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA256: out.ChecksumSHA256,
		})
	}
	return &s3.CompleteMultipartUploadInput{Bucket: create.Bucket, Key: create.Key, UploadId: created.UploadId, MultipartUpload: done}
}

func TestMultipart(t *testing.T) {
	first, last := bytes.Repeat([]byte("0123456789abcdef"), partSize/16), []byte("the end")
	one, two := md5.Sum(first), md5.Sum(last)
	both := md5.Sum(append(one[:], two[:]...))
	etag := `"` + hex.EncodeToString(both[:]) + `-2"`
	for _, algorithm := range []types.ChecksumAlgorithm{
		"", types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha256,
	} {
		t.Run(string("algorithm "+algorithm), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
				complete := uploadParts(t, client, &s3.CreateMultipartUploadInput{
					ChecksumAlgorithm: algorithm, Metadata: map[string]string{"m": "1"}, ContentType: aws.String("text/plain"),
				}, first, last)
				if server.OpenUploads() != 1 || len(server.Keys(bucket)) != 0 {
					t.Errorf("%d uploads and %d objects before the end", server.OpenUploads(), len(server.Keys(bucket)))
				}
				out, err := client.CompleteMultipartUpload(t.Context(), complete)
				if err != nil || *out.ETag != etag {
					t.Fatalf("got %+v, %v, want ETag %s", out, err, etag)
				}
				body, got := get(t, client, "k")
				if body != string(first)+string(last) || *got.ETag != etag || got.Metadata["m"] != "1" || *got.ContentType != "text/plain" {
					t.Errorf("got %d bytes, %+v", len(body), got)
				}
				second, got := get(t, client, "k", func(in *s3.GetObjectInput) { in.PartNumber = aws.Int32(2) })
				if second != string(last) || *got.PartsCount != 2 {
					t.Errorf("part 2 is %q of %d", second, *got.PartsCount)
				}
				_, err = client.CompleteMultipartUpload(t.Context(), complete)
				wantRefusal(t, err, http.StatusNotFound, "NoSuchUpload")
				if server.OpenUploads() != 0 {
					t.Error("the upload is open still")
				}
				// A copy is in one piece.
				copied, err := copyTo(t, client, "k", "copy")
				if err != nil || strings.Contains(*copied.CopyObjectResult.ETag, "-") {
					t.Errorf("got %+v, %v", copied, err)
				}
				if body, _ := get(t, client, "copy"); len(body) != len(first)+len(last) {
					t.Errorf("the copy has %d bytes", len(body))
				}
			})
		})
	}
}

func TestMultipartRefusals(t *testing.T) {
	bubble(t, &fakes3.Options{MinPartSize: 10}, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		long, short := []byte("0123456789"), []byte("short")
		finish := func(complete *s3.CompleteMultipartUploadInput) error {
			_, err := client.CompleteMultipartUpload(t.Context(), complete)
			return err
		}
		wantRefusal(t, finish(uploadParts(t, client, &s3.CreateMultipartUploadInput{}, short, long)), http.StatusBadRequest, "EntityTooSmall")
		wrong := uploadParts(t, client, &s3.CreateMultipartUploadInput{}, long, short)
		parts := wrong.MultipartUpload.Parts
		parts[0], parts[1] = parts[1], parts[0]
		wantRefusal(t, finish(wrong), http.StatusBadRequest, "InvalidPartOrder")
		parts[0], parts[1] = parts[1], parts[0]
		etag := parts[0].ETag
		parts[0].ETag = aws.String(otherETag)
		wantRefusal(t, finish(wrong), http.StatusBadRequest, "InvalidPart")
		parts[0].ETag = etag
		if err := finish(wrong); err != nil {
			t.Error(err)
		}
		_, err := client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: aws.String(bucket), Key: aws.String("k"), UploadId: wrong.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(long),
		})
		wantRefusal(t, err, http.StatusNotFound, "NoSuchUpload")
		_, err = client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: aws.String(bucket), Key: aws.String("k"), UploadId: wrong.UploadId, PartNumber: aws.Int32(10001), Body: bytes.NewReader(long),
		})
		wantRefusal(t, err, http.StatusBadRequest, "InvalidArgument")
	})
}

func TestConditionalMultipart(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		create := uploadParts(t, client, &s3.CreateMultipartUploadInput{}, []byte("first"))
		create.IfNoneMatch = aws.String("*")
		held := put(t, client, "k", "held")
		_, err := client.CompleteMultipartUpload(t.Context(), create)
		wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
		if server.OpenUploads() != 1 {
			t.Error("the upload is not open any more")
		}
		create.IfNoneMatch, create.IfMatch = nil, aws.String(otherETag)
		_, err = client.CompleteMultipartUpload(t.Context(), create)
		wantRefusal(t, err, http.StatusPreconditionFailed, "PreconditionFailed")
		create.IfMatch = aws.String(held)
		if _, err := client.CompleteMultipartUpload(t.Context(), create); err != nil {
			t.Fatal(err)
		}
		again := uploadParts(t, client, &s3.CreateMultipartUploadInput{}, []byte("second"))
		again.IfMatch = aws.String(held)
		server.Remove(bucket, "k")
		_, err = client.CompleteMultipartUpload(t.Context(), again)
		wantRefusal(t, err, http.StatusNotFound, "NoSuchKey")
		if _, err := client.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: again.Bucket, Key: again.Key, UploadId: again.UploadId}); err != nil {
			t.Error(err)
		}
		if server.OpenUploads() != 0 {
			t.Error("the upload is open still")
		}
	})
}

func TestListUploadsAndParts(t *testing.T) {
	bubble(t, nil, func(t *testing.T, server *fakes3.Server, client *s3.Client) {
		var want []string
		for i := range 5 {
			for range 2 {
				key := fmt.Sprintf("p/%d", i)
				out, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: &key})
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, key+" "+*out.UploadId)
			}
		}
		var got []string
		for p := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{
			Bucket: aws.String(bucket), Prefix: aws.String("p/"), MaxUploads: aws.Int32(3),
		}); p.HasMorePages(); {
			page, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Uploads {
				got = append(got, *u.Key+" "+*u.UploadId)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
		out, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket), Delimiter: aws.String("/")})
		if err != nil || len(out.Uploads) != 0 || len(out.CommonPrefixes) != 1 {
			t.Errorf("got %+v, %v", out, err)
		}
		complete := uploadParts(t, client, &s3.CreateMultipartUploadInput{}, []byte("1"), []byte("22"), []byte("333"))
		var sizes []int64
		for p := s3.NewListPartsPaginator(client, &s3.ListPartsInput{
			Bucket: complete.Bucket, Key: complete.Key, UploadId: complete.UploadId, MaxParts: aws.Int32(2),
		}); p.HasMorePages(); {
			page, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range page.Parts {
				sizes = append(sizes, *part.Size)
			}
		}
		if fmt.Sprint(sizes) != "[1 2 3]" {
			t.Errorf("the parts have %v bytes", sizes)
		}
	})
}
