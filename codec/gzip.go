package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

const (
	gzipName         = "gzip"
	gzipDefaultLevel = 6

	// gzipMin is the length of the shortest member: its header and trailer, and
	// an empty block.
	gzipMin = 10 + 2 + 8

	// gzipMaxRatio is what deflate can make of a byte at most.
	gzipMaxRatio = 1032
)

// Gzip returns the compression of RFC 1952 at level 1, the fastest, to 9, the
// smallest; 0 means 6. It panics at other levels. It reads what any gzip wrote,
// several members one after the other too, as gunzip does.
func Gzip(level int) Compression {
	if level == 0 {
		level = gzipDefaultLevel
	}
	if level < 1 || level > 9 {
		panic(fmt.Sprintf("advcache: gzip has levels 1 (fastest) to 9 (smallest), and 0 for %d; not %d", gzipDefaultLevel, level))
	}
	return gzips[level]
}

type gzipCompression struct {
	level   int
	writers sync.Pool // of *gzipWriter
}

// gzips by level: who asks for the same shares its writers.
var gzips = func() (all [10]*gzipCompression) {
	for level := range all {
		all[level] = &gzipCompression{level: level}
	}
	return all
}()

type gzipWriter struct {
	to sliceWriter
	z  *gzip.Writer
}

func (*gzipCompression) Name() string { return gzipName }

func (c *gzipCompression) Compress(dst, src []byte) ([]byte, error) {
	w, _ := c.writers.Get().(*gzipWriter)
	if w == nil {
		z, err := gzip.NewWriterLevel(nil, c.level)
		if err != nil {
			return dst, err
		}
		w = &gzipWriter{z: z}
	}
	w.to.b = dst
	w.z.Reset(&w.to)
	_, err := w.z.Write(src)
	if err == nil {
		err = w.z.Close()
	}
	out := w.to.b
	w.to.b = nil
	c.writers.Put(w)
	if err != nil {
		return dst, err
	}
	return out, nil
}

type gzipReader struct {
	from bytes.Reader
	z    gzip.Reader
}

var gzipReaders = sync.Pool{New: func() any { return new(gzipReader) }}

func (*gzipCompression) Decompress(dst, src []byte, limit int64) ([]byte, error) {
	if len(src) < gzipMin {
		return dst, fmt.Errorf("gzip: %d bytes are no gzip: %w", len(src), io.ErrUnexpectedEOF)
	}
	r := gzipReaders.Get().(*gzipReader)
	defer gzipReaders.Put(r)
	r.from.Reset(src)
	defer r.from.Reset(nil)
	if err := r.z.Reset(&r.from); err != nil {
		return dst, fmt.Errorf("gzip: the header: %w", err)
	}
	// The last four bytes are the length of the last member, modulo 2^32.
	size := int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
	return readUpTo(dst, &r.z, min(size, gzipMaxRatio*int64(len(src))), limit)
}

// readUpTo appends what r gives to dst, if it is no more than limit; size is
// a guess of how much it is.
func readUpTo(dst []byte, r io.Reader, size, limit int64) ([]byte, error) {
	out := room(dst, min(size, limit))
	for {
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		have := int64(len(out) - len(dst))
		switch {
		case have > limit:
			return dst, fmt.Errorf("%w, %d bytes", ErrTooLarge, limit)
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
