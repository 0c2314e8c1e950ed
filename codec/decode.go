package codec

import (
	"fmt"
	"reflect"
)

// decode does what every Decode does around that of its library: v points to a
// zero value before, so that nothing of an older one shines through, and again
// after an error or a panic.
func decode(c Codec, v any, fill func() error) (err error) {
	to, err := pointed(c, v)
	if err != nil {
		return err
	}
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

// pointed returns what v points to.
func pointed(c Codec, v any) (reflect.Value, error) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return p, fmt.Errorf("codec %s needs a pointer to a value, not %#v", c.Name(), v)
	}
	return p.Elem(), nil
}
