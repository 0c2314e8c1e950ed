package fakegcs

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// body is the body of an answer. It is made of nothing but what is read, when it
// is read: there is no goroutine behind it.
type body struct {
	s   *Server
	req *http.Request // for its context

	rest  []byte // changed by who reads, with s.mu held
	fault Fault  // what is at the end of rest: Truncate, HangBody, or the end
	once  sync.Once
	done  chan struct{} // closed by Close
}

var errBodyClosed = errors.New("fakegcs: read on closed response body")

// newBody returns the body of an answer, damaged as the fault says.
func (s *Server) newBody(c *call, data []byte, chance *rand.Rand) io.ReadCloser {
	if len(data) == 0 {
		return http.NoBody
	}
	b := &body{s: s, req: c.req, rest: data, done: make(chan struct{})}
	switch c.fault {
	case Truncate, HangBody:
		b.fault, b.rest = c.fault, data[:chance.IntN(len(data))]
	case FlipBody:
		b.rest = append([]byte(nil), data...)
		b.rest[chance.IntN(len(data))] ^= 1 << chance.IntN(8)
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.openBodies++
	return b
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	if err := b.wait(0); err != nil || len(p) == 0 {
		return 0, err
	}
	if len(b.rest) == 0 {
		return 0, b.end()
	}
	n := min(len(p), len(b.rest))
	if rate := b.s.o.Bandwidth; rate > 0 {
		// In pieces of 10 ms or so, so that who stops early stops early.
		n = int(min(int64(n), max(rate/100, 1)))
		if err := b.wait(b.s.pace(n)); err != nil {
			return 0, err
		}
	}
	copy(p, b.rest[:n])
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	b.rest = b.rest[n:]
	b.s.counts.Out += int64(n)
	return n, nil
}

// end does what is at the end of the body.
func (b *body) end() error {
	switch b.fault {
	case Truncate:
		return io.ErrUnexpectedEOF
	case HangBody:
		return b.wait(-1)
	default:
		return io.EOF
	}
}

// wait waits for d, or until the context is done or the body closed; for ever if
// d is negative.
func (b *body) wait(d time.Duration) error {
	ctx := b.req.Context()
	select {
	case <-b.done:
		return errBodyClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
	}
	if d == 0 {
		return nil
	}
	var passed <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case <-passed:
		return nil
	case <-b.done:
		return errBodyClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close implements [io.Closer]. It may be called while another goroutine reads.
func (b *body) Close() error {
	b.once.Do(func() {
		close(b.done)
		b.s.mu.Lock()
		defer b.s.mu.Unlock()
		b.s.openBodies--
		if len(b.rest) > 0 || b.fault != None {
			b.s.counts.ClosedEarly++
		}
	})
	return nil
}
