package codec

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// CheckType implements [TypeChecker]: what encoding/json refuses, or could not
// read back. A type with MarshalJSON or MarshalText is believed.
func (jsonCodec) CheckType(t reflect.Type) error {
	w := typeWalk{
		look:    lookJSON,
		skip:    skipJSON,
		inlines: func(f reflect.StructField) bool { return jsonName(f) == "" },
	}
	if err := w.do(t); err != nil {
		return fmt.Errorf("codec json cannot keep %s: %w", t, err)
	}
	return nil
}

// Deterministic implements [DeterministicChecker]: encoding/json sorts all maps.
func (c jsonCodec) Deterministic(t reflect.Type) error { return c.CheckType(t) }

func skipJSON(f reflect.StructField) bool { return f.Tag.Get("json") == "-" }

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func lookJSON(p place) (more bool, err error) {
	if own, err := p.encodesItself(jsonOwn, skipJSON); own || err != nil {
		return false, err
	}
	switch p.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return false, p.errorf("JSON has nothing for it; leave it out by the tag `json:\"-\"`")
	case reflect.Interface:
		if p.NumMethod() > 0 {
			return false, p.errorf("JSON does not say what type is in an interface, so that it could not be read back")
		}
	case reflect.Map:
		if !isJSONKey(p.Key()) {
			return false, p.errorf("keys in JSON are strings, integers or what has MarshalText")
		}
	case reflect.Struct:
		if p.inlined {
			return true, p.lost() // its fields are judged with those around them
		}
		return true, cmp.Or(p.lost(), p.checkJSONFields())
	default:
	}
	return true, nil
}

func isJSONKey(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	default:
		return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && implements[encoding.TextUnmarshaler](t)
	}
}
