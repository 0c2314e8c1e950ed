package fakes3

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWriteConditions(t *testing.T) {
	s := newTestServer(nil)
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", `If-Match: "x"`), 404, "NoSuchKey")
	etag := ask(t, s, "PUT", testURL+"k", "v", "If-None-Match: *").Header.Get("Etag")
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", "If-None-Match: *"), 412, "PreconditionFailed")
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", `If-Match: "x"`), 412, "PreconditionFailed")
	wantStatus(t, ask(t, s, "PUT", testURL+"k", "w", "If-Match: "+etag), 200)
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", "If-Match: "+etag), 412, "PreconditionFailed")
	for _, lines := range [][]string{{"If-Match: *"}, {"If-None-Match: " + etag}, {"If-None-Match: *", "If-Match: " + etag}} {
		wantCode(t, ask(t, s, "PUT", testURL+"k", "v", lines...), 501, "NotImplemented")
	}
}

func TestReadConditions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(nil)
		etag := ask(t, s, "PUT", testURL+"k", "v").Header.Get("Etag")
		const same, before, after = "Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:00:01 GMT"
		for _, tt := range []struct {
			status int
			lines  []string
		}{
			{200, []string{"If-Match: " + etag}},
			{200, []string{"If-Match: *"}},
			{200, []string{`If-Match: "x", ` + etag}},
			{412, []string{`If-Match: "x"`}},
			{304, []string{"If-None-Match: " + etag}},
			{304, []string{`If-None-Match: "x",W/` + etag}},
			{200, []string{`If-None-Match: "x"`}},
			{304, []string{"If-Modified-Since: " + same}},
			{200, []string{"If-Modified-Since: " + after}},
			{200, []string{"If-Modified-Since: " + before}},
			{200, []string{"If-Modified-Since: yesterday"}},
			{200, []string{"If-Unmodified-Since: " + same}},
			{412, []string{"If-Unmodified-Since: " + before}},
			{200, []string{"If-Match: " + etag, "If-Unmodified-Since: " + before}},
			{200, []string{`If-None-Match: "x"`, "If-Modified-Since: " + same}},
			{412, []string{`If-Match: "x"`, "If-None-Match: " + etag}},
			{304, []string{"If-Match: " + etag, "If-None-Match: " + etag}},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				if r := ask(t, s, method, testURL+"k", "", tt.lines...); r.StatusCode != tt.status {
					t.Errorf("%s with %q: got %s, want %d", method, tt.lines, r.Status, tt.status)
				}
			}
		}
		wantCode(t, ask(t, s, "GET", testURL+"absent", "", "If-None-Match: *"), 404, "NoSuchKey")
	})
}

// TestCreationIsAtomic has writers wait at the same instant.
func TestCreationIsAtomic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(&Options{Latency: 2 * time.Second})
		for _, line := range []string{"If-None-Match: *", "If-Match: " + md5Hex([]byte("v"))} {
			var won, lost atomic.Int32
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					switch r := ask(t, s, "PUT", testURL+"k", string(rune('a'+i)), line); r.StatusCode {
					case http.StatusOK:
						won.Add(1)
					case http.StatusPreconditionFailed:
						lost.Add(1)
					default:
						t.Errorf("got %s", r.Status)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 || lost.Load() != 19 {
				t.Errorf("%s: %d won and %d lost", line, won.Load(), lost.Load())
			}
			s.Plant("my-bucket", "k", Object{Body: []byte("v")})
		}
	})
}
