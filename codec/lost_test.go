package codec_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/advcache/advcache/codec"
)

// These types lose a part of their values without an error, as the libraries
// beneath the codecs would have it.

type embedsNil struct {
	*Base

	Z int
}

type embedsNilDeep struct{ Within embedsNil }

type embedsNilArray struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // the library looks for it
	*Base

	Z int `msgpack:",omitempty"`
}

type twoOfAName struct {
	A int `msgpack:"x"`
	B int `msgpack:"x"`
}

type (
	LeftX struct {
		A int `json:"x"`
	}
	RightX struct {
		B int `json:"x"`
	}

	// twoTagged has two fields of one name; go vet sees those that stand in one
	// struct.
	twoTagged struct {
		LeftX
		*RightX
	}
)

type aliased struct {
	A int
	B int `msgpack:",alias:A"`
}

type (
	Left  struct{ ID int }
	Right struct{ ID, Z int }

	// bothSides has two fields ID of one depth, which is none in Go.
	bothSides struct {
		Left
		Right
	}
	// behindIts comes after what it embeds.
	behindIts struct {
		Left

		ID int
	}
)

type noneKept struct {
	A int    `json:"-"`
	B string `json:"-"`
}

// timed embeds what has methods, which then are methods of timed.
type timed struct {
	time.Time

	Name string
}

type deepTimed struct{ timed }

type pointerTimed struct {
	*Base
	*time.Time
}

type generatedAndMore struct {
	msgpValue

	More string
}

type number int

type embedsNumber struct {
	number

	Z int
}

// lossy is a type that a codec refuses, and what its library makes of a value.
type lossy struct {
	c         codec.Codec
	t         reflect.Type
	want      string // a part of the error
	came, was any
}

func loss[V any](c codec.Codec, value V, want string) lossy {
	return lossy{c, reflect.TypeFor[V](), want, bare(c, &value), value}
}

// bare brings a value to bytes and back by the library of a codec alone. What
// does not come back at all is nil.
func bare[V any](c codec.Codec, value *V) (came any) {
	defer func() {
		if recover() != nil {
			came = nil
		}
	}()
	var back V
	var b bytes.Buffer
	var err error
	switch c {
	case codec.JSON:
		err = errors.Join(json.NewEncoder(&b).Encode(value), json.NewDecoder(&b).Decode(&back))
	case codec.Gob:
		err = errors.Join(gob.NewEncoder(&b).Encode(value), gob.NewDecoder(&b).Decode(&back))
	default:
		err = bareMsgpack(value, &back)
	}
	if err != nil {
		return nil
	}
	return back
}

// generated are the methods of tinylib/msgp.
type generated interface {
	MarshalMsg(b []byte) ([]byte, error)
	UnmarshalMsg(b []byte) ([]byte, error)
}

func bareMsgpack(value, back any) error {
	if from, ok := value.(generated); ok {
		data, err := from.MarshalMsg(nil)
		if err == nil {
			_, err = back.(generated).UnmarshalMsg(data)
		}
		return err
	}
	var b bytes.Buffer
	enc, dec := msgpack.NewEncoder(&b), msgpack.NewDecoder(&b)
	enc.SetCustomStructTag("json")
	dec.SetCustomStructTag("json")
	return errors.Join(enc.Encode(value), dec.Decode(back))
}

// TestLossyTypesAreRefused holds law 10 where a type alone tells that it would be
// broken, and that it would be.
func TestLossyTypesAreRefused(t *testing.T) {
	now := time.Unix(1, 2).UTC()
	for _, l := range []lossy{
		loss(codec.Msgpack, embedsNil{nil, 1}, "embedsNil is codec_test.embedsNil: it embeds *codec_test.Base, of which a nil would come back"),
		loss(codec.Msgpack, &embedsNil{nil, 1}, "or use codec.JSON"),
		loss(codec.Msgpack, embedsNilDeep{embedsNil{nil, 1}}, "embedsNilDeep.Within is"),
		loss(codec.Msgpack, embedsNilArray{Z: 1}, "embed the struct itself, give the field a name"),
		loss(codec.Msgpack, twoOfAName{1, 2}, `A and B are both "x" in MessagePack`),
		loss(codec.Msgpack, aliased{1, 2}, `A and B are both "A" in MessagePack`),
		loss(codec.Msgpack, bothSides{Left{1}, Right{2, 3}}, ""), // kept by this one, as Right.ID
		loss(codec.Msgpack, behindIts{Left{1}, 2}, `Left.ID and ID are both "ID"`),
		loss(codec.Msgpack, noneKept{1, "a"}, "each of its fields is left out"),
		loss(codec.Msgpack, []noneKept{{1, "a"}}, "V[] is codec_test.noneKept: each of its fields"),
		loss(codec.Msgpack, timed{now, "a"}, "its MarshalBinary is that of the embedded time.Time, which leaves out Name"),
		loss(codec.Msgpack, deepTimed{timed{now, "a"}}, "the embedded time.Time, which leaves out Name"),
		loss(codec.Msgpack, generatedAndMore{msgpValue{"a"}, "b"}, "its MarshalMsg is that of the embedded codec_test.msgpValue, which leaves out More"),
		loss(codec.Msgpack, embedsNumber{1, 2}, "it embeds the unexported codec_test.number"),

		loss(codec.JSON, twoTagged{LeftX{1}, &RightX{2}}, `LeftX.A and RightX.B are both "x" in JSON, which then keeps neither`),
		loss(codec.JSON, []twoTagged{{LeftX{1}, &RightX{2}}}, "V[] is codec_test.twoTagged: LeftX.A and RightX.B"),
		loss(codec.JSON, bothSides{Left{1}, Right{2, 3}}, `Left.ID and Right.ID are both "ID"`),
		loss(codec.JSON, noneKept{1, "a"}, "each of its fields is left out"),
		loss(codec.JSON, map[string]noneKept{"": {1, "a"}}, "each of its fields is left out"),
		loss(codec.JSON, timed{now, "a"}, "its MarshalJSON is that of the embedded time.Time, which leaves out Name"),
		loss(codec.JSON, []*timed{{now, "a"}}, "which leaves out Name"),
		loss(codec.Msgpack, []*timed{{now, "a"}}, "which leaves out Name"),
		loss(codec.JSON, deepTimed{timed{now, "a"}}, "which leaves out Name"),
		loss(codec.JSON, struct {
			Left
			time.Time
		}{Left{1}, now}, "which leaves out Left"),
		loss(codec.JSON, pointerTimed{&Base{ID: 1}, &now}, "its MarshalJSON is that of the embedded *time.Time, which leaves out Base"),

		loss(codec.Gob, hidden{point{1, 2}, 3}, "it embeds the unexported codec_test.point, which gob leaves out"),
		loss(codec.Gob, embedsPointer{&point{1, 2}, 3}, "it embeds the unexported codec_test.point"),
		loss(codec.Gob, []hidden{{point{1, 2}, 3}}, "V[] is codec_test.hidden"),
		loss(codec.Gob, timed{now, "a"}, "its GobEncode is that of the embedded time.Time, which leaves out Name"),
		loss(codec.Gob, []*timed{{now, "a"}}, "V[] is *codec_test.timed: its GobEncode"),
	} {
		err := codec.CheckType(l.c, l.t)
		lost := !reflect.DeepEqual(l.came, l.was)
		switch {
		case l.want == "":
			if err != nil || lost {
				t.Errorf("law 10: %s keeps %s, and says %v (%+v came back as %+v)", l.c.Name(), l.t, err, l.was, l.came)
			}
		case err == nil || !strings.Contains(err.Error(), l.want):
			t.Errorf("law 10: %s, %s: %v, want an error with %q (%+v comes back as %+v)", l.c.Name(), l.t, err, l.want, l.was, l.came)
		case !lost:
			t.Errorf("%s refuses %s, of which it keeps %+v: %v", l.c.Name(), l.t, l.was, err)
		}
	}
}

// What those types are to be like instead, and what looks like them.

type namedPointer struct {
	Base *Base
	Z    int
}

type noInline struct {
	*Base `msgpack:"base,noinline"`

	Z int
}

type leavesOut struct {
	*Left

	Z int `json:",omitempty"`
}

type holdsLeavesOut struct {
	leavesOut

	Y int
}

// ownTimed says itself how it is encoded.
type ownTimed struct {
	time.Time

	Name string
}

type plainTimed struct {
	At   time.Time
	Name string
}

func (v ownTimed) MarshalJSON() ([]byte, error) { return json.Marshal(plainTimed{v.Time, v.Name}) }

func (v *ownTimed) UnmarshalJSON(data []byte) error {
	var p plainTimed
	err := json.Unmarshal(data, &p)
	*v = ownTimed{p.At, p.Name}
	return err
}

func (v ownTimed) MarshalBinary() ([]byte, error)     { return v.MarshalJSON() }
func (v *ownTimed) UnmarshalBinary(data []byte) error { return v.UnmarshalJSON(data) }
func (v ownTimed) GobEncode() ([]byte, error)         { return v.MarshalJSON() }
func (v *ownTimed) GobDecode(data []byte) error       { return v.UnmarshalJSON(data) }

// ownGeneric has a method for pointers alone, and one for each of its types.
type ownGeneric[T any] struct {
	time.Time

	Of T
}

func (v *ownGeneric[T]) MarshalJSON() ([]byte, error) { return json.Marshal([]any{v.Time, v.Of}) }

func (v *ownGeneric[T]) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&v.Time, &v.Of})
}

// justTime has nothing but what it embeds.
type justTime struct {
	time.Time

	cached string
	Aside  string `json:"-"`
}

// overrides has an ID that hides another, as Go has it.
type overrides struct {
	Right

	ID string
}

type hiddenBehind struct {
	bothSides

	ID string
}

type tagWins struct {
	Left
	Inner struct{} `json:"-"`
	Tagged
}

type Tagged struct {
	X int `json:"ID"`
}

type optionalParts struct {
	A    int
	None noneKept
}

// TestTypesThatLookLossy holds that nothing else is refused.
func TestTypesThatLookLossy(t *testing.T) {
	at := time.Unix(1, 2).UTC()
	for _, c := range codecs {
		roundTrip(t, c, namedPointer{nil, 1}, namedPointer{&Base{}, 2})
		roundTrip(t, c, leavesOut{nil, 1}, leavesOut{&Left{1}, 2})
		roundTrip(t, c, leavesOut{&Left{}, 1}, leavesOut{})
		roundTrip(t, c, ownTimed{at, "a"}, ownTimed{at, "old"})
		roundTrip(t, c, map[string]ownTimed{"x": {at, "a"}}, nil)
		roundTrip(t, c, optionalParts{A: 1}, optionalParts{})
	}
	for _, c := range []codec.Codec{codec.JSON, codec.Gob} {
		roundTrip(t, c, embedsNil{nil, 1}, embedsNil{&Base{}, 2})
	}
	for _, c := range []codec.Codec{codec.JSON, codec.Msgpack} {
		roundTrip(t, c, justTime{Time: at}, justTime{cached: "old", Aside: "old"})
	}
	roundTrip(t, codec.Gob, noneKept{1, "a"}, noneKept{})
	roundTrip(t, codec.Gob, bothSides{Left{1}, Right{2, 3}}, bothSides{})
	roundTrip(t, codec.Msgpack, noInline{nil, 1}, noInline{&Base{}, 2})
	roundTrip(t, codec.Msgpack, holdsLeavesOut{leavesOut{nil, 1}, 2}, holdsLeavesOut{leavesOut{&Left{1}, 3}, 4})
	roundTrip(t, codec.JSON, ownGeneric[int]{at, 1}, ownGeneric[int]{})
	roundTrip(t, codec.JSON, overrides{Right{0, 1}, "a"}, overrides{})
	roundTrip(t, codec.JSON, hiddenBehind{bothSides{Right: Right{0, 1}}, "a"}, hiddenBehind{})
	roundTrip(t, codec.JSON, tagWins{Tagged: Tagged{1}}, tagWins{})
}
