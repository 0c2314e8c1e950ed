package codec

import (
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// Msgpack encodes as MessagePack.
var Msgpack Codec = msgpackCodec{}

type msgpackCodec struct{}

func (msgpackCodec) Name() string        { return "msgpack" }
func (msgpackCodec) ContentType() string { return "application/vnd.msgpack" }

func (msgpackCodec) Append(dst []byte, v any) ([]byte, error) {
	b, err := msgpack.Marshal(v)
	return append(dst, b...), err
}

func (c msgpackCodec) Decode(data []byte, v any) error {
	return decode(c, v, func() error { return msgpack.Unmarshal(data, v) })
}

func (msgpackCodec) CheckType(reflect.Type) error     { return nil }
func (msgpackCodec) Deterministic(reflect.Type) error { return nil }
