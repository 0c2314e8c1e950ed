package objects

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

// TestParallel has all done, up to some at once, and the first error returned.
func TestParallel(t *testing.T) {
	var now, peak, done atomic.Int32
	err := Parallel(t.Context(), 100, 3, func(context.Context, int) error {
		if n := now.Add(1); n > peak.Load() {
			peak.Store(n)
		}
		done.Add(1)
		now.Add(-1)
		return nil
	})
	if err != nil || done.Load() != 100 || peak.Load() > 3 {
		t.Errorf("Parallel = %v, with %d done, %d at once; want 100, 3 at the most", err, done.Load(), peak.Load())
	}
	failed := errors.New("failed")
	if err := Parallel(t.Context(), 100, 3, func(context.Context, int) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("Parallel = %v; want %v", err, failed)
	}
}

// TestParallelEnded holds that an error wraps that of the context, whatever the
// cause is.
func TestParallelEnded(t *testing.T) {
	left := errors.New("the caller left")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(left)
	err := Parallel(ctx, 100, 3, func(ctx context.Context, _ int) error { return ctx.Err() })
	if !errors.Is(err, context.Canceled) || !errors.Is(err, left) {
		t.Errorf("Parallel = %v; want an error that wraps %v and %v", err, context.Canceled, left)
	}
}
