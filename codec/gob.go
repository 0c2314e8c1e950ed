package codec

import (
	"bytes"
	"encoding/gob"
	"reflect"
)

// Gob encodes as encoding/gob.
var Gob Codec = gobCodec{}

type gobCodec struct{}

func (gobCodec) Name() string { return "gob" }

func (gobCodec) Append(dst []byte, v any) ([]byte, error) {
	to := sliceWriter{dst}
	if err := gob.NewEncoder(&to).Encode(v); err != nil {
		return dst, err
	}
	return to.b, nil
}

func (c gobCodec) Decode(data []byte, v any) error {
	return decode(c, v, func() error { return gob.NewDecoder(bytes.NewReader(data)).Decode(v) })
}

func (gobCodec) CheckType(reflect.Type) error { return nil }
