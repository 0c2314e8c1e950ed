package s3store

import (
	"errors"
	"io"
)

// pieces are a body in pieces, so that what is put before and into it does not
// take a copy of gigabytes.
type pieces [][]byte

func (p pieces) size() (n int64) {
	for _, piece := range p {
		n += int64(len(piece))
	}
	return n
}

// part returns the bytes from one place to another.
func (p pieces) part(from, to int64) pieces {
	var out pieces
	for _, piece := range p {
		n := int64(len(piece))
		if a, b := max(from, 0), min(to, n); a < b {
			out = append(out, piece[a:b])
		}
		from, to = from-n, to-n
	}
	return out
}

// reader returns a reader of p, which the SDK reads to sum it up, and rewinds.
func (p pieces) reader() io.ReadSeeker { return &piecesReader{pieces: p} }

type piecesReader struct {
	pieces pieces
	at     int64
}

// Read implements [io.Reader].
func (r *piecesReader) Read(to []byte) (n int, err error) {
	begin := int64(0)
	for _, piece := range r.pieces {
		if r.at >= begin && r.at < begin+int64(len(piece)) {
			some := copy(to[n:], piece[r.at-begin:])
			n += some
			r.at += int64(some)
		}
		begin += int64(len(piece))
	}
	if n == 0 && len(to) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Seek implements [io.Seeker].
func (r *piecesReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.pieces.size()
	}
	if offset < 0 {
		return r.at, errors.New("s3store: seek before the beginning of a body")
	}
	r.at = offset
	return offset, nil
}
