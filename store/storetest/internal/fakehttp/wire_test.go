package fakehttp

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestPiece holds that a bandwidth of more than an int of 32 bits is no piece of
// nothing, and that the slowest has pieces of a byte.
func TestPiece(t *testing.T) {
	for _, c := range []struct {
		bandwidth int64
		n, want   int
	}{
		{0, 1000, 1000},
		{1, 1000, 1},
		{1000, 1000, 10},
		{1000, 5, 5},
		{100 << 31, 1000, 1000},
		{100 << 32, 1000, 1000},
		{math.MaxInt64, math.MaxInt, int(min(int64(math.MaxInt), math.MaxInt64/100))},
	} {
		w := Wire{Bandwidth: c.bandwidth}
		if got := w.piece(c.n); got != c.want {
			t.Errorf("with %d bytes in a second, %d of %d bytes pass at once, want %d", c.bandwidth, got, c.n, c.want)
		}
	}
}

// TestWhatWasSentIsCounted holds that the bytes of a request count although its
// client leaves before the last of them.
func TestWhatWasSentIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var in int64
		w := Wire{Mu: new(sync.Mutex), In: &in}
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		from, to := io.Pipe()
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, "https://s.test/k", from)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(to, "some")
			cancel(reason)
		}()
		if _, err := w.Receive(req, 100); !errors.Is(err, reason) || in != 4 {
			t.Errorf("got %v after %d bytes", err, in)
		}
	})
}

// TestMost holds that a body without end is not read to its end.
func TestMost(t *testing.T) {
	var in int64
	w := Wire{Mu: new(sync.Mutex), In: &in}
	body := io.NopCloser(io.MultiReader(strings.NewReader("some"), strings.NewReader("more")))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://s.test/k", body)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := w.Receive(req, 4); string(data) != "somem" || err != nil || in != 5 {
		t.Errorf("got %q, %v after %d bytes", data, err, in)
	}
}

// TestThrottleInABubble holds that a throttle that was used outside still lets
// requests through in a bubble, where it is the year 2000.
func TestThrottleInABubble(t *testing.T) {
	th := Throttle{Rate: 2}
	if !th.Take() {
		t.Fatal("the first request was refused")
	}
	synctest.Test(t, func(t *testing.T) {
		if !th.Take() || th.Take() {
			t.Error("not one request is left of two")
		}
		time.Sleep(500 * time.Millisecond)
		if !th.Take() || th.Take() {
			t.Error("half a second is not one request")
		}
	})
}
