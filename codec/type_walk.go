package codec

import (
	"fmt"
	"reflect"
)

// A typeWalk looks at the types that the values of a type are made of, each
// once: what pointers, slices, arrays, maps and the exported fields of structs
// lead to.
type typeWalk struct {
	// look judges a type. It reports whether the walk goes on to what the type is
	// made of.
	look func(p place) (more bool, err error)
	// skip reports whether a field of a struct is left out.
	skip func(f reflect.StructField) bool
	// inlines reports whether the fields of what a field embeds stand among
	// those of the struct; nil if they never do.
	inlines func(f reflect.StructField) bool

	// recursive is set once a type was found within itself.
	recursive bool

	seen map[seenType]bool // false while the walk is within it
}

// A place is a type and where it was found.
type place struct {
	reflect.Type
	role

	path string // such as Order.Lines[].Notify
}

// A role is what a place is to the type around it.
type role struct {
	// addressable is false for what a map holds: it has no methods on pointers.
	addressable bool
	// optional is true for what a field points to: it need not be there.
	optional bool
	// field is true for a field of a struct, and what it points to.
	field bool
	// inlined is true for a field whose own fields stand among those of the struct.
	inlined bool
}

func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("%s is %s: "+format, append([]any{p.path, p.Type}, args...)...)
}

type seenType struct {
	reflect.Type
	role
}

// do walks from t, the type of a value that can be addressed.
func (w *typeWalk) do(t reflect.Type) error {
	w.seen = map[seenType]bool{}
	path := "V"
	if t.PkgPath() != "" {
		path = t.Name()
	}
	return w.walk(place{t, role{addressable: true}, path})
}

func (w *typeWalk) walk(p place) error {
	key := seenType{p.Type, p.role}
	if done, ok := w.seen[key]; ok {
		w.recursive = w.recursive || !done
		return nil
	}
	w.seen[key] = false
	defer func() { w.seen[key] = true }()
	if more, err := w.look(p); err != nil || !more {
		return err
	}
	switch p.Kind() {
	case reflect.Pointer:
		p.addressable = true
		return w.walk(place{p.Elem(), p.role, p.path})
	case reflect.Slice:
		return w.walk(place{p.Elem(), role{addressable: true}, p.path + "[]"})
	case reflect.Array:
		return w.walk(place{p.Elem(), role{addressable: p.addressable}, p.path + "[]"})
	case reflect.Map:
		if err := w.walk(place{p.Key(), role{}, p.path + "[key]"}); err != nil {
			return err
		}
		return w.walk(place{p.Elem(), role{}, p.path + "[]"})
	case reflect.Struct:
		return w.fields(p)
	default:
		return nil
	}
}

func (w *typeWalk) fields(p place) error {
	for f := range p.Fields() {
		if w.skips(f) {
			continue
		}
		embedded := f.Anonymous && structOf(f.Type) != nil
		optional := f.Type.Kind() == reflect.Pointer
		role := role{p.addressable || optional, optional, true, embedded && w.inlines != nil && w.inlines(f)}
		if err := w.walk(place{f.Type, role, p.path + "." + f.Name}); err != nil {
			return err
		}
	}
	return nil
}

// skips reports whether the walk does not go to f.
func (w *typeWalk) skips(f reflect.StructField) bool {
	embedded := f.Anonymous && structOf(f.Type) != nil
	return !f.IsExported() && !embedded || embedded && !hasExported(structOf(f.Type)) || w.skip != nil && w.skip(f)
}

// structOf returns the struct that t is or points to, or nil.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// hasExported reports whether a struct type has fields that a codec can see.
func hasExported(t reflect.Type) bool {
	for f := range t.Fields() {
		if f.IsExported() || f.Anonymous {
			return true
		}
	}
	return false
}

// nothing returns an error for a struct of which no field is kept: they have the
// tag "-", or are those of embedded structs without any. A field that is such
// a struct may be meant to be left out.
func (p place) nothing(kept int, tag string) error {
	if kept == 0 && p.NumField() > 0 && !p.field {
		return p.errorf("each of its fields is left out, so that nothing of it would be kept; take the tag `%s:\"-\"` off one, or leave the struct out", tag)
	}
	return nil
}

// lost returns an error for a struct of which fields would be lost: it has
// unexported fields alone, or embeds what only its own package could set.
func (p place) lost() error {
	if !p.optional && p.NumField() > 0 && !hasExported(p.Type) {
		return p.errorf("it has no exported field, so that nothing of it would be kept")
	}
	for f := range p.Fields() {
		if s := structOf(f.Type); f.Anonymous && !f.IsExported() && f.Type.Kind() == reflect.Pointer && s != nil && hasExported(s) {
			return p.errorf("it embeds a pointer to the unexported %s, which could not be set; embed the struct itself", s)
		}
	}
	return nil
}

// implements reports whether values of t, or pointers to them, have the methods
// of the interface I.
func implements[I any](t reflect.Type) bool {
	i := reflect.TypeFor[I]()
	return t.Implements(i) || reflect.PointerTo(t).Implements(i)
}
