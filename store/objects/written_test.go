package objects

import (
	"fmt"
	"slices"
	"testing"

	"github.com/advcache/advcache/store"
)

// TestWritten holds that what is recalled is what was written last, and nothing
// where nobody knows.
func TestWritten(t *testing.T) {
	meta := func(s string) *store.Meta { return &store.Meta{Schema: s, Tags: []string{s}} }
	w := NewWritten()
	recalls := func(key, want string) {
		t.Helper()
		if got, ok := w.Recall(key); ok != (want != "") || got.Schema != want || ok && !slices.Equal(got.Tags, []string{want}) {
			t.Errorf("Recall(%s) = %+v, %v; want %q", key, got, ok, want)
		}
	}
	recalls("k", "")
	a := meta("a")
	done := w.Begin("k")
	recalls("k", "")
	done(a)
	a.Tags[0] = "changed by its owner"
	recalls("k", "a")

	first, second := w.Begin("k", "other"), w.Begin("k") // at the same time
	recalls("k", "")
	second(meta("b"))
	recalls("k", "") // first may be the last
	first(meta("c"))
	recalls("k", "")
	recalls("other", "c")
	w.Begin("k")(meta("d"))
	recalls("k", "d")
	w.Begin("k")(nil)
	recalls("k", "")

	if len(w.begun) != 0 {
		t.Errorf("it keeps %d keys that nobody writes", len(w.begun))
	}

	for i := range 3 * generation {
		w.Begin(fmt.Sprint(i))(meta("x"))
		w.Recall("0") // which is of use
	}
	recalls("0", "x")
	recalls("1", "")
	recalls(fmt.Sprint(2*generation), "x")
	if n := len(w.young) + len(w.old); n < generation || n > 2*generation {
		t.Errorf("it remembers %d keys; want %d to %d", n, generation, 2*generation)
	}

	var none *Written
	none.Begin("k")(meta("a"))
	if _, ok := none.Recall("k"); ok {
		t.Error("a nil Written remembers")
	}
}
