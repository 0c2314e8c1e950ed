package fakegcs

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzRoundTrip holds that whatever comes is answered, and leaves a server that
// answers.
func FuzzRoundTrip(f *testing.F) {
	block := strings.Repeat("x", 100)
	for _, seed := range [][5]string{
		{"GET", "/my-bucket/k", "", "Range", "bytes=1-2"},
		{"GET", "/my-bucket/k", "", "Accept-Encoding", "identity"},
		{"HEAD", "/my-bucket/k%2F..", "", "x-goog-if-generation-match", "5"},
		{"GET", "/storage/v1/b/my-bucket/o/k?ifGenerationMatch=5", "", "If-None-Match", `"x"`},
		{"GET", "/storage/v1/b/my-bucket/o?prefix=a&delimiter=/&pageToken=YQ", "", "", ""},
		{"PATCH", "/storage/v1/b/my-bucket/o/k", `{"metadata":{"a":null,"b":"c"},"customTime":"2001-02-03T04:05:06Z"}`, "", ""},
		{"PUT", "/storage/v1/b/my-bucket/o/k", `{"contentType":"a/b"}`, "", ""},
		{"POST", "/storage/v1/b/my-bucket/o/k/rewriteTo/b/my-bucket/o/l", `{}`, "", ""},
		{"POST", "/upload/storage/v1/b/my-bucket/o?uploadType=multipart", parts(`{"name":"m"}`, block), "Content-Type", "multipart/related; boundary=xyz"},
		{"POST", "/upload/storage/v1/b/my-bucket/o?uploadType=media&name=n", block, "X-Goog-Hash", "crc32c=AAAAAA==,md5="},
		{"POST", "/upload/storage/v1/b/my-bucket/o?uploadType=resumable&name=n", `{}`, "X-Upload-Content-Length", "5"},
		{"PUT", "/upload/storage/v1/b/my-bucket/o?upload_id=9E3779B97F4A7C15", block, "Content-Range", "bytes 0-99/100"},
		{"DELETE", "/upload/storage/v1/b/my-bucket/o?upload_id=9E3779B97F4A7C15", "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, method, path, body, name, value string) {
		at, err := url.Parse("https://storage.googleapis.com" + path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return
		}
		s := newServer(Options{LimitMutations: true})
		s.Plant(testBucket, "k", Object{Body: []byte("hello"), ContentEncoding: "gzip"})
		ask(t, s, "POST", uploadURL+"resumable&name=k", "")
		for range 2 {
			req := &http.Request{Method: method, URL: at, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
			if name != "" {
				req.Header.Set(name, value)
			}
			resp, err := s.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode < 200 || resp.StatusCode > 599 || resp.Body == nil || resp.Header == nil {
				t.Errorf("the answer is %+v", resp)
			}
			read, err := io.ReadAll(resp.Body)
			if err == nil && resp.ContentLength >= 0 && method != http.MethodHead && int64(len(read)) != resp.ContentLength {
				t.Errorf("a body of %d has %d bytes", resp.ContentLength, len(read))
			}
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		for _, key := range s.Keys(testBucket) {
			if err := checkName(key); err != nil {
				t.Errorf("there is an object %q", key)
			}
			held, _ := s.Object(testBucket, key)
			if held.CRC32C != crc32cOf(held.Body) || held.Generation == 0 || held.Metageneration < 1 {
				t.Errorf("the object %q is %+v", key, held)
			}
		}
		want(t, "open bodies", s.OpenBodies(), 0)
	})
}
