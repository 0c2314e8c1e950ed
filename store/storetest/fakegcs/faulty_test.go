package fakegcs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestFaults(t *testing.T) {
	for fault, c := range map[Fault]struct {
		status int
		reason string
		done   bool
	}{
		Fail:            {500, "internalError", false},
		Unavailable:     {503, "backendError", false},
		TooManyRequests: {429, "rateLimitExceeded", false},
		Unauthorized:    {401, "authError", false},
		AccessDenied:    {403, "forbidden", false},
		FailAfter:       {503, "backendError", true},
		Reset:           {0, "", false},
		LostAnswer:      {0, "", true},
		Late:            {200, "", true},
		None:            {200, "", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(Options{FaultLatency: time.Second})
			s.Script(OpInsertObject, fault)
			began := time.Now()
			r, err := try(t.Context(), s, "POST", uploadURL+"media&name=k", "x")
			if c.status == 0 {
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%v gave %v", fault, err)
				}
			} else {
				want(t, fmt.Sprintf("status of %v", fault), r.status, c.status)
			}
			if c.reason != "" {
				want(t, fmt.Sprintf("reason of %v", fault), r.reason(t), c.reason)
			}
			want(t, fmt.Sprintf("an object after %v", fault), len(s.Keys(testBucket)) == 1, c.done)
			want(t, fmt.Sprintf("%v was late", fault), time.Since(began) == time.Second, fault == Late)
			met := 1
			if fault == None {
				met = 0
			}
			want(t, fmt.Sprintf("number of %v met", fault), s.Met(fault), met)
			billed := 0
			if c.done && fault != FailAfter {
				billed = 1
			}
			want(t, fmt.Sprintf("billed after %v", fault), s.Counts().BilledA, billed)
		})
	}
}

func TestFaultsOfBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		body := strings.Repeat("x", 100)
		s.Plant(testBucket, "k", Object{Body: []byte(body)})
		s.Script(OpReadObject, Truncate, HangBody, FlipBody, Truncate)
		r, err := try(t.Context(), s, "GET", plainURL+"k", "")
		if err == nil || len(r.body) >= 100 || !strings.HasPrefix(body, r.body) {
			t.Errorf("Truncate gave %q, %v", r.body, err)
		}
		want(t, "out", s.Counts().Out, int64(len(r.body)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err = try(ctx, s, "GET", plainURL+"k", "")
		if !errors.Is(err, context.DeadlineExceeded) || len(r.body) >= 100 {
			t.Errorf("HangBody gave %q, %v", r.body, err)
		}
		r = ask(t, s, "GET", plainURL+"k", "")
		bits := 0
		for i := range r.body {
			if r.body[i] != 'x' {
				bits++
			}
		}
		want(t, "number of bytes with a flipped bit", bits, 1)
		want(t, "length", len(r.body), 100)
		held, _ := s.Object(testBucket, "k")
		want(t, "held", string(held.Body), body)
		// An error has no damage.
		want(t, "an error", ask(t, s, "GET", objectsURL+"none?alt=media", "").body, "No such object: my-bucket/none")
		want(t, "open bodies", s.OpenBodies(), 0)
		want(t, "closed early", s.Counts().ClosedEarly, 2)
	})
}

func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(Options{})
		s.Script(AnyOp, Hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := try(ctx, s, "POST", uploadURL+"media&name=k", "x")
		want(t, "it is the deadline", errors.Is(err, context.DeadlineExceeded), true)
		want(t, "time", time.Since(began), time.Second)
		want(t, "number of objects", len(s.Keys(testBucket)), 0)
	})
}

func TestScriptAndRate(t *testing.T) {
	s := newServer(Options{})
	get := func() int { return ask(t, s, "GET", objectsURL+"k", "").status }
	s.Script(AnyOp, FlipBody, Unavailable) // what cannot happen lets one through
	s.Script(OpGetObject, None, Fail)
	for i, status := range []int{404, 500, 404, 503, 404} {
		want(t, fmt.Sprintf("status of %d", i), get(), status)
	}
	s.Rate(AnyOp, Unavailable, 1)
	s.Script(OpGetObject, Fail)
	want(t, "status of the script", get(), 500)
	want(t, "status of the rate", get(), 503)
	s.Script(OpGetObject, Fail)
	s.Heal()
	want(t, "status when healed", get(), 404)
	want(t, "met of no fault", s.Met(faults), 0)
}

// For one seed, the nth request of an operation meets the same fault.
func TestSeed(t *testing.T) {
	run := func(seed uint64) (all string) {
		s := newServer(Options{Seed: seed})
		s.Rate(OpGetObject, Fail, 0.3)
		s.Rate(OpGetObject, Unavailable, 0.3)
		for range 100 {
			all += fmt.Sprint(ask(t, s, "GET", objectsURL+"k", "").status, " ")
		}
		if n := s.Met(Fail); n < 15 || n > 45 {
			t.Errorf("Fail was met %d times of 100", n)
		}
		return all
	}
	first := run(1)
	want(t, "a run with the same seed", run(1), first)
	want(t, "a run with another seed is the same", run(2) == first, false)
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	s := newServer(Options{})
	wantPanic(t, "FlipBody cannot happen to InsertObject", func() { s.Script(OpInsertObject, FlipBody) })
	wantPanic(t, "HangBody cannot happen to DeleteObject", func() { s.Rate(OpDeleteObject, HangBody, 0.5) })
	wantPanic(t, "must be between 0 and 1", func() { s.Rate(AnyOp, Fail, 1.5) })
	wantPanic(t, "1.2 together", func() { s.Rate(AnyOp, Fail, 0.6); s.Rate(OpGetObject, Reset, 0.6) })
	wantPanic(t, "Fault(99) cannot happen to Op(99)", func() { s.Script(99, 99) })
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for op := range ops {
		seen[op.String()] = true
		want(t, op.String()+" reads", op.reads(), op.Class() == ClassB)
	}
	for fault := range faults {
		seen[fault.String()] = true
	}
	want(t, "number of names", len(seen), int(ops)+int(faults))
	want(t, "an operation with an empty name", seen[""], false)
	want(t, "errors are text", (&apiError{status: http.StatusTeapot, reason: "r", message: "m"}).Error(), "fakegcs: 418 r: m")
}
