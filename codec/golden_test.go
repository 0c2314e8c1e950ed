package codec_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/advcache/advcache/codec"
)

// Golden files are what this version and older ones stored. They are never
// written over: a value that is added gets a file of its own.
var update = flag.Bool("update", false, "write the golden files that are missing")

// goldenValue must not change: its golden files are read by every later version.
type goldenValue struct {
	Name   string            `json:"name"`
	Town   string            `json:"city" msgpack:"town"`
	Count  int64             `json:"count"`
	Small  uint8             `json:"small,omitempty"`
	Price  float64           `json:"price"`
	Data   []byte            `json:"data"`
	Tags   []string          `json:"tags"`
	Labels map[string]string `json:"labels"`
	Flags  map[string]bool   `json:"flags"`
	Lines  []goldenLine      `json:"lines"`
	Best   *goldenLine       `json:"best"`
	At     time.Time         `json:"at"`
	Wait   time.Duration     `json:"wait"`
}

type goldenLine struct {
	SKU   string `json:"sku"`
	Price int    `json:"price"`
}

var golden = goldenValue{
	Name:   "Zoë \x00 日本 <&>",
	Town:   "Zürich",
	Count:  -1 << 40,
	Price:  12.75,
	Data:   []byte{0, 1, 0xfe, 0xff},
	Tags:   []string{"a", "", "c"},
	Labels: map[string]string{"b": "2", "a": "1", "c": "3"},
	Flags:  map[string]bool{"on": true, "off": false},
	Lines:  []goldenLine{{"x", 1}, {"y", -2}},
	At:     time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC),
	Wait:   90 * time.Second,
}

// goldenFile returns what the golden file has, and writes it first where it is
// missing and -update is given.
func goldenFile(t *testing.T, name string, content func() ([]byte, error)) []byte {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && *update {
		data, err = content()
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o750)
		}
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGoldenCodecs(t *testing.T) {
	for _, c := range codecs {
		want := golden
		data := goldenFile(t, "value."+c.Name(), func() ([]byte, error) { return c.Append(nil, &want) })
		var got goldenValue
		if err := c.Decode(data, &got); err != nil {
			t.Errorf("%s: %v", c.Name(), err)
		}
		if got.At = got.At.UTC(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the golden file is now read as %+v", c.Name(), got)
		}
		if codec.Deterministic(c, reflect.TypeFor[goldenValue]()) != nil {
			continue
		}
		// Else dedupe would write everything again after an update.
		if now, err := c.Append(nil, &want); err != nil || !bytes.Equal(now, data) {
			t.Errorf("%s: the value is now encoded as %q, %v; it was %q", c.Name(), now, err, data)
		}
	}
	raw := goldenFile(t, "value.raw", func() ([]byte, error) { return codec.Raw.Append(nil, &golden.Data) })
	var got []byte
	if err := codec.Raw.Decode(raw, &got); err != nil || !bytes.Equal(got, golden.Data) {
		t.Errorf("raw: %q, %v", got, err)
	}
}

func TestGoldenCompressions(t *testing.T) {
	content := bytes.Repeat([]byte(golden.Name+golden.Town), 100)
	for _, c := range []codec.Compression{codec.Gzip(6), codec.Zstd(0)} {
		data := goldenFile(t, "content."+c.Name(), func() ([]byte, error) { return c.Compress(nil, content) })
		if got, err := c.Decompress(nil, data, 1<<20); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: the golden file is now read as %.60q, %v", c.Name(), got, err)
		}
	}
}

func TestGoldenSealed(t *testing.T) {
	ring := ringOf(t, "a", map[string][]byte{"a": keyOf(7)})
	place := codec.AdditionalData("key", []byte("hash"), "json+aesgcm.a")
	data := goldenFile(t, "sealed.aesgcm", func() ([]byte, error) { return ring.Seal(nil, golden.Data, place) })
	if got, err := ring.Open(nil, data, "a", place); err != nil || !bytes.Equal(got, golden.Data) {
		t.Errorf("the golden file is now read as %q, %v", got, err)
	}
}
