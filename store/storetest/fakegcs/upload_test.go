package fakegcs

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func start(t *testing.T, s *Server, headers ...string) (location string) {
	t.Helper()
	r := ask(t, s, "POST", uploadURL+"resumable&name=k", `{"metadata":{"a":"1"}}`, headers...)
	want(t, "status of the start", r.status, http.StatusOK)
	return r.header.Get("Location")
}

func TestUploadInChunks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		session := start(t, s, "X-Upload-Content-Type: text/plain")
		block := strings.Repeat("x", uploadBlock)
		step := func(body, contentRange string, status int, have string) reply {
			t.Helper()
			r := ask(t, s, "PUT", session, body, "Content-Range: "+contentRange)
			want(t, "status of "+contentRange, r.status, status)
			want(t, "Range after "+contentRange, r.header.Get("Range"), have)
			return r
		}
		step("", "bytes */*", 308, "")
		step(block, "bytes 0-262143/*", 308, "bytes=0-262143")
		step("", "bytes */*", 308, "bytes=0-262143")
		step("", "bytes */300000", 308, "bytes=0-262143")
		step(block, "bytes 524288-786431/*", 400, "")                // leaves a gap
		step("xy", "bytes 262144-262145/*", 400, "")                 // not a multiple
		step("xy", "bytes 262144-262146/262147", 400, "")            // not as long
		step("xy", "bytes 262144-262145/262145", 400, "")            // longer than the whole
		step("xy", "bytes */262146", 400, "")                        // a question with a body
		step("xy", "bytes 262144/262146", 400, "")                   // no range
		step("xy", "262144-262145/262146", 400, "")                  // no unit
		step("xy", "bytes 262144-262145/x", 400, "")                 // no number
		step(block, "bytes 0-262143/*", 308, "bytes=0-262143")       // again
		step(block+block, "bytes 0-524287/*", 308, "bytes=0-524287") // again, and more
		want(t, "open uploads", s.OpenUploads(), 1)
		want(t, "number of objects", len(s.Keys(testBucket)), 0)
		got := step("yz", "bytes 524288-524289/524290", 200, "").resource(t)
		want(t, "size", got.Size, "524290")
		want(t, "type", got.ContentType, "text/plain")
		want(t, "metadata", got.Metadata["a"], "1")
		held, _ := s.Object(testBucket, "k")
		want(t, "body", string(held.Body), block+block+"yz")
		// Who lost the answer asks again.
		want(t, "answer", step("yz", "bytes 524288-524289/524290", 200, "").resource(t).Generation, got.Generation)
		want(t, "answer", step("", "bytes */*", 200, "").resource(t).Generation, got.Generation)
		want(t, "open uploads", s.OpenUploads(), 0)
		want(t, "billed A", s.Counts().BilledA, 1)
	})
}

func TestUploadForClientsThatKnowNo308(t *testing.T) {
	s := newServer(Options{})
	r := ask(t, s, "POST", start(t, s), strings.Repeat("x", uploadBlock), "Content-Range: bytes 0-262143/*", "X-GUploader-No-308: yes")
	want(t, "status", r.status, http.StatusOK)
	want(t, "status that is meant", r.header.Get("X-Http-Status-Code-Override"), "308")
	want(t, "Range", r.header.Get("Range"), "bytes=0-262143")
}

func TestUploadAtOnce(t *testing.T) {
	s := newServer(Options{})
	got := ask(t, s, "PUT", start(t, s, "X-Upload-Content-Length: 5"), "hello", "X-Goog-Hash: crc32c=mnG7TA==").resource(t)
	want(t, "size", got.Size, "5")
	r := ask(t, s, "PUT", start(t, s, "X-Upload-Content-Length: 6"), "hello")
	want(t, "status of another length", r.status, http.StatusBadRequest)
	session := start(t, s)
	r = ask(t, s, "PUT", session, "hello", "X-Goog-Hash: crc32c=AAAAAA==")
	want(t, "status of a wrong hash", r.status, http.StatusBadRequest)
	r = ask(t, s, "PUT", session, "hello")
	want(t, "status after it", r.status, http.StatusNotFound)
	r = ask(t, s, "POST", uploadURL+"resumable&name=k", "", "X-Upload-Content-Length: x")
	want(t, "status of no length", r.status, http.StatusBadRequest)
}

func TestUploadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		session := start(t, s)
		want(t, "status of a cancellation", ask(t, s, "DELETE", session, "").status, 499)
		want(t, "status after it", ask(t, s, "PUT", session, "hello").status, 499)
		want(t, "open uploads", s.OpenUploads(), 0)
		session = start(t, s)
		time.Sleep(uploadLife + time.Nanosecond)
		want(t, "status after a week", ask(t, s, "PUT", session, "hello").status, http.StatusGone)
		want(t, "open uploads", s.OpenUploads(), 0)
		want(t, "status of none", ask(t, s, "PUT", uploadURL+"resumable&upload_id=none", "hello").status, http.StatusNotFound)
		want(t, "status of no way", ask(t, s, "PATCH", session, "hello").status, http.StatusNotImplemented)
		want(t, "number of objects", len(s.Keys(testBucket)), 0)
	})
}

// The condition is judged at the start, and at the end again.
func TestUploadIf(t *testing.T) {
	s := newServer(Options{})
	url := uploadURL + "resumable&name=k&ifGenerationMatch=0"
	first, second := ask(t, s, "POST", url, "").header.Get("Location"), ask(t, s, "POST", url, "").header.Get("Location")
	want(t, "status of the first", ask(t, s, "PUT", first, "1").status, http.StatusOK)
	want(t, "status of the second", ask(t, s, "PUT", second, "2").status, http.StatusPreconditionFailed)
	want(t, "status of a third", ask(t, s, "POST", url, "").status, http.StatusPreconditionFailed)
	want(t, "open uploads", s.OpenUploads(), 0)
}
