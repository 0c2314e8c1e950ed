package codec

import (
	"cmp"
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
	// As a part of a value the text of an error may do; as all of it, it is nothing
	// that errors.Is or errors.As could be asked about.
	if t == reflect.TypeFor[error]() || t == reflect.TypeFor[*error]() {
		return fmt.Errorf("codec msgpack cannot keep %s: it would keep the text alone of an error, without type and chain; let V be a string, or a struct that says what went wrong", t)
	}
	w := typeWalk{look: lookMsgpack, skip: skipMsgpack, inlines: func(f reflect.StructField) bool { return !noinline(f) }}
	if msgpKindOf(t) != noMsgp {
		w.look = lookMsgp
	}
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

func noinline(f reflect.StructField) bool {
	_, options := msgpackTag(f)
	return strings.Contains(","+options+",", ",noinline,")
}

func skipMsgpack(f reflect.StructField) bool {
	name, _ := msgpackTag(f)
	return name == "-"
}

// skipMsgp is for the fields that generated methods leave out.
func skipMsgp(f reflect.StructField) bool {
	name, _, _ := strings.Cut(cmp.Or(f.Tag.Get("msg"), f.Tag.Get("msgpack")), ",")
	return name == "-"
}

// lookMsgp is for generated methods.
func lookMsgp(p place) (more bool, err error) {
	if p.Kind() == reflect.Pointer {
		return true, nil
	}
	return false, p.promoted(marshalMsg, func(f reflect.StructField) bool { return f.Tag.Get("msg") == "-" || skipMsgpack(f) })
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
			if f.Anonymous && !f.IsExported() && structOf(f.Type) == nil && !skipMsgpack(f) {
				return false, p.errorf("it embeds the unexported %s, which would be written and could not be set; make it a named field, or tag it `msgpack:\"-\"`", f.Type)
			}
		}
		if p.inlined {
			return true, p.lost() // its fields are judged with those around them
		}
		return true, cmp.Or(p.lost(), p.checkMsgpackFields())
	default:
	}
	return true, nil
}

// A msgpackMethod is a way in which a type can encode and decode itself.
type msgpackMethod struct {
	encode ownMethod
	decode reflect.Type
	names  string
	// bytes tells that what is written is bytes, whatever the type.
	bytes bool
}

// msgpackMethods stand in the order in which the library looks for them.
var msgpackMethods = []msgpackMethod{
	{encodeMsgpack, reflect.TypeFor[msgpack.CustomDecoder](), "EncodeMsgpack and DecodeMsgpack", false},
	{marshalMsgpack, reflect.TypeFor[msgpack.Unmarshaler](), "MarshalMsgpack and UnmarshalMsgpack", false},
	{marshalBinary, reflect.TypeFor[encoding.BinaryUnmarshaler](), "MarshalBinary and UnmarshalBinary", true},
	{marshalText, reflect.TypeFor[encoding.TextUnmarshaler](), "MarshalText and UnmarshalText", true},
}

// lookMsgpackMethods reports whether values of the type encode themselves, and
// returns an error where they would not be read back.
func lookMsgpackMethods(p place) (own bool, err error) {
	// The library takes any method on the value before one on the pointer.
	i := encodedBy(p.Type)
	byValue := i >= 0
	if !byValue && p.Kind() != reflect.Pointer {
		i = encodedBy(reflect.PointerTo(p.Type))
	}
	if i < 0 {
		return false, nil
	}
	m := &msgpackMethods[i]
	if !byValue && !p.addressable {
		return false, p.errorf("of %s it has the first on the pointer only, which a map does not give; let the map hold pointers", m.names)
	}
	if err := p.promoted(m.encode, skipMsgpack); err != nil {
		return false, err
	}
	if m.bytes && decodesItself(p.Type) != i {
		return false, p.errorf("it encodes itself by %s, and could not be read back; let it have both, %s", m.encode.name, m.names)
	}
	return true, nil
}

// encodedBy returns which of msgpackMethods is the first that t has; -1 if none.
func encodedBy(t reflect.Type) int {
	return slices.IndexFunc(msgpackMethods, func(m msgpackMethod) bool { return t.Implements(m.encode.of) })
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
