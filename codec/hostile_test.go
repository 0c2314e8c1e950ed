package codec_test

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"runtime"
	"strings"
	"testing"

	"github.com/advcache/advcache/codec"
)

// mib are the mebibytes that fn allocates, with what it frees again.
func mib(fn func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20)
}

// recursiveMap is a map of maps of maps, and so on.
type recursiveMap map[string]recursiveMap

// fat is large in memory and small when it is empty.
type fat struct{ A [1 << 10]int64 }

// hostile are encodings that say more than they hold.
var hostile = []struct {
	name string
	c    codec.Codec
	data string
	into []any
}{
	{
		"msgpack array of 4 Gi elements", codec.Msgpack, "\xdd\xff\xff\xff\xff\xc0\xc0",
		[]any{new([]int), new([]string), new([]fat), new(any), new(struct{}), new([3]int), new(map[string]string)},
	},
	{
		"msgpack array of 64 Ki elements", codec.Msgpack, "\xdc\xff\xff\xc0\xc0",
		[]any{new([]fat), new([][]fat), new(any)},
	},
	{
		"msgpack map of 4 Gi pairs", codec.Msgpack, "\xdf\xff\xff\xff\xff\xa1a\xa1b",
		[]any{new(map[string]string), new(map[string]any), new(map[int]fat), new(any), new(line)},
	},
	{
		"msgpack bytes of 4 GiB", codec.Msgpack, "\xc6\xff\xff\xff\xffabc",
		[]any{new([]byte), new(string), new(any), new([4]byte)},
	},
	{
		"msgpack string of 4 GiB", codec.Msgpack, "\xdb\xff\xff\xff\xffabc",
		[]any{new([]byte), new(string), new(any), new(color)},
	},
	{
		"msgpack extension of 4 GiB", codec.Msgpack, "\xc9\xff\xff\xff\xff\xffabc",
		[]any{new(any), new(struct{}), new(map[string]any)},
	},
	{
		// To the library an extension where it expects a map is in front of one,
		// here of 4 Gi pairs.
		"msgpack map within an extension", codec.Msgpack, "\xd7\xff\xdf\xff\xff\xff\xff\xa1a\xa1",
		[]any{new(map[string]any), new(map[string]string), new(map[int]fat), new(map[string]bool)},
	},
	{
		"msgpack unknown field that is deep", codec.Msgpack, "\x81\xa1x" + strings.Repeat("\x91", 1<<20) + "\xc0",
		[]any{new(line), new(any)},
	},
	{
		"msgpack arrays 16 Mi deep", codec.Msgpack, strings.Repeat("\x91", 16<<20) + "\xc0",
		[]any{new(any), new([]any), new(tree), new(struct{})},
	},
	{
		"msgpack maps 4 Mi deep", codec.Msgpack, strings.Repeat("\x81\xa0", 4<<20) + "\xc0",
		[]any{new(any), new(map[string]any), new(recursiveMap)},
	},
	{
		// Flat to who takes extensions as bytes, and deep to who takes them for
		// the beginning of maps.
		"msgpack maps behind extensions", codec.Msgpack,
		"\xdf\x00\x40\x00\x00" + strings.Repeat("\xa0\xd4\x80\x81", 4<<20),
		[]any{new(recursiveMap)},
	},
	{
		"msgpack maps behind empty extensions", codec.Msgpack,
		"\xdf\x00\x40\x00\x00" + strings.Repeat("\xa0\xc7\x00\x05\x81", 4<<20),
		[]any{new(recursiveMap)},
	},
	{
		"JSON 16 Mi deep", codec.JSON, strings.Repeat("[", 16<<20),
		[]any{new(any), new([]any), new(line)},
	},
	{
		"gob of 1 GiB", codec.Gob, "\xfc\x3f\xff\xff\xff" + "\x03\x04\x00\x02",
		[]any{new(int), new([]fat), new(order), new(any)},
	},
}

func TestHostile(t *testing.T) {
	for _, h := range hostile {
		for _, v := range h.into {
			var err error
			used := mib(func() { err = h.c.Decode([]byte(h.data), v) })
			if err == nil {
				t.Errorf("%s into %T: no error", h.name, v)
			}
			if most := 1 + 4*float64(len(h.data))/(1<<20); used > most {
				t.Errorf("%s into %T: allocated %.1f MiB for %d bytes", h.name, v, used, len(h.data))
			}
		}
	}
}

// TestDeepest holds that what may be nested can be: up to 10,000 levels.
func TestDeepest(t *testing.T) {
	const levels = 9_999
	var v any
	for _, test := range []struct {
		c              codec.Codec
		open, shut     string
		within, beyond int
	}{
		{codec.Msgpack, "\x91", "", levels, levels + 2},
		{codec.JSON, "[", "]", levels, levels + 2},
	} {
		data := func(n int) []byte {
			return []byte(strings.Repeat(test.open, n) + strings.Repeat(test.shut, n))
		}
		value := func(n int) []byte {
			if test.c == codec.Msgpack {
				return append(data(n), 0xc0)
			}
			return data(n)
		}
		if err := test.c.Decode(value(test.within), &v); err != nil {
			t.Errorf("%s, %d levels: %v", test.c.Name(), test.within, err)
		}
		if err := test.c.Decode(value(test.beyond), &v); err == nil {
			t.Errorf("%s, %d levels: no error", test.c.Name(), test.beyond)
		}
	}
}

// leaves is a type that costs gob one byte a level.
type leaves []leaves

// TestGobNesting holds that what gob could nest too deep is refused in both
// directions, and that the deepest that is not is decoded.
func TestGobNesting(t *testing.T) {
	deep := func(n int) *leaves {
		var v leaves
		for range n {
			v = leaves{v}
		}
		return &v
	}
	encoded := func(n int) []byte { // Append refuses more than 10,000 levels
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(deep(n)); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	var back leaves
	if err := codec.Gob.Decode(encoded(260_000), &back); err != nil {
		t.Error(err)
	}
	wide := make(leaves, 300_000)
	if _, err := codec.Gob.Append(nil, &wide); err == nil {
		t.Error("more than 256 KiB of what can be nested were encoded")
	}
	if err := codec.Gob.Decode(encoded(300_000), &back); err == nil {
		t.Error("more than 256 KiB of what can be nested were decoded")
	}
	long := strings.Repeat("x", 1<<20)
	roundTrip(t, codec.Gob, long, "")
}

// TestEveryByteWrong changes each byte of encodings and cuts them everywhere:
// nothing panics, and errors leave nothing.
func TestEveryByteWrong(t *testing.T) {
	value := sampleOrder()
	for _, c := range codecs {
		data, err := c.Append(nil, &value)
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			for _, flip := range []byte{1, 0x40, 0x80, 0xff} {
				wrong := bytes.Clone(data)
				wrong[i] ^= flip
				for _, data := range [][]byte{wrong, wrong[:i]} {
					var v order
					if err := c.Decode(data, &v); err != nil {
						checkZero(t, c, v)
					}
				}
			}
		}
	}
}

func checkZero(t *testing.T, c codec.Codec, v order) {
	t.Helper()
	var zero order
	left, err := codec.JSON.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := codec.JSON.Append(nil, &zero); !bytes.Equal(left, want) {
		t.Errorf("%s: an error left %s", c.Name(), left)
	}
}

// TestTimesThatLookLikeMaps holds that a time is one, where the library would read on in the bytes of
// a time: seconds that begin as a map does.
func TestTimesThatLookLikeMaps(t *testing.T) {
	for _, first := range []byte{0x80, 0x8f, 0xde, 0xdf, 0xc0} {
		data := []byte{0x81, 0xa1, 'A', 0xd7, 0xff, first, 0, 0, 0, 0, 0, 0, 1}
		binary.BigEndian.PutUint32(data[9:], 1)
		var v struct{ A any }
		if err := codec.Msgpack.Decode(data, &v); err != nil {
			t.Errorf("a time that begins with %x: %v", first, err)
		}
		var m struct{ A map[string]string }
		if err := codec.Msgpack.Decode(data, &m); err == nil {
			t.Errorf("a time that begins with %x was taken for the map %v", first, m)
		}
	}
}
