package codec

import (
	"fmt"
	"reflect"
)

// DeterministicChecker is implemented by codecs that encode equal values of
// some types to equal bytes.
type DeterministicChecker interface {
	Deterministic(t reflect.Type) error
}

// Deterministic returns nil if c encodes equal values of type t to equal bytes,
// always and in every process: so that a hash of the bytes tells whether a value
// changed. Else the error names what in t is in the way, and a codec that can. A
// codec without the method counts as one that does not.
//
// Methods of the user's own by which a value encodes itself are taken to be
// deterministic: that they are is the promise of whoever wrote them.
func Deterministic(c Codec, t reflect.Type) error {
	if d, ok := c.(DeterministicChecker); ok {
		return d.Deterministic(t)
	}
	return fmt.Errorf("codec %s does not say that it encodes equal values of %s to equal bytes; codec.JSON does", c.Name(), t)
}
