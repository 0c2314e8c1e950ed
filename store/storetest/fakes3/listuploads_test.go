package fakes3

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestListUploads(t *testing.T) {
	s := newTestServer(nil)
	var want []string
	for _, key := range []string{"a", "b/1", "b/1", "b/1", "b/2", "c"} {
		r := ask(t, s, "POST", testURL+key+"?uploads", "", "X-Amz-Storage-Class: STANDARD_IA")
		_, id, _ := strings.Cut(r.body, "<UploadId>")
		id, _, _ = strings.Cut(id, "<")
		want = append(want, key+" "+id)
	}
	type page struct {
		IsTruncated        bool
		NextKeyMarker      string
		NextUploadIDMarker string `xml:"NextUploadIdMarker"`
		Upload             []struct {
			Key      string
			UploadID string `xml:"UploadId"`
		}
		CommonPrefixes []struct{ Prefix string }
	}
	for size := 1; size <= 7; size++ {
		for query, names := range map[string][]string{
			"": want, "&prefix=b/": want[1:5], "&delimiter=/": {want[0], want[5], "b/"}, "&prefix=x": nil, "&key-marker=b/1": want[4:],
		} {
			var got, prefixes []string
			for marker, more := "", true; more; {
				r := ask(t, s, "GET", fmt.Sprint(testURL, "?uploads&max-uploads=", size, query, marker), "")
				var p page
				if err := xml.Unmarshal([]byte(r.body), &p); err != nil {
					t.Fatal(err, r.body)
				}
				for _, u := range p.Upload {
					got = append(got, u.Key+" "+u.UploadID)
				}
				for _, c := range p.CommonPrefixes {
					prefixes = append(prefixes, c.Prefix)
				}
				more = p.IsTruncated
				query = strings.Replace(query, "&key-marker=b/1", "", 1)
				marker = "&key-marker=" + url.QueryEscape(p.NextKeyMarker) + "&upload-id-marker=" + p.NextUploadIDMarker
			}
			if got = append(got, prefixes...); !slices.Equal(got, names) {
				t.Errorf("%q in pages of %d: got %q, want %q", query, size, got, names)
			}
		}
	}
	wantCode(t, ask(t, s, "GET", testURL+"?uploads&max-uploads=x", ""), 400, "InvalidArgument")
	wantCode(t, ask(t, s, "GET", testURL+"?uploads&encoding-type=x", ""), 400, "InvalidArgument")
}

func TestListParts(t *testing.T) {
	s := newTestServer(nil)
	upload := begin(t, s)
	for _, n := range []int{3, 1, 10000} {
		wantStatus(t, ask(t, s, "PUT", fmt.Sprint(upload, "&partNumber=", n), strings.Repeat("x", n%10)), 200)
	}
	for query, want := range map[string]string{
		"":                                  "1 3 10000",
		"&max-parts=2":                      "1 3 more",
		"&max-parts=2&part-number-marker=1": "3 10000",
		"&part-number-marker=2":             "3 10000",
		"&part-number-marker=10000":         "",
		"&max-parts=0":                      "",
	} {
		r := ask(t, s, "GET", upload+query, "")
		var page struct {
			IsTruncated bool
			Part        []struct{ PartNumber int }
		}
		if err := xml.Unmarshal([]byte(r.body), &page); err != nil {
			t.Fatal(err, r.body)
		}
		var got []string
		for _, p := range page.Part {
			got = append(got, fmt.Sprint(p.PartNumber))
		}
		if page.IsTruncated {
			got = append(got, "more")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %s", query, got, want)
		}
	}
	wantCode(t, ask(t, s, "GET", upload+"&max-parts=x", ""), 400, "InvalidArgument")
	wantCode(t, ask(t, s, "GET", upload+"&part-number-marker=x", ""), 400, "InvalidArgument")
}
