package fakes3

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
)

const testURL = "https://my-bucket.s3.test/"

// newTestServer returns a server with a bucket.
func newTestServer(o *Options) *Server {
	var own Options
	if o != nil {
		own = *o
	}
	own.Buckets = append(own.Buckets, "my-bucket")
	return New(&own)
}

// reply is an answer that was read.
type reply struct {
	*http.Response
	body string
}

// ask sends a request, with header lines as "Name: value", and reads the answer.
func ask(t testing.TB, s *Server, method, url, body string, lines ...string) reply {
	t.Helper()
	r, err := tryAsk(t, s, method, url, body, lines...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryAsk(t testing.TB, s *Server, method, url, body string, lines ...string) (reply, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Add(name, value)
	}
	return do(s, req)
}

// do sends a request and reads the answer.
func do(s *Server, req *http.Request) (reply, error) {
	resp, err := s.Client().Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return reply{resp, string(data)}, err
}

// code returns the code of the error that was answered.
func (r reply) code(t testing.TB) string {
	t.Helper()
	var e struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		RequestID string `xml:"RequestId"`
	}
	if err := xml.Unmarshal([]byte(r.body), &e); err != nil {
		t.Fatalf("%s with %q: %v", r.Status, r.body, err)
	}
	if e.RequestID == "" || e.RequestID != r.Header.Get("X-Amz-Request-Id") {
		t.Errorf("the request id is %q and %q", e.RequestID, r.Header.Get("X-Amz-Request-Id"))
	}
	return e.Code
}

func wantCode(t testing.TB, r reply, status int, code string) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("got %s with %q, want %d %s", r.Status, r.body, status, code)
		return
	}
	if got := r.code(t); got != code {
		t.Errorf("got %s, want %s", got, code)
	}
}

func wantStatus(t testing.TB, r reply, status int) {
	t.Helper()
	if r.StatusCode != status {
		t.Errorf("got %s with %q, want %d", r.Status, r.body, status)
	}
}

func mustPanic(t *testing.T, with string, f func()) {
	t.Helper()
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, with) {
			t.Errorf("it panicked with %q, want %q", said, with)
		}
	}()
	f()
}
