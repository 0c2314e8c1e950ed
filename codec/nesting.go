package codec

import (
	"fmt"
	"reflect"
	"sync"
)

// maxLinks is how many pointers and interfaces may lead to a value: four to a
// level, as in any, *any, any, *struct. A value can contain itself by these alone.
const maxLinks = 4 * maxDepth

// A nesting finds values that contain themselves, or are too deep, before a
// library recurses into them: the stack would overflow, which no recover catches
// and which ends the process.
type nesting struct {
	codec string
	// own reports whether values of a type encode themselves, so that the library
	// does not look into them. They are believed.
	own func(t reflect.Type) bool
	// skip reports whether a field is left out.
	skip func(f reflect.StructField) bool

	types sync.Map // of *nestingType by reflect.Type
}

// A nestingType is what a nesting has to know of a type.
type nestingType struct {
	// unbound is set if the type does not say how deep its values are: it leads to
	// itself, or to an interface, which may hold anything.
	unbound   bool
	key, elem bool  // those of a map are unbound
	fields    []int // which fields of a struct are
}

func (n *nesting) of(t reflect.Type) *nestingType {
	if known, ok := n.types.Load(t); ok {
		return known.(*nestingType)
	}
	facts := &nestingType{unbound: n.unbound(t)}
	switch {
	case !facts.unbound:
	case t.Kind() == reflect.Map:
		facts.key, facts.elem = n.unbound(t.Key()), n.unbound(t.Elem())
	case t.Kind() == reflect.Struct:
		w := n.walk(nil)
		for i := range t.NumField() {
			if f := t.Field(i); !w.skips(f) && n.unbound(f.Type) {
				facts.fields = append(facts.fields, i)
			}
		}
	}
	n.types.Store(t, facts)
	return facts
}

func (n *nesting) unbound(t reflect.Type) bool {
	found := false
	w := n.walk(func(p place) (more bool, err error) {
		if n.own(p.Type) {
			return false, nil
		}
		found = found || p.Kind() == reflect.Interface
		return !found, nil
	})
	_ = w.do(t) // look has no errors
	return found || w.recursive
}

func (n *nesting) walk(look func(p place) (bool, error)) *typeWalk {
	return &typeWalk{look: look, skip: n.skip}
}

// check returns an error if v contains itself or is too deep. A type that is not
// unbound costs one look at what is known of it.
func (n *nesting) check(v reflect.Value) error { return n.look(v, 0, 0) }

// look is for a v within so many levels, arrays and maps in the encoding, and
// behind so many links.
func (n *nesting) look(v reflect.Value, levels, links int) error {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if links++; links > maxLinks {
			return n.tooDeep()
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
	default:
		return nil
	}
	t := n.of(v.Type())
	if !t.unbound || v.Kind() == reflect.Slice && v.IsNil() || v.Kind() == reflect.Map && v.IsNil() {
		return nil
	}
	if levels++; levels > maxDepth {
		return n.tooDeep()
	}
	switch v.Kind() {
	case reflect.Map:
		return n.lookMap(v, t, levels, links)
	case reflect.Struct:
		for _, i := range t.fields {
			if err := n.look(v.Field(i), levels, links); err != nil {
				return err
			}
		}
	default:
		for i := range v.Len() {
			if err := n.look(v.Index(i), levels, links); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *nesting) lookMap(v reflect.Value, t *nestingType, levels, links int) error {
	if v.Type() == reflect.TypeFor[map[string]any]() { // most of what is in an any
		for _, elem := range v.Interface().(map[string]any) {
			if err := n.look(reflect.ValueOf(elem), levels, links); err != nil {
				return err
			}
		}
		return nil
	}
	// One place for all elements: MapIter.Value would allocate one for each.
	key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	for all := v.MapRange(); all.Next(); {
		if t.key {
			key.SetIterKey(all)
			if err := n.look(key, levels, links); err != nil {
				return err
			}
		}
		if t.elem {
			elem.SetIterValue(all)
			if err := n.look(elem, levels, links); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *nesting) tooDeep() error {
	return fmt.Errorf("advcache: %s cannot keep a value that contains itself, or is nested deeper than %d levels", n.codec, maxDepth)
}
