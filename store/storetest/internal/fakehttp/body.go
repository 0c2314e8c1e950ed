package fakehttp

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
)

// Harm is what comes to the body of an answer.
type Harm uint8

// The harms.
const (
	Unharmed Harm = iota
	Cut           // the connection is lost within the body
	Stuck         // a part of the body comes, and then nothing
	Flipped       // one bit is turned around
)

// Damage is a harm, and the chance that decides where.
type Damage struct {
	Harm   Harm
	Chance *rand.Rand
}

// ErrBodyClosed is what net/http says, whose own cannot be had.
var ErrBodyClosed = errors.New("http: read on closed response body")

// body is the body of an answer. It is made of nothing but what is read, when it
// is read: there is no goroutine behind it.
type body struct {
	w   *Wire
	req *http.Request // for its context

	rest []byte // changed by who reads, with Mu held: Close may come from another goroutine
	end  Harm   // what is at the end of rest: Cut, Stuck, or the end
	once sync.Once
	done chan struct{} // closed by Close
}

func (w *Wire) newBody(req *http.Request, data []byte, damage Damage) io.ReadCloser {
	if len(data) == 0 {
		return http.NoBody
	}
	b := &body{w: w, req: req, rest: data, done: make(chan struct{})}
	switch damage.Harm {
	case Cut, Stuck:
		b.end, b.rest = damage.Harm, data[:damage.Chance.IntN(len(data))]
	case Flipped:
		b.rest = append([]byte(nil), data...)
		b.rest[damage.Chance.IntN(len(data))] ^= 1 << damage.Chance.IntN(8)
	case Unharmed:
	}
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.Open++
	return b
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	ctx := b.req.Context()
	if err := wait(ctx, b.done, 0); err != nil || len(p) == 0 {
		return 0, err
	}
	if len(b.rest) == 0 {
		switch b.end {
		case Cut:
			return 0, io.ErrUnexpectedEOF
		case Stuck:
			return 0, wait(ctx, b.done, -1)
		default:
			return 0, io.EOF
		}
	}
	n := b.w.piece(min(len(p), len(b.rest)))
	if err := wait(ctx, b.done, b.w.pace(n)); err != nil {
		return 0, err
	}
	copy(p, b.rest[:n])
	b.w.Mu.Lock()
	defer b.w.Mu.Unlock()
	b.rest = b.rest[n:]
	*b.w.Out += int64(n)
	return n, nil
}

// Close implements [io.Closer]. It may be called while another goroutine reads.
func (b *body) Close() error {
	b.once.Do(func() {
		close(b.done)
		b.w.Mu.Lock()
		defer b.w.Mu.Unlock()
		b.w.Open--
		if len(b.rest) > 0 || b.end != Unharmed {
			*b.w.ClosedEarly++
		}
	})
	return nil
}
