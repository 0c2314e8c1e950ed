package advcache

import (
	"reflect"
	"unsafe"
)

// KeyTemplate makes the keys of a cache out of values of type K. [ParseKey]
// makes one; the zero KeyTemplate is of no use. All methods are safe for
// concurrent use.
type KeyTemplate[K comparable] struct {
	template string
	steps    []keyStep
	tail     string // the text after the last placeholder
	marshals bool   // some step calls MarshalText
	limit    int    // in bytes; 0: none
}

// ParseKey compiles template for values of type K.
//
// A template is text with placeholders in braces. The text appears in the key
// as it stands; {{ and }} stand for single braces. It may hold neither control
// characters nor '%', which is the escape character of keys.
//
//   - "user:{}" and "user:{anything}" take a K that is one value: a string, an
//     integer or a bool, written by its underlying value even where K has a
//     name and methods; or any other type with MarshalText
//     ([encoding.TextMarshaler], on the value or on its pointer), but no
//     interface type.
//   - "t/{Tenant}/u/{ID}" takes a struct K. A placeholder names a field by the
//     name in its tag `cache:"name"`, else by its Go name, exported or not. The
//     fields have the types that K may have above. Each field must appear, and
//     once only, or two values of K would have one key; a field tagged
//     `cache:"-"` is left out, and values of K that differ in nothing else then
//     share a key. For a struct of one field, "{}" will do.
//   - A template without placeholders takes a struct without fields, such as
//     struct{}.
//
// A struct that has MarshalText itself is one value where the template has a
// single placeholder that names none of its tagged or exported fields.
//
// MarshalText must be injective, which the library cannot check: different
// values must give different texts. A pointer is written by what it points to.
//
// In a value, ASCII letters, digits and the characters - _ . ~ @ stay as they
// are, and every other byte becomes %XX, so that "users/{ID}/profile" gives
// "users/123/profile". The values "." and ".." become %2E and %2E%2E, for
// stores that read keys as paths, and the empty value becomes %~.
//
// Different values of K never give the same key. For that, the text between
// two placeholders must hold a character that the value before it cannot hold
// when it is written; ':' and '/' always will do.
//
// The error says which part of template is wrong for K and what would be right.
func ParseKey[K comparable](template string) (*KeyTemplate[K], error) {
	steps, tail, err := compileKey(template, reflect.TypeFor[K]())
	if err != nil {
		return nil, err
	}
	t := &KeyTemplate[K]{template: template, steps: steps, tail: tail}
	for _, s := range steps {
		t.marshals = t.marshals || s.kind == keyText
	}
	return t, nil
}

// String returns the template.
func (t *KeyTemplate[K]) String() string { return t.template }

// Key returns the key of k. It fails where [KeyTemplate.Append] fails.
func (t *KeyTemplate[K]) Key(k K) (string, error) {
	var buf [128]byte
	key, err := t.Append(buf[:0], k)
	if err != nil {
		return "", err
	}
	return string(key), nil
}

// Append appends the key of k to dst. It allocates nothing where dst has room
// for the key, as it is before [KeyTemplate.Limit] shortens it, and no value is
// written by its MarshalText.
//
// Only MarshalText can make it fail, or a nil pointer to call it on. The error
// is an [*OpError], and dst is returned as it was.
func (t *KeyTemplate[K]) Append(dst []byte, k K) ([]byte, error) {
	if t.marshals {
		return t.appendMarshaled(dst, k)
	}
	if t.template == "" {
		panic("advcache: the zero KeyTemplate makes no keys; use ParseKey")
	}
	start := len(dst)
	p := unsafe.Pointer(&k)
	for i := range t.steps {
		dst = t.steps[i].append(dst, p)
	}
	return t.finish(dst, start), nil
}

// appendMarshaled is Append where MarshalText is called. It is apart because
// user code may keep the pointer that it is called on: k escapes here, and with
// it every k would, were this a part of Append.
//
//go:noinline
func (t *KeyTemplate[K]) appendMarshaled(dst []byte, k K) ([]byte, error) {
	start := len(dst)
	p := unsafe.Pointer(&k)
	for i := range t.steps {
		s := &t.steps[i]
		if s.kind != keyText {
			dst = s.append(dst, p)
			continue
		}
		text, err := s.marshal(p)
		if err != nil {
			return dst[:start], &OpError{Op: "key", Backend: t.template, Err: err}
		}
		dst = appendKeyEscaped(append(dst, s.literal...), text)
	}
	return t.finish(dst, start), nil
}

func (t *KeyTemplate[K]) finish(dst []byte, start int) []byte {
	dst = append(dst, t.tail...)
	if t.limit > 0 && len(dst)-start > t.limit {
		dst = shortenKey(dst, start, t.limit)
	}
	return dst
}
