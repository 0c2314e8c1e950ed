package fakes3

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// begin creates an upload of k and returns its URL.
func begin(t *testing.T, s *Server, lines ...string) string {
	t.Helper()
	r := ask(t, s, "POST", testURL+"k?uploads", "", lines...)
	var created struct {
		UploadID string `xml:"UploadId"`
	}
	if err := xml.Unmarshal([]byte(r.body), &created); err != nil || created.UploadID == "" {
		t.Fatalf("got %s, %s", r.Status, r.body)
	}
	return testURL + "k?uploadId=" + created.UploadID
}

// completing is the list of parts from their ETags.
func completing(etags ...string) string {
	var b strings.Builder
	for i, etag := range etags {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, etag)
	}
	return "<CompleteMultipartUpload>" + b.String() + "</CompleteMultipartUpload>"
}

func TestUpload(t *testing.T) {
	s := newTestServer(nil)
	url := begin(t, s, "X-Amz-Meta-M: 1")
	long := strings.Repeat("x", defaultMinPartSize)
	var etags []string
	for n, body := range []string{long, "replaced", "end"} {
		etags = append(etags, ask(t, s, "PUT", fmt.Sprint(url, "&partNumber=", n+1), body).Header.Get("Etag"))
	}
	wantCode(t, ask(t, s, "POST", url, completing(etags...)), 400, "EntityTooSmall")
	etags[1] = ask(t, s, "PUT", url+"&partNumber=2", long).Header.Get("Etag")
	wantCode(t, ask(t, s, "POST", url, completing(etags...), "X-Amz-Mp-Object-Size: 1"), 400, "InvalidRequest")
	wantCode(t, ask(t, s, "POST", url, completing(etags...), "X-Amz-Checksum-Crc64nvme: rosUhgp5mIg="), 400, "BadDigest")
	wantStatus(t, ask(t, s, "POST", url, completing(etags...), "If-None-Match: *"), 200)
	obj, _ := s.Object("my-bucket", "k")
	if string(obj.Body) != long+long+"end" || len(obj.PartSizes) != 3 || !strings.HasSuffix(obj.ETag, "-3") || obj.Metadata["m"] != "1" {
		t.Errorf("held are %d bytes, ETag %s, parts %v", len(obj.Body), obj.ETag, obj.PartSizes)
	}
	r := ask(t, s, "GET", testURL+"k?partNumber=3", "")
	if r.StatusCode != http.StatusPartialContent || r.body != "end" || r.Header.Get("X-Amz-Mp-Parts-Count") != "3" {
		t.Errorf("part 3 is %s, %q", r.Status, r.body)
	}
	wantCode(t, ask(t, s, "GET", testURL+"k?partNumber=4", ""), 416, "InvalidPartNumber")
	wantCode(t, ask(t, s, "GET", testURL+"k?partNumber=0", ""), 400, "InvalidArgument")
	wantCode(t, ask(t, s, "GET", testURL+"k?partNumber=1", "", "Range: bytes=0-1"), 400, "InvalidRequest")
	wantCode(t, ask(t, s, "POST", url, completing(etags...)), 404, "NoSuchUpload")
	wantCode(t, ask(t, s, "DELETE", url, ""), 404, "NoSuchUpload")
	wantCode(t, ask(t, s, "GET", url, ""), 404, "NoSuchUpload")
}

func TestBadUploads(t *testing.T) {
	s := newTestServer(nil)
	for _, lines := range [][]string{
		{"X-Amz-Checksum-Algorithm: MD5"},
		{"X-Amz-Checksum-Algorithm: SHA256", "X-Amz-Checksum-Type: FULL_OBJECT"},
		{"X-Amz-Checksum-Algorithm: CRC64NVME", "X-Amz-Checksum-Type: COMPOSITE"},
	} {
		wantCode(t, ask(t, s, "POST", testURL+"k?uploads", "", lines...), 400, "InvalidRequest")
	}
	wantCode(t, ask(t, s, "POST", "https://absent.s3.test/k?uploads", ""), 404, "NoSuchBucket")
	url := begin(t, s, "X-Amz-Checksum-Algorithm: CRC32")
	wantCode(t, ask(t, s, "PUT", url+"&partNumber=1", "123456789"), 400, "InvalidRequest")
	wantCode(t, ask(t, s, "PUT", url+"&partNumber=1", "123456789", "X-Amz-Checksum-Crc32c: 4waSgw=="), 400, "InvalidRequest")
	wantCode(t, ask(t, s, "PUT", url+"&partNumber=0", ""), 400, "InvalidArgument")
	wantCode(t, ask(t, s, "PUT", url, ""), 400, "InvalidArgument")
	etag := ask(t, s, "PUT", url+"&partNumber=1", "123456789", "X-Amz-Checksum-Crc32: y/Q5Jg==").Header.Get("Etag")
	wantCode(t, ask(t, s, "POST", url, "<CompleteMultipartUpload></CompleteMultipartUpload>"), 400, "MalformedXML")
	wantCode(t, ask(t, s, "POST", url, "no XML"), 400, "MalformedXML")
	wantCode(t, ask(t, s, "POST", url, completing(etag, etag)), 400, "EntityTooSmall")
	wantCode(t, ask(t, s, "POST", url, completing(`"x"`)), 400, "InvalidPart")
	twice := strings.Replace(completing(etag, etag), "<PartNumber>2", "<PartNumber>1", 1)
	wantCode(t, ask(t, s, "POST", url, twice), 400, "InvalidPartOrder")
	wrong := strings.Replace(completing(etag), "<ETag>", "<ChecksumCRC32>AAAAAA==</ChecksumCRC32><ETag>", 1)
	wantCode(t, ask(t, s, "POST", url, wrong), 400, "InvalidPart")
	// The upload is of its key.
	wantCode(t, ask(t, s, "POST", strings.Replace(url, "/k?", "/other?", 1), completing(etag)), 404, "NoSuchUpload")
	s.Script(OpCompleteMultipartUpload, FailInside)
	if r := ask(t, s, "POST", url, completing(etag)); r.StatusCode != http.StatusOK || r.code(t) != "InternalError" {
		t.Errorf("got %s, %s", r.Status, r.body)
	}
	if s.OpenUploads() != 1 {
		t.Errorf("%d uploads are open", s.OpenUploads())
	}
	wantStatus(t, ask(t, s, "POST", url, completing(etag)), 200)
	if obj, _ := s.Object("my-bucket", "k"); !strings.HasSuffix(obj.Checksum, "-1") || obj.checksumType() != composite {
		t.Errorf("the checksum is %s", obj.Checksum)
	}
	// A copy is in one piece.
	wantStatus(t, ask(t, s, "PUT", testURL+"copy", "", "X-Amz-Copy-Source: my-bucket/k"), 200)
	if obj, _ := s.Object("my-bucket", "copy"); obj.Checksum != "y/Q5Jg==" || obj.isMultipart() || obj.ETag != md5Hex(obj.Body) {
		t.Errorf("the copy has checksum %s, ETag %s", obj.Checksum, obj.ETag)
	}
	wantStatus(t, ask(t, s, "DELETE", begin(t, s), ""), 204)
	if s.OpenUploads() != 0 {
		t.Errorf("%d uploads are open", s.OpenUploads())
	}
}
