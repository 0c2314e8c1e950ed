package codec

import (
	"reflect"
	"slices"
)

// A jsonField is what encoding/json finds in a struct, by itself or by what the
// struct embeds.
type jsonField struct {
	name   string
	path   string // such as Base.ID
	depth  int
	tagged bool
}

// jsonFields appends the fields of t, which stands at path within a struct;
// within are the types on the way to it.
func jsonFields(to []jsonField, t reflect.Type, path string, within []reflect.Type) []jsonField {
	if slices.Contains(within, t) {
		return to // deeper than those that are there already
	}
	within = append(within, t)
	for f := range t.Fields() {
		inner := structOf(f.Type)
		if skipJSON(f) || !f.IsExported() && (!f.Anonymous || inner == nil) {
			continue
		}
		name := jsonName(f)
		switch {
		case f.Anonymous && name == "" && inner != nil:
			to = jsonFields(to, inner, path+f.Name+".", within)
		case name == "":
			to = append(to, jsonField{f.Name, path + f.Name, len(within), false})
		default:
			to = append(to, jsonField{name, path + f.Name, len(within), true})
		}
	}
	return to
}

// checkJSONFields returns an error for a struct of which encoding/json would keep
// none of two fields with one name: they stand equally deep. One that is less
// deep than the others, or the only one with a tag, hides them, which is a way to
// leave something out, as everywhere in Go.
func (p place) checkJSONFields() error {
	fields := jsonFields(nil, p.Type, "", nil)
	rivals := map[string][]jsonField{}
	for _, f := range fields {
		of := rivals[f.name]
		switch {
		case len(of) == 0 || f.before(of[0]):
			rivals[f.name] = []jsonField{f}
		case !of[0].before(f):
			rivals[f.name] = append(of, f)
		}
	}
	for _, f := range fields { // in their order, for an error that is always the same
		if of := rivals[f.name]; len(of) > 1 {
			return p.errorf("%s and %s are both %q in JSON, which then keeps neither; give one another name by a tag", of[0].path, of[1].path, f.name)
		}
	}
	return p.nothing(len(fields), "json")
}

// before reports whether f hides g.
func (f jsonField) before(g jsonField) bool {
	return f.depth < g.depth || f.depth == g.depth && f.tagged && !g.tagged
}
