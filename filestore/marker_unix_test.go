//go:build unix

package filestore

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

// TestMarkerThatIsNoFile holds that Open says so, and waits for nobody.
func TestMarkerThatIsNoFile(t *testing.T) {
	for what, place := range irregulars {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, marker)
			place(t, path)
			_, err := Open(dir, nil)
			if err == nil || !strings.Contains(err.Error(), path+" is no regular file") {
				t.Errorf("Open = %v", err)
			}
		})
	}
	t.Run("link to nothing", func(t *testing.T) {
		dir := t.TempDir()
		noError(t, os.Symlink("nothing", filepath.Join(dir, marker)))
		if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "is no regular file") {
			t.Errorf("Open = %v", err)
		}
	})
}

// TestLockThatIsNoFile holds that a writer says so, waits for nobody, and leaves
// nothing.
func TestLockThatIsNoFile(t *testing.T) {
	for _, what := range []string{"FIFO", "link to a FIFO", "folder", "socket"} {
		t.Run(what, func(t *testing.T) {
			s := open(t, t.TempDir(), nil)
			obj := object("value", time.Hour)
			put(t, s, "key", obj)
			path := filepath.Join(filepath.Dir(fileOf(s, "key")), lockFile)
			noError(t, os.Remove(path))
			irregulars[what](t, path)
			files := len(filesIn(t, s.dir))
			_, _, put := s.Put(t.Context(), "key", obj, store.Cond{})
			_, touch := s.Touch(t.Context(), "key", obj.Meta, store.Cond{})
			for _, err := range []error{put, touch, s.Delete(t.Context(), "key"), s.Clear(t.Context(), "")} {
				if err == nil || !strings.Contains(err.Error(), path+" is no regular file") {
					t.Errorf("without a lock: %v", err)
				}
			}
			mustHave(t, s, "key", "value")
			if n := len(filesIn(t, s.dir)); n != files {
				t.Errorf("there are %d files, and were %d", n, files)
			}
		})
	}
}

// TestFolderThatIsAFIFO holds that no sweep waits for somebody who writes to it.
func TestFolderThatIsAFIFO(t *testing.T) {
	var log journal // the sweep of Open may meet it too
	s := open(t, t.TempDir(), &Options{Logger: log.logger()})
	noError(t, syscall.Mkfifo(filepath.Join(s.dir, "00"), 0o600))
	if err := s.Sweep(t.Context()); err == nil {
		t.Error("a sweep of a FIFO succeeded")
	}
	if err := s.Clear(t.Context(), ""); err == nil {
		t.Error("Clear of a FIFO succeeded")
	}
}
