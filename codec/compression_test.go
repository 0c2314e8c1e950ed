package codec_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/advcache/advcache/codec"
)

var levels = map[string]codec.Compression{
	"gzip 1": codec.Gzip(1), "gzip 6": codec.Gzip(0), "gzip 9": codec.Gzip(9),
	"zstd 1": codec.Zstd(1), "zstd 2": codec.Zstd(0), "zstd 3": codec.Zstd(3), "zstd 4": codec.Zstd(4),
	"none": codec.None,
}

// text is n bytes that compress, as JSON does.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"id":%d,"name":"user %d","email":"%x@example.com","active":%t},`, r.IntN(1e6), r.IntN(1e3), r.IntN(1<<20), r.IntN(2) == 0)
	}
	return b.Bytes()[:n]
}

// noise is n bytes that do not compress.
func noise(n int) []byte {
	b := make([]byte, n+8)
	r := rand.New(rand.NewPCG(3, 4))
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return b[:n]
}

func TestCompressionRoundTrip(t *testing.T) {
	contents := map[string][]byte{
		"nothing": nil, "a byte": {0}, "zeros": make([]byte, 1<<20), "short": []byte("hello, hello, hello"),
		"text": text(100 << 10), "much text": text(600 << 10), "noise": noise(100 << 10), "much noise": noise(600 << 10),
		"a block": text(128 << 10), "more than a block": noise(128<<10 + 1),
	}
	for level, c := range levels {
		for name, content := range contents {
			for _, room := range []int{0, 2 << 20} {
				dst := append(make([]byte, 0, room+6), "before"...)
				packed, err := c.Compress(dst, content)
				if err != nil {
					t.Fatalf("%s of %s: Compress: %v", level, name, err)
				}
				packed, found := bytes.CutPrefix(packed, []byte("before"))
				if !found {
					t.Fatalf("%s of %s: Compress wrote over what was there", level, name)
				}
				packed = bytes.Clone(packed)
				for _, limit := range []int64{int64(len(content)), int64(len(content)) + 1, math.MaxInt64} {
					got, err := c.Decompress(dst, packed, limit)
					if err != nil {
						t.Fatalf("%s of %s, limit %d: Decompress: %v", level, name, limit, err)
					}
					if string(got[:6]) != "before" || !bytes.Equal(got[6:], content) {
						t.Errorf("%s of %s, limit %d: another content came back", level, name, limit)
					}
				}
				if len(content) == 0 {
					continue
				}
				for _, limit := range []int64{int64(len(content)) - 1, int64(len(content)) / 2, 0, -1} {
					if got, err := c.Decompress(dst, packed, limit); !errors.Is(err, codec.ErrTooLarge) || string(got) != "before" {
						t.Errorf("%s of %s, limit %d: Decompress = %d bytes, %v", level, name, limit, len(got), err)
					}
				}
			}
		}
	}
}

// TestDamagedCompressions cuts compressed data everywhere, lets them go on,
// and flips their bits.
func TestDamagedCompressions(t *testing.T) {
	content := text(2 << 10)
	for level, c := range levels {
		if c == codec.None {
			continue
		}
		packed, err := c.Compress(nil, content)
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, data []byte) {
			t.Helper()
			if got, err := c.Decompress([]byte("p"), data, 1<<20); err == nil || string(got) != "p" {
				t.Errorf("%s, %s: Decompress = %d bytes, %v", level, what, len(got), err)
			}
		}
		for n := range packed {
			check(fmt.Sprintf("cut to %d of %d", n, len(packed)), packed[:n])
		}
		for _, more := range []string{"\x00", "x", "\x1f", "\x1f\x8b\x08", "\x28\xb5", "\x28\xb5\x2f\xfd", "\x50\x2a\x4d\x18", "\x50\x2a\x4d\x18\xff\xff\xff\xffx", "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff", "\x1f\x8b\x08\x02\x00\x00\x00\x00\x00\xff", strings.Repeat("\x00", 64)} {
			check(fmt.Sprintf("with %q after it", more), append(bytes.Clone(packed), more...))
			check(fmt.Sprintf("%q alone", more), []byte(more))
		}
		for i := range packed {
			wrong := bytes.Clone(packed)
			wrong[i] ^= 0x10
			// Some bits mean nothing, as the time in a header: then the content is right.
			if got, err := c.Decompress(nil, wrong, 1<<20); err == nil && !bytes.Equal(got, content) {
				t.Errorf("%s: with bit 4 of byte %d flipped, another content came back", level, i)
			}
		}
	}
}

// TestReadsWhatOthersWrite is of streams that these compressions do not write
// themselves, and of what a later version adds.
func TestReadsWhatOthersWrite(t *testing.T) {
	content := text(300 << 10)
	half := len(content) / 2
	gz := func(part []byte, header gzip.Header) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Header = header
		must(t, w, part)
		return b.Bytes()
	}
	std := func(part []byte) []byte {
		var b bytes.Buffer
		w := stdgzip.NewWriter(&b)
		must(t, w, part)
		return b.Bytes()
	}
	zs := func(part []byte, options ...zstd.EOption) []byte {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, options...)
		if err != nil {
			t.Fatal(err)
		}
		must(t, w, part)
		return b.Bytes()
	}
	nonce := []byte("\x50\x2a\x4d\x18\x10\x00\x00\x000123456789abcdef")
	for name, test := range map[string]struct {
		c    codec.Compression
		data []byte
	}{
		"gzip of the standard library": {codec.Gzip(0), std(content)},
		"gzip of two members":          {codec.Gzip(0), append(std(content[:half]), std(content[half:])...)},
		"gzip with an empty member":    {codec.Gzip(0), append(std(nil), std(content)...)},
		"gzip with a nonce":            {codec.Gzip(0), gz(content, gzip.Header{Extra: []byte("AC\x10\x000123456789abcdef"), OS: 255})},
		"gzip with name and comment":   {codec.Gzip(0), gz(content, gzip.Header{Name: "a", Comment: "b"})},
		"zstd stream":                  {codec.Zstd(0), zs(content)},
		"zstd without a checksum":      {codec.Zstd(0), zs(content, zstd.WithEncoderCRC(false))},
		"zstd of two frames":           {codec.Zstd(0), append(zs(content[:half]), zs(content[half:])...)},
		"zstd with padding":            {codec.Zstd(0), zs(content, zstd.WithEncoderPadding(1000))},
		"zstd with a nonce before":     {codec.Zstd(0), append(bytes.Clone(nonce), zs(content)...)},
		"zstd with a nonce after":      {codec.Zstd(0), append(zs(content), nonce...)},
		"zstd with nothing":            {codec.Zstd(0), append(zs(nil, zstd.WithZeroFrames(true)), zs(content)...)},
	} {
		got, err := test.c.Decompress(nil, test.data, int64(len(content)))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: Decompress = %d bytes, %v", name, len(got), err)
		}
		if got, err := test.c.Decompress(nil, test.data, int64(len(content))-1); !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("%s, one byte more than the limit: Decompress = %d bytes, %v", name, len(got), err)
		}
	}
}

func must(t *testing.T, w io.WriteCloser, part []byte) {
	t.Helper()
	if _, err := w.Write(part); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBombs holds that data that expand to gigabytes cost about the limit.
func TestBombs(t *testing.T) {
	const limit = 8 << 20
	zeros := make([]byte, 64<<20)
	gz, err := codec.Gzip(9).Compress(nil, zeros)
	if err != nil {
		t.Fatal(err)
	}
	// The last four bytes say how much it is. One lies; one says it of its last member.
	lie := bytes.Clone(gz)
	binary.LittleEndian.PutUint32(lie[len(lie)-4:], 10)

	// A frame with a window of 1 KiB and 8192 blocks of one zero, 128 Ki times.
	block := []byte{0x02, 0x00, 0x10, 0}
	frame := append([]byte("\x28\xb5\x2f\xfd\x00\x38"), bytes.Repeat(block, 8<<10)...)
	open := append(bytes.Clone(frame), 0x01, 0, 0)
	// The same that says in its header how much it is: 1 GiB.
	sized := append([]byte("\x28\xb5\x2f\xfd\x80\x38\x00\x00\x00\x40"), open[6:]...)
	// A few bytes that promise the limit, and a GiB.
	promise := []byte("\x28\xb5\x2f\xfd\x80\x38\x00\x00\x80\x00\x01\x00\x00")
	promiseGiB := []byte("\x28\xb5\x2f\xfd\x80\x38\x00\x00\x00\x40\x01\x00\x00")

	for name, test := range map[string]struct {
		c        codec.Compression
		data     []byte
		tooLarge bool
		most     float64 // MiB
	}{
		"gzip of 64 MiB":                    {codec.Gzip(0), gz, true, 17},
		"gzip of 64 MiB that says 10 bytes": {codec.Gzip(0), lie, true, 25},
		"gzip of 8 GiB in members":          {codec.Gzip(0), bytes.Repeat(gz, 128), true, 25},
		"zstd of 1 GiB":                     {codec.Zstd(0), open, true, 1},
		"zstd of 1 GiB that says so":        {codec.Zstd(0), sized, true, 1},
		"zstd of 0 bytes that says 8 MiB":   {codec.Zstd(0), promise, false, 1},
		"zstd of 0 bytes that says 1 GiB":   {codec.Zstd(0), promiseGiB, false, 1},
	} {
		var err error
		used := mib(func() { _, err = test.c.Decompress(nil, test.data, limit) })
		if err == nil || errors.Is(err, codec.ErrTooLarge) != test.tooLarge {
			t.Errorf("%s: %v", name, err)
		}
		if used > test.most {
			t.Errorf("%s: allocated %.1f MiB, with a limit of 8", name, used)
		}
	}
}

// TestLyingGzip holds that a length that is not so is an error, and is not
// allocated for.
func TestLyingGzip(t *testing.T) {
	packed, err := codec.Gzip(0).Compress(nil, []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint32(packed[len(packed)-4:], math.MaxUint32)
	used := mib(func() { _, err = codec.Gzip(0).Decompress(nil, packed, 1<<30) })
	if err == nil || used > 1 {
		t.Errorf("Decompress = %v, with %.1f MiB", err, used)
	}
	binary.LittleEndian.PutUint32(packed[len(packed)-8:], crc32.ChecksumIEEE([]byte("abd")))
	if _, err := codec.Gzip(0).Decompress(nil, packed, 1<<30); err == nil {
		t.Error("a wrong checksum was not seen")
	}
}

func TestLevelsThatThereAreNot(t *testing.T) {
	for _, level := range []int{-1, 10, 5} {
		for name, of := range map[string]func(int) codec.Compression{"gzip": codec.Gzip, "zstd": codec.Zstd} {
			if name == "gzip" && level == 5 {
				continue
			}
			func() {
				defer func() {
					if said := fmt.Sprint(recover()); !strings.Contains(said, "has levels 1") || !strings.Contains(said, fmt.Sprint(level)) {
						t.Errorf("%s(%d) panicked with %q", name, level, said)
					}
				}()
				of(level)
			}()
		}
	}
}

func TestByName(t *testing.T) {
	for _, want := range []codec.Compression{codec.Gzip(1), codec.Zstd(4)} {
		got, ok := codec.ByName(want.Name())
		if !ok || got.Name() != want.Name() {
			t.Errorf("ByName(%q) = %v, %t", want.Name(), got, ok)
		}
	}
	for _, name := range []string{"", "none", "GZIP", "br"} {
		if got, ok := codec.ByName(name); ok {
			t.Errorf("ByName(%q) = %v", name, got)
		}
	}
}

func TestShrink(t *testing.T) {
	for name, test := range map[string]struct {
		c       codec.Compression
		content []byte
		shrinks bool
	}{
		"511 bytes":      {codec.Gzip(0), text(511), false},
		"512 bytes":      {codec.Gzip(0), text(512), true},
		"noise":          {codec.Zstd(0), noise(64 << 10), false},
		"much noise":     {codec.Gzip(6), noise(1 << 20), false},
		"nearly noise":   {codec.Gzip(0), append(noise(97_000), text(3000)...), false},
		"a part of text": {codec.Gzip(0), append(noise(85_000), text(15_000)...), true},
		"text":           {codec.Zstd(0), text(64 << 10), true},
		"none":           {codec.None, text(64 << 10), false},
		"nil":            {nil, text(64 << 10), false},
	} {
		out, shrinks, err := codec.Shrink(test.c, []byte("p"), test.content)
		if err != nil || shrinks != test.shrinks || out[0] != 'p' || !shrinks && len(out) != 1 {
			t.Errorf("%s: Shrink = %d bytes, %t, %v", name, len(out), shrinks, err)
		}
		if shrinks {
			if back, err := test.c.Decompress(nil, out[1:], 1<<20); err != nil || !bytes.Equal(back, test.content) {
				t.Errorf("%s: Decompress = %d bytes, %v", name, len(back), err)
			}
		}
	}
}

func ExampleShrink() {
	content := []byte(strings.Repeat("the same again, ", 100))
	packed, compressed, err := codec.Shrink(codec.Gzip(6), nil, content)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(content), "bytes become", len(packed), compressed)
	_, compressed, err = codec.Shrink(codec.Gzip(6), nil, []byte("short"))
	fmt.Println(compressed, err)
	// Output:
	// 1600 bytes become 50 true
	// false <nil>
}

func ExampleCompression() {
	packed, err := codec.Zstd(0).Compress(nil, bytes.Repeat([]byte("x"), 10_000))
	if err != nil {
		panic(err)
	}
	c, _ := codec.ByName("zstd")
	content, err := c.Decompress(nil, packed, 1<<20)
	fmt.Println(len(content), err)
	_, err = c.Decompress(nil, packed, 1000)
	fmt.Println(errors.Is(err, codec.ErrTooLarge), err)
	// Output:
	// 10000 <nil>
	// true advcache: the decompressed data are more than is allowed: 1000 bytes
}
