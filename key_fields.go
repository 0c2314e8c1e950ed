package advcache

import (
	"fmt"
	"reflect"
	"strings"
)

// keyField is a field of a struct K that its keys show.
type keyField struct {
	reflect.StructField

	name   string // what a placeholder calls it
	tagged bool
}

// keyFields returns the fields of the struct type t that count: not those
// tagged "-", and not blank ones, which == does not compare either.
func keyFields(template string, t reflect.Type) ([]keyField, error) {
	var fields []keyField
	for f := range t.Fields() {
		field := keyField{StructField: f, name: f.Name}
		if tag, ok := f.Tag.Lookup("cache"); ok {
			field.name, field.tagged = tag, true
		}
		if field.name == "-" || f.Name == "_" {
			// Not even left out: K would be no key of a map where such a field
			// holds a slice.
			if f.Name != "_" && holdsInterface(f.Type) {
				return nil, keyErrorf(template, "field %s of %v is or holds an interface type, so that values of K may not be "+
					"comparable; leave it out of the struct", f.Name, t)
			}
			continue
		}
		if field.name == "" || strings.ContainsAny(field.name, "{},") {
			return nil, keyErrorf(template, `field %s of %v has the tag cache:%q; `+
				`a tag is a name without braces and commas, or "-" to leave the field out`, f.Name, t, field.name)
		}
		for _, other := range fields {
			if other.name == field.name {
				return nil, keyErrorf(template, "fields %s and %s of %v are both called {%s}; tag one of them with another name",
					other.Name, f.Name, t, field.name)
			}
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func findKeyField(fields []keyField, name string) (keyField, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return keyField{}, false
}

// listKeyFields lists fields as placeholders.
func listKeyFields(fields []keyField) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = "{" + f.name + "}"
	}
	return strings.Join(names, ", ")
}

// checkKeyFields refuses fields that cannot be written, whether or not the
// template names them: to be told first to add one and then that it will not
// do helps nobody.
func checkKeyFields(template string, t reflect.Type, fields []keyField) error {
	for _, f := range fields {
		if keyKindOf(f.Type) != keyRefused {
			continue
		}
		what := "field {" + f.name + "} of " + t.String()
		if f.Anonymous {
			what = "embedded " + what
		}
		return keyErrorf(template, `%s %s; tag the field cache:"-" if keys need not tell it apart`,
			what, keyRefusal(f.Type))
	}
	return nil
}

// keyRefusal says why values of t cannot be in a key, and what can.
func keyRefusal(t reflect.Type) string {
	switch t.Kind() { //nolint:exhaustive // the others share one sentence
	case reflect.Interface:
		return fmt.Sprintf("is of the interface type %v: values of different types could give one key; use a concrete type", t)
	case reflect.Struct:
		return fmt.Sprintf("is of the struct type %v, which has no MarshalText; put its fields in the key's struct itself, or give it MarshalText", t)
	case reflect.Pointer:
		return fmt.Sprintf("is of the pointer type %v; use what it points to", t)
	}
	return fmt.Sprintf("is of type %v; use a string, an integer, a bool or a type with MarshalText", t)
}

// holdsInterface reports whether == may panic for values of t.
func holdsInterface(t reflect.Type) bool {
	switch t.Kind() { //nolint:exhaustive // the others hold nothing that is compared
	case reflect.Interface:
		return true
	case reflect.Array:
		return holdsInterface(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if holdsInterface(f.Type) {
				return true
			}
		}
	}
	return false
}

// comparedByContent reports whether values of t that are equal by == have the
// same key at all times: not where == compares pointers, since what they point
// to may change.
func comparedByContent(t reflect.Type) bool {
	switch t.Kind() { //nolint:exhaustive // the others are not
	case reflect.String:
		return true
	case reflect.Array:
		return comparedByContent(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !comparedByContent(f.Type) {
				return false
			}
		}
		return true
	}
	return isInteger(t)
}
