package s3store

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// TestPieces holds that a body in pieces is the body.
func TestPieces(t *testing.T) {
	for _, p := range []pieces{{}, {nil}, {[]byte("a")}, {[]byte("abc"), nil, []byte("defgh"), []byte("i")}} {
		all := bytes.Join(p, nil)
		if err := iotest.TestReader(p.reader(), all); err != nil {
			t.Errorf("%q: %v", p, err)
		}
		for from := range all {
			for to := from; to <= len(all); to++ {
				got, err := io.ReadAll(p.part(int64(from), int64(to)).reader())
				if err != nil || !bytes.Equal(got, all[from:to]) {
					t.Errorf("%q from %d to %d: %q, %v", p, from, to, got, err)
				}
			}
		}
		if p.size() != int64(len(all)) {
			t.Errorf("%q: size %d", p, p.size())
		}
	}
	if _, err := (pieces{}).reader().Seek(-1, io.SeekStart); err == nil {
		t.Error("Seek before the beginning gives no error")
	}
}
