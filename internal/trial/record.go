package trial

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

// Record runs a check that reports to tb, in a goroutine that it may end, and
// returns what it says: for the tests of a suite.
func Record(ctx context.Context, check func(tb TB)) []string {
	r := &recorder{ctx: ctx}
	over := make(chan struct{})
	go func() { // Fatalf ends a goroutine
		defer close(over)
		check(r)
	}()
	<-over
	return r.said
}

type recorder struct {
	ctx context.Context //nolint:containedctx // a test has one

	mu   sync.Mutex // guards said: checks report from several goroutines
	said []string
}

func (r *recorder) Helper() {}

func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}
