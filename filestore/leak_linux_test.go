package filestore

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

// TestLaw13LeavesNothing holds law 13: after Close there is no goroutine and no
// descriptor more than before.
func TestLaw13LeavesNothing(t *testing.T) {
	dir := t.TempDir()
	_ = descriptors(t, dir)
	for range 20 {
		s, err := Open(dir, nil)
		noError(t, err)
		obj := object(text(8<<10), time.Hour)
		v := put(t, s, "key", obj)
		mustHave(t, s, "key", text(8<<10))
		for _, cond := range []store.Cond{{Kind: store.IfVacant}, {Kind: store.IfVersion, Version: v}} {
			_, _, err = s.Put(t.Context(), "key", obj, cond)
			noError(t, err)
		}
		_, err = s.Touch(t.Context(), "key", obj.Meta, store.Cond{})
		noError(t, err)
		noError(t, os.Truncate(fileOf(s, "key"), 40))
		_, _, err = s.Get(t.Context(), "key", store.Want{})
		noError(t, err)
		noError(t, s.Sweep(t.Context()))
		noError(t, s.Clear(t.Context(), ""))
		noError(t, s.Close())
	}
	if left := descriptors(t, dir); len(left) != 0 {
		t.Errorf("descriptors are open: %q", left)
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if strings.Contains(string(stacks), "sweeper") {
		t.Errorf("a goroutine is left:\n%s", stacks)
	}
}

// descriptors returns the files of a folder that this process has open.
func descriptors(t *testing.T, dir string) (open []string) {
	t.Helper()
	const fds = "/proc/self/fd"
	entries, err := os.ReadDir(fds)
	noError(t, err)
	for _, e := range entries {
		if to, err := os.Readlink(fds + "/" + e.Name()); err == nil && strings.HasPrefix(to, dir) {
			open = append(open, to)
		}
	}
	return open
}
