package codec

import (
	"errors"
	"fmt"
	"io"
)

// A msgpackReader is what the library reads from. Where the library expects
// a map it takes an extension to be something in front of one, and reads on
// within its bytes, which were not scanned. It then asks for the first of them
// alone; who wants an extension asks for all of its bytes.
type msgpackReader struct {
	data []byte
	pos  int
	exts []int // as in msgpackScan, from pos on
}

var errMsgpackExt = errors.New("msgpack: an extension, where another type is expected")

func (r *msgpackReader) ReadByte() (byte, error) {
	for len(r.exts) > 0 && r.exts[0] <= r.pos {
		if r.exts[0] == r.pos {
			return 0, errMsgpackExt
		}
		r.exts = r.exts[1:]
	}
	if r.pos == len(r.data) {
		return 0, io.ErrUnexpectedEOF
	}
	r.pos++
	return r.data[r.pos-1], nil
}

func (r *msgpackReader) UnreadByte() error {
	r.pos--
	return nil
}

func (r *msgpackReader) Read(p []byte) (int, error) {
	if r.pos == len(r.data) && len(p) > 0 {
		return 0, io.EOF
	}
	n := copy(p, r.data[r.pos:])
	r.pos += n
	return n, nil
}

func (r *msgpackReader) end() error {
	if r.pos != len(r.data) {
		return fmt.Errorf("msgpack: the value was decoded from %d of its %d bytes", r.pos, len(r.data))
	}
	return nil
}
