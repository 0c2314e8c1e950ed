package sdktest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/advcache/advcache/store/storetest/fakegcs"
)

func TestResumableUpload(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 40<<10) // 640 KiB: chunks of 256, 256 and 128
	for _, size := range []int{640 << 10, 512 << 10} {
		for _, fault := range []fakegcs.Fault{fakegcs.None, fakegcs.Fail, fakegcs.Unavailable, fakegcs.Reset, fakegcs.LostAnswer} {
			over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
				s.Script(fakegcs.OpUploadChunk, fakegcs.None, fault, fakegcs.None, fault)
				attrs := mustWrite(t, b.Object("k"), body[:size], func(w *storage.Writer) {
					w.Metadata = map[string]string{"a": "b"}
				})
				held, ok := s.Object(bucket, "k")
				if !ok || !bytes.Equal(held.Body, body[:size]) || held.Metadata["a"] != "b" {
					t.Fatalf("%v: held are %d bytes, %v", fault, len(held.Body), held.Metadata)
				}
				want(t, "generation", held.Generation, attrs.Generation)
				want(t, "open uploads", s.OpenUploads(), 0)
				chunks := 3 // without a body the last one, if the size is a multiple
				if fault != fakegcs.None {
					chunks += 2
				}
				want(t, fmt.Sprintf("requests with %v", fault), s.Requests(), fakegcs.Requests{StartUpload: 1, UploadChunk: chunks})
				want(t, "billed A", s.Counts().BilledA, 1)
				want(t, "in", s.Counts().In > int64(size), true)
			})
		}
	}
}

// A writer that is left open and cancelled leaves no object.
func TestCancelledUpload(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		ctx, cancel := contextOf(t)
		w := b.Object("k").NewWriter(ctx)
		w.ChunkSize = 256 << 10
		if _, err := w.Write(make([]byte, 600<<10)); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := w.Close(); err == nil {
			t.Error("there was no error")
		}
		want(t, "number of objects", len(s.Keys(bucket)), 0)
	})
}

func TestChecksums(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		for name, set := range map[string]func(w *storage.Writer){
			"CRC32C": func(w *storage.Writer) { w.CRC32C, w.SendCRC32C = 1, true },
			"MD5":    func(w *storage.Writer) { w.MD5 = make([]byte, 16) },
		} {
			for _, size := range []int{5, 600 << 10} {
				_, err := write(t.Context(), b.Object("k"), make([]byte, size), set)
				wantStatus(t, "a wrong "+name, err, http.StatusBadRequest)
			}
		}
		want(t, "number of objects", len(s.Keys(bucket)), 0)
	})
}

func TestNamesAndMetadata(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		for _, name := range []string{"/", "//", "/a", "a/", "a//b", "...", "a/../b", "./a", "ü/日本", "%2F", "a b+c?d#e", strings.Repeat("x", 1024)} {
			mustWrite(t, b.Object(name), []byte(name))
			for api, reads := range readAPIs {
				body, _, err := read(t.Context(), newClient(t, s, reads).Bucket(bucket).Object(name))
				if err != nil || string(body) != name {
					t.Errorf("%s of %q is %q, %v", api, name, body, err)
				}
			}
			if err := b.Object(name).Delete(t.Context()); err != nil {
				t.Errorf("delete of %q: %v", name, err)
			}
		}
		for _, name := range []string{".", "..", "a\nb", "a\rb", strings.Repeat("x", 1025)} {
			_, err := write(t.Context(), b.Object(name), nil)
			wantStatus(t, fmt.Sprintf("the name %.20q", name), err, http.StatusBadRequest)
		}
		set := func(n int) func(w *storage.Writer) {
			return func(w *storage.Writer) { w.Metadata = map[string]string{"k": strings.Repeat("v", n)} }
		}
		mustWrite(t, b.Object("k"), nil, set(8<<10-1))
		_, err := write(t.Context(), b.Object("k"), nil, set(8<<10))
		wantStatus(t, "too much metadata", err, http.StatusBadRequest)
		_, err = b.Object("k").Update(t.Context(), storage.ObjectAttrsToUpdate{Metadata: map[string]string{"l": ""}})
		wantStatus(t, "too much metadata", err, http.StatusBadRequest)
	})
}

func TestUpdate(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		obj := b.Object("k")
		began := time.Now().UTC()
		written := mustWrite(t, obj, []byte("x"), func(w *storage.Writer) {
			w.ContentType, w.Metadata, w.CustomTime = "text/plain", map[string]string{"a": "1", "b": "2"}, began
		})
		pass(time.Minute)
		attrs, err := obj.Update(t.Context(), storage.ObjectAttrsToUpdate{
			Metadata: map[string]string{"b": "3", "c": "4"}, CustomTime: began.Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "metadata", fmt.Sprint(attrs.Metadata), "map[a:1 b:3 c:4]")
		want(t, "type", attrs.ContentType, "text/plain")
		want(t, "generation", attrs.Generation, written.Generation)
		want(t, "metageneration", attrs.Metageneration, 2)
		want(t, "created", attrs.Created, began)
		want(t, "updated", attrs.Updated, began.Add(time.Minute))
		want(t, "ETag is another", attrs.Etag != written.Etag, true)
		_, err = obj.Update(t.Context(), storage.ObjectAttrsToUpdate{CustomTime: began})
		wantStatus(t, "a custom time that goes back", err, http.StatusBadRequest)
		if attrs, err = obj.Update(t.Context(), storage.ObjectAttrsToUpdate{Metadata: map[string]string{}, ContentType: ""}); err != nil {
			t.Fatal(err)
		}
		want(t, "number of metadata", len(attrs.Metadata), 0)
		want(t, "type", attrs.ContentType, "")
		want(t, "metageneration", attrs.Metageneration, 3)
		want(t, "requests", s.Requests(), fakegcs.Requests{InsertObject: 1, PatchObject: 3})
		want(t, "billed A", s.Counts().BilledA, 3)
	})
}

func TestCopy(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		from, to := b.Object("a"), b.Object("b/c")
		source := mustWrite(t, from, []byte("hello"), func(w *storage.Writer) { w.Metadata = map[string]string{"a": "1"} })
		attrs, err := to.CopierFrom(from).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "metadata", attrs.Metadata["a"], "1")
		want(t, "CRC32C", attrs.CRC32C, source.CRC32C)
		want(t, "generation is another", attrs.Generation > source.Generation, true)
		c := to.CopierFrom(from)
		c.ContentType, c.Metadata = "text/plain", map[string]string{"b": "2"}
		if attrs, err = c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, "metadata", fmt.Sprint(attrs.Metadata), "map[b:2]")
		_, err = to.CopierFrom(from.If(storage.Conditions{GenerationMatch: source.Generation + 1})).Run(t.Context())
		wantStatus(t, "another source", err, http.StatusPreconditionFailed)
		_, err = to.CopierFrom(from.Generation(source.Generation - 1)).Run(t.Context())
		wantStatus(t, "a former source", err, http.StatusNotFound)
		_, err = to.CopierFrom(b.Object("none")).Run(t.Context())
		wantStatus(t, "no source", err, http.StatusNotFound)
		want(t, "requests", s.Requests(), fakegcs.Requests{InsertObject: 1, RewriteObject: 5})
	})
}

func TestList(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		for _, name := range []string{"a/1", "a/2", "a/x/1", "a/x/2", "a/y/1", "b", "c/1", "ü"} {
			s.Plant(bucket, name, fakegcs.Object{})
		}
		for _, l := range []struct {
			query *storage.Query
			want  string
		}{
			{nil, "a/1 a/2 a/x/1 a/x/2 a/y/1 b c/1 ü"},
			{&storage.Query{Prefix: "a/"}, "a/1 a/2 a/x/1 a/x/2 a/y/1"},
			{&storage.Query{Prefix: "a/", Delimiter: "/"}, "a/1 a/2 a/x/* a/y/*"},
			{&storage.Query{Delimiter: "/"}, "a/* b c/* ü"},
			{&storage.Query{StartOffset: "a/x/2", EndOffset: "c"}, "a/x/2 a/y/1 b"},
			{&storage.Query{Prefix: "none"}, ""},
		} {
			for _, size := range []int{1, 2, 3, 1000} {
				s.Reset()
				it := b.Objects(t.Context(), l.query)
				pager := iterator.NewPager(it, size, "")
				var got []string
				for more := true; more; {
					var page []*storage.ObjectAttrs
					token, err := pager.NextPage(&page)
					if err != nil {
						t.Fatal(err)
					}
					for _, attrs := range page {
						if attrs.Prefix != "" {
							attrs.Name = attrs.Prefix + "*"
						}
						got = append(got, attrs.Name)
					}
					more = token != ""
				}
				// A page has objects and prefixes apart.
				slices.Sort(got)
				want(t, fmt.Sprintf("listing %+v by %d", l.query, size), strings.Join(got, " "), l.want)
				want(t, "number of other requests", s.Requests().Total()-s.Requests().ListObjects, 0)
			}
		}
		it := newClient(t, s).Bucket("other").Objects(t.Context(), nil)
		if _, err := it.Next(); !errors.Is(err, storage.ErrBucketNotExist) {
			t.Errorf("an absent bucket gave %v", err)
		}
	})
}
