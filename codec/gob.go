package codec

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// Gob encodes as encoding/gob, each value as a stream of its own that describes
// its type. It is not deterministic: it does not sort maps, and numbers types in
// the order in which the process first used them.
//
// What is in an interface must be of a type that was registered by gob.Register.
// Gob does not bound how deep values are nested, and a deep one would overflow
// the stack; so where the type has interfaces or contains itself, the encoding of
// a value may have 256 KiB, and values that contain themselves, or are nested deeper
// than 10,000 levels, are not encoded.
//
// Nil pointers cannot be kept, other than in fields of structs. There, pointers to
// a number, a bool, a string or a slice that is zero come back nil, as do slices
// that are empty. Fields that are channels or functions are left out.
var Gob Codec = gobCodec{}

type gobCodec struct{}

// maxNestingGob is how long the encoding of a value that can be nested may be: a
// level takes one byte at least, of which gob makes up to 500 bytes of stack, and a
// stack may have 128 MiB where a pointer has 32 bits.
const maxNestingGob = 256 << 10

func (gobCodec) Name() string { return "gob" }

func (c gobCodec) Append(dst []byte, v any) ([]byte, error) {
	facts, err := c.factsOf(v)
	if err != nil {
		return dst, err
	}
	if facts.nests {
		if err := gobNesting.check(reflect.ValueOf(v).Elem()); err != nil {
			return dst, err
		}
	}
	// Gob would write a nil pointer as what it points to, and calls the methods
	// of what lies behind a pointer to a pointer with nil.
	for at := reflect.ValueOf(v).Elem(); at.Kind() == reflect.Pointer; at = at.Elem() {
		if at.IsNil() {
			return dst, fmt.Errorf("advcache: gob cannot keep a nil %s: use another codec, or a value that is none", at.Type())
		}
		v = at.Interface()
	}
	return appendVia(dst, goodRoom, func(dst []byte) ([]byte, error) {
		to := sliceWriter{dst}
		if err := gob.NewEncoder(&to).Encode(v); err != nil {
			return dst, err
		}
		return to.b, facts.checkSize(len(to.b) - len(dst))
	})
}

func (c gobCodec) Decode(data []byte, v any) error {
	return decode(c, v, func() error {
		facts, err := c.factsOf(v)
		if err != nil {
			return err
		}
		if err := facts.checkSize(len(data)); err != nil {
			return err
		}
		if err := scanGob(data); err != nil {
			return err
		}
		from := bytes.NewReader(data)
		if err := gob.NewDecoder(from).Decode(v); err != nil {
			return err
		}
		if from.Len() > 0 {
			return fmt.Errorf("gob: %d bytes after the value", from.Len())
		}
		return nil
	})
}

// CheckType implements [TypeChecker]: what gob refuses.
func (c gobCodec) CheckType(t reflect.Type) error { return c.facts(t).err }

// Deterministic implements [DeterministicChecker]: it always returns an error.
func (gobCodec) Deterministic(t reflect.Type) error {
	return fmt.Errorf("codec gob does not encode equal values of %s to equal bytes: it does not sort maps, and numbers types in the order of their first use; codec.JSON does", t)
}

// gobFacts is what has to be known of a type.
type gobFacts struct {
	nests bool  // its values can be nested without bound
	err   error // why its values cannot be kept
}

func (f *gobFacts) checkSize(n int) error {
	if f.nests && n > maxNestingGob {
		return fmt.Errorf("gob: the encoding of a value that has interfaces or contains itself may have %d bytes, not %d", maxNestingGob, n)
	}
	return nil
}

var gobNesting = nesting{codec: "gob", own: ownGob}

// ownGob reports whether values of t encode themselves.
func ownGob(t reflect.Type) bool {
	return slices.ContainsFunc(gobOwn, func(m ownMethod) bool { return m.had(t) })
}

var gobTypes sync.Map // of *gobFacts by reflect.Type

func (c gobCodec) factsOf(v any) (*gobFacts, error) {
	p, err := pointed(c, v)
	if err != nil {
		return nil, err
	}
	facts := c.facts(p.Type())
	return facts, facts.err
}

func (gobCodec) facts(t reflect.Type) *gobFacts {
	if known, ok := gobTypes.Load(t); ok {
		return known.(*gobFacts)
	}
	facts := new(gobFacts)
	w := typeWalk{look: func(p place) (bool, error) {
		facts.nests = facts.nests || p.Kind() == reflect.Interface
		return true, nil
	}}
	facts.err = w.do(t)
	facts.nests = facts.nests || w.recursive
	err := tryGob(t)
	if err == nil {
		err = (&typeWalk{look: lookGob}).do(t)
	}
	if err != nil {
		facts.err = fmt.Errorf("codec gob cannot keep %s: %w", t, err)
	}
	gobTypes.Store(t, facts)
	return facts
}

// tryGob encodes a zero value of t, for which gob looks at all of the type.
func tryGob(t reflect.Type) (err error) {
	if pointsToItself(t) {
		return errors.New("it leads to nothing but itself")
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if ownGob(t) || t.Kind() == reflect.Interface {
		return nil // the value decides
	}
	return gob.NewEncoder(new(sliceWriter)).EncodeValue(reflect.New(t))
}

// lookGob refuses what gob leaves out without a word, though the program sees it
// as a part of the value. What cannot be sent at all, chan and func, is left out
// too: gob has no tags by which a program could ask for that.
func lookGob(p place) (more bool, err error) {
	none := func(reflect.StructField) bool { return false }
	if own, err := p.encodesItself(gobOwn, none); own || err != nil {
		return false, err
	}
	if p.Kind() != reflect.Struct {
		return true, nil
	}
	for f := range p.Fields() {
		if f.Anonymous && !f.IsExported() && visible(f) {
			return false, p.errorf("it embeds the unexported %s, which gob leaves out with its exported fields; make it a named field that is exported, or use another codec", structOf(f.Type))
		}
	}
	return true, nil
}
