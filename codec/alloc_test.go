//go:build !race

package codec_test

import (
	"reflect"
	"testing"

	"github.com/advcache/advcache/codec"
)

// allocations of fn, but for what a pool lost to a garbage collection.
func allocations(fn func()) float64 {
	fn()
	return testing.AllocsPerRun(20, fn)
}

func TestCompressionAllocatesItsResult(t *testing.T) {
	content := text(100 << 10)
	for name, c := range levels {
		packed, err := c.Compress(nil, content)
		if err != nil {
			t.Fatal(err)
		}
		room := make([]byte, 0, 256<<10)
		for what, test := range map[string]struct {
			fn   func()
			most float64
		}{
			"Compress to nothing":     {func() { _, _ = c.Compress(nil, content) }, 1},
			"Compress to a buffer":    {func() { _, _ = c.Compress(room, content) }, 0},
			"Decompress to nothing":   {func() { _, _ = c.Decompress(nil, packed, 1<<20) }, 1},
			"Decompress to a buffer":  {func() { _, _ = c.Decompress(room, packed, 1<<20) }, 0},
			"Shrink of what is small": {func() { _, _, _ = codec.Shrink(c, nil, content[:100]) }, 0},
		} {
			if got := allocations(test.fn); got > test.most {
				t.Errorf("%s, %s: %v allocations, want %v", name, what, got, test.most)
			}
		}
	}
}

func TestCodecAllocations(t *testing.T) {
	raw, s := []byte("some bytes"), "a string"
	flat := goldenLine{SKU: "a name of some length", Price: 7}
	nested := chainOf(10)
	room := make([]byte, 0, 64<<10)
	encoded := map[codec.Codec][]byte{}
	for _, c := range codecs {
		data, err := c.Append(nil, &flat)
		if err != nil {
			t.Fatal(err)
		}
		encoded[c] = data
	}
	var back goldenLine
	for what, test := range map[string]struct {
		fn   func()
		most float64
	}{
		"raw bytes, Append":   {func() { _, _ = codec.Raw.Append(room, &raw) }, 0},
		"raw bytes, Decode":   {func() { _ = codec.Raw.Decode(room[:1000], &raw) }, 1},
		"raw string, Append":  {func() { _, _ = codec.Raw.Append(nil, &s) }, 1},
		"raw string, Decode":  {func() { _ = codec.Raw.Decode(room[:1000], &s) }, 1},
		"JSON, Append":        {func() { _, _ = codec.JSON.Append(nil, &flat) }, 1},
		"msgpack, Append":     {func() { _, _ = codec.Msgpack.Append(nil, &flat) }, 1},
		"msgpack to a buffer": {func() { _, _ = codec.Msgpack.Append(room, &flat) }, 0},
		"msgpack, recursive":  {func() { _, _ = codec.Msgpack.Append(room, nested) }, 0},
		"msgpack, Decode":     {func() { _ = codec.Msgpack.Decode(encoded[codec.Msgpack], &back) }, 1}, // the string
		"CheckType, cached":   {func() { _ = codec.CheckType(codec.Gob, reflect.TypeFor[goldenLine]()) }, 0},
	} {
		if got := allocations(test.fn); got > test.most {
			t.Errorf("%s: %v allocations, want %v", what, got, test.most)
		}
	}
}
