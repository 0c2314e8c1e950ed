package codec

import "reflect"

// TypeChecker is implemented by codecs that can tell by a type that they cannot
// keep its values, or would lose a part of each without an error.
type TypeChecker interface {
	CheckType(t reflect.Type) error
}

// CheckType returns why c cannot keep values of type t: an error that names the
// place within t, as in Order.Lines[].Notify, and says what to do. It is one also
// where c would leave out a part that can only be meant to be kept: two fields of
// one name, or the fields beside an embedded time.Time, whose methods are then
// those of the struct. What is left out on purpose, such as unexported fields and
// those with the tag "-", is no error.
//
// Nil means that nothing speaks against t; single values may still fail. Whoever
// makes a cache asks once, so that a mistake shows there and not at the first
// write. Append and Decode of [Msgpack], [Gob] and [Raw] refuse such types too.
func CheckType(c Codec, t reflect.Type) error {
	if tc, ok := c.(TypeChecker); ok {
		return tc.CheckType(t)
	}
	return nil
}
