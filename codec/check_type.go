package codec

import "reflect"

// TypeChecker is implemented by codecs that can tell by a type that they cannot
// keep its values.
type TypeChecker interface {
	CheckType(t reflect.Type) error
}

// CheckType returns why c can keep no values of type t: an error that names the
// place within t, as in Order.Lines[].Notify. Nil means that nothing speaks
// against it; single values may still fail. Whoever makes a cache asks once,
// so that a mistake shows there and not at the first write.
func CheckType(c Codec, t reflect.Type) error {
	if tc, ok := c.(TypeChecker); ok {
		return tc.CheckType(t)
	}
	return nil
}
