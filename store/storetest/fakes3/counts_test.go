package fakes3

import "testing"

func TestCounts(t *testing.T) {
	s := newTestServer(nil)
	if got := s.Counts().String(); got != "no request; 0 bytes in, 0 bytes out" {
		t.Errorf("got %s", got)
	}
	ask(t, s, "PUT", testURL+"k", "12345")
	ask(t, s, "GET", testURL+"k", "")
	ask(t, s, "GET", testURL+"k", "", "If-None-Match: *")
	ask(t, s, "HEAD", testURL+"k", "")
	ask(t, s, "GET", testURL+"k", "", "Range: bytes=1-2")
	ask(t, s, "DELETE", testURL+"k", "")
	c := s.Counts()
	if got := c.String(); got != "1 HeadObject, 3 GetObject, 1 PutObject, 1 DeleteObject; 5 bytes in, 7 bytes out" {
		t.Errorf("got %s", got)
	}
	if c.Requests.Of(OpGetObject) != 3 || c.Requests.Of(AnyOp) != 6 {
		t.Errorf("got %v", c)
	}
	if c.Requests.In(Tier1) != 1 || c.Requests.In(Tier2) != 4 || c.Requests.In(Free) != 1 {
		t.Errorf("got %v", c)
	}
	s.Reset()
	if s.Requests() != (Requests{}) {
		t.Errorf("got %v after Reset", s.Requests())
	}
}

// TestEveryOperationIsCounted holds that no two share a place.
func TestEveryOperationIsCounted(t *testing.T) {
	for op := AnyOp + 1; op < ops; op++ {
		var r Requests
		*r.of(op)++
		if r.Total() != 1 || r.Of(op) != 1 || r.In(op.Tier()) != 1 || r.String() != "1 "+op.String() {
			t.Errorf("%v is counted as %v", op, r)
		}
	}
}
