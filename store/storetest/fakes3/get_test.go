package fakes3

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func hexOf(n int) string { return strconv.FormatInt(int64(n), 16) }

// TestHeaders holds what a read answers, name by name.
func TestHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(nil)
		time.Sleep(900 * time.Millisecond)
		ask(t, s, "PUT", testURL+"k", "123456789", "Content-Type: text/plain", "Cache-Control: no-cache", "X-Amz-Meta-Ac-Hash:  h ",
			"X-Amz-Storage-Class: STANDARD_IA", "X-Amz-Tagging: a=1&b=2", "X-Amz-Meta-Many: 1", "X-Amz-Meta-Many: 2")
		if obj, _ := s.Object("my-bucket", "k"); obj.LastModified.Nanosecond() != 0 {
			t.Errorf("it was modified at %v", obj.LastModified)
		}
		time.Sleep(999 * time.Millisecond)
		full := map[string]string{
			"Etag": `"25f9e794323b453885f5181f1b624d0b"`, "Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT", "Content-Length": "9",
			"Content-Type": "text/plain", "Cache-Control": "no-cache", "X-Amz-Meta-Ac-Hash": "h", "X-Amz-Meta-Many": "1,2",
			"X-Amz-Storage-Class": "STANDARD_IA", "X-Amz-Tagging-Count": "2", "X-Amz-Server-Side-Encryption": "AES256",
			"Accept-Ranges": "bytes", "Date": "Sat, 01 Jan 2000 00:00:01 GMT", "Server": "AmazonS3",
		}
		unmodified := map[string]string{
			"Etag": full["Etag"], "Last-Modified": full["Last-Modified"], "Date": full["Date"], "Server": full["Server"],
		}
		for _, method := range []string{"GET", "HEAD"} {
			for status, want := range map[int]map[string]string{200: full, 304: unmodified} {
				lines := []string{"If-Match: *"}
				if status == 304 {
					lines = append(lines, "If-None-Match: "+full["Etag"])
				}
				r := ask(t, s, method, testURL+"k", "", lines...)
				wantStatus(t, r, status)
				got := make(map[string]string)
				for name := range r.Header {
					if name != "X-Amz-Request-Id" && name != "X-Amz-Id-2" {
						got[name] = r.Header.Get(name)
					}
				}
				if !maps.Equal(got, want) {
					t.Errorf("%s, %d: got %v, want %v", method, status, got, want)
				}
				if (method == "GET" && status == 200) != (r.body == "123456789") {
					t.Errorf("%s, %d: the body is %q", method, status, r.body)
				}
			}
		}
		r := ask(t, s, "GET", testURL+"k", "", "X-Amz-Checksum-Mode: ENABLED")
		if r.Header.Get("X-Amz-Checksum-Crc64nvme") != "rosUhgp5mIg=" || r.Header.Get("X-Amz-Checksum-Type") != "FULL_OBJECT" {
			t.Errorf("the checksum is %v", r.Header)
		}
	})
}

func TestErrorsOfHeadHaveNoBody(t *testing.T) {
	s := newTestServer(nil)
	for _, url := range []string{testURL + "absent", "https://absent.s3.test/", "https://absent.s3.test/k"} {
		r := ask(t, s, "HEAD", url, "")
		if r.StatusCode != http.StatusNotFound || r.body != "" || r.Header.Get("X-Amz-Request-Id") == "" {
			t.Errorf("%s: got %s, %q", url, r.Status, r.body)
		}
	}
	wantCode(t, ask(t, s, "GET", testURL+"absent", ""), 404, "NoSuchKey")
	wantCode(t, ask(t, s, "GET", "https://absent.s3.test/k", ""), 404, "NoSuchBucket")
}

func TestRange(t *testing.T) {
	s := newTestServer(nil)
	ask(t, s, "PUT", testURL+"k", "0123456789")
	for spec, want := range map[string]string{
		"bytes=0-0": "0 bytes 0-0/10", "bytes=9-": "9 bytes 9-9/10", "bytes=-2": "89 bytes 8-9/10", "bytes=8-20": "89 bytes 8-9/10",
		"bytes=-20": "0123456789 bytes 0-9/10", "bytes=0-1,3-4": "0123456789 ", "bytes=3-1": "0123456789 ", "bytes=x-": "0123456789 ",
		"items=0-1": "0123456789 ", "bytes=5": "0123456789 ",
	} {
		r := ask(t, s, "GET", testURL+"k", "", "Range: "+spec)
		if got := r.body + " " + r.Header.Get("Content-Range"); got != want || (r.StatusCode == http.StatusPartialContent) != (r.Header.Get("Content-Range") != "") {
			t.Errorf("%s: got %q, %s, want %q", spec, got, r.Status, want)
		}
		if h := ask(t, s, "HEAD", testURL+"k", "", "Range: "+spec); h.ContentLength != int64(len(r.body)) {
			t.Errorf("%s: HEAD tells %d bytes", spec, h.ContentLength)
		}
	}
	for _, spec := range []string{"bytes=10-", "bytes=10-20", "bytes=-0"} {
		wantCode(t, ask(t, s, "GET", testURL+"k", "", "Range: "+spec), 416, "InvalidRange")
	}
	ask(t, s, "PUT", testURL+"empty", "")
	wantCode(t, ask(t, s, "GET", testURL+"empty", "", "Range: bytes=0-"), 416, "InvalidRange")
}

func TestOverrides(t *testing.T) {
	s := newTestServer(nil)
	ask(t, s, "PUT", testURL+"k", "v")
	r := ask(t, s, "GET", testURL+"k?response-content-type=text/x&response-cache-control=no-store", "")
	if r.Header.Get("Content-Type") != "text/x" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v", r.Header)
	}
}

// TestMetadata that is not ASCII is returned in encoded words.
func TestMetadata(t *testing.T) {
	s := newTestServer(nil)
	ask(t, s, "PUT", testURL+"k", "v", "X-Amz-Meta-Name: =?UTF-8?B?w6Q=?=", "x-amz-meta-Raw: ü", "X-Amz-Meta-Empty: ")
	obj, _ := s.Object("my-bucket", "k")
	if want := map[string]string{"name": "ä", "raw": "ü", "empty": ""}; !maps.Equal(obj.Metadata, want) {
		t.Errorf("held is %q", obj.Metadata)
	}
	r := ask(t, s, "GET", testURL+"k", "")
	if got := r.Header.Get("X-Amz-Meta-Name"); !strings.EqualFold(got, "=?UTF-8?b?w6Q=?=") {
		t.Errorf("got %q", got)
	}
	if _, err := tryAsk(t, s, "PUT", testURL+"k", "v", "X-Amz-Meta-Name: a\nb"); err == nil {
		t.Error("a line break was sent")
	}
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", "X-Amz-Meta-Long: "+strings.Repeat("x", 2045)), 400, "MetadataTooLarge")
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", "X-Amz-Tagging: a=1&a=2"), 400, "InvalidTag")
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", "X-Amz-Tagging: "+strings.Join(slices.Repeat([]string{"x=1"}, 11), "&")), 400, "InvalidTag")
	wantCode(t, ask(t, s, "PUT", testURL+"k", "v", "X-Amz-Server-Side-Encryption: rot13"), 400, "InvalidArgument")
}

func TestArchived(t *testing.T) {
	s := newTestServer(nil)
	ask(t, s, "PUT", testURL+"k", "v", "X-Amz-Storage-Class: GLACIER")
	wantCode(t, ask(t, s, "GET", testURL+"k", ""), 403, "InvalidObjectState")
	wantStatus(t, ask(t, s, "HEAD", testURL+"k", ""), http.StatusOK)
}
