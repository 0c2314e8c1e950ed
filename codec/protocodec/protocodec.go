package protocodec

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"

	"github.com/advcache/advcache/codec"
)

// Codec encodes messages in the binary format of Protocol Buffers. V is a pointer
// to a generated message, as *pb.User; a nil one cannot be kept, and an empty one
// can.
//
// Maps are sorted, so that a program encodes equal messages to equal bytes. Another
// version of the protobuf library may choose other bytes for the same message:
// dedupe then writes once what did not change, and nothing worse. Fields that are
// unknown are kept, in the order in which they were read. Messages nested deeper
// than 10,000 levels cannot be read back. The format does not say what message it
// is, and bytes of one may well be another's; change the schema of the store with
// the type.
var Codec codec.Codec = protoCodec{}

type protoCodec struct{}

func (protoCodec) Name() string { return "proto" }

// ContentType implements [codec.ContentTyper].
func (protoCodec) ContentType() string { return "application/protobuf" }

// Append implements [codec.Codec].
func (c protoCodec) Append(dst []byte, v any) ([]byte, error) {
	to, err := c.pointed(v)
	if err != nil {
		return dst, err
	}
	if to.IsNil() {
		return dst, fmt.Errorf("codec proto: a nil %s cannot be kept", to.Type())
	}
	out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(dst, to.Interface().(proto.Message))
	if err != nil {
		return dst, err
	}
	return out, nil
}

// Decode implements [codec.Codec]: it allocates the message.
func (c protoCodec) Decode(data []byte, v any) (err error) {
	to, err := c.pointed(v)
	if err != nil {
		return err
	}
	to.SetZero()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("codec proto: decoding %s panicked: %v", to.Type(), r)
			to.SetZero()
		}
	}()
	message := reflect.New(to.Type().Elem())
	if err := proto.Unmarshal(data, message.Interface().(proto.Message)); err != nil {
		return err
	}
	to.Set(message)
	return nil
}

// pointed returns the message that v points to, which may be nil.
func (c protoCodec) pointed(v any) (reflect.Value, error) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return p, fmt.Errorf("codec proto needs a pointer to a value, not %T", v)
	}
	if err := c.isMessage(p.Type().Elem()); err != nil {
		return p, err
	}
	return p.Elem(), nil
}

// CheckType implements [codec.TypeChecker]. A struct that embeds a message counts
// as one, but nothing of it is encoded besides: it is refused.
func (c protoCodec) CheckType(t reflect.Type) error {
	if err := c.isMessage(t); err != nil {
		return err
	}
	if m := messageOf(t.Elem()); m != t {
		return fmt.Errorf("codec proto keeps pointers to generated messages, not %s, of which only the embedded message would be kept", t)
	}
	return nil
}

// messageOf returns the type of the messages that *t is, or embeds.
func messageOf(t reflect.Type) (m reflect.Type) {
	defer func() {
		if recover() != nil { // it embeds a nil interface
			m = nil
		}
	}()
	return reflect.TypeOf(reflect.New(t).Interface().(proto.Message).ProtoReflect().Interface())
}

// isMessage returns an error unless t is a pointer with the methods of a message.
func (protoCodec) isMessage(t reflect.Type) error {
	isMessage := func(t reflect.Type) bool { return t.Implements(reflect.TypeFor[proto.Message]()) }
	switch {
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && isMessage(t):
		return nil
	case t.Kind() == reflect.Struct && isMessage(reflect.PointerTo(t)):
		return fmt.Errorf("codec proto keeps pointers to messages; let V be *%s", t)
	default:
		return fmt.Errorf("codec proto keeps pointers to generated messages, as *pb.User, not %s", t)
	}
}

// Deterministic implements [codec.DeterministicChecker].
func (c protoCodec) Deterministic(t reflect.Type) error { return c.CheckType(t) }
