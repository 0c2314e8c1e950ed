package objects

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestParallel holds that all is done, some at a time, and that the first error
// ends the rest.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		var done, now, most atomic.Int64
		began := time.Now()
		err := Parallel(ctx, 10, 3, func(context.Context, int) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			done.Add(1)
			return nil
		})
		if err != nil || done.Load() != 10 || most.Load() != 3 || time.Since(began) != 4*time.Second {
			t.Errorf("%v: %d done, %d at once, in %v; want 10, 3, 4 s", err, done.Load(), most.Load(), time.Since(began))
		}

		failed := errors.New("failed")
		done.Store(0)
		err = Parallel(ctx, 100, 3, func(ctx context.Context, i int) error {
			done.Add(1)
			if i == 1 {
				return failed
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, failed) || done.Load() > 3 {
			t.Errorf("Parallel = %v, after %d calls; want that of the one that failed", err, done.Load())
		}

		ended, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		err = Parallel(ended, 5, 2, func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Parallel with a deadline = %v", err)
		}
		if err := Parallel(ctx, 0, 3, nil); err != nil {
			t.Errorf("Parallel of nothing = %v", err)
		}
	})
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
