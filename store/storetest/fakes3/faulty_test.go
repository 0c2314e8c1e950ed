package fakes3

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
)

func TestScript(t *testing.T) {
	s := newTestServer(nil)
	ask(t, s, "PUT", testURL+"k", "v")
	s.Script(AnyOp, TooManyRequests, Conflict)
	s.Script(OpGetObject, None, SlowDown)
	s.Script(OpGetObject, Fail)
	for i, want := range []int{200, 503, 500, 429, 200, 200} {
		if r := ask(t, s, "GET", testURL+"k", ""); r.StatusCode != want {
			t.Errorf("request %d: got %s, want %d", i, r.Status, want)
		}
	}
	for _, fault := range []Fault{TooManyRequests, SlowDown, Fail} {
		if s.Met(fault) != 1 {
			t.Errorf("%d requests met %v", s.Met(fault), fault)
		}
	}
	if s.Met(Conflict) != 0 || s.Met(faults) != 0 {
		t.Error("what cannot happen was met")
	}
	s.Script(AnyOp, Fail)
	s.Rate(AnyOp, AccessDenied, 1)
	s.Heal()
	wantStatus(t, ask(t, s, "GET", testURL+"k", ""), 200)
}

func TestAnswersOfFaults(t *testing.T) {
	s := newTestServer(nil)
	for fault, want := range map[Fault]struct {
		status int
		code   string
	}{
		Fail: {500, "InternalError"}, SlowDown: {503, "SlowDown"}, TooManyRequests: {429, "TooManyRequests"},
		AccessDenied: {403, "AccessDenied"}, Conflict: {409, "ConditionalRequestConflict"},
	} {
		s.Script(OpPutObject, fault)
		wantCode(t, ask(t, s, "PUT", testURL+"k", "v"), want.status, want.code)
	}
	s.Script(OpPutObject, Reset)
	if _, err := tryAsk(t, s, "PUT", testURL+"k", "v"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
	if len(s.Keys("my-bucket")) != 0 || s.Counts().In != 0 {
		t.Errorf("%q took effect, %v", s.Keys("my-bucket"), s.Counts())
	}
	s.Script(OpPutObject, LostAnswer)
	if _, err := tryAsk(t, s, "PUT", testURL+"k", "v"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
	if len(s.Keys("my-bucket")) != 1 {
		t.Error("it took no effect")
	}
	s.Script(OpGetObject, Truncate)
	if _, err := tryAsk(t, s, "GET", testURL+"k", ""); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	s.Script(OpGetObject, FlipBody)
	if r := ask(t, s, "GET", testURL+"k", ""); len(r.body) != 1 || r.body == "v" {
		t.Errorf("got %q", r.body)
	}
	// What is held is not damaged, and neither are errors.
	wantStatus(t, ask(t, s, "GET", testURL+"k", ""), 200)
	s.Script(OpGetObject, Truncate)
	wantCode(t, ask(t, s, "GET", testURL+"absent", ""), 404, "NoSuchKey")
}

// TestRateIsTheSameInEachRun holds that chance depends on the seed and on the
// number of the request alone.
func TestRateIsTheSameInEachRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		run := func(seed uint64, others bool) (met []string) {
			s := newTestServer(&Options{Seed: seed})
			s.Rate(OpGetObject, Fail, 0.1)
			s.Rate(OpGetObject, Truncate, 0.2)
			s.Plant("my-bucket", "k", Object{Body: []byte("0123456789")})
			for i := range n {
				if others {
					ask(t, s, "PUT", fmt.Sprint(testURL, i), "v")
				}
				r, err := tryAsk(t, s, "GET", testURL+"k", "")
				if err == nil && r.StatusCode != http.StatusOK {
					r.body = r.Status // the body has the id of the request
				}
				met = append(met, fmt.Sprint(r.body, err))
			}
			if fail, cut := s.Met(Fail), s.Met(Truncate); math.Abs(float64(fail)-0.1*n) > 40 || math.Abs(float64(cut)-0.2*n) > 50 {
				t.Errorf("of %d, %d failed and %d were cut", n, fail, cut)
			}
			return met
		}
		first := run(1, false)
		if !slices.Equal(first, run(1, true)) {
			t.Error("one seed gave two runs")
		}
		if slices.Equal(first, run(2, false)) {
			t.Error("two seeds gave one run")
		}
	})
}

func TestFaultsThatCannotBe(t *testing.T) {
	s := New(nil)
	mustPanic(t, "Truncate cannot happen to PutObject", func() { s.Script(OpPutObject, Truncate) })
	mustPanic(t, "Half cannot happen to DeleteObject", func() { s.Rate(OpDeleteObject, Half, 1) })
	mustPanic(t, "Fault(99) cannot happen to AnyOp", func() { s.Script(AnyOp, 99) })
	mustPanic(t, "must be between 0 and 1", func() { s.Rate(AnyOp, Fail, math.NaN()) })
	mustPanic(t, "are 1.2 together", func() { s.Rate(AnyOp, Fail, 0.6); s.Rate(OpGetObject, Reset, 0.6) })
	for op := range ops {
		for fault := range faults {
			if op != AnyOp && fault.befalls(op) {
				s.Script(op, fault)
			}
		}
	}
	if got := fmt.Sprint(OpListObjectsV2, Op(99), FlipBody, Fault(99), DeleteIfMatch, Feature(99)); got != "ListObjectsV2 Op(99) FlipBody Fault(99) DeleteIfMatch Feature(99)" {
		t.Errorf("the names are %s", got)
	}
}
