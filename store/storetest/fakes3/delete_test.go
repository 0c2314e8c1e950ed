package fakes3

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// md5Line is the header that DeleteObjects wants.
func md5Line(body string) string {
	sum := md5.Sum([]byte(body))
	return "Content-MD5: " + base64.StdEncoding.EncodeToString(sum[:])
}

func TestDelete(t *testing.T) {
	s := newTestServer(nil)
	wantStatus(t, ask(t, s, "DELETE", testURL+"absent", ""), 204)
	wantCode(t, ask(t, s, "DELETE", testURL+"absent", "", "If-Match: *"), 404, "NoSuchKey")
	wantCode(t, ask(t, s, "DELETE", "https://absent.s3.test/k", ""), 404, "NoSuchBucket")
	etag := ask(t, s, "PUT", testURL+"k", "v").Header.Get("Etag")
	wantCode(t, ask(t, s, "DELETE", testURL+"k", "", `If-Match: "x"`), 412, "PreconditionFailed")
	wantStatus(t, ask(t, s, "DELETE", testURL+"k", "", "If-Match: "+etag), 204)
	ask(t, s, "PUT", testURL+"k", "v")
	wantStatus(t, ask(t, s, "DELETE", testURL+"k", "", "If-Match: *"), 204)
	s = newTestServer(&Options{Ignores: []Feature{DeleteIfMatchAbsent}})
	wantStatus(t, ask(t, s, "DELETE", testURL+"absent", "", `If-Match: "x"`), 204)
	ask(t, s, "PUT", testURL+"k", "v")
	wantCode(t, ask(t, s, "DELETE", testURL+"k", "", `If-Match: "x"`), 412, "PreconditionFailed")
}

func TestDeleteMany(t *testing.T) {
	s := newTestServer(nil)
	remove := func(body string, lines ...string) reply {
		return ask(t, s, "POST", testURL+"?delete", body, append(lines, md5Line(body))...)
	}
	const keys = `<Delete><Object><Key>a</Key></Object><Object><Key>b</Key><ETag>"x"</ETag></Object><Object><Key>c</Key><ETag>*</ETag></Object></Delete>`
	ask(t, s, "PUT", testURL+"a", "v")
	ask(t, s, "PUT", testURL+"b", "v")
	r := remove(keys)
	for _, want := range []string{
		"<Deleted><Key>a</Key></Deleted>", "<Error><Key>b</Key><Code>PreconditionFailed</Code>", "<Error><Key>c</Key><Code>NoSuchKey</Code>",
	} {
		if r.StatusCode != http.StatusOK || !strings.Contains(r.body, want) {
			t.Errorf("%s without %s: %s", r.Status, want, r.body)
		}
	}
	wantCode(t, ask(t, s, "POST", testURL+"?delete", keys), 400, "InvalidRequest")
	wantCode(t, remove("<Delete>"), 400, "MalformedXML")
	wantCode(t, remove("<Delete></Delete>"), 400, "MalformedXML")
	wantCode(t, remove("<Delete><Object><Key></Key></Object></Delete>"), 400, "MalformedXML")
	wantCode(t, remove("<Delete>"+strings.Repeat("<Object><Key>k</Key></Object>", 1001)+"</Delete>"), 400, "MalformedXML")
	s.Script(OpDeleteObjects, Half)
	r = remove(fmt.Sprintf("<Delete>%s</Delete>", strings.Repeat("<Object><Key>b</Key></Object>", 2)))
	if !strings.Contains(r.body, "<Code>InternalError</Code>") || !strings.Contains(r.body, "<Deleted><Key>b</Key></Deleted>") {
		t.Errorf("half gave %s", r.body)
	}
	// A server without checksums asks for none.
	s = newTestServer(&Options{Ignores: []Feature{Checksums}})
	wantStatus(t, ask(t, s, "POST", testURL+"?delete", keys), 200)
}
