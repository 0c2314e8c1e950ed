package fakegcs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// receive reads the body of a request at the bandwidth of the server. Errors
// that GCS answers are of type *apiError; others are of the transport.
func (s *Server) receive(c *call) ([]byte, error) {
	body := c.req.Body
	if body == nil || body == http.NoBody {
		return nil, nil
	}
	ctx := c.req.Context()
	// As the transport of net/http, do not wait for a body that blocks when
	// nobody waits for the answer.
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		body.Close() //nolint:errcheck // only to wake Read
	})
	var b bytes.Buffer
	_, err := io.Copy(&b, body)
	if !stop() {
		<-closed
		return nil, context.Cause(ctx)
	}
	s.count(func(n *Counts) { n.In += int64(b.Len()) })
	if err != nil {
		return nil, err
	}
	if want := c.req.ContentLength; want > 0 && int64(b.Len()) != want {
		return nil, fmt.Errorf("fakegcs: ContentLength=%d with Body length %d", want, b.Len())
	}
	return b.Bytes(), wait(ctx, s.pace(b.Len()))
}

// pace returns how long n bytes of a body take.
func (s *Server) pace(n int) time.Duration {
	if s.o.Bandwidth == 0 {
		return 0
	}
	return time.Duration(float64(n) / float64(s.o.Bandwidth) * float64(time.Second))
}

// wait waits for d, or until the context is done.
func wait(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
