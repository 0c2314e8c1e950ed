package codec_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/advcache/advcache/codec"
)

// fuzzed is what encodings are decoded into: every kind of type there is.
type fuzzed struct {
	Order

	Any     any
	Anys    []any
	ByName  map[string]any
	Tree    *tree
	Generic map[color]map[int]bool
	Err     error `json:"-"`
}

// Order is order by a name with which gob embeds it.
type Order = order

// fuzzDecode decodes data into many types. What was decoded can be encoded,
// and then comes back.
func fuzzDecode(f *testing.F, c codec.Codec) {
	for _, h := range hostile {
		if h.c == c && len(h.data) < 100 {
			f.Add([]byte(h.data))
		}
	}
	for _, v := range []any{&golden, &fuzzed{}, new(any), new(tree), new(map[string]string), &msgpValue{"x"}, new(sampleOrder())} {
		if data, err := c.Append(nil, v); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		for _, v := range []any{new(fuzzed), new(goldenValue), new(any), new(tree), new(map[string]string), new(map[string]bool), new(recursiveMap), new([]*line), new(msgpValue), new(string)} {
			err := c.Decode(data, v)
			if !bytes.Equal(data, given) {
				t.Fatalf("Decode into %T changed the data", v)
			}
			if err != nil {
				continue
			}
			if _, err := c.Append(nil, v); err != nil && c != codec.Gob { // gob has no nil
				t.Errorf("%T was decoded and cannot be encoded: %v", v, err)
			}
		}
		fuzzAgain[goldenValue](t, c, data)
		fuzzAgain[map[string]string](t, c, data)
		fuzzAgain[[]string](t, c, data)
	})
}

// fuzzAgain holds that an encoding of what was decoded is decoded to the same.
func fuzzAgain[V any](t *testing.T, c codec.Codec, data []byte) {
	var v, back V
	if c.Decode(data, &v) != nil {
		return
	}
	first, err := c.Append(nil, &v)
	if err != nil {
		return
	}
	if err := c.Decode(first, &back); err != nil {
		t.Fatalf("%T: decoded, encoded, and then: %v", v, err)
	}
	if c == codec.Gob {
		return // equal values may have different bytes
	}
	second, err := c.Append(nil, &back)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("%T: %q came back as %q, %v", v, first, second, err)
	}
}

func FuzzJSON(f *testing.F)    { fuzzDecode(f, codec.JSON) }
func FuzzMsgpack(f *testing.F) { fuzzDecode(f, codec.Msgpack) }
func FuzzGob(f *testing.F)     { fuzzDecode(f, codec.Gob) }

func FuzzRaw(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, codec.Raw, string(data), "old")
		roundTrip(t, codec.Raw, append([]byte{}, data...), []byte("old"))
		roundTrip(t, codec.Raw, color(data), "old")
	})
}

// FuzzRoundTrip has values that codecs keep exactly.
func FuzzRoundTrip(f *testing.F) {
	f.Add("a", int64(1), 1.5, []byte("x"), true)
	f.Add("\u2028\x00é", int64(-1<<63), -1e-320, []byte{}, false)
	f.Fuzz(func(t *testing.T, s string, n int64, x float64, b []byte, flag bool) {
		type value struct {
			S string
			N int64
			B []byte
			M map[string]int64
			L []line
			F bool
		}
		v := value{s, n, append([]byte{1}, b...), map[string]int64{s: n, "x": 1}, []line{{SKU: s}, {Next: &line{SKU: s}}}, flag}
		for _, c := range []codec.Codec{codec.Msgpack, codec.Gob} {
			roundTrip(t, c, v, value{S: "old"})
			if x == x { // not NaN
				roundTrip(t, c, x, 1)
			}
		}
	})
}

// fuzzDecompress decompresses data, and compresses them and brings them back.
func fuzzDecompress(f *testing.F, all ...codec.Compression) {
	for _, c := range all {
		for _, content := range [][]byte{nil, []byte("x"), text(600), noise(600), make([]byte, 10_000)} {
			data, err := c.Compress(nil, content)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
			f.Add(append(bytes.Clone(data), data...))
		}
	}
	const limit = 1 << 16
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		for _, c := range all {
			got, err := c.Decompress([]byte("p"), data, limit)
			if len(got) > limit+1 || err != nil && len(got) != 1 || got[0] != 'p' || !bytes.Equal(data, given) {
				t.Fatalf("Decompress gave %d bytes, %v", len(got), err)
			}
			if err == nil {
				// Just as much is allowed, and less is not.
				if exact, err := c.Decompress(nil, data, int64(len(got)-1)); err != nil || !bytes.Equal(exact, got[1:]) {
					t.Errorf("with a limit of just what it is: %d bytes, %v", len(exact), err)
				}
				if len(got) > 1 {
					if less, err := c.Decompress(nil, data, int64(len(got)-2)); !errors.Is(err, codec.ErrTooLarge) {
						t.Errorf("with a limit of one less than it is: %d bytes, %v", len(less), err)
					}
				}
			}
			packed, err := c.Compress(nil, data)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := c.Decompress(nil, packed, int64(len(data))); err != nil || !bytes.Equal(back, data) {
				t.Errorf("%q came back as %q, %v", data, back, err)
			}
		}
	})
}

func FuzzGzip(f *testing.F) { fuzzDecompress(f, codec.Gzip(1), codec.Gzip(9)) }
func FuzzZstd(f *testing.F) { fuzzDecompress(f, codec.Zstd(1), codec.Zstd(3)) }

func FuzzKeyRingOpen(f *testing.F) {
	ring := ringOf(f, "a", map[string][]byte{"a": keyOf(1)})
	sealed, err := ring.Seal(nil, []byte("secret"), []byte("place"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "a", []byte("place"))
	f.Add([]byte(nil), "b", []byte(nil))
	f.Fuzz(func(t *testing.T, data []byte, id string, place []byte) {
		got, err := ring.Open([]byte("p"), data, id, place)
		// Nobody but a ring makes what opens.
		if err == nil && string(got)+id+string(place) != "psecretaplace" || err != nil && string(got) != "p" {
			t.Errorf("Open = %q, %v", got, err)
		}
		again, err := ring.Seal(nil, data, place)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ring.Open(nil, again, "a", place); err != nil || !bytes.Equal(back, data) {
			t.Errorf("%q came back as %q, %v", data, back, err)
		}
	})
}
