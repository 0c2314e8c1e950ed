package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache/codec"
)

// codecs are those that keep any sensible type.
var codecs = []codec.Codec{codec.JSON, codec.Msgpack, codec.Gob}

type Address struct {
	Street string `json:"street"`
	City   string `json:"city" msgpack:"town"`
}

type Base struct {
	ID      int64     `json:"id"`
	Created time.Time `json:"created"`
}

type order struct {
	Base
	*Address

	Name     string                       `json:"name,omitempty"`
	Secret   string                       `json:"-"`
	Price    float64                      `json:"price"`
	Count    uint16                       `json:"count"`
	Paid     bool                         `json:"paid"`
	Data     []byte                       `json:"data"`
	Hash     [4]byte                      `json:"hash"`
	Tags     []string                     `json:"tags"`
	Lines    []line                       `json:"lines"`
	Billing  *Address                     `json:"billing"`
	Labels   map[string]string            `json:"labels"`
	Flags    map[string]bool              `json:"flags"`
	Nested   map[string]map[string][]line `json:"nested"`
	ByNumber map[int]*line                `json:"byNumber"`
	Wait     time.Duration                `json:"wait"`
	Total    *big.Int                     `json:"total"`
}

type line struct {
	SKU   string `json:"sku"`
	Price int    `json:"price"`
	Next  *line  `json:"next,omitempty"`
}

type color string

// hidden embeds what is not exported, which gob leaves out.
type hidden struct {
	point

	Z int
}

type point struct{ X, Y int }

func sampleOrder() order {
	return order{
		Base:     Base{ID: math.MaxInt64, Created: time.Unix(1_700_000_000, 123_456_789).UTC()},
		Address:  &Address{Street: "Rue de l'Été 5", City: "Zürich"},
		Name:     "日本語 \x00 \u2028 <&> 🚀",
		Price:    -0.1,
		Count:    math.MaxUint16,
		Paid:     true,
		Data:     []byte{0, 1, 0xff},
		Hash:     [4]byte{1, 2, 3, 4},
		Tags:     []string{"a", "", "c"},
		Lines:    []line{{"x", 1, &line{"y", -2, nil}}, {}},
		Billing:  &Address{City: "Oslo"},
		Labels:   map[string]string{"k": "v", "": ""},
		Flags:    map[string]bool{"on": true, "off": false},
		Nested:   map[string]map[string][]line{"a": {"b": {{"z", 3, nil}}}, "c": {}},
		ByNumber: map[int]*line{-1: {"n", 4, nil}, 7: {"m", 5, nil}},
		Wait:     time.Minute,
		Total:    new(big.Int).Lsh(big.NewInt(1), 100),
	}
}

// roundTrip encodes value behind a prefix, decodes it over another value, and
// checks that it is the same.
func roundTrip[V any](t *testing.T, c codec.Codec, value, other V) {
	t.Helper()
	encoded, err := c.Append([]byte("prefix"), &value)
	if err != nil {
		t.Errorf("%s: Append(%T): %v", c.Name(), value, err)
		return
	}
	data, found := bytes.CutPrefix(encoded, []byte("prefix"))
	if !found {
		t.Errorf("%s: Append(%T) wrote over what was there", c.Name(), value)
	}
	given := bytes.Clone(data)
	got := other
	if err := c.Decode(given, &got); err != nil {
		t.Errorf("%s: Decode(%T) of %q: %v", c.Name(), value, data, err)
		return
	}
	for i := range given {
		given[i] = 0xee // what Decode kept would change
	}
	got, value = plain(got), plain(value)
	if !reflect.DeepEqual(got, value) {
		t.Errorf("%s: %#v came back as %#v", c.Name(), value, got)
	}
	if err := codec.CheckType(c, reflect.TypeFor[V]()); err != nil {
		t.Errorf("%s: CheckType(%T) = %v, and it can", c.Name(), value, err)
	}
	if c.Decode(append(append(bytes.Clone(data), ' '), data...), &got) == nil && len(data) > 0 && c != codec.Raw {
		t.Errorf("%s: a %T followed by another was decoded", c.Name(), value)
	}
	if len(data) > 0 && c != codec.Raw {
		got = other
		if err := c.Decode(data[:len(data)-1], &got); err == nil && c != codec.JSON {
			t.Errorf("%s: a %T that was cut was decoded", c.Name(), value)
		} else if err != nil && !reflect.ValueOf(&got).Elem().IsZero() {
			t.Errorf("%s: an error left %#v", c.Name(), got)
		}
	}
}

// plain gives times the zone that they are compared in.
func plain[V any](v V) V {
	switch v := any(&v).(type) {
	case *order:
		v.Created = v.Created.UTC()
	case *time.Time:
		*v = v.UTC()
	}
	return v
}

func TestRoundTrip(t *testing.T) {
	for _, c := range codecs {
		roundTrip(t, c, sampleOrder(), order{Secret: "old", Labels: map[string]string{"old": "x"}, Billing: &Address{Street: "old"}})
		roundTrip(t, c, 42, 7)
		roundTrip(t, c, -1.5, 7)
		roundTrip(t, c, true, false)
		roundTrip(t, c, "", "old")
		roundTrip(t, c, strings.Repeat("é", 1<<20), "")
		roundTrip(t, c, bytes.Repeat([]byte{0xc1, 0}, 1<<20), nil)
		roundTrip(t, c, []int{1, 2, 3}, []int{9, 9, 9, 9, 9})
		roundTrip(t, c, [3]string{"a"}, [3]string{"x", "y", "z"})
		roundTrip(t, c, map[string]string{"a": "b"}, map[string]string{"old": "old"})
		roundTrip(t, c, map[color]line{"red": {SKU: "x"}}, map[color]line{"blue": {}})
		roundTrip(t, c, color("red"), "blue")
		roundTrip(t, c, &line{SKU: "p"}, &line{SKU: "old", Next: &line{}})
		roundTrip(t, c, []*line{{SKU: "p"}}, []*line{{SKU: "old", Next: &line{}}})
		roundTrip(t, c, time.Unix(1, 2), time.Time{})
		roundTrip(t, c, *big.NewInt(-5), *big.NewInt(9))
	}
}

// TestRoundTripNil is of what gob has no encoding for.
func TestRoundTripNil(t *testing.T) {
	for _, c := range []codec.Codec{codec.JSON, codec.Msgpack} {
		roundTrip(t, c, order{}, sampleOrder())
		roundTrip(t, c, order{Address: &Address{}, Total: new(big.Int)}, sampleOrder())
		roundTrip(t, c, hidden{point{1, 2}, 3}, hidden{point{4, 5}, 6})
		roundTrip(t, c, nil, &line{SKU: "old"})
		roundTrip(t, c, nil, []int{1})
		roundTrip(t, c, []int{}, []int{1})
		roundTrip(t, c, []string{}, []string{"x"})
		roundTrip(t, c, nil, []string{"x"})
		roundTrip(t, c, nil, map[string]int{"old": 1})
		roundTrip(t, c, map[string]int{}, nil)
		roundTrip(t, c, nil, []byte{1})
		roundTrip(t, c, []byte{}, []byte{1})
		roundTrip[any](t, c, nil, "old")
		roundTrip[any](t, c, map[string]any{"a": []any{"b", nil, true, 1.5}}, "old")
		roundTrip(t, c, struct{}{}, struct{}{})
	}
}

// TestNoPointer tells what v must be.
func TestNoPointer(t *testing.T) {
	for _, c := range append([]codec.Codec{codec.Raw}, codecs...) {
		for _, v := range []any{nil, 1, "x", (*string)(nil)} {
			if err := c.Decode([]byte("1"), v); err == nil {
				t.Errorf("%s: Decode into %#v had no error", c.Name(), v)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for c, want := range map[codec.Codec]string{
		codec.JSON: "json application/json", codec.Msgpack: "msgpack application/vnd.msgpack",
		codec.Gob: "gob application/octet-stream", codec.Raw: "raw application/octet-stream",
	} {
		if got := c.Name() + " " + codec.ContentType(c); got != want {
			t.Errorf("%T is %s, want %s", c, got, want)
		}
	}
}

// silent is a codec without optional methods.
type silent struct{ codec.Codec }

func (silent) Name() string { return "silent" }

func TestSilentCodec(t *testing.T) {
	c := silent{codec.JSON}
	if got := codec.ContentType(c); got != "application/octet-stream" {
		t.Errorf("ContentType = %q", got)
	}
	if err := codec.CheckType(c, reflect.TypeFor[func()]()); err != nil {
		t.Errorf("CheckType = %v", err)
	}
	if err := codec.Deterministic(c, reflect.TypeFor[int]()); err == nil || !strings.Contains(err.Error(), "codec.JSON") {
		t.Errorf("Deterministic = %v", err)
	}
}

// panicky panics when it is decoded.
type panicky struct{ A int }

func (*panicky) UnmarshalJSON([]byte) error    { panic("boom") }
func (*panicky) UnmarshalMsgpack([]byte) error { panic("boom") }
func (*panicky) GobDecode([]byte) error        { panic("boom") }
func (panicky) GobEncode() ([]byte, error)     { return []byte("x"), nil }

func TestDecodeRecovers(t *testing.T) {
	for _, c := range codecs {
		v := panicky{1}
		data, err := c.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(data, &v); err == nil || !strings.Contains(err.Error(), "boom") || v.A != 0 {
			t.Errorf("%s: Decode = %v and left %v", c.Name(), err, v)
		}
	}
}

// failing fails when it is encoded.
type failing struct{ A int }

var errFailing = errors.New("no")

func (failing) MarshalJSON() ([]byte, error)    { return nil, errFailing }
func (failing) MarshalMsgpack() ([]byte, error) { return nil, errFailing }
func (failing) GobEncode() ([]byte, error)      { return nil, errFailing }
func (*failing) GobDecode([]byte) error         { return nil }

func TestAppendFails(t *testing.T) {
	for _, c := range codecs {
		for _, room := range []int{0, 1 << 16} {
			dst := append(make([]byte, 0, room+3), "abc"...)
			out, err := c.Append(dst, &[]failing{{}, {}})
			if !errors.Is(err, errFailing) || string(out) != "abc" {
				t.Errorf("%s: Append = %q, %v", c.Name(), out, err)
			}
			if out, err = c.Append(out, &[]int{1}); err != nil || len(out) < 4 {
				t.Errorf("%s: Append after a failure = %q, %v", c.Name(), out, err)
			}
		}
	}
}

func ExampleCodec() {
	type user struct {
		Name string `json:"name"`
		Age  int    `json:"age"`
	}
	for _, c := range []codec.Codec{codec.JSON, codec.Msgpack} {
		data, err := c.Append(nil, &user{"Ann", 30})
		if err != nil {
			panic(err)
		}
		var back user
		if err := c.Decode(data, &back); err != nil {
			panic(err)
		}
		fmt.Printf("%s: %q is %v\n", c.Name(), data, back)
	}
	// Output:
	// json: "{\"name\":\"Ann\",\"age\":30}" is {Ann 30}
	// msgpack: "\x82\xa4name\xa3Ann\xa3age\x1e" is {Ann 30}
}
