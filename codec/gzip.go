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
	return appendVia(dst, maxGzip(len(src)), func(dst []byte) ([]byte, error) {
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
		dst, w.to.b = w.to.b, nil
		c.writers.Put(w)
		return dst, err
	})
}

// maxGzip returns what n bytes are compressed to at most: a block of up to
// 64 KiB that does not compress has a header of 5 bytes.
func maxGzip(n int) int { return n + n>>12 + 64 }

// A gzipReader reads one member after the other.
type gzipReader struct {
	from bytes.Reader
	z    gzip.Reader
}

var gzipReaders = sync.Pool{New: func() any { return new(gzipReader) }}

func (*gzipCompression) Decompress(dst, src []byte, limit int64) ([]byte, error) {
	r := gzipReaders.Get().(*gzipReader)
	defer gzipReaders.Put(r)
	r.from.Reset(src)
	defer r.from.Reset(nil)
	if err := r.next(); err != nil {
		return dst, err
	}
	return readUpTo(dst, r, gzipSize(src), limit)
}

// gzipSize guesses the length of the content: the last four bytes are that of
// the last member, modulo 2^32, if they are not a lie.
func gzipSize(src []byte) int64 {
	said := int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
	return min(said, gzipMaxRatio*int64(len(src)))
}

// next begins a member.
func (r *gzipReader) next() error {
	err := r.z.Reset(&r.from)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("gzip: the header of a member: %w", err)
	}
	// The reader would end without an error at some halves of a header.
	r.z.Multistream(false)
	return nil
}

// Read implements [io.Reader].
func (r *gzipReader) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	if errors.Is(err, io.EOF) && r.from.Len() > 0 {
		err = r.next()
	}
	return n, err
}
