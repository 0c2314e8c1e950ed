//go:build unix

package filestore

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
)

// irregulars puts something that is no file where that of an object would be.
var irregulars = map[string]func(t *testing.T, path string){
	"FIFO": func(t *testing.T, path string) {
		t.Helper()
		noError(t, syscall.Mkfifo(path, 0o600))
	},
	"folder": func(t *testing.T, path string) {
		t.Helper()
		noError(t, os.Mkdir(path, 0o700))
		noError(t, os.WriteFile(filepath.Join(path, "theirs"), nil, 0o600))
	},
	"socket": func(t *testing.T, path string) {
		t.Helper()
		// The path of a socket may have 104 bytes on some systems.
		dir, err := os.MkdirTemp("", "") //nolint:usetesting // see above
		noError(t, err)
		t.Cleanup(func() { noError(t, os.RemoveAll(dir)) })
		l, err := net.Listen("unix", filepath.Join(dir, "s"))
		noError(t, err)
		t.Cleanup(func() { l.Close() }) //nolint:errcheck // its path is another one now
		noError(t, os.Rename(filepath.Join(dir, "s"), path))
	},
	"link to a device": func(t *testing.T, path string) {
		t.Helper()
		noError(t, os.Symlink("/dev/zero", path))
	},
	"link to a FIFO": func(t *testing.T, path string) {
		t.Helper()
		fifo := filepath.Join(t.TempDir(), "fifo")
		noError(t, syscall.Mkfifo(fifo, 0o600))
		noError(t, os.Symlink(fifo, path))
	},
	"link to itself": func(t *testing.T, path string) {
		t.Helper()
		noError(t, os.Symlink(path, path))
	},
}

// TestWhatIsNoFileIsForeign holds law 10 for what is no regular file: no call
// waits for it or reads it, and it is what somebody else has put there.
func TestWhatIsNoFileIsForeign(t *testing.T) {
	for what, place := range irregulars {
		t.Run(what, func(t *testing.T) {
			s := open(t, t.TempDir(), nil)
			put(t, s, "key", object("value", time.Hour))
			file := fileOf(s, "key")
			noError(t, os.Remove(file))
			place(t, file)

			meta, ok, err := s.Head(t.Context(), "key")
			if err != nil || !ok || !meta.Foreign || meta.Version.IsZero() {
				t.Fatalf("law 10: Head = %+v, %v, %v; want a foreign object", meta, ok, err)
			}
			if obj, ok, err := s.Get(t.Context(), "key", store.Want{}); err != nil || !ok || !obj.Meta.Foreign || obj.Body != nil {
				t.Errorf("law 10: Get = %+v, %v, %v; want a foreign object", obj, ok, err)
			}
			if obj, ok, err := s.Get(t.Context(), "key", store.Want{Foreign: true}); ok || !errors.Is(err, errIrregular) {
				t.Errorf("law 10: Get with Want.Foreign = %+v, %v, %v; want an error, since there is no body", obj, ok, err)
			}
			if ok, err := s.Touch(t.Context(), "key", object("value", 2*time.Hour).Meta, store.Cond{}); ok || err != nil {
				t.Errorf("Touch = %v, %v; want false", ok, err)
			}
			if _, ok, err := s.Put(t.Context(), "key", object("new", 0), store.Cond{Kind: store.IfVacant, Foreign: true}); ok || err != nil {
				t.Errorf("Put IfVacant with Cond.Foreign = %v, %v; want false", ok, err)
			}
			noError(t, s.Sweep(t.Context()))
			noError(t, s.Clear(t.Context(), "k"))
			if n := s.Len(); n != 0 {
				t.Errorf("Len = %d; it is no file of ours", n)
			}

			reported := 0
			c := store.New[string](s, &store.Options{Observer: &advcache.Observer{BackendError: func(e advcache.Event) {
				if errors.Is(e.Err, store.ErrForeign) {
					reported++
				}
			}}})
			if _, ok, err := c.Get(t.Context(), "key"); ok || err != nil || reported != 1 {
				t.Errorf("law 10: Get of the cache = %v, %v, and %d reports; want a miss and one", ok, err, reported)
			}
			if what == "folder" { // which no rename replaces
				if err := c.Set(t.Context(), "key", "value", 0); err == nil || !strings.Contains(err.Error(), file) {
					t.Errorf("Set = %v; want an error that names the folder", err)
				}
				return
			}
			_, ok, err = s.Put(t.Context(), "key", object("new", 0), store.Cond{Kind: store.IfVersion, Version: meta.Version})
			if !ok || err != nil {
				t.Fatalf("Put in its place = %v, %v", ok, err)
			}
			mustHave(t, s, "key", "new")
		})
	}
}
