package fakehttp

import (
	"math"
	"testing"
)

// TestPiece holds that a bandwidth of more than an int of 32 bits is no piece of
// nothing, and that the slowest has pieces of a byte.
func TestPiece(t *testing.T) {
	for _, c := range []struct {
		bandwidth int64
		n, want   int
	}{
		{0, 1000, 1000},
		{1, 1000, 1},
		{1000, 1000, 10},
		{1000, 5, 5},
		{100 << 31, 1000, 1000},
		{100 << 32, 1000, 1000},
		{math.MaxInt64, math.MaxInt, int(min(int64(math.MaxInt), math.MaxInt64/100))},
	} {
		w := Wire{Bandwidth: c.bandwidth}
		if got := w.piece(c.n); got != c.want {
			t.Errorf("with %d bytes in a second, %d of %d bytes pass at once, want %d", c.bandwidth, got, c.n, c.want)
		}
	}
}
