package fakegcs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const (
	testBucket = "my-bucket"
	objectsURL = "https://storage.googleapis.com/storage/v1/b/my-bucket/o/"
	uploadURL  = "https://storage.googleapis.com/upload/storage/v1/b/my-bucket/o?uploadType="
	plainURL   = "https://storage.googleapis.com/my-bucket/"
)

func newServer(o Options) *Server {
	o.Buckets = append(o.Buckets, testBucket)
	return New(&o)
}

// reply is the answer to a request, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request. A header is "Name: value".
func ask(t *testing.T, s *Server, method, url, body string, headers ...string) reply {
	t.Helper()
	r, err := try(t.Context(), s, method, url, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return r
}

func try(ctx context.Context, s *Server, method, url, body string, headers ...string) (reply, error) {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return reply{}, err
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Add(name, value)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	return reply{resp.StatusCode, resp.Header, b.String()}, err
}

// resource returns the object that the reply describes.
func (r reply) resource(t *testing.T) resource {
	t.Helper()
	var got resource
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || r.status != http.StatusOK {
		t.Fatalf("the answer is %d %s", r.status, r.body)
	}
	return got
}

// reason returns the reason that an error of the JSON API gives.
func (r reply) reason(t *testing.T) string {
	t.Helper()
	var got struct {
		Error struct {
			Code   int
			Errors []struct{ Reason string }
		}
	}
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || got.Error.Code != r.status || len(got.Error.Errors) != 1 {
		t.Fatalf("the answer is %d %s", r.status, r.body)
	}
	return got.Error.Errors[0].Reason
}

func want[V comparable](t *testing.T, what string, got, want V) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v; want %v", what, got, want)
	}
}

func wantPanic(t *testing.T, words string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.Contains(got, words) {
			t.Errorf("the panic says %q; want %q", got, words)
		}
	}()
	f()
}
