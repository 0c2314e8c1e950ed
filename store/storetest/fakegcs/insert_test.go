package fakegcs

import (
	"net/http"
	"strings"
	"testing"
)

const related = "Content-Type: multipart/related; boundary=xyz"

func parts(resource, media string) string {
	return "--xyz\r\nContent-Type: application/json\r\n\r\n" + resource + "\r\n--xyz\r\nContent-Type: text/plain\r\n\r\n" + media + "\r\n--xyz--\r\n"
}

func TestInsert(t *testing.T) {
	s := newServer(Options{})
	got := ask(t, s, "POST", uploadURL+"media&name=a%2Fb", "hello", "Content-Type: text/html").resource(t)
	want(t, "name", got.Name, "a/b")
	want(t, "type", got.ContentType, "text/html")
	want(t, "CRC32C", got.CRC32C, "mnG7TA==")
	want(t, "MD5", got.MD5Hash, "XUFAKrxLKna5cZ2REBfFkg==")
	got = ask(t, s, "POST", uploadURL+"multipart&contentEncoding=br", parts(`{"name":"k","metadata":{"A":"1"}}`, "hello"), related).resource(t)
	want(t, "name", got.Name, "k")
	want(t, "type", got.ContentType, "text/plain")
	want(t, "encoding", got.ContentEncoding, "br")
	want(t, "metadata", got.Metadata["A"], "1")
	got = ask(t, s, "POST", uploadURL+"multipart&name=other", parts(`{"name":"k","contentType":"a/b"}`, "a\r\n--xy"), related).resource(t)
	want(t, "name", got.Name, "other")
	want(t, "type", got.ContentType, "a/b")
	want(t, "size", got.Size, "7")
	got = ask(t, s, "POST", uploadURL+"multipart&name=empty", parts("", ""), related).resource(t)
	want(t, "size", got.Size, "0")
	want(t, "keys", strings.Join(s.Keys(testBucket), " "), "a/b empty k other")
}

func TestInsertRefuses(t *testing.T) {
	s := newServer(Options{})
	for _, c := range []struct {
		what, query, body string
		headers           []string
		status            int
		reason            string
	}{
		{"no name", "media", "x", nil, 400, "required"},
		{"a bad name", "media&name=..", "x", nil, 400, "invalid"},
		{"a name that is no UTF-8", "media&name=%FF", "x", nil, 400, "invalid"},
		{"a name of ACME", "media&name=.well-known/acme-challenge/x", "x", nil, 400, "invalid"},
		{"another way", "other&name=k", "x", nil, 400, "invalid"},
		{"no boundary", "multipart&name=k", "x", nil, 400, "invalid"},
		{"no parts", "multipart&name=k", "x", []string{related}, 400, "badContent"},
		{"one part", "multipart&name=k", "--xyz\r\n\r\n{}\r\n--xyz--\r\n", []string{related}, 400, "badContent"},
		{"an end that is missing", "multipart&name=k", strings.TrimSuffix(parts("{}", "hello"), "\r\n--xyz--\r\n"), []string{related}, 400, "badContent"},
		{"three parts", "multipart&name=k", strings.Replace(parts("{}", "x"), "--xyz--", "--xyz\r\n\r\ny\r\n--xyz--", 1), []string{related}, 400, "badContent"},
		{"no JSON", "multipart&name=k", parts("{", "x"), []string{related}, 400, "parseError"},
		{"a wrong CRC32C", "multipart&name=k", parts(`{"crc32c":"AAAAAA=="}`, "x"), []string{related}, 400, "invalid"},
		{"a wrong MD5", "multipart&name=k", parts(`{"md5Hash":"AAAA"}`, "x"), []string{related}, 400, "invalid"},
		{"a wrong hash", "media&name=k", "x", []string{"X-Goog-Hash: md5=AAAA"}, 400, "invalid"},
		{"a hash beside a right one", "media&name=k", "hello", []string{"X-Goog-Hash: crc32c=mnG7TA==,crc32c=AAAAAA=="}, 400, "invalid"},
		{"a wrong Content-MD5", "media&name=k", "x", []string{"Content-MD5: AAAA"}, 400, "invalid"},
		{"a storage class", "multipart&name=k", parts(`{"storageClass":"HOT"}`, "x"), []string{related}, 400, "invalid"},
		{"a custom time", "multipart&name=k", parts(`{"customTime":"now"}`, "x"), []string{related}, 400, "invalid"},
		{"metadata without a name", "multipart&name=k", parts(`{"metadata":{"":"x"}}`, "x"), []string{related}, 400, "invalid"},
		{"a hold", "multipart&name=k", parts(`{"temporaryHold":true}`, "x"), []string{related}, 501, "notImplemented"},
		{"a retention", "multipart&name=k", parts(`{"retention":{"mode":"Locked"}}`, "x"), []string{related}, 501, "notImplemented"},
	} {
		r := ask(t, s, "POST", uploadURL+c.query, c.body, c.headers...)
		want(t, "status of "+c.what, r.status, c.status)
		want(t, "reason of "+c.what, r.reason(t), c.reason)
	}
	want(t, "number of objects", len(s.Keys(testBucket)), 0)
	r := ask(t, s, "POST", uploadURL+"media&name=k", "hello", "X-Goog-Hash: crc32c=mnG7TA==", "X-Goog-Hash: md5=XUFAKrxLKna5cZ2REBfFkg==")
	want(t, "status with right hashes", r.status, http.StatusOK)
	r = ask(t, s, "POST", strings.Replace(uploadURL, testBucket, "other", 1)+"media&name=k", "hello")
	want(t, "reason of an absent bucket", r.reason(t), "notFound")
}

// A body that breaks off writes nothing.
func TestInsertBreaksOff(t *testing.T) {
	s := newServer(Options{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, uploadURL+"media&name=k", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 6
	if _, err := s.Client().Do(req); err == nil { //nolint:bodyclose // there is none
		t.Error("a body that is too short was taken")
	}
	want(t, "number of objects", len(s.Keys(testBucket)), 0)
}
