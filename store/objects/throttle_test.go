package objects

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestThrottle holds that a refusal holds back what follows, that more of them
// hold it back for longer, and that it goes away.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		var th Throttle
		waits := func() time.Duration {
			began := time.Now()
			if err := th.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		for n := range 1000 { // one in 20
			if n%20 == 0 {
				th.Refused()
			}
			th.Passed()
			if d := waits(); d != 0 {
				t.Fatalf("after few refusals it waits %v", d)
			}
		}
		for n, ms := range []int{100, 200, 400, 800, 1600, 2000, 2000} {
			least := time.Duration(ms) * time.Millisecond
			for range recent { // of requests that were sent before the pause: no more than one counts
				th.Refused()
			}
			if d := waits(); d < least || d >= 2*least {
				t.Errorf("after %d refusals it waits %v; want %v and as long at random", n+1, d, least)
			}
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := th.Wait(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait with a context that is done = %v", err)
		}
		began := time.Now()
		for th.slow.Load() {
			if time.Since(began) > 20*time.Second {
				t.Fatal("it holds back for ever")
			}
			th.Passed()
			time.Sleep(10 * time.Millisecond)
		}
		if d := waits(); d != 0 || time.Since(began) < time.Second {
			t.Errorf("it waits %v, after %v without a refusal", d, time.Since(began))
		}
	})
}
