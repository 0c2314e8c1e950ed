package objects

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Parallel calls do with 0 to n-1, up to some at a time, and ends the others where
// one fails, whose error it returns. Where the caller's context ends it, the error
// wraps that of the context.
func Parallel(ctx context.Context, n, some int, do func(ctx context.Context, i int) error) error {
	callers := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var group sync.WaitGroup
	for range min(n, some) {
		group.Go(func() {
			for i := range next {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	group.Wait()
	err := context.Cause(ctx)
	if ended := callers.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}
