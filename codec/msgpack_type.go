package codec

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// CheckType implements [TypeChecker]: what the library refuses, could not read
// back, or would recurse into without end. A type with methods of its own is
// believed.
func (msgpackCodec) CheckType(t reflect.Type) error {
	if msgpKindOf(t) != noMsgp {
		return nil
	}
	w := typeWalk{look: lookMsgpack, skip: skipMsgpack}
	if err := w.do(t); err != nil {
		return fmt.Errorf("codec msgpack cannot keep %s: %w", t, err)
	}
	return nil
}

// msgpackTag returns the tag that counts for a field: name and options.
func msgpackTag(f reflect.StructField) (name, options string) {
	tag := f.Tag.Get("msgpack")
	if tag == "" {
		tag = f.Tag.Get("json")
	}
	name, options, _ = strings.Cut(tag, ",")
	return name, options
}

func skipMsgpack(f reflect.StructField) bool {
	name, _ := msgpackTag(f)
	return name == "-"
}

func lookMsgpack(p place) (more bool, err error) {
	if p.Type == reflect.TypeFor[time.Time]() || p.Type == reflect.TypeFor[error]() {
		return false, nil
	}
	if own, err := lookMsgpackMethods(p); own || err != nil {
		return false, err
	}
	switch p.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Uintptr:
		return false, p.errorf("MessagePack has nothing for it; leave it out by the tag `msgpack:\"-\"`")
	case reflect.Interface:
		if p.NumMethod() > 0 {
			return false, p.errorf("MessagePack does not say what type is in an interface, so that it could not be read back")
		}
	case reflect.Pointer:
		if pointsToItself(p.Type) {
			return false, p.errorf("it leads to nothing but itself")
		}
	case reflect.Struct:
		if embeds(p.Type, p.Type, nil) {
			return false, p.errorf("it embeds itself; the library takes that to have fields without end")
		}
		for f := range p.Fields() {
			if _, options := msgpackTag(f); strings.Contains(","+options+",", ",intern,") {
				return false, p.errorf("the option intern of its field %s is not supported", f.Name)
			}
		}
	default:
	}
	return true, p.lost()
}

// A msgpackMethod is a way in which a type can encode and decode itself.
type msgpackMethod struct {
	encode, decode reflect.Type
	names          string
	// bytes tells that what is written is bytes, whatever the type.
	bytes bool
}

// msgpackMethods stand in the order in which the library looks for them.
var msgpackMethods = []msgpackMethod{
	{reflect.TypeFor[msgpack.CustomEncoder](), reflect.TypeFor[msgpack.CustomDecoder](), "EncodeMsgpack and DecodeMsgpack", false},
	{reflect.TypeFor[msgpack.Marshaler](), reflect.TypeFor[msgpack.Unmarshaler](), "MarshalMsgpack and UnmarshalMsgpack", false},
	{reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler](), "MarshalBinary and UnmarshalBinary", true},
	{reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](), "MarshalText and UnmarshalText", true},
}

// lookMsgpackMethods reports whether values of the type encode themselves, and
// returns an error where they would not be read back.
func lookMsgpackMethods(p place) (own bool, err error) {
	pointer := reflect.PointerTo(p.Type)
	for i, m := range msgpackMethods {
		byValue := p.Implements(m.encode)
		if !byValue && (p.Kind() == reflect.Pointer || !pointer.Implements(m.encode)) {
			continue
		}
		if !byValue && !p.addressable {
			return false, p.errorf("of %s it has the first on the pointer only, which a map does not give; let the map hold pointers", m.names)
		}
		if m.bytes && decodesItself(p.Type) != i {
			return false, p.errorf("it encodes itself, and could not be read back; let it have both, %s", m.names)
		}
		return true, nil
	}
	return false, nil
}

// decodesItself returns by which of msgpackMethods values of t are decoded; -1
// if by none.
func decodesItself(t reflect.Type) int {
	return slices.IndexFunc(msgpackMethods, func(m msgpackMethod) bool {
		return t.Implements(m.decode) || reflect.PointerTo(t).Implements(m.decode)
	})
}

func pointsToItself(t reflect.Type) bool {
	seen := map[reflect.Type]bool{}
	for ; t.Kind() == reflect.Pointer; t = t.Elem() {
		if seen[t] {
			return true
		}
		seen[t] = true
	}
	return false
}

// embeds reports whether t embeds the struct what, or a pointer to it, at any
// depth; within are the types on the way to t.
func embeds(t, what reflect.Type, within []reflect.Type) bool {
	if slices.Contains(within, t) {
		return false // a circle that is found from there
	}
	for f := range t.Fields() {
		inner := structOf(f.Type)
		if !f.Anonymous || inner == nil || skipMsgpack(f) {
			continue
		}
		if inner == what || embeds(inner, what, append(within, t)) {
			return true
		}
	}
	return false
}
