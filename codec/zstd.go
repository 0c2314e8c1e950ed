package codec

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	zstdName         = "zstd"
	zstdDefaultLevel = 2
)

// Zstd returns the compression of RFC 8878 at level 1, the fastest, 2, 3 or 4,
// the smallest: what klauspost/compress calls SpeedFastest, SpeedDefault,
// SpeedBetterCompression and SpeedBestCompression. 0 means 2. It panics at other
// levels. It reads what any zstd wrote without a dictionary, several frames one
// after the other too.
func Zstd(level int) Compression {
	if level == 0 {
		level = zstdDefaultLevel
	}
	if level < 1 || level >= len(zstds) {
		panic(fmt.Sprintf("advcache: zstd has levels 1 (fastest) to %d (smallest) here, and 0 for %d; not %d", len(zstds)-1, zstdDefaultLevel, level))
	}
	return zstds[level]
}

type zstdCompression struct {
	level    zstd.EncoderLevel
	encoders sync.Pool // of *zstd.Encoder
}

// zstds by level: who asks for the same shares its encoders.
var zstds = [...]*zstdCompression{
	1: {level: zstd.SpeedFastest},
	2: {level: zstd.SpeedDefault},
	3: {level: zstd.SpeedBetterCompression},
	4: {level: zstd.SpeedBestCompression},
}

func (*zstdCompression) Name() string { return zstdName }

func (c *zstdCompression) Compress(dst, src []byte) ([]byte, error) {
	return appendVia(dst, maxZstd(len(src)), func(dst []byte) ([]byte, error) {
		if inBubble() {
			e, err := c.newEncoder()
			if err != nil {
				return dst, err
			}
			return e.EncodeAll(src, dst), nil
		}
		e, _ := c.encoders.Get().(*zstd.Encoder)
		if e == nil {
			var err error
			if e, err = c.newEncoder(); err != nil {
				return dst, err
			}
		}
		defer c.encoders.Put(e)
		return e.EncodeAll(src, dst), nil
	})
}

// newEncoder returns an encoder without goroutines: it has a concurrency of 1 and
// no writer.
func (c *zstdCompression) newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(c.level), zstd.WithEncoderConcurrency(1), zstd.WithZeroFrames(true))
}

// maxZstd returns what n bytes are compressed to at most: a block of 128 KiB
// that does not compress has a header of 3 bytes.
func maxZstd(n int) int { return n + n>>15 + 64 }

var zstdDecoders = sync.Pool{New: newZstdDecoder}

func newZstdDecoder() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(math.MaxInt64))
	if err != nil {
		panic(err) // the options do not fit one another
	}
	return d
}

// zstdSlack is room that lets the decoder copy in steps of 16 bytes up to the end.
const zstdSlack = 16

func (*zstdCompression) Decompress(dst, src []byte, limit int64) ([]byte, error) {
	least, most, err := zstdSize(src)
	if err != nil {
		return dst, err
	}
	limit = sensible(limit)
	if least > limit {
		return dst, tooLarge(limit)
	}
	most = min(most, limit)
	out := room(dst, most+zstdSlack)
	var d *zstd.Decoder
	if inBubble() {
		d = newZstdDecoder().(*zstd.Decoder)
	} else {
		d = zstdDecoders.Get().(*zstd.Decoder)
		defer zstdDecoders.Put(d)
	}
	// The decoder may go to the capacity of what it is given, and no further.
	content, err := d.DecodeAll(src, out[len(out):len(out):len(out)+int(most)+zstdSlack])
	switch {
	case int64(len(content)) > limit, least < most && errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return dst, tooLarge(limit)
	case err != nil:
		return dst, fmt.Errorf("zstd: %w", err)
	}
	return out[:len(out)+len(content)], nil
}
