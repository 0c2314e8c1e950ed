package fakegcs

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadByXML(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		s.Plant(testBucket, "a/b c", Object{
			Body: []byte("hello"), ContentType: "text/plain", CacheControl: "no-store", ContentLanguage: "de",
			Metadata: map[string]string{"ac-hash": "1", "UPPER": "2", "lines": "a\r\nb"}, CustomTime: time.Now(), Metageneration: 3,
		})
		r := ask(t, s, "GET", plainURL+"a/b%20c", "")
		want(t, "status", r.status, http.StatusOK)
		want(t, "body", r.body, "hello")
		for name, value := range map[string]string{
			"X-Goog-Generation":              "946684800000000",
			"X-Goog-Metageneration":          "3",
			"X-Goog-Hash":                    "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==",
			"X-Goog-Storage-Class":           "STANDARD",
			"X-Goog-Stored-Content-Encoding": "identity",
			"X-Goog-Stored-Content-Length":   "5",
			"X-Goog-Meta-Ac-Hash":            "1",
			"X-Goog-Meta-Upper":              "2",
			"X-Goog-Meta-Lines":              "a  b",
			"X-Goog-Custom-Time":             "2000-01-01T00:00:00.000Z",
			"Last-Modified":                  "Sat, 01 Jan 2000 00:00:00 GMT",
			"Etag":                           `"5d41402abc4b2a76b9719d911017c592"`,
			"Content-Type":                   "text/plain",
			"Content-Language":               "de",
			"Content-Length":                 "5",
			"Content-Encoding":               "",
			"Cache-Control":                  "no-store",
			"Accept-Ranges":                  "bytes",
		} {
			want(t, name, strings.Join(r.header[name], ","), value)
		}
		virtual := ask(t, s, "GET", "https://my-bucket.storage.googleapis.com/a/b%20c", "")
		want(t, "body in the virtual-hosted style", virtual.body, "hello")
		head := ask(t, s, "HEAD", plainURL+"a/b%20c", "")
		want(t, "body of HEAD", head.body, "")
		want(t, "length of HEAD", head.header.Get("Content-Length"), "5")
		want(t, "requests", s.Requests(), Requests{ReadObject: 2, GetObject: 1})
	})
}

func TestReadByJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		s.Plant(testBucket, "k", Object{Body: []byte("hello"), Metadata: map[string]string{"a": "1"}})
		for _, url := range []string{objectsURL + "k?alt=media", "https://www.googleapis.com/download/storage/v1/b/my-bucket/o/k"} {
			r := ask(t, s, "GET", url, "")
			want(t, "body", r.body, "hello")
			for name, value := range map[string]string{
				"X-Goog-Generation": "946684800000000",
				"X-Goog-Hash":       "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==",
				"X-Goog-Meta-A":     "",
				"Last-Modified":     "",
				"Content-Type":      "application/octet-stream",
				"Cache-Control":     "private, max-age=0",
				"Etag":              "CIDA39mToNcBEAE=",
			} {
				want(t, name, strings.Join(r.header[name], ","), value)
			}
		}
		got := ask(t, s, "GET", objectsURL+"k", "").resource(t)
		want(t, "size", got.Size, "5")
		want(t, "generation", got.Generation, "946684800000000")
		want(t, "ETag", got.Etag, "CIDA39mToNcBEAE=")
		want(t, "metadata", got.Metadata["a"], "1")
		want(t, "media link", got.MediaLink, "https://storage.googleapis.com/download/storage/v1/b/my-bucket/o/k?generation=946684800000000&alt=media")
		want(t, "body of the media link", ask(t, s, "GET", got.MediaLink, "").body, "hello")
	})
}

func TestRange(t *testing.T) {
	s := newServer(Options{})
	s.Plant(testBucket, "k", Object{Body: []byte("0123456789")})
	s.Plant(testBucket, "empty", Object{})
	for _, r := range []struct {
		object, header string
		status         int
		body, span     string
	}{
		{"k", "bytes=0-0", 206, "0", "bytes 0-0/10"},
		{"k", "bytes=8-99", 206, "89", "bytes 8-9/10"},
		{"k", "bytes=8-9223372036854775807", 206, "89", "bytes 8-9/10"},
		{"k", "bytes=-99", 206, "0123456789", "bytes 0-9/10"},
		{"k", "bytes=10-", 416, "", "bytes */10"},
		{"k", "bytes=-0", 416, "", "bytes */10"},
		{"empty", "bytes=0-", 416, "", "bytes */0"},
		{"k", "bytes=5-4", 200, "0123456789", ""},
		{"k", "bytes=0-1,3-4", 200, "0123456789", ""},
		{"k", "lines=0-1", 200, "0123456789", ""},
		{"k", "bytes=x-1", 200, "0123456789", ""},
	} {
		got := ask(t, s, "GET", plainURL+r.object, "", "Range: "+r.header)
		want(t, "status of "+r.header, got.status, r.status)
		want(t, "Content-Range of "+r.header, got.header.Get("Content-Range"), r.span)
		if r.body != "" {
			want(t, "body of "+r.header, got.body, r.body)
		}
	}
}

func TestErrorsInTheirForms(t *testing.T) {
	s := newServer(Options{})
	r := ask(t, s, "GET", plainURL+"none", "")
	want(t, "status", r.status, http.StatusNotFound)
	want(t, "XML", r.body, "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code>"+
		"<Message>The specified key does not exist.</Message><Details>No such object: my-bucket/none</Details></Error>")
	r = ask(t, s, "GET", objectsURL+"none?alt=media", "")
	want(t, "text", r.body, "No such object: my-bucket/none")
	r = ask(t, s, "GET", objectsURL+"none", "")
	want(t, "JSON", r.body, `{"error":{"code":404,"message":"No such object: my-bucket/none","errors":[`+
		`{"message":"No such object: my-bucket/none","domain":"global","reason":"notFound"}]}}`+"\n")
	r = ask(t, s, "HEAD", plainURL+"none", "")
	want(t, "status of HEAD", r.status, http.StatusNotFound)
	want(t, "body of HEAD", r.body, "")
	r = ask(t, s, "GET", "https://storage.googleapis.com/other/none", "")
	want(t, "an absent bucket", strings.Contains(r.body, "<Code>NoSuchBucket</Code>"), true)
}

func TestStoredCompressed(t *testing.T) {
	packed := "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00\x00\x00"
	s := newServer(Options{})
	s.Plant(testBucket, "k", Object{Body: []byte(packed), ContentEncoding: "gzip"})
	s.Plant(testBucket, "kept", Object{Body: []byte(packed), ContentEncoding: "gzip", CacheControl: "no-transform"})
	s.Plant(testBucket, "broken", Object{Body: []byte("hello"), ContentEncoding: "gzip"})
	r := ask(t, s, "GET", plainURL+"k", "")
	want(t, "body", r.body, "hello")
	want(t, "bytes that were read", s.Counts().Out, int64(len(packed)))
	want(t, "stored encoding", r.header.Get("X-Goog-Stored-Content-Encoding"), "gzip")
	want(t, "encoding", r.header.Get("Content-Encoding"), "")
	r = ask(t, s, "GET", plainURL+"k", "", "Accept-Encoding: gzip")
	want(t, "body for who accepts gzip", r.body, packed)
	want(t, "encoding", r.header.Get("Content-Encoding"), "gzip")
	r = ask(t, s, "GET", plainURL+"k", "", "Accept-Encoding: identity", "Range: bytes=1-2")
	want(t, "body that the server decompresses", r.body, "hello")
	want(t, "status", r.status, http.StatusOK)
	r = ask(t, s, "GET", plainURL+"kept", "", "Accept-Encoding: identity")
	want(t, "body that is kept as it is", r.body, packed)
	r = ask(t, s, "GET", plainURL+"broken", "", "Accept-Encoding: identity")
	want(t, "body that is no gzip", r.body, "hello")
	if _, err := try(t.Context(), s, "GET", plainURL+"broken", ""); err == nil {
		t.Error("the transport decompressed what is no gzip")
	}
	want(t, "open bodies", s.OpenBodies(), 0)
}
