package codec

import "sync"

// scratches holds buffers for what is built in many small steps.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch bounds what is kept for the next.
const maxScratch = 1 << 20

// appendVia appends to dst what write appends to its argument. Where dst has room
// for n more bytes, that is dst itself; else a buffer that is kept, so that dst
// grows once and no further than it must. With an error it returns dst as it was.
func appendVia(dst []byte, n int, write func(dst []byte) ([]byte, error)) ([]byte, error) {
	if cap(dst)-len(dst) >= n {
		out, err := write(dst)
		if err != nil {
			return dst, err
		}
		return out, nil
	}
	scratch := scratches.Get().(*[]byte)
	out, err := write((*scratch)[:0])
	if err == nil {
		dst = append(dst, out...)
	}
	if cap(out) <= maxScratch && cap(out) > cap(*scratch) {
		*scratch = out
	}
	scratches.Put(scratch)
	return dst, err
}

// goodRoom is where writing straight to a buffer is better: it was most likely
// used before, and has grown to what is needed.
const goodRoom = 4 << 10
