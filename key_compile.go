package advcache

import (
	"reflect"
	"slices"
)

// compileKey returns the steps that write a key of type t, and the text after
// the last of them.
func compileKey(template string, t reflect.Type) (steps []keyStep, tail string, err error) {
	literals, names, err := splitKeyTemplate(template)
	if err != nil {
		return nil, "", err
	}
	if t.Kind() == reflect.Struct {
		steps, err = compileStructKey(template, names, t)
	} else {
		steps, err = compileScalarKey(template, names, t)
	}
	if err != nil {
		return nil, "", err
	}
	for i := range steps {
		steps[i].literal = literals[i]
	}
	if err := checkKeySeparators(template, steps, names); err != nil {
		return nil, "", err
	}
	return steps, literals[len(names)], nil
}

// compileScalarKey is for a K that is one value.
func compileScalarKey(template string, names []string, t reflect.Type) ([]keyStep, error) {
	kind := keyKindOf(t)
	switch {
	case kind == keyRefused:
		return nil, keyErrorf(template, "the key %s", keyRefusal(t))
	case len(names) == 0:
		return nil, keyErrorf(template, "it has no placeholder for the %v, so all values would have one key; "+
			`add {}, as in "user:{}"; only struct{} needs none`, t)
	case len(names) > 1:
		return nil, keyErrorf(template, "it has %d placeholders, but %v is one value; "+
			"leave one placeholder, or use a struct with a field for each", len(names), t)
	}
	return []keyStep{{kind: kind, typ: t}}, nil
}

func compileStructKey(template string, names []string, t reflect.Type) ([]keyStep, error) {
	fields, err := keyFields(template, t)
	if err != nil {
		return nil, err
	}
	if len(names) == 1 && hasMarshalText(t) {
		// Only fields that the struct shows: netip.Addr has an addr inside,
		// which "ip:{addr}" does not mean.
		f, ok := findKeyField(fields, names[0])
		if !ok || !f.tagged && !f.IsExported() {
			if err := checkKeyPromotion(template, t, fields); err != nil {
				return nil, err
			}
			return compileScalarKey(template, names, t)
		}
	}
	if len(fields) == 1 && len(names) == 1 && names[0] == "" {
		names = []string{fields[0].name}
	}
	if err := checkKeyNames(template, names, t, fields); err != nil {
		return nil, err
	}
	steps := make([]keyStep, len(names))
	for i, name := range names {
		f, _ := findKeyField(fields, name)
		steps[i] = keyStep{kind: keyKindOf(f.Type), offset: f.Offset, typ: f.Type}
	}
	return steps, nil
}

// checkKeyPromotion refuses a struct that may have MarshalText only because it
// embeds a type that has it: such a text leaves out the fields beside it. Any
// embedded field counts, one that is tagged "-" too, as its methods are
// promoted all the same.
func checkKeyPromotion(template string, t reflect.Type, fields []keyField) error {
	for f := range t.Fields() {
		if f.Anonymous && (f.Type.Implements(textMarshaler) || hasMarshalText(f.Type)) {
			return keyErrorf(template, "%v embeds %v, whose MarshalText may leave out the fields beside it; "+
				"write a placeholder for each field (%s), or do not embed it", t, f.Type, listKeyFields(fields))
		}
	}
	return nil
}

// checkKeyNames makes sure that the placeholders and the fields of t are the
// same, and that each of them can be written.
func checkKeyNames(template string, names []string, t reflect.Type, fields []keyField) error {
	if len(fields) == 0 {
		if len(names) > 0 {
			return keyErrorf(template, "placeholder {%s} matches no field of %v, which has none; "+
				"leave the placeholder out", names[0], t)
		}
		return nil
	}
	for i, name := range names {
		if _, ok := findKeyField(fields, name); !ok && name == "" {
			return keyErrorf(template, "placeholder {} does not say which field of %v it means; name each of its fields: %s",
				t, listKeyFields(fields))
		} else if !ok {
			return keyErrorf(template, "placeholder {%s} matches no field of %v; its fields are %s",
				name, t, listKeyFields(fields))
		}
		if slices.Contains(names[:i], name) {
			return keyErrorf(template, "placeholder {%s} appears more than once; write each field of %v once: %s",
				name, t, listKeyFields(fields))
		}
	}
	if err := checkKeyFields(template, t, fields); err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(fields), func(f keyField) bool {
		return slices.Contains(names, f.name)
	})
	if len(missing) > 0 {
		return keyErrorf(template, "it leaves out %s of %v, so values that differ only there would have one key; "+
			`add a placeholder for each field, or tag it cache:"-"`, listKeyFields(missing), t)
	}
	return nil
}

// checkKeySeparators makes sure that it can be told where a value ends and the
// text after it begins: see key_escape.go.
func checkKeySeparators(template string, steps []keyStep, names []string) error {
	for i := 1; i < len(steps); i++ {
		before := steps[i-1].kind
		ends := slices.ContainsFunc([]byte(steps[i].literal), func(c byte) bool { return !before.mayContain(c) })
		switch {
		case ends:
		case steps[i].literal == "":
			return keyErrorf(template, "nothing stands between {%s} and {%s}, so different values could give one key; "+
				"write ':' or '/' between them", names[i-1], names[i])
		default:
			return keyErrorf(template, "the text %q between {%s} and {%s} may also occur in {%s}, so different values could give one key; "+
				"write ':' or '/' between them", steps[i].literal, names[i-1], names[i], names[i-1])
		}
	}
	return nil
}
