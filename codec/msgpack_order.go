package codec

import (
	"fmt"
	"reflect"
	"time"
)

// Deterministic implements [DeterministicChecker]. The library sorts maps of
// exactly string keys to exactly string, bool or any, and what is in any may be
// a map again that it does not sort.
func (c msgpackCodec) Deterministic(t reflect.Type) error {
	if err := c.CheckType(t); err != nil {
		return err
	}
	w := typeWalk{look: lookMsgpackOrder, skip: skipMsgpack}
	if msgpKindOf(t) != noMsgp {
		w.look = lookMsgpOrder
	}
	if err := w.do(t); err != nil {
		return fmt.Errorf("codec msgpack does not encode equal values of %s to equal bytes: %w; codec.JSON does", t, err)
	}
	return nil
}

func lookMsgpackOrder(p place) (more bool, err error) {
	if p.Type == reflect.TypeFor[time.Time]() || p.Type == reflect.TypeFor[error]() {
		return false, nil
	}
	if own, err := lookMsgpackMethods(p); own || err != nil {
		return false, err
	}
	switch {
	case p.Kind() == reflect.Interface:
		return false, p.errorf("it may hold a map that is not sorted")
	case p.Kind() == reflect.Map && !isSortedMap(p.Type) && !isInterfaceMap(p.Type):
		return false, p.errorf("it is sorted only if it is a map[string]string or a map[string]bool")
	}
	return true, nil
}

func isSortedMap(t reflect.Type) bool {
	return t.Key() == reflect.TypeFor[string]() && (t.Elem() == reflect.TypeFor[string]() || t.Elem() == reflect.TypeFor[bool]())
}

// isInterfaceMap leaves the answer to what the map holds.
func isInterfaceMap(t reflect.Type) bool {
	return t.Key() == reflect.TypeFor[string]() && t.Elem() == reflect.TypeFor[any]()
}

// lookMsgpOrder is for generated methods, which sort nothing.
func lookMsgpOrder(p place) (more bool, err error) {
	switch p.Kind() {
	case reflect.Interface:
		return false, p.errorf("it may hold a map, which the generated MarshalMsg does not sort")
	case reflect.Map:
		return false, p.errorf("the generated MarshalMsg does not sort it")
	default:
		return p.Type != reflect.TypeFor[time.Time](), nil
	}
}
