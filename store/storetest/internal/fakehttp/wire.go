// Package fakehttp is what the fake servers share of HTTP: bodies that take
// time, are counted and come to harm, and a rate of requests.
package fakehttp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Wire is what bodies pass through. Its counters are those of the server, under
// the mutex of the server, so that all that it counted is of one instant.
type Wire struct {
	Bandwidth int64 // bytes in a second, of each body; 0: no limit

	Mu          *sync.Mutex // guards what follows
	In, Out     *int64      // bytes of requests and of answers
	ClosedEarly *int        // bodies of answers
	Open        int         // bodies of answers
}

// Receive reads the body of a request, and of it no more than one byte above
// most: one that has no end must not take all memory.
func (w *Wire) Receive(req *http.Request, most int64) ([]byte, error) {
	body := req.Body
	if body == nil || body == http.NoBody {
		return nil, nil
	}
	ctx := req.Context()
	// As the transport of net/http, do not wait for a body that blocks when
	// nobody waits for the answer.
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		body.Close() //nolint:errcheck // only to wake Read
	})
	var b bytes.Buffer
	_, err := b.ReadFrom(io.LimitReader(body, most+1))
	w.Mu.Lock()
	*w.In += int64(b.Len())
	w.Mu.Unlock()
	if !stop() {
		<-closed
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	if want := req.ContentLength; want > 0 && int64(b.Len()) != want {
		return nil, fmt.Errorf("http: ContentLength=%d with Body length %d", want, b.Len())
	}
	return b.Bytes(), Wait(ctx, w.pace(b.Len()))
}

// pace returns how long n bytes of a body take.
func (w *Wire) pace(n int) time.Duration {
	if w.Bandwidth == 0 {
		return 0
	}
	return time.Duration(float64(n) / float64(w.Bandwidth) * float64(time.Second))
}

// piece returns how many of n bytes pass at once: those of 10 ms or so, so that
// who stops early stops early. The bandwidth may be more than an int holds.
func (w *Wire) piece(n int) int {
	if w.Bandwidth == 0 {
		return n
	}
	return int(min(int64(n), max(w.Bandwidth/100, 1)))
}

// Respond makes the response of an answer. Damage is not done to errors: it is
// that of an object.
func (w *Wire) Respond(req *http.Request, status int, header http.Header, data []byte, damage Damage) *http.Response {
	if header == nil {
		header = make(http.Header)
	}
	length := int64(len(data))
	switch {
	case status == http.StatusNoContent || status == http.StatusNotModified:
	case req.Method == http.MethodHead:
		// As the body of a GET would be; of an error it is not told.
		length = -1
		if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
			length = n
		}
		data = nil
	default:
		header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	if status >= http.StatusMultipleChoices {
		damage = Damage{}
	}
	return &http.Response{
		Status:     strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode: status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        header,
		Body:          w.newBody(req, data, damage),
		ContentLength: length,
		Request:       req,
	}
}

// ConnReset is what the transport of net/http returns when the server resets the
// connection.
func ConnReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// Wait waits for d, or until the context is done.
func Wait(ctx context.Context, d time.Duration) error { return wait(ctx, nil, d) }

// wait waits for d, or until the context is done or the body closed; for ever if
// d is negative.
func wait(ctx context.Context, closed <-chan struct{}, d time.Duration) error {
	select {
	case <-closed:
		return ErrBodyClosed
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
	case <-closed:
		return ErrBodyClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
