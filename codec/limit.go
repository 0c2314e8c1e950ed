package codec

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// readUpTo appends what r gives to dst, if it is no more than limit; size is
// a guess of how much it is.
func readUpTo(dst []byte, r io.Reader, size, limit int64) ([]byte, error) {
	limit = sensible(limit)
	out := room(dst, min(size, limit))
	for {
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		have := int64(len(out) - len(dst))
		switch {
		case have > limit:
			return dst, tooLarge(limit)
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return dst, err
		}
		if len(out) == cap(out) {
			out = room(out, min(max(have, 4<<10), limit-have))
		}
	}
}

// room returns b with space for n more bytes and one, by which it shows that
// there are more.
func room(b []byte, n int64) []byte {
	n++
	if int64(cap(b)-len(b)) >= n {
		return b
	}
	return append(make([]byte, 0, int64(len(b))+n), b...)
}

// sensible returns the limit that is meant: a length that a slice can have.
func sensible(limit int64) int64 { return max(0, min(limit, math.MaxInt-1<<20)) }

func tooLarge(limit int64) error { return fmt.Errorf("%w: %d bytes", ErrTooLarge, limit) }
