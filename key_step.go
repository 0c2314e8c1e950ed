package advcache

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"unsafe"
)

// keyKind is how a value is read and written.
type keyKind uint8

const (
	keyRefused keyKind = iota
	keyString
	keyBool
	keyInt
	keyInt8
	keyInt16
	keyInt32
	keyInt64
	keyUint
	keyUint8
	keyUint16
	keyUint32
	keyUint64
	keyUintptr
	keyText // by MarshalText
)

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// hasMarshalText reports whether a variable of type t has the method, be it of
// the value or of its pointer.
func hasMarshalText(t reflect.Type) bool {
	return t.Kind() != reflect.Interface &&
		(t.Implements(textMarshaler) || reflect.PointerTo(t).Implements(textMarshaler))
}

// keyKinds holds the kinds whose values are read without reflection.
var keyKinds = map[reflect.Kind]keyKind{
	reflect.String:  keyString,
	reflect.Bool:    keyBool,
	reflect.Int:     keyInt,
	reflect.Int8:    keyInt8,
	reflect.Int16:   keyInt16,
	reflect.Int32:   keyInt32,
	reflect.Int64:   keyInt64,
	reflect.Uint:    keyUint,
	reflect.Uint8:   keyUint8,
	reflect.Uint16:  keyUint16,
	reflect.Uint32:  keyUint32,
	reflect.Uint64:  keyUint64,
	reflect.Uintptr: keyUintptr,
}

func keyKindOf(t reflect.Type) keyKind {
	if kind, ok := keyKinds[t.Kind()]; ok {
		return kind
	}
	if hasMarshalText(t) {
		return keyText
	}
	return keyRefused
}

// keyStep writes a piece of text and the value after it.
type keyStep struct {
	literal string
	kind    keyKind
	offset  uintptr      // of the value in K
	typ     reflect.Type // of the value
}

// append writes the literal and the value of s in the K at k. It must not let k
// escape, and so leaves keyText to marshal.
func (s *keyStep) append(dst []byte, k unsafe.Pointer) []byte {
	dst = append(dst, s.literal...)
	p := unsafe.Add(k, s.offset)
	switch s.kind {
	case keyString:
		return appendKeyEscaped(dst, *(*string)(p))
	case keyBool:
		return strconv.AppendBool(dst, *(*bool)(p))
	case keyInt:
		return strconv.AppendInt(dst, int64(*(*int)(p)), 10)
	case keyInt8:
		return strconv.AppendInt(dst, int64(*(*int8)(p)), 10)
	case keyInt16:
		return strconv.AppendInt(dst, int64(*(*int16)(p)), 10)
	case keyInt32:
		return strconv.AppendInt(dst, int64(*(*int32)(p)), 10)
	case keyInt64:
		return strconv.AppendInt(dst, *(*int64)(p), 10)
	case keyUint:
		return strconv.AppendUint(dst, uint64(*(*uint)(p)), 10)
	case keyUint8:
		return strconv.AppendUint(dst, uint64(*(*uint8)(p)), 10)
	case keyUint16:
		return strconv.AppendUint(dst, uint64(*(*uint16)(p)), 10)
	case keyUint32:
		return strconv.AppendUint(dst, uint64(*(*uint32)(p)), 10)
	case keyUint64:
		return strconv.AppendUint(dst, *(*uint64)(p), 10)
	case keyUintptr:
		return strconv.AppendUint(dst, uint64(*(*uintptr)(p)), 10)
	case keyText, keyRefused:
	}
	panic("advcache: key step of no kind")
}

// marshal returns the text of the value of s in the K at k. It goes by the
// pointer to the value, which has the methods of both and can be had for an
// unexported field too.
func (s *keyStep) marshal(k unsafe.Pointer) ([]byte, error) {
	v := reflect.NewAt(s.typ, unsafe.Add(k, s.offset))
	if s.typ.Kind() == reflect.Pointer {
		if v = v.Elem(); v.IsNil() {
			return nil, fmt.Errorf("nil %v has no text", s.typ)
		}
	}
	return v.Interface().(encoding.TextMarshaler).MarshalText()
}
