package store_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/advcache/advcache/store"
)

func TestMetadataRoundTrip(t *testing.T) {
	for name, meta := range metas() {
		t.Run(name, func(t *testing.T) {
			m := store.Metadata(&meta)
			for k, v := range m {
				if strings.ToLower(k) != k || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("%s = %q is not lower case and printable ASCII", k, v)
				}
			}
			upper := make(map[string]string)
			for k, v := range m {
				upper[strings.ToUpper(k[:1])+k[1:]] = v
			}
			for _, m := range []map[string]string{m, upper} {
				got, ok, err := store.ParseMetadata(m)
				if !ok || err != nil || !sameMeta(got, meta) {
					t.Errorf("law 10: got %+v, %v, %v; want %+v", got, ok, err, meta)
				}
			}
		})
	}
}

func TestMetadataThatMakesNoSense(t *testing.T) {
	meta := metas()["full"]
	good := store.Metadata(&meta)
	for _, bad := range []struct{ name, value, says string }{
		{store.MetadataFormat, "2", `format "2"`},
		{store.MetadataFresh, "soon", "ac-fresh"},
		{store.MetadataFresh, "-1", "positive"},
		{store.MetadataFresh, "0", "positive"},
		{store.MetadataCreated, "99999999999999999999", "ac-created"},
		{store.MetadataHash, "short", "43 characters"},
		{store.MetadataHash, strings.Repeat("*", 43), "ac-hash"},
		{store.MetadataAbsent, "yes", "ac-absent"},
		{store.MetadataSchema, "%zz", "ac-schema"},
		{store.MetadataTags, "a,%,", "ac-tags"},
	} {
		m := maps.Clone(good)
		m[bad.name] = bad.value
		got, ok, err := store.ParseMetadata(m)
		later := bad.name == store.MetadataFormat
		if ok || err == nil || got.Foreign || got.Damaged == later || (got.Encoding == store.LaterFormat) != later || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("law 10: %s = %q: %+v, %v, %v; want a damaged object or one of a later format, and an error with %q", bad.name, bad.value, got, ok, err, bad.says)
		}
	}
	for _, m := range []map[string]string{nil, {}, {"author": "somebody"}, {"ac-hash": "x"}} {
		if got, ok, err := store.ParseMetadata(m); ok || err != nil || !got.Foreign || got.Damaged {
			t.Errorf("%v: %+v, %v, %v; want a foreign object and no error", m, got, ok, err)
		}
	}
}

func FuzzParseMetadata(f *testing.F) {
	for _, meta := range metas() {
		m := store.Metadata(&meta)
		f.Add(m[store.MetadataFormat], m[store.MetadataFresh], m[store.MetadataHash], m[store.MetadataSchema], m[store.MetadataTags], m[store.MetadataAbsent])
	}
	f.Fuzz(func(t *testing.T, format, fresh, hash, schema, tags, absent string) {
		meta, ok, _ := store.ParseMetadata(map[string]string{
			"ac-format": format, "Ac-Fresh": fresh, "ac-hash": hash, "ac-schema": schema, "AC-TAGS": tags, "ac-absent": absent,
		})
		if !ok {
			return
		}
		if got, ok, err := store.ParseMetadata(store.Metadata(&meta)); !ok || err != nil || !sameMeta(got, meta) {
			t.Errorf("%+v was written and read as %+v, %v, %v", meta, got, ok, err)
		}
	})
}
