package main

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/advcache/advcache/codec"
)

// squeezer is a way to make bytes fewer.
type squeezer struct {
	name       string
	compress   func(dst, src []byte) ([]byte, error)
	decompress func(dst, src []byte) ([]byte, error)
	ours       string
	limit      float64
	noAllocs   bool // is a goal
}

// compressionWork is 100 KiB of MessagePack there and back.
func compressionWork(r *runner) {
	const n = 100 << 10
	value := article(1, n)
	src := encode(&value)
	squeezers := []squeezer{
		ourSqueezer("codec.Gzip(1)", codec.Gzip(1), true),
		pooledGzip(1, "codec.Gzip(1)"),
		ourSqueezer("codec.Gzip(6)", codec.Gzip(6), true),
		pooledGzip(6, "codec.Gzip(6)"),
		standardGzip(6),
		ourSqueezer("codec.Zstd(1)", codec.Zstd(1), false),
		bareZstd("klauspost zstd fastest", zstd.SpeedFastest, "codec.Zstd(1)"),
		ourSqueezer("codec.Zstd(2)", codec.Zstd(2), false),
		bareZstd("klauspost zstd default", zstd.SpeedDefault, "codec.Zstd(2)"),
	}
	var packs, unpacks []trial
	for _, s := range squeezers {
		pack, unpack := s.trials(src)
		packs, unpacks = append(packs, pack), append(unpacks, unpack)
	}
	const note = "MB/s are of what is compressed; all write to a buffer that is used again"
	r.trials("compress "+size(n), 1, packs, note)
	r.trials("decompress "+size(n), 1, unpacks, note)
}

func (s squeezer) trials(src []byte) (pack, unpack trial) {
	packed, err := s.compress(nil, src)
	if err != nil {
		fail(s.name + ": " + err.Error())
	}
	if back, err := s.decompress(nil, packed); err != nil || !bytes.Equal(back, src) {
		fail(fmt.Sprintf("%s does not give back what it compressed: %v", s.name, err))
	}
	repeat := func(do func(dst, src []byte) ([]byte, error), src []byte) func(from, n int) {
		var dst []byte
		return func(_, n int) {
			for range n {
				var err error
				if dst, err = do(dst[:0], src); err != nil {
					fail(s.name + ": " + err.Error())
				}
			}
		}
	}
	pack, unpack = goalless(s.name, repeat(s.compress, src)), goalless(s.name, repeat(s.decompress, packed))
	pack.ratio = float64(len(src)) / float64(len(packed))
	pack.bytes, unpack.bytes = len(src), len(src)
	if s.ours != "" {
		pack, unpack = pack.against(s.ours, s.limit, -1), unpack.against(s.ours, s.limit, -1)
	}
	if s.noAllocs {
		pack.allocs = 0
	}
	return pack, unpack
}

func ourSqueezer(name string, c codec.Compression, noAllocs bool) squeezer {
	return squeezer{
		name:       name,
		noAllocs:   noAllocs,
		compress:   c.Compress,
		decompress: func(dst, src []byte) ([]byte, error) { return c.Decompress(dst, src, 1<<20) },
	}
}

// pooledGzip is the least that a program has to write over klauspost/compress.
func pooledGzip(level int, ours string) squeezer {
	var writers, readers sync.Pool
	return squeezer{
		name: fmt.Sprintf("klauspost gzip %d, pooled", level),
		compress: func(dst, src []byte) ([]byte, error) {
			w, _ := writers.Get().(*gzip.Writer)
			if w == nil {
				w, _ = gzip.NewWriterLevel(nil, level)
			}
			defer writers.Put(w)
			to := bytes.NewBuffer(dst)
			w.Reset(to)
			if _, err := w.Write(src); err != nil {
				return dst, err
			}
			err := w.Close()
			return to.Bytes(), err
		},
		decompress: func(dst, src []byte) ([]byte, error) {
			z, _ := readers.Get().(*gzip.Reader)
			if z == nil {
				z = new(gzip.Reader)
			}
			defer readers.Put(z)
			if err := z.Reset(bytes.NewReader(src)); err != nil {
				return dst, err
			}
			to := bytes.NewBuffer(dst)
			_, err := io.Copy(to, z)
			return to.Bytes(), err
		},
		ours:  ours,
		limit: 1.03,
	}
}

// standardGzip is the standard library without a pool.
func standardGzip(level int) squeezer {
	return squeezer{
		name: fmt.Sprintf("compress/gzip %d, as it comes", level),
		compress: func(dst, src []byte) ([]byte, error) {
			to := bytes.NewBuffer(dst)
			w, err := stdgzip.NewWriterLevel(to, level)
			if err != nil {
				return dst, err
			}
			if _, err := w.Write(src); err != nil {
				return dst, err
			}
			err = w.Close()
			return to.Bytes(), err
		},
		decompress: func(dst, src []byte) ([]byte, error) {
			z, err := stdgzip.NewReader(bytes.NewReader(src))
			if err != nil {
				return dst, err
			}
			to := bytes.NewBuffer(dst)
			_, err = io.Copy(to, z)
			return to.Bytes(), err
		},
	}
}

// bareZstd is one encoder and one decoder, as its documentation recommends.
func bareZstd(name string, level zstd.EncoderLevel, ours string) squeezer {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
	if err != nil {
		fail(err)
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		fail(err)
	}
	return squeezer{
		name:       name,
		compress:   func(dst, src []byte) ([]byte, error) { return w.EncodeAll(src, dst), nil },
		decompress: func(dst, src []byte) ([]byte, error) { return z.DecodeAll(src, dst) },
		ours:       ours,
	}
}
