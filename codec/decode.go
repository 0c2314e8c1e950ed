package codec

import (
	"fmt"
	"reflect"
)

// decode does what every Decode does around that of its library: v points to a
// zero value before, so that nothing of an older one shines through, and again
// after an error or a panic.
func decode(c Codec, v any, fill func() error) (err error) {
	to := reflect.ValueOf(v)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return fmt.Errorf("codec %s: Decode needs a pointer to a value, not %T", c.Name(), v)
	}
	to = to.Elem()
	to.SetZero()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("codec %s: decoding %s panicked: %v", c.Name(), to.Type(), r)
		}
		if err != nil {
			to.SetZero()
		}
	}()
	return fill()
}
