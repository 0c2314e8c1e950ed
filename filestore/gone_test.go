package filestore

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

// TestPutOfWhatIsGoneRemoves holds the contract of store.Store: to put what is
// already gone removes what is held, has no Version, and leaves no file.
func TestPutOfWhatIsGoneRemoves(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	gone := object("gone", -time.Minute)
	putGone := func(what string, cond store.Cond, want bool) {
		t.Helper()
		v, ok, err := s.Put(t.Context(), "key", gone, cond)
		if ok != want || err != nil || !v.IsZero() {
			t.Errorf("contract (Put): %s: Put = %v, %v, %v; want no Version and %v", what, v, ok, err, want)
		}
		_, err = os.Lstat(fileOf(s, "key"))
		if held := err == nil; held == want || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("contract (Put): %s: there is a file: %v (%v)", what, held, err)
		}
		if n := s.Len(); n == 0 != want {
			t.Errorf("contract (Put): %s: Len = %d", what, n)
		}
	}
	putGone("over nothing, and no folder", store.Cond{}, true)
	putGone("over nothing, IfGone", store.Cond{Kind: store.IfGone}, true)
	put(t, s, "key", object("value", time.Hour))
	putGone("IfVacant over what is fresh", store.Cond{Kind: store.IfVacant}, false)
	putGone("IfVersion of another", store.Cond{Kind: store.IfVersion, Version: store.NumberVersion(1)}, false)
	putGone("Always", store.Cond{}, true)
	v := put(t, s, "key", object("value", time.Hour))
	putGone("IfVersion", store.Cond{Kind: store.IfVersion, Version: v}, true)
	put(t, s, "key", object("value", time.Hour))
	noError(t, s.PutMany(t.Context(), map[string]store.Object{"key": gone, "other": gone}))
	if n := s.Len(); n != 0 {
		t.Errorf("contract (Put): after PutMany, Len = %d", n)
	}
	if _, ok, err := s.Put(t.Context(), "key", gone, store.Cond{Kind: store.IfVersion, Version: v}); ok || err != nil {
		t.Errorf("law 3: Put IfVersion over nothing = %v, %v; want false", ok, err)
	}
	if temps, err := os.ReadDir(s.dir + "/" + fanPath(nameOf("key").fan())); err != nil || len(temps) != 1 {
		t.Errorf("the folder holds %v, %v; want the lock alone", temps, err)
	}
}
