package codec

import (
	"reflect"
	"slices"
	"strings"
)

// A msgpackField is a field as the library writes it: one of the struct, or of
// what the struct embeds.
type msgpackField struct {
	name      string
	path      string       // such as Base.ID
	behind    reflect.Type // the embedded pointer that leads to it, or nil
	omitEmpty bool
}

// A msgpackLayout is what the library makes of a struct: getFields in its
// types.go, step by step, since which of two fields with one name is kept depends on
// their order.
type msgpackLayout struct {
	fields  []msgpackField
	named   map[string]string // which path is decoded, by name
	asArray bool
}

func (l *msgpackLayout) add(f msgpackField) {
	l.fields = append(l.fields, f)
	l.named[f.name] = f.path
}

// msgpackLayoutOf returns the layout of t; within are the types that embed it.
func msgpackLayoutOf(t reflect.Type, within []reflect.Type) *msgpackLayout {
	l := &msgpackLayout{named: map[string]string{}}
	if slices.Contains(within, t) {
		return l // refused where the walk comes to it
	}
	within = append(within, t)
	omitEmpty := false
	for f := range t.Fields() {
		name, tag := msgpackTag(f)
		if name == "-" {
			continue
		}
		options := strings.Split(tag, ",")
		if f.Name == "_msgpack" {
			l.asArray = slices.Contains(options, "as_array") || slices.Contains(options, "asArray")
			omitEmpty = slices.Contains(options, "omitempty")
		}
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if l.inline(f, options, within) {
			l.named[name] = f.Name
			continue
		}
		l.add(msgpackField{name, f.Name, nil, omitEmpty || slices.Contains(options, "omitempty")})
		for _, option := range options {
			if alias, ok := strings.CutPrefix(option, "alias:"); ok {
				l.named[alias] = f.Name
			}
		}
	}
	return l
}

// inline adds the fields of what f embeds, if they are to stand among the others.
// By itself the library does that only if no name is there already.
func (l *msgpackLayout) inline(f reflect.StructField, options []string, within []reflect.Type) bool {
	inner := structOf(f.Type)
	if !f.Anonymous || inner == nil || noinline(f) || encodedBy(reflect.PointerTo(inner)) >= 0 || decodesItself(inner) >= 0 {
		return false
	}
	fields := msgpackLayoutOf(inner, within).fields
	taken := func(g msgpackField) bool { return l.named[g.name] != "" }
	if slices.ContainsFunc(fields, taken) {
		if !slices.Contains(options, "inline") {
			return false
		}
		fields = slices.DeleteFunc(fields, taken) // asked for
	}
	for _, g := range fields {
		g.path = f.Name + "." + g.path
		if f.Type.Kind() == reflect.Pointer {
			g.behind = f.Type
		}
		l.add(g)
	}
	return true
}

// checkMsgpackFields returns an error for a struct of which fields would not come
// back as they were: two of one name, or one behind an embedded pointer that is
// nil, which is written as if it were there.
func (p place) checkMsgpackFields() error {
	l := msgpackLayoutOf(p.Type, nil)
	omitEmpty := func(f msgpackField) bool { return f.omitEmpty }
	// Where any field may be left out, those behind a nil pointer are.
	leavesOut := slices.ContainsFunc(l.fields, omitEmpty) && !l.asArray
	for _, f := range l.fields {
		if other := l.named[f.name]; other != f.path && !l.asArray {
			return p.errorf("%s and %s are both %q in MessagePack, and the first would be lost; give one another name by a tag", f.path, other, f.name)
		}
		if f.behind != nil && !leavesOut {
			return p.errorf("it embeds %s, of which a nil would come back as a pointer to a zero struct; embed the struct itself, give the field a name or the tag `msgpack:\",noinline\"`, or use codec.JSON", f.behind)
		}
	}
	return p.nothing(len(l.fields), "msgpack")
}
