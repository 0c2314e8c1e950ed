package codec

import (
	"fmt"
	"reflect"
)

// Raw keeps the bytes of []byte, of string and of named types of them as they
// are, with one copy. Nil and empty are the same bytes, none; they come back as
// an empty []byte that is not nil. No other type has a Raw encoding.
var Raw Codec = rawCodec{}

type rawCodec struct{}

func (rawCodec) Name() string { return "raw" }

func (c rawCodec) Append(dst []byte, v any) ([]byte, error) {
	from, err := pointed(c, v)
	if err != nil {
		return dst, err
	}
	if err := c.CheckType(from.Type()); err != nil {
		return dst, err
	}
	if from.Kind() == reflect.String {
		return append(dst, from.String()...), nil
	}
	return append(dst, from.Bytes()...), nil
}

func (c rawCodec) Decode(data []byte, v any) error {
	to, err := pointed(c, v)
	if err != nil {
		return err
	}
	if err := c.CheckType(to.Type()); err != nil {
		return err
	}
	if to.Kind() == reflect.String {
		to.SetString(string(data))
	} else {
		to.SetBytes(append(make([]byte, 0, len(data)), data...))
	}
	return nil
}

func (rawCodec) CheckType(t reflect.Type) error {
	if t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return nil
	}
	return fmt.Errorf("codec raw keeps []byte and string, not %s; codec.Msgpack and codec.JSON can", t)
}

func (c rawCodec) Deterministic(t reflect.Type) error { return c.CheckType(t) }
