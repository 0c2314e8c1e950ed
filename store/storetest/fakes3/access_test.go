package fakes3

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAuthorize(t *testing.T) {
	var seen []Access
	s := newTestServer(&Options{Authorize: func(a Access) bool {
		seen = append(seen, a)
		return a.AccessKey == "reader" && a.Op == OpGetObject || a.AccessKey == "writer" && a.Op != OpGetObject
	}})
	const reader = "Authorization: AWS4-HMAC-SHA256 Credential=reader/20000101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
	const writer = "Authorization: AWS4-HMAC-SHA256 Credential=writer/20000101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v"), 403, "AccessDenied")
	wantStatus(t, ask(t, s, "PUT", testURL+"k", "v", writer), 200)
	wantCode(t, ask(t, s, "GET", testURL+"k", "", writer), 403, "AccessDenied")
	wantStatus(t, ask(t, s, "GET", testURL+"k", "", reader), 200)
	wantStatus(t, ask(t, s, "GET", testURL+"k?X-Amz-Credential=reader/20000101/us-east-1/s3/aws4_request", ""), 200)
	wantCode(t, ask(t, s, "GET", testURL+"absent", "", reader), 403, "AccessDenied")
	wantCode(t, ask(t, s, "DELETE", testURL+"k", "", writer, `If-Match: "x"`), 403, "AccessDenied")
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", writer, `If-Match: "x"`), 403, "AccessDenied")
	wantStatus(t, ask(t, s, "DELETE", testURL+"k", "", writer, "If-Match: *"), 204)
	seen = nil
	ask(t, s, "GET", testURL+"?list-type=2&prefix=p/", "", writer)
	if len(seen) != 1 || seen[0] != (Access{AccessKey: "writer", Op: OpListObjectsV2, Bucket: "my-bucket", Key: "p/"}) {
		t.Errorf("asked was for %+v", seen)
	}
}

func TestRequestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(&Options{RequestRate: 0.5})
		get := func() int { return ask(t, s, "HEAD", testURL, "").StatusCode }
		for i, want := range []int{200, 503, 503} {
			if got := get(); got != want {
				t.Errorf("request %d: got %d", i, got)
			}
		}
		time.Sleep(2 * time.Second)
		if first, second := get(), get(); first != 200 || second != 503 {
			t.Errorf("after 2 s: got %d, %d", first, second)
		}
		time.Sleep(time.Hour)
		if first, second := get(), get(); first != 200 || second != 503 {
			t.Errorf("after an hour: got %d, %d", first, second)
		}
	})
}

func TestContextEndsALatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(&Options{Latency: time.Hour, FaultLatency: time.Hour})
		req := request(t.Context(), t, nil, 0)
		cause := errors.New("enough")
		for _, after := range []time.Duration{0, time.Minute, 31 * time.Minute, 80 * time.Minute} {
			s.Heal()
			s.Script(OpPutObject, Late)
			ctx, cancel := context.WithCancelCause(t.Context())
			if after == 0 {
				cancel(cause)
			}
			time.AfterFunc(after, func() { cancel(cause) })
			began := time.Now()
			if _, err := s.RoundTrip(req.WithContext(ctx)); !errors.Is(err, cause) || time.Since(began) != after { //nolint:bodyclose // there is none
				t.Errorf("got %v after %v", err, time.Since(began))
			}
		}
		s.Script(OpPutObject, Hang)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		if _, err := s.RoundTrip(req.WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) { //nolint:bodyclose // there is none
			t.Errorf("got %v", err)
		}
		if len(s.Keys("my-bucket")) != 0 || s.Requests().PutObject != 4 {
			t.Errorf("%q took effect of %v", s.Keys("my-bucket"), s.Requests())
		}
	})
}
