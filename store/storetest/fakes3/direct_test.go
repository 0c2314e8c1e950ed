package fakes3

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestPlantEditRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(nil)
		body, meta := []byte("v"), map[string]string{"m": "1"}
		s.Plant("new-bucket", "k", Object{Body: body, Metadata: meta, Tags: map[string]string{"t": "1"}})
		body[0], meta["m"] = 'x', "x"
		obj, ok := s.Object("new-bucket", "k")
		if !ok || string(obj.Body) != "v" || obj.Metadata["m"] != "1" || obj.ETag != md5Hex([]byte("v")) || !obj.LastModified.Equal(time.Now()) {
			t.Errorf("held is %+v, %v", obj, ok)
		}
		obj.Body[0], obj.Metadata["m"] = 'y', "y"
		r := ask(t, s, "GET", "https://s3.test/new-bucket/k", "")
		if r.body != "v" || r.Header.Get("X-Amz-Meta-M") != "1" || r.Header.Get("Content-Type") != defaultType {
			t.Errorf("got %q, %v", r.body, r.Header)
		}
		var leaked *Object
		if !s.Edit("new-bucket", "k", func(obj *Object) { obj.Body[0], leaked = 'z', obj }) {
			t.Error("there is nothing to edit")
		}
		leaked.Body[0] = '!'
		if r := ask(t, s, "GET", "https://s3.test/new-bucket/k", ""); r.body != "z" || r.Header.Get("Etag") != quote(md5Hex([]byte("v"))) {
			t.Errorf("got %q, %v", r.body, r.Header)
		}
		s.Plant("new-bucket", "a", Object{ETag: "own", LastModified: time.Unix(1, 0), Header: http.Header{}})
		if r := ask(t, s, "GET", "https://s3.test/new-bucket/a", ""); r.Header.Get("Etag") != `"own"` || r.Header.Get("Content-Type") != "" {
			t.Errorf("got %v", r.Header)
		}
		if keys := s.Keys("new-bucket"); !slices.Equal(keys, []string{"a", "k"}) {
			t.Errorf("the keys are %q", keys)
		}
		s.Remove("new-bucket", "a")
		s.Remove("new-bucket", "a")
		s.Remove("absent", "a")
		if keys := s.Keys("new-bucket"); !slices.Equal(keys, []string{"k"}) {
			t.Errorf("the keys are %q", keys)
		}
		if _, ok := s.Object("absent", "k"); ok || s.Edit("new-bucket", "a", func(*Object) {}) || s.Keys("absent") != nil {
			t.Error("there is something where nothing is")
		}
		s.CreateBucket("new-bucket")
		s.CreateBucket("other")
		if len(s.Keys("new-bucket")) != 1 || s.Requests().Total() != 2+1 {
			t.Errorf("got %q after %v", s.Keys("new-bucket"), s.Requests())
		}
	})
}

func TestDates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(nil)
		dated := func(d time.Duration) reply {
			return ask(t, s, "PUT", testURL+"k", "v", "X-Amz-Date: "+time.Now().UTC().Add(d).Format("20060102T150405Z"))
		}
		wantStatus(t, dated(15*time.Minute), 200)
		wantCode(t, dated(-16*time.Minute), 403, "RequestTimeTooSkewed")
		s.SetClockSkew(-20 * time.Minute)
		wantCode(t, dated(0), 403, "RequestTimeTooSkewed")
		wantStatus(t, dated(-20*time.Minute), 200)
		r := ask(t, s, "PUT", testURL+"k", "v", "Date: "+time.Now().UTC().Format(http.TimeFormat))
		wantCode(t, r, 403, "RequestTimeTooSkewed")
		if date, err := http.ParseTime(r.Header.Get("Date")); err != nil || !date.Equal(time.Now().Add(-20*time.Minute)) {
			t.Errorf("the answer is of %v", r.Header.Get("Date"))
		}
		wantStatus(t, ask(t, s, "PUT", testURL+"k", "v"), 200)
	})
}
