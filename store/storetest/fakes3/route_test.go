package fakes3

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAddress(t *testing.T) {
	for _, tt := range []struct{ url, bucket, key string }{
		{"https://my-bucket.s3.amazonaws.com/a/b", "my-bucket", "a/b"},
		{"https://my-bucket.s3.eu-central-1.amazonaws.com/", "my-bucket", ""},
		{"https://my-bucket.s3.dualstack.us-west-2.amazonaws.com/k", "my-bucket", "k"},
		{"https://my-bucket.s3-accelerate.amazonaws.com/k", "my-bucket", "k"},
		{"https://my-bucket.s3-us-west-2.amazonaws.com/k", "my-bucket", "k"},
		{"https://a.s3.b.s3.us-east-1.amazonaws.com/k", "a.s3.b", "k"},
		{"https://my-bucket.s3.test:9000//k", "my-bucket", "/k"},
		{"https://s3.amazonaws.com/my-bucket/a/../b", "my-bucket", "a/../b"},
		{"https://s3.us-east-1.amazonaws.com/my-bucket", "my-bucket", ""},
		{"http://localhost:9000/my-bucket//a//", "my-bucket", "/a//"},
		{"http://storage.example/my-bucket/%2F%2e%2E%20+", "my-bucket", "/.. +"},
		{"http://storage.example/", "", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if bucket, key := address(req); bucket != tt.bucket || key != tt.key {
			t.Errorf("%s is %q and %q, want %q and %q", tt.url, bucket, key, tt.bucket, tt.key)
		}
	}
}

// TestNotImplemented holds that nothing is taken for something else.
func TestNotImplemented(t *testing.T) {
	s := newTestServer(nil)
	for _, r := range []struct{ method, url string }{
		{"GET", "https://s3.test/"},
		{"GET", testURL},
		{"GET", testURL + "?list-type=1"},
		{"GET", testURL + "?versioning"},
		{"DELETE", testURL},
		{"PUT", testURL + "?acl"},
		{"GET", testURL + "k?tagging"},
		{"GET", testURL + "k?versionId=1"},
		{"DELETE", testURL + "k?versionId=1"},
		{"PUT", testURL + "k?acl"},
		{"POST", testURL + "k"},
		{"POST", testURL + "k?uploads&acl"},
		{"PATCH", testURL + "k"},
	} {
		got := ask(t, s, r.method, r.url, "")
		if got.StatusCode != http.StatusNotImplemented || got.code(t) != "NotImplemented" {
			t.Errorf("%s %s gave %s", r.method, r.url, got.Status)
		}
	}
	if n := s.Requests().Other; n != 13 {
		t.Errorf("%d requests are counted as others", n)
	}
	wantCode(t, ask(t, s, "PUT", testURL+"k", "", "X-Amz-Server-Side-Encryption-Customer-Key: x"), 501, "NotImplemented")
}

func TestBadNames(t *testing.T) {
	s := newTestServer(nil)
	wantCode(t, ask(t, s, "PUT", testURL+strings.Repeat("k", 1025), ""), 400, "KeyTooLongError")
	wantCode(t, ask(t, s, "PUT", testURL+"%FF", ""), 400, "InvalidURI")
	wantStatus(t, ask(t, s, "PUT", testURL+strings.Repeat("k", 1024), ""), 200)
	for name, ok := range map[string]bool{
		"abc": true, "a.b-c.0": true, strings.Repeat("a", 63): true,
		"ab": false, "-ab": false, "ab-": false, "a..b": false, "Abc": false, "a_b": false, strings.Repeat("a", 64): false, "": false,
	} {
		if isBucketName(name) != ok {
			t.Errorf("%q is taken: %v", name, !ok)
		}
	}
	wantCode(t, ask(t, s, "PUT", "https://s3.test/Not_A_Name", ""), 400, "InvalidBucketName")
}

// FuzzKey holds that any UTF-8 is a key of its own, in both styles and as the
// source of a copy.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"a", "/", "//a", ".", "../b", "a b+c%", "\x00\r\n", "ключ", "?a=b#c"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if key == "" || len(key) > maxKey || !utf8.ValidString(key) {
			return
		}
		s := newTestServer(nil)
		escaped := strings.ReplaceAll(url.QueryEscape(key), "+", "%20")
		wantStatus(t, ask(t, s, "PUT", testURL+escaped, "body"), 200)
		if got := s.Keys("my-bucket"); len(got) != 1 || got[0] != key {
			t.Fatalf("%q is held as %q", key, got)
		}
		if r := ask(t, s, "GET", "http://localhost/my-bucket/"+escaped, ""); r.body != "body" {
			t.Fatalf("got %s for %q", r.Status, key)
		}
		r := ask(t, s, "PUT", testURL+"copy", "", "X-Amz-Copy-Source: my-bucket/"+escaped, "X-Amz-Metadata-Directive: REPLACE")
		wantStatus(t, r, 200)
	})
}
