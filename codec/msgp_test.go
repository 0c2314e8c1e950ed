package codec_test

import (
	"errors"
	"testing"

	"github.com/advcache/advcache/codec"
)

// msgpValue has the methods that tinylib/msgp generates, written by hand: an
// array of one short string.
type msgpValue struct{ S string }

var errNotMsgp = errors.New("not what MarshalMsg wrote")

func (v *msgpValue) MarshalMsg(b []byte) ([]byte, error) {
	if len(v.S) > 31 {
		return b, errNotMsgp
	}
	return append(append(b, 0x91, 0xa0|byte(len(v.S))), v.S...), nil
}

func (v *msgpValue) UnmarshalMsg(b []byte) ([]byte, error) {
	if len(b) < 2 || b[0] != 0x91 || b[1]&0xe0 != 0xa0 {
		return b, errNotMsgp
	}
	n := int(b[1] & 0x1f)
	v.S = string(b[2 : 2+n])
	return b[2+n:], nil
}

// msgpMap counts as a type with generated methods, and has a map.
type msgpMap struct{ M map[string]string }

func (*msgpMap) MarshalMsg(b []byte) ([]byte, error)   { return append(b, 0xc0), nil }
func (*msgpMap) UnmarshalMsg(b []byte) ([]byte, error) { return b[1:], nil }

// half has one of the two methods only.
type half struct{ S string }

func (half) MarshalMsg([]byte) ([]byte, error) { panic("it is of no use without the other") }

func TestGeneratedMethodsAreUsed(t *testing.T) {
	value := &msgpValue{"abc"}
	for name, v := range map[string]any{"value": value, "pointer": &value} {
		got, err := codec.Msgpack.Append([]byte("p"), v)
		if err != nil || string(got) != "p\x91\xa3abc" {
			t.Errorf("Append of a %s = %q, %v", name, got, err)
		}
	}
	roundTrip(t, codec.Msgpack, msgpValue{"abc"}, msgpValue{"old"})
	roundTrip(t, codec.Msgpack, &msgpValue{"abc"}, &msgpValue{"old"})
	roundTrip(t, codec.Msgpack, nil, &msgpValue{"old"})
	// A field is encoded by its structure.
	roundTrip(t, codec.Msgpack, []msgpValue{{"abc"}, {"a string of more than 31 letters, which MarshalMsg refuses"}}, nil)
	roundTrip(t, codec.Msgpack, half{"abc"}, half{})
}

func TestGeneratedMethodsFail(t *testing.T) {
	v := msgpValue{"a string of more than 31 letters, which MarshalMsg refuses"}
	if out, err := codec.Msgpack.Append([]byte("p"), &v); !errors.Is(err, errNotMsgp) || string(out) != "p" {
		t.Errorf("Append = %q, %v", out, err)
	}
	for _, data := range []string{"", "\x91", "\x91\xa3ab", "\x91\xa3abcd", "\x92\xa1a\xa1b", "\xa3abc"} {
		if err := codec.Msgpack.Decode([]byte(data), &v); err == nil || v.S != "" {
			t.Errorf("Decode(%q) = %v, %v", data, v, err)
		}
	}
}
