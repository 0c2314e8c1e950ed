package sdktest

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/advcache/advcache/store/storetest/fakegcs"
)

const bucket = "my-bucket"

// over runs a test in a bubble, with a client over a server of its own. The
// client is closed within the bubble, and nothing is left of it: else the bubble
// would not end.
func over(t *testing.T, o fakegcs.Options, test func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle), more ...option.ClientOption) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Buckets = append(o.Buckets, bucket)
		s := fakegcs.New(&o)
		test(t, s, newClient(t, s, more...).Bucket(bucket))
		if n := s.OpenBodies(); n != 0 {
			t.Errorf("%d bodies were not closed", n)
		}
	})
}

func newClient(t *testing.T, s *fakegcs.Server, more ...option.ClientOption) *storage.Client {
	t.Helper()
	options := []option.ClientOption{
		option.WithHTTPClient(s.Client()), option.WithoutAuthentication(), storage.WithDisabledClientMetrics(), storage.WithXMLReads(),
	}
	client, err := storage.NewClient(t.Context(), append(options, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// pass lets time pass, in the bubble.
func pass(d time.Duration) { time.Sleep(d) }

// write writes an object, and returns what the client learns of it.
func write(ctx context.Context, obj *storage.ObjectHandle, body []byte, set ...func(w *storage.Writer)) (*storage.ObjectAttrs, error) {
	w := obj.NewWriter(ctx)
	w.ChunkSize = 256 << 10 // the default takes 16 MiB of memory
	for _, f := range set {
		f(w)
	}
	if _, err := w.Write(body); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return w.Attrs(), nil
}

func mustWrite(t *testing.T, obj *storage.ObjectHandle, body []byte, set ...func(w *storage.Writer)) *storage.ObjectAttrs {
	t.Helper()
	attrs, err := write(t.Context(), obj, body, set...)
	if err != nil {
		t.Fatal(err)
	}
	return attrs
}

func read(ctx context.Context, obj *storage.ObjectHandle) ([]byte, *storage.Reader, error) {
	r, err := obj.NewReader(ctx)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r)
	return body, r, errors.Join(err, r.Close())
}

// status returns the HTTP status of an error; 0: it has none.
func status(err error) int {
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		return e.Code
	}
	return 0
}

func wantStatus(t *testing.T, what string, err error, want int) {
	t.Helper()
	if err == nil || status(err) != want {
		t.Errorf("%s gave %v; want status %d", what, err, want)
	}
}

func want[V comparable](t *testing.T, what string, got, want V) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v; want %v", what, got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		obj := b.Object("a//../b c/ü%2F+?#")
		custom := time.Now().Add(time.Hour).UTC()
		written := mustWrite(t, obj, []byte("hello"), func(w *storage.Writer) {
			w.ContentType, w.CacheControl, w.CustomTime = "application/json", "no-store", custom
			w.Metadata = map[string]string{"ac-hash": "1", "UPPER": "2"}
		})
		want(t, "size", written.Size, 5)
		want(t, "generation", written.Generation, time.Now().UnixMicro())
		want(t, "metageneration", written.Metageneration, 1)
		attrs, err := obj.Attrs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "metadata", attrs.Metadata["UPPER"], "2")
		want(t, "CRC32C", attrs.CRC32C, crc32.Checksum([]byte("hello"), crc32.MakeTable(crc32.Castagnoli)))
		want(t, "custom time", attrs.CustomTime, custom)
		want(t, "created", attrs.Created, time.Now().UTC())
		want(t, "ETag", attrs.Etag, written.Etag)

		body, r, err := read(t.Context(), obj)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "body", string(body), "hello")
		want(t, "type", r.Attrs.ContentType, "application/json")
		want(t, "cache control", r.Attrs.CacheControl, "no-store")
		want(t, "generation of the reader", r.Attrs.Generation, attrs.Generation)
		want(t, "metageneration of the reader", r.Attrs.Metageneration, 1)
		want(t, "last modified", r.Attrs.LastModified, time.Now().UTC())
		// As all names of headers, those of metadata lose their case.
		want(t, "metadata of the reader", r.Metadata()["Ac-Hash"], "1")
		want(t, "metadata of the reader", r.Metadata()["Upper"], "2")

		if err := obj.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := obj.Delete(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
			t.Errorf("a second delete gave %v", err)
		}
		if _, err := obj.NewReader(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
			t.Errorf("a read of what is deleted gave %v", err)
		}
		if _, err := obj.Attrs(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
			t.Errorf("attributes of what is deleted gave %v", err)
		}
		want(t, "requests", s.Requests(), fakegcs.Requests{InsertObject: 1, GetObject: 2, ReadObject: 2, DeleteObject: 2})
		want(t, "billed A", s.Counts().BilledA, 1)
		want(t, "billed B", s.Counts().BilledB, 2)
	})
}

func TestRanges(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 100)
	for name, reads := range readAPIs {
		over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
			s.Plant(bucket, "k", fakegcs.Object{Body: body})
			for _, r := range []struct {
				offset, length int64
				want           []byte
			}{
				{0, 5, body[:5]},
				{990, -1, body[990:]},
				{995, 100, body[995:]},
				{-3, -1, body[997:]},
				{0, -1, body},
				{5, 0, nil},
			} {
				reader, err := b.Object("k").NewRangeReader(t.Context(), r.offset, r.length)
				if err != nil {
					if name == "JSON" && r.length == 0 {
						continue // it asks for no range then
					}
					t.Fatal(err)
				}
				got, err := io.ReadAll(reader)
				if err != nil || !bytes.Equal(got, r.want) {
					t.Errorf("%s: range %d,%d is %q, %v", name, r.offset, r.length, got, err)
				}
				want(t, "size", reader.Attrs.Size, int64(len(body)))
				if err := reader.Close(); err != nil {
					t.Error(err)
				}
			}
			_, err := b.Object("k").NewRangeReader(t.Context(), 1000, -1)
			wantStatus(t, "a range behind the end", err, http.StatusRequestedRangeNotSatisfiable)
		}, reads)
	}
}

var readAPIs = map[string]option.ClientOption{"XML": storage.WithXMLReads(), "JSON": storage.WithJSONReads()}

func TestJSONReads(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Plant(bucket, "k", fakegcs.Object{Body: []byte("x"), Metadata: map[string]string{"a": "b"}})
		body, r, err := read(t.Context(), b.Object("k"))
		if err != nil || string(body) != "x" {
			t.Fatal(body, err)
		}
		want(t, "number of metadata", len(r.Metadata()), 0)
		want(t, "last modified", r.Attrs.LastModified, time.Time{})
		want(t, "requests", s.Requests(), fakegcs.Requests{ReadObject: 1})
	}, storage.WithJSONReads())
}

func TestGzip(t *testing.T) {
	// printf hello | gzip -n
	packed := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00\x00\x00")
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		obj := b.Object("k")
		mustWrite(t, obj, packed, func(w *storage.Writer) { w.ContentEncoding = "gzip" })
		body, r, err := read(t.Context(), obj)
		if err != nil || string(body) != "hello" {
			t.Errorf("read %q, %v", body, err)
		}
		want(t, "decompressed", r.Attrs.Decompressed, true)
		body, r, err = read(t.Context(), obj.ReadCompressed(true))
		if err != nil || !bytes.Equal(body, packed) {
			t.Errorf("read %q, %v", body, err)
		}
		want(t, "decompressed", r.Attrs.Decompressed, false)
		// Of what it decompresses, GCS knows no ranges.
		part, err := obj.NewRangeReader(t.Context(), 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		defer part.Close()
		if body, err = io.ReadAll(part); err != nil || string(body) != "hello" {
			t.Errorf("read %q, %v", body, err)
		}
	})
}

func TestBucket(t *testing.T) {
	over(t, fakegcs.Options{Authorize: fakegcs.Without(fakegcs.PermObjectsDelete)}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		attrs, err := b.Attrs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "name", attrs.Name, bucket)
		absent := newClient(t, s).Bucket("other")
		if _, err := absent.Attrs(t.Context()); !errors.Is(err, storage.ErrBucketNotExist) {
			t.Errorf("an absent bucket gave %v", err)
		}
		_, err = write(t.Context(), absent.Object("k"), nil)
		wantStatus(t, "a write to an absent bucket", err, http.StatusNotFound)
		all := []string{fakegcs.PermObjectsGet, fakegcs.PermObjectsDelete, fakegcs.PermObjectsUpdate}
		have, err := b.IAM().TestPermissions(t.Context(), all)
		if err != nil || len(have) != 2 || have[0] != all[0] || have[1] != all[2] {
			t.Errorf("permissions are %q, %v", have, err)
		}
	})
}
