package codec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache/codec"
)

// sortedMaps has only maps that msgpack sorts.
type sortedMaps struct {
	Labels map[string]string
	Flags  map[string]bool
	Deep   []struct{ M map[string]string }
	At     time.Time
}

// anyMaps has maps that only JSON sorts.
type anyMaps struct {
	sortedMaps

	Numbers map[string]int
	Nested  map[string]map[string]float64
	Any     map[string]any
	ByColor map[color]string
	ByInt   map[int]string
}

// ownCode says itself how it is encoded.
type ownCode struct{ m map[string]int }

func (c ownCode) MarshalJSON() ([]byte, error)     { return json.Marshal(c.m) }
func (c *ownCode) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &c.m) }
func (c ownCode) MarshalText() ([]byte, error)     { return json.Marshal(c.m) }
func (c *ownCode) UnmarshalText(data []byte) error { return json.Unmarshal(data, &c.m) }

func TestDeterministic(t *testing.T) {
	const fine = ""
	for _, test := range []struct {
		t             reflect.Type
		json, msgpack string // a part of the error
	}{
		{reflect.TypeFor[int](), fine, fine},
		{reflect.TypeFor[[]line](), fine, fine},
		{reflect.TypeFor[sortedMaps](), fine, fine},
		{reflect.TypeFor[tree](), fine, "Items is map[string][]codec_test.tree"},
		{reflect.TypeFor[map[string]string](), fine, fine},
		{reflect.TypeFor[map[string]bool](), fine, fine},
		{reflect.TypeFor[page](), fine, fine},
		{reflect.TypeFor[struct{ Err error }](), "cannot keep", fine},
		{reflect.TypeFor[map[string]int](), fine, "V is map[string]int"},
		{reflect.TypeFor[map[string]color](), fine, "V is map[string]codec_test.color"},
		{reflect.TypeFor[map[color]string](), fine, "V is map[codec_test.color]string"},
		{reflect.TypeFor[map[string]any](), fine, "V[] is interface {}"},
		{reflect.TypeFor[any](), fine, "V is interface {}"},
		{reflect.TypeFor[struct{ A []any }](), fine, "V.A[] is interface {}"},
		{reflect.TypeFor[struct {
			A map[int]int `json:"-"`
			B int
		}](), fine, fine},
		{reflect.TypeFor[map[string]ownCode](), fine, "V is map"},
		{reflect.TypeFor[ownCode](), fine, fine},
		{reflect.TypeFor[chan int](), "cannot keep", "cannot keep"},
		{reflect.TypeFor[msgpValue](), fine, fine},
		{reflect.TypeFor[msgpMap](), fine, "msgpMap.M is map[string]string: the generated"},
		{reflect.TypeFor[*msgpMap](), fine, "msgpMap"},
	} {
		for c, want := range map[codec.Codec]string{codec.JSON: test.json, codec.Msgpack: test.msgpack} {
			err := codec.Deterministic(c, test.t)
			switch {
			case want == fine && err != nil:
				t.Errorf("%s, %s: %v", c.Name(), test.t, err)
			case want != fine && err == nil:
				t.Errorf("%s, %s: no error, want one with %q", c.Name(), test.t, want)
			case want != fine && !strings.Contains(err.Error(), want):
				t.Errorf("%s, %s: %v, want one with %q", c.Name(), test.t, err, want)
			}
		}
		if err := codec.Deterministic(codec.Gob, test.t); err == nil || !strings.Contains(err.Error(), "codec.JSON") {
			t.Errorf("gob, %s: %v", test.t, err)
		}
	}
	if err := codec.Deterministic(codec.Raw, reflect.TypeFor[color]()); err != nil {
		t.Error(err)
	}
	if err := codec.Deterministic(codec.Raw, reflect.TypeFor[int]()); err == nil {
		t.Error("raw counts as deterministic for int, which it cannot keep")
	}
}

type page = struct{ Path, Query string }

// TestEqualValuesEqualBytes makes the same maps in different orders.
func TestEqualValuesEqualBytes(t *testing.T) {
	sameBytes(t, codec.JSON, sortMe)
	sameBytes(t, codec.Msgpack, func(keys []int) sortedMaps { return sortMe(keys).sortedMaps })
	sameBytes(t, codec.Msgpack, func(keys []int) map[string]string { return sortMe(keys).Labels })
	sameBytes(t, codec.Msgpack, func(keys []int) map[string]bool { return sortMe(keys).Flags })
}

func sortMe(keys []int) anyMaps {
	v := anyMaps{
		sortedMaps: sortedMaps{Labels: map[string]string{}, Flags: map[string]bool{}, At: time.Unix(1e9, 1)},
		Numbers:    map[string]int{},
		Nested:     map[string]map[string]float64{},
		Any:        map[string]any{},
		ByColor:    map[color]string{},
		ByInt:      map[int]string{},
	}
	v.Deep = []struct{ M map[string]string }{{v.Labels}, {}}
	for _, k := range keys {
		s := fmt.Sprintf("key-%d", k)
		v.Labels[s] = "x"
		v.Flags[s] = k%2 == 0
		v.Numbers[s] = k
		v.Nested[s] = map[string]float64{s: 1, "a": 2, "b": 3}
		v.Any[s] = map[string]any{s: []int{1}, "a": map[string]int{"z": 1, "y": 2}}
		v.ByColor[color(s)] = s
		v.ByInt[k] = s
	}
	return v
}

func sameBytes[V any](t *testing.T, c codec.Codec, value func(keys []int) V) {
	t.Helper()
	if err := codec.Deterministic(c, reflect.TypeFor[V]()); err != nil {
		t.Fatal(err)
	}
	const n = 100
	var first []byte
	for run := range 20 {
		keys := make([]int, n)
		for i := range keys {
			keys[i] = (i*7 + run*13) % n // 7 and 100 have no common divisor: all of them
		}
		v := value(keys)
		encoded, err := c.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = encoded
		}
		if !bytes.Equal(first, encoded) {
			t.Fatalf("%s: equal values of %T were encoded to different bytes", c.Name(), v)
		}
	}
}

func ExampleDeterministic() {
	type user struct {
		Name   string
		Visits map[string]int
	}
	t := reflect.TypeFor[user]()
	fmt.Println(codec.Deterministic(codec.JSON, t))
	fmt.Println(codec.Deterministic(codec.Msgpack, t))
	// Output:
	// <nil>
	// codec msgpack does not encode equal values of codec_test.user to equal bytes: user.Visits is map[string]int: it is sorted only if it is a map[string]string or a map[string]bool; codec.JSON does
}
