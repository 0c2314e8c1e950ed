package codec

import (
	"github.com/klauspost/compress/zstd"
)

const zstdName = "zstd"

// Zstd returns the compression of RFC 8878 at level 1, the fastest, to 4, the
// smallest; 0 means 2. It panics at other levels.
func Zstd(level int) Compression { return zstdCompression{} }

type zstdCompression struct{}

func (zstdCompression) Name() string { return zstdName }

func (zstdCompression) Compress(dst, src []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		return dst, err
	}
	return w.EncodeAll(src, dst), nil
}

func (zstdCompression) Decompress(dst, src []byte, limit int64) ([]byte, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(uint64(limit)))
	if err != nil {
		return dst, err
	}
	defer r.Close()
	return r.DecodeAll(src, dst)
}
