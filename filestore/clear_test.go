package filestore

import (
	"os"
	"testing"
)

func TestClear(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	for i := range 300 {
		put(t, s, "users/"+itoa(i), object("value", 0))
		put(t, s, "user/"+itoa(i), object("value", 0))
	}
	put(t, s, "damaged", object("value", 0))
	noError(t, os.Truncate(fileOf(s, "damaged"), 40))
	noError(t, s.Clear(t.Context(), "users/"))
	if n := s.Len(); n != 300 {
		t.Errorf("Len = %d after Clear of a prefix, want 300", n)
	}
	for i := range 300 {
		mustHave(t, s, "user/"+itoa(i), "value")
		if has(t, s, "users/"+itoa(i), "value") {
			t.Errorf("%d is still there", i)
		}
	}
	noError(t, s.Clear(t.Context(), ""))
	if files := filesIn(t, s.dir); len(files) != 0 || s.Len() != 0 || s.Size() != 0 {
		t.Errorf("after Clear of all, %d files are there; Len, Size = %d, %d", len(files), s.Len(), s.Size())
	}
}
