package codec_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/advcache/advcache/codec"
)

type tree struct {
	Left, Right *tree
	Items       map[string][]tree
}

type loop *loop

// Outer embeds itself by way of another.
type Outer struct{ Inner }

// Inner is within Outer.
type Inner struct {
	*Outer

	A int
}

type notify struct {
	Lines []struct{ Notify chan int }
}

type leftOut struct {
	Notify func()   `json:"-"`
	Both   chan int `msgpack:"-" json:"-"`
	A      int
}

type interned struct {
	A string `msgpack:"a,intern"`
}

// writeOnly says what it is, and cannot be told.
type writeOnly int

func (writeOnly) MarshalText() ([]byte, error) { return []byte("x"), nil }

type embedsPointer struct {
	*point

	Z int
}

type stringer interface{ String() string }

func TestCheckType(t *testing.T) {
	const fine = ""
	for _, test := range []struct {
		t                       reflect.Type
		json, msgpack, gob, raw string // a part of the error
	}{
		{reflect.TypeFor[string](), fine, fine, fine, fine},
		{reflect.TypeFor[[]byte](), fine, fine, fine, fine},
		{reflect.TypeFor[color](), fine, fine, fine, fine},
		{reflect.TypeFor[json.RawMessage](), fine, fine, fine, fine},
		{reflect.TypeFor[int](), fine, fine, fine, "not int; codec.Msgpack"},
		{reflect.TypeFor[*string](), fine, fine, fine, "not *string"},
		{reflect.TypeFor[[]string](), fine, fine, fine, "not []string"},
		{reflect.TypeFor[order](), fine, fine, fine, "not"},
		{reflect.TypeFor[*order](), fine, fine, fine, "not"},
		{reflect.TypeFor[tree](), fine, fine, fine, "not"},
		{reflect.TypeFor[any](), fine, fine, fine, "not"},
		{reflect.TypeFor[map[string]any](), fine, fine, fine, "not"},
		{reflect.TypeFor[struct{}](), fine, fine, fine, "not"},
		{reflect.TypeFor[leftOut](), fine, fine, fine, "not"},
		{reflect.TypeFor[time.Time](), fine, fine, fine, "not"},
		{reflect.TypeFor[time.Duration](), fine, fine, fine, "not"},
		{reflect.TypeFor[big.Int](), fine, fine, fine, "not"},
		{reflect.TypeFor[url.URL](), fine, fine, fine, "not"},
		{reflect.TypeFor[netip.Addr](), fine, fine, fine, "not"},
		{reflect.TypeFor[map[netip.Addr]int](), fine, fine, fine, "not"},
		{reflect.TypeFor[[]*big.Int](), fine, fine, fine, "not"},

		{reflect.TypeFor[chan int](), "V is chan int", "V is chan int", "chan", "not"},
		{reflect.TypeFor[func()](), "V is func()", "V is func()", "func", "not"},
		{reflect.TypeFor[notify](), "notify.Lines[].Notify is chan int", "notify.Lines[].Notify is chan int", "no exported fields", "not"},
		{reflect.TypeFor[complex128](), "V is complex128", "V is complex128", fine, "not"},
		{reflect.TypeFor[uintptr](), fine, "V is uintptr", fine, "not"},
		{reflect.TypeFor[map[struct{ A int }]int](), "keys in JSON are", fine, fine, "not"},
		{reflect.TypeFor[map[string]*stringer](), "V[] is codec_test.stringer: JSON does not say", "MessagePack does not say", fine, "not"},
		{reflect.TypeFor[error](), "JSON does not say", "the text alone of an error", fine, "not"},
		{reflect.TypeFor[*error](), "JSON does not say", "the text alone of an error", fine, "not"},
		{reflect.TypeFor[struct{ Err error }](), "JSON does not say", fine, fine, "not"},
		{reflect.TypeFor[atomic.Int64](), "no exported field", "no exported field", "no exported fields", "not"},
		{reflect.TypeFor[struct{ N atomic.Int64 }](), "V.N is atomic.Int64", "V.N is atomic.Int64", "no exported fields", "not"},
		{reflect.TypeFor[embedsPointer](), "embed the struct itself", "embed the struct itself", "embeds the unexported", "not"},
		{reflect.TypeFor[Outer](), fine, "it embeds itself", fine, "not"},
		{reflect.TypeFor[Inner](), fine, "it embeds itself", fine, "not"},
		{reflect.TypeFor[map[string]big.Int](), fine, "let the map hold pointers", fine, "not"},
		{reflect.TypeFor[map[string]struct{ A [2]big.Int }](), fine, "V[].A[] is big.Int", fine, "not"},
		{reflect.TypeFor[map[string]struct{ A []big.Int }](), fine, fine, fine, "not"},
		{reflect.TypeFor[interned](), fine, "the option intern of its field A", fine, "not"},
		{reflect.TypeFor[writeOnly](), fine, "MarshalText and UnmarshalText", fine, "not"},
		{reflect.TypeFor[*generatedAndMore](), fine, "V is codec_test.generatedAndMore: its MarshalMsg is", "embeds the unexported", "not"},
		{reflect.TypeFor[loop](), fine, "nothing but itself", "nothing but itself", "not"},
	} {
		for c, want := range map[codec.Codec]string{codec.JSON: test.json, codec.Msgpack: test.msgpack, codec.Gob: test.gob, codec.Raw: test.raw} {
			err := codec.CheckType(c, test.t)
			switch {
			case want == fine && err != nil:
				t.Errorf("%s, %s: %v", c.Name(), test.t, err)
			case want != fine && err == nil:
				t.Errorf("%s, %s: no error, want one with %q", c.Name(), test.t, want)
			case want != fine && !strings.Contains(err.Error(), want):
				t.Errorf("%s, %s: %v, want one with %q", c.Name(), test.t, err, want)
			}
		}
	}
}

// TestRefusedTypes holds that what CheckType refuses fails, and does not
// recurse without end.
func TestRefusedTypes(t *testing.T) {
	for _, c := range []codec.Codec{codec.Msgpack, codec.Gob} {
		v := new(loop)
		if _, err := c.Append(nil, v); err == nil {
			t.Errorf("%s: Append(%T) had no error", c.Name(), v)
		}
	}
	if _, err := codec.Msgpack.Append(nil, &Inner{}); err == nil {
		t.Error("msgpack: a struct that embeds itself was encoded")
	}
	if err := codec.Msgpack.Decode([]byte{0x80}, &Outer{}); err == nil {
		t.Error("msgpack: a struct that embeds itself was decoded")
	}
	if _, err := codec.Raw.Append(nil, new(int)); err == nil {
		t.Error("raw: an int was encoded")
	}
	n := 5
	if err := codec.Raw.Decode(nil, &n); err == nil {
		t.Error("raw: an int was decoded")
	}
}

// TestErrorValues holds that errors keep their text in MessagePack.
func TestErrorValues(t *testing.T) {
	roundTrip(t, codec.Msgpack, struct{ Err error }{errors.New("gone")}, struct{ Err error }{})
}
