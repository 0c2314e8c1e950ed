package fakes3

import (
	"maps"
	"net/http"
	"strings"
	"testing"
)

func TestCopySource(t *testing.T) {
	for header, want := range map[string]string{
		"my-bucket/k": "my-bucket k", "/my-bucket/a/b": "my-bucket a/b", "my-bucket//k": "my-bucket /k", "my-bucket%2Fk": "my-bucket k",
		"my-bucket/a%20b%2Bc": "my-bucket a b+c", "my-bucket/a+b": "my-bucket a b", "my-bucket/ü": "my-bucket ü",
		"my-bucket/%3FversionId=1": "my-bucket ?versionId=1",
		"my-bucket":                "", "my-bucket/": "", "/": "", "my-bucket/%": "", "my-bucket/k?versionId=1": "",
	} {
		bucket, key, err := copySource(header)
		if got := strings.TrimSpace(bucket + " " + key); got != want || (err == nil) != (want != "") {
			t.Errorf("%s is %q, %v, want %q", header, got, err, want)
		}
	}
}

func TestCopy(t *testing.T) {
	s := newTestServer(nil)
	s.CreateBucket("other")
	ask(t, s, "PUT", testURL+"k", "body", "X-Amz-Meta-M: 1", "X-Amz-Tagging: t=1", "X-Amz-Storage-Class: STANDARD_IA", "Content-Type: text/plain")
	held, _ := s.Object("my-bucket", "k")
	const from, replace = "X-Amz-Copy-Source: my-bucket/k", "X-Amz-Metadata-Directive: REPLACE"
	to := "https://other.s3.test/to"
	wantStatus(t, ask(t, s, "PUT", to, "", from), 200)
	obj, _ := s.Object("other", "to")
	if string(obj.Body) != "body" || obj.ETag != held.ETag || obj.Checksum != held.Checksum || !maps.Equal(obj.Metadata, held.Metadata) ||
		!maps.Equal(obj.Tags, held.Tags) || obj.Header.Get("Content-Type") != "text/plain" || obj.StorageClass != "" {
		t.Errorf("the copy is %+v", obj)
	}
	wantStatus(t, ask(t, s, "PUT", to, "", from, replace, "X-Amz-Meta-N: 2", "X-Amz-Tagging-Directive: REPLACE", "X-Amz-Checksum-Algorithm: CRC32"), 200)
	obj, _ = s.Object("other", "to")
	if !maps.Equal(obj.Metadata, map[string]string{"n": "2"}) || obj.Tags != nil || obj.Header.Get("Content-Type") != defaultType ||
		obj.ETag != held.ETag || obj.ChecksumAlgorithm != "CRC32" {
		t.Errorf("the copy is %+v", obj)
	}
	wantCode(t, ask(t, s, "PUT", testURL+"k", "", from), 400, "InvalidRequest")
	wantStatus(t, ask(t, s, "PUT", testURL+"k", "", from, "X-Amz-Storage-Class: STANDARD"), 200)
	wantStatus(t, ask(t, s, "PUT", testURL+"k", "", from, "X-Amz-Server-Side-Encryption: aws:kms"), 200)
	if obj, _ := s.Object("my-bucket", "k"); obj.ETag == held.ETag || obj.Encryption != "aws:kms" {
		t.Errorf("with a key of its own, held is %+v", obj)
	}
	wantCode(t, ask(t, s, "PUT", to, "", "X-Amz-Copy-Source: absent/k"), 404, "NoSuchBucket")
	wantCode(t, ask(t, s, "PUT", to, "", "X-Amz-Copy-Source: my-bucket/absent"), 404, "NoSuchKey")
	wantCode(t, ask(t, s, "PUT", "https://absent.s3.test/k", "", from), 404, "NoSuchBucket")
	wantCode(t, ask(t, s, "PUT", to, "", from, "X-Amz-Metadata-Directive: MERGE"), 400, "InvalidArgument")
	wantCode(t, ask(t, s, "PUT", to, "", from, "X-Amz-Copy-Source-If-Match: x"), 412, "PreconditionFailed")
	wantCode(t, ask(t, s, "PUT", to, "", from, "X-Amz-Copy-Source-If-None-Match: *"), 412, "PreconditionFailed")
	wantCode(t, ask(t, s, "PUT", to, "", from, "If-None-Match: *"), 412, "PreconditionFailed")
	wantCode(t, ask(t, s, "PUT", to+"2", "", from, "If-Match: "+obj.ETag), 404, "NoSuchKey")
	wantStatus(t, ask(t, s, "PUT", to, "", from, "If-Match: "+obj.ETag), 200)
	s.Script(OpCopyObject, FailInside)
	if r := ask(t, s, "PUT", to, "", from); r.StatusCode != http.StatusOK || r.code(t) != "InternalError" {
		t.Errorf("got %s, %s", r.Status, r.body)
	}
}
