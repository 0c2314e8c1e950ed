package codec_test

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/vmihailenco/msgpack/v5"
)

var benchSizes = []struct {
	name string
	n    int
}{{"1KiB", 1 << 10}, {"100KiB", 100 << 10}}

// linesOf returns lines that are about n bytes when encoded.
func linesOf(n int) []goldenLine {
	all := make([]goldenLine, n/32)
	for i := range all {
		all[i] = goldenLine{SKU: fmt.Sprintf("article-%06d", i), Price: i * 7}
	}
	return all
}

func BenchmarkCodec(b *testing.B) {
	for _, size := range benchSizes {
		value := linesOf(size.n)
		for _, c := range codecs {
			data, err := c.Append(nil, &value)
			if err != nil {
				b.Fatal(err)
			}
			b.Run("append/"+c.Name()+"/"+size.name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				var dst []byte
				for b.Loop() {
					dst, _ = c.Append(dst[:0], &value)
				}
			})
			b.Run("decode/"+c.Name()+"/"+size.name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					var back []goldenLine
					_ = c.Decode(data, &back)
				}
			})
		}
		data, err := msgpack.Marshal(&value)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("append/bare-msgpack/"+size.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = msgpack.Marshal(&value)
			}
		})
		b.Run("decode/bare-msgpack/"+size.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				var back []goldenLine
				_ = msgpack.Unmarshal(data, &back)
			}
		})
	}
}

// bareGzip is the least that a program would write over a pool of klauspost.
type bareGzip struct{ writers, readers sync.Pool }

func (g *bareGzip) compress(level int, dst *bytes.Buffer, src []byte) {
	w, _ := g.writers.Get().(*gzip.Writer)
	if w == nil {
		w, _ = gzip.NewWriterLevel(nil, level)
	}
	w.Reset(dst)
	_, _ = w.Write(src)
	_ = w.Close()
	g.writers.Put(w)
}

func (g *bareGzip) decompress(dst *bytes.Buffer, src []byte) {
	r, _ := g.readers.Get().(*gzip.Reader)
	if r == nil {
		r = new(gzip.Reader)
	}
	_ = r.Reset(bytes.NewReader(src))
	_, _ = io.Copy(dst, r)
	g.readers.Put(r)
}

func BenchmarkCompression(b *testing.B) {
	contents := map[string][]byte{"1KiB": text(1 << 10), "100KiB": text(100 << 10), "noise100KiB": noise(100 << 10)}
	for size, content := range contents {
		for _, level := range []string{"gzip 1", "gzip 6", "gzip 9", "zstd 1", "zstd 2", "zstd 3", "zstd 4"} {
			c := levels[level]
			packed, err := c.Compress(nil, content)
			if err != nil {
				b.Fatal(err)
			}
			benchBytes(b, "compress/"+level+"/"+size, content, func(dst []byte) []byte {
				dst, _ = c.Compress(dst, content)
				return dst
			}, float64(len(content))/float64(len(packed)))
			benchBytes(b, "decompress/"+level+"/"+size, content, func(dst []byte) []byte {
				dst, _ = c.Decompress(dst, packed, 1<<20)
				return dst
			}, 0)
		}
		for _, level := range []int{1, 6} {
			var g bareGzip
			var to bytes.Buffer
			benchBytes(b, fmt.Sprintf("compress/bare gzip %d/%s", level, size), content, func(dst []byte) []byte {
				to.Reset()
				g.compress(level, &to, content)
				return dst
			}, 0)
			packed := bytes.Clone(to.Bytes())
			if len(packed) == 0 {
				continue // not run
			}
			benchBytes(b, fmt.Sprintf("decompress/bare gzip %d/%s", level, size), content, func(dst []byte) []byte {
				to.Reset()
				g.decompress(&to, packed)
				return dst
			}, 0)
		}
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		r, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		packed := w.EncodeAll(content, nil)
		benchBytes(b, "compress/bare zstd 2/"+size, content, func(dst []byte) []byte { return w.EncodeAll(content, dst) }, 0)
		benchBytes(b, "decompress/bare zstd 2/"+size, content, func(dst []byte) []byte {
			dst, _ = r.DecodeAll(packed, dst)
			return dst
		}, 0)
	}
}

func benchBytes(b *testing.B, name string, content []byte, fn func(dst []byte) []byte, ratio float64) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(len(content)))
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			dst = fn(dst[:0])
		}
		if ratio > 0 {
			b.ReportMetric(ratio, "ratio")
		}
	})
}
