package codec

import (
	"errors"
	"reflect"
)

// The methods that tinylib/msgp generates, which need no import of it.
type (
	msgpMarshaler interface {
		MarshalMsg(b []byte) ([]byte, error)
	}
	msgpUnmarshaler interface {
		UnmarshalMsg(b []byte) ([]byte, error)
	}
)

// A msgpKind says where a type has the generated methods.
type msgpKind int

const (
	noMsgp      msgpKind = iota
	msgpOfValue          // *V has them
	msgpOfElem           // V is a pointer, and has them itself
)

func msgpKindOf(t reflect.Type) msgpKind {
	has := func(t reflect.Type) bool {
		return t.Implements(reflect.TypeFor[msgpMarshaler]()) && t.Implements(reflect.TypeFor[msgpUnmarshaler]())
	}
	switch {
	case has(reflect.PointerTo(t)) && t.Kind() != reflect.Interface:
		return msgpOfValue
	case t.Kind() == reflect.Pointer && has(t):
		return msgpOfElem
	default:
		return noMsgp
	}
}

const msgpackNil = 0xc0

func (k msgpKind) append(dst []byte, v any) ([]byte, error) {
	if k == msgpOfElem {
		elem := reflect.ValueOf(v).Elem()
		if elem.IsNil() {
			return append(dst, msgpackNil), nil
		}
		v = elem.Interface()
	}
	out, err := v.(msgpMarshaler).MarshalMsg(dst)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (k msgpKind) decode(data []byte, v any) error {
	if k == msgpOfElem {
		if len(data) == 1 && data[0] == msgpackNil {
			return nil
		}
		elem := reflect.ValueOf(v).Elem()
		elem.Set(reflect.New(elem.Type().Elem()))
		v = elem.Interface()
	}
	rest, err := v.(msgpUnmarshaler).UnmarshalMsg(data)
	if err == nil && len(rest) > 0 {
		err = errors.New("msgpack: the generated UnmarshalMsg left a part of the value")
	}
	return err
}
