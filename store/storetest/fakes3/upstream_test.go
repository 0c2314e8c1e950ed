package fakes3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	chunked = "5;chunk-signature=abc\r\n12345\r\n4;chunk-signature=def\r\n6789\r\n0;chunk-signature=012\r\n"
	framed  = "X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

func TestChunkedBodies(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		lines      []string
		status     int
		code       string
	}{
		{"no trailer", chunked + "\r\n", []string{"X-Amz-Decoded-Content-Length: 9"}, 200, ""},
		{"CRC32", chunked + "x-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", []string{"X-Amz-Decoded-Content-Length: 9", "X-Amz-Trailer: x-amz-checksum-crc32"}, 200, ""},
		{"CRC64NVME", chunked + "x-amz-checksum-crc64nvme:rosUhgp5mIg=\r\n\r\n", []string{"X-Amz-Decoded-Content-Length: 9"}, 200, ""},
		{"wrong", chunked + "x-amz-checksum-crc32:AAAAAA==\r\n\r\n", []string{"X-Amz-Decoded-Content-Length: 9"}, 400, "BadDigest"},
		{"no checksum", chunked + "x-amz-checksum-crc32:what\r\n\r\n", []string{"X-Amz-Decoded-Content-Length: 9"}, 400, "InvalidRequest"},
		{"lost trailer", chunked + "\r\n", []string{"X-Amz-Decoded-Content-Length: 9", "X-Amz-Trailer: x-amz-checksum-crc32"}, 400, "MalformedTrailerError"},
		{"other length", chunked + "\r\n", []string{"X-Amz-Decoded-Content-Length: 10"}, 400, "IncompleteBody"},
		{"no length", chunked + "\r\n", nil, 411, "MissingContentLength"},
		{"cut", chunked[:40], []string{"X-Amz-Decoded-Content-Length: 9"}, 400, "IncompleteBody"},
		{"not framed", "123456789", []string{"X-Amz-Decoded-Content-Length: 9"}, 400, "IncompleteBody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTestServer(nil)
			r := ask(t, s, "PUT", testURL+"k", tt.body, append(tt.lines, framed, "Content-Encoding: gzip,aws-chunked")...)
			if tt.code != "" {
				wantCode(t, r, tt.status, tt.code)
				if len(s.Keys("my-bucket")) != 0 {
					t.Error("it is held")
				}
				return
			}
			wantStatus(t, r, 200)
			if obj, _ := s.Object("my-bucket", "k"); string(obj.Body) != "123456789" || obj.Header.Get("Content-Encoding") != "gzip" {
				t.Errorf("held is %q, %v", obj.Body, obj.Header)
			}
		})
	}
}

func TestBodiesAreVerified(t *testing.T) {
	s := newTestServer(nil)
	for line, code := range map[string]string{
		"X-Amz-Checksum-Crc32: y/Q5Jg==":                    "",
		"X-Amz-Checksum-Crc32c: 4waSgw==":                   "",
		"X-Amz-Checksum-Sha1: 98O8HYCOBHMq32eZZcbDTHr6n2Q=": "BadDigest",
		"X-Amz-Checksum-Crc64nvme: rosUhgp5mIg=":            "",
		"X-Amz-Checksum-Crc32: AAAAAA==":                    "BadDigest",
		"X-Amz-Checksum-Crc32: AAAA":                        "InvalidRequest",
		"Content-MD5: JfnnlDI7RTiF9RgfG2JNCw==":             "",
		"Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==":             "BadDigest",
		"Content-MD5: short":                                "InvalidDigest",
		"X-Amz-Content-Sha256: 15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225": "",
		"X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": "XAmzContentSHA256Mismatch",
		"X-Amz-Content-Sha256: UNSIGNED-PAYLOAD":                                                 "",
	} {
		r := ask(t, s, "PUT", testURL+"k", "123456789", line)
		if code == "" {
			wantStatus(t, r, 200)
		} else {
			wantCode(t, r, 400, code)
		}
	}
	wantCode(t, ask(t, s, "PUT", testURL+"k", "123456789", "X-Amz-Checksum-Crc32: y/Q5Jg==", "X-Amz-Checksum-Crc32c: 4waSgw=="), 400, "InvalidRequest")
}

// request returns a PUT of what a reader gives, with the length that it claims.
func request(ctx context.Context, t *testing.T, body io.Reader, length int64) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, testURL+"k", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = length
	return req
}

func TestLengths(t *testing.T) {
	s := newTestServer(nil)
	r, err := do(s, request(t.Context(), t, io.MultiReader(strings.NewReader("body")), -1))
	if err != nil || r.StatusCode != http.StatusLengthRequired {
		t.Errorf("without a length: got %s, %v", r.body, err)
	}
	if r, err := do(s, request(t.Context(), t, strings.NewReader("body"), 5)); err == nil {
		t.Errorf("with another length: got %v", r.Status)
	}
	// Nobody reads 5 GiB to refuse them.
	r, err = do(s, request(t.Context(), t, strings.NewReader(""), maxPut+1))
	if err != nil || r.StatusCode != http.StatusBadRequest {
		t.Errorf("with too many: got %s, %v", r.body, err)
	}
	if len(s.Keys("my-bucket")) != 0 {
		t.Error("something is held")
	}
}

// TestContextEndsAnUpload holds that a body that blocks is closed, and left,
// with the context.
func TestContextEndsAnUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		pr, pw := io.Pipe()
		began := time.Now()
		go io.WriteString(pw, "0123456789") //nolint:errcheck // it is closed
		_, err := do(s, request(ctx, t, pr, 100))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if _, err := pw.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the body is open: %v", err)
		}
		if n := s.Counts().In; n != 10 {
			t.Errorf("%d bytes were read", n)
		}
	})
}

// FuzzDechunk holds that no frame ends in a panic, and that what is framed is
// what was sent.
func FuzzDechunk(f *testing.F) {
	f.Add([]byte(chunked+"\r\n"), 3)
	f.Add([]byte("FFFFFFFFFF\r\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		_, _, _ = dechunk(data)
		size = max(size, 1)
		var b bytes.Buffer
		for rest := data; len(rest) > 0; {
			n := min(size, len(rest))
			b.WriteString(strings.ToUpper(hexOf(n)) + "\r\n" + string(rest[:n]) + "\r\n")
			rest = rest[n:]
		}
		b.WriteString("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")
		got, trailer, err := dechunk(b.Bytes())
		if err != nil || !bytes.Equal(got, data) || trailer.Get("X-Amz-Checksum-Crc32") != "AAAAAA==" {
			t.Fatalf("got %q with %v, %v", got, trailer, err)
		}
	})
}
