package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// soon is how near a deadline must be for a cancellation before it to wait for
// it. It is over the time that a cache gives a request (Info.Timeout), so that
// the ordinary request of a client with ContextTimeoutEnabled takes no goroutine.
const soon = 2 * timeout

// direct reports whether a command may run in the goroutine of the caller: it
// ends with ctx by itself, or soon after.
func (s *Store) direct(ctx context.Context) bool {
	if ctx.Done() == nil {
		return true
	}
	deadline, ok := ctx.Deadline()
	return ok && s.obeys && time.Until(deadline) < soon
}

// run calls fn, which sends commands with a context like ctx, and returns its
// error; that of ctx if this is done first. What fn writes may be read only if
// the error is nil, or one that fn itself has to give: left is false. The keys
// that fn changes in Redis are writes.
func (s *Store) run(ctx context.Context, writes []string, fn func() error) (left bool, err error) {
	if s.direct(ctx) {
		if err := s.ghosts.gone(ctx, writes); err != nil {
			return true, err
		}
		return false, s.explain(ctx, fn())
	}
	over := func() {}
	if len(writes) > 0 {
		if over, err = s.ghosts.enter(ctx, writes); err != nil {
			return true, err
		}
	}
	err = s.guard(ctx, func() error {
		defer over()
		return fn()
	})
	_, left = errors.AsType[*leftError](err)
	return left, err
}

// guard calls fn in a goroutine, and leaves it alone when ctx is done: a client
// that does not watch ctx ends the command at its own ReadTimeout. As the wait for
// a connection ends with ctx, there are about as many such goroutines as the
// client may have connections.
func (s *Store) guard(ctx context.Context, fn func() error) error {
	answers := make(chan answer, 1)
	go func() {
		var a answer
		defer func() { answers <- a }()
		recovered(&a.panicked, func() { a.err = fn() })
	}()
	select {
	case a := <-answers:
		if a.panicked != nil {
			panic(a.panicked) // for the caller, as if it had called fn
		}
		return s.explain(ctx, a.err)
	case <-ctx.Done():
		s.lookAround(ctx, ctx.Err())
		return s.left(ctx)
	}
}

type answer struct {
	err      error
	panicked any
}

// recovered calls fn, and notes with what it panicked. After a runtime.Goexit,
// which says nothing and does not return, it is errGoexit.
func recovered(panicked *any, fn func()) {
	*panicked = errGoexit
	defer func() {
		if *panicked != nil {
			if p := recover(); p != nil {
				*panicked = p
			}
		}
	}()
	fn()
	*panicked = nil
}

var errGoexit = errors.New("redisstore: runtime.Goexit called in a hook")

// leftError is the error of a command that was left alone.
type leftError struct {
	what string
	err  error
}

func (e *leftError) Error() string { return "redisstore: " + e.what + ": " + e.err.Error() }

func (e *leftError) Unwrap() error { return e.err }

func (s *Store) left(ctx context.Context) error {
	what := "no answer from Redis"
	if addr := s.unconnected(); addr != "" {
		what = "no answer from Redis, and no connection to " + addr + " is open"
	}
	return &leftError{what, ctx.Err()}
}

// unconnected returns the address that a client of one server has no connection
// to, if so: it goes on dialling in the background, so that of a server which
// refuses, or of a wrong name, a caller would be told of its own time-out alone.
func (s *Store) unconnected() string {
	c, ok := s.client.(*redis.Client)
	if !ok || c.PoolStats().TotalConns > 0 {
		return ""
	}
	return c.Options().Addr
}

// explain adds the error of ctx to that of a command which ctx ended: a
// connection says no more than that its time is up.
func (s *Store) explain(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, redis.Nil) {
		return err
	}
	s.lookAround(ctx, err)
	why := ctx.Err()
	if deadline, ok := ctx.Deadline(); ok && why == nil && !time.Now().Before(deadline) {
		why = context.DeadlineExceeded // the connection was faster than the timer
	}
	if why == nil {
		return err
	}
	if !errors.Is(err, why) {
		err = fmt.Errorf("%w: %w", why, err)
	}
	if addr := s.unconnected(); addr != "" {
		err = fmt.Errorf("no connection to %s is open: %w", addr, err)
	}
	return err
}

// lookAround lets the client of a Cluster look for the present master where one
// does not answer. By itself it looks once a minute, or when a node tells it that
// keys are elsewhere, which one that is down does not: measured, its pipelines
// fail for 50 seconds after a failover that took 2.
func (s *Store) lookAround(ctx context.Context, err error) {
	if c, ok := s.client.(*redis.ClusterClient); ok && !errors.Is(err, context.Canceled) {
		if _, ok := errors.AsType[redis.Error](err); !ok {
			c.ReloadState(ctx) // in the background, and not too often
		}
	}
}
