package filestore

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store"
)

// TestTouchInPlace holds that a renewal changes the file where it stands, and
// that a reader which meets it half way finds the object.
func TestTouchInPlace(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	obj := object(text(64<<10), time.Hour)
	put(t, s, "key", obj)
	before, err := os.Stat(fileOf(s, "key"))
	noError(t, err)
	var group sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				got, ok, err := s.Get(t.Context(), "key", store.Want{})
				if err != nil || !ok || got.Meta.Foreign || sha256.Sum256(got.Body) != obj.Meta.Hash {
					t.Errorf("during Touch, Get = %+v, %v, %v", got.Meta, ok, err)
					return
				}
			}
		})
	}
	for i := range 2000 {
		meta := obj.Meta
		meta.FreshUntil = meta.FreshUntil.Add(time.Duration(i) * time.Second)
		if ok, err := s.Touch(t.Context(), "key", meta, store.Cond{}); err != nil || !ok {
			t.Fatalf("Touch = %v, %v", ok, err)
		}
	}
	close(stop)
	group.Wait()
	after, err := os.Stat(fileOf(s, "key"))
	noError(t, err)
	if !os.SameFile(before, after) {
		t.Error("Touch has made another file")
	}
	meta, _, err := s.Head(t.Context(), "key")
	if want := obj.Meta.FreshUntil.Add(1999 * time.Second).Truncate(time.Millisecond); err != nil || !meta.FreshUntil.Equal(want) {
		t.Errorf("FreshUntil = %v, want %v (%v)", meta.FreshUntil, want, err)
	}
}

// TestReaderOfAReplacedFile holds that a reader which has begun reads on in the
// old file.
func TestReaderOfAReplacedFile(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	old := text(256 << 10)
	put(t, s, "key", object(old, 0))
	noError(t, s.read(t.Context(), "key", func(r *reading) error {
		put(t, s, "key", object("new", 0))
		obj, ok, err := r.object(&store.Want{})
		if err != nil || !ok || string(obj.Body) != old {
			t.Errorf("a reader of a replaced file gets %d bytes, %v, %v", len(obj.Body), ok, err)
		}
		noError(t, s.Delete(t.Context(), "key"))
		obj, ok, err = r.object(&store.Want{})
		if err != nil || !ok || string(obj.Body) != old {
			t.Errorf("a reader of a removed file gets %d bytes, %v, %v", len(obj.Body), ok, err)
		}
		return nil
	}))
}

func TestFolderRemovedWhileOpen(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"all of it": os.RemoveAll,
		"its content": func(dir string) error {
			entries, err := os.ReadDir(dir)
			for _, e := range entries {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, filepath.Join(t.TempDir(), "cache"), nil)
				synctest.Wait() // for the sweep of Open, which would mark what is being removed
				obj := object("value", time.Hour)
				put(t, s, "key", obj)
				noError(t, remove(s.dir))
				if has(t, s, "key", "value") {
					t.Error("a removed object is found")
				}
				noError(t, s.Delete(t.Context(), "key"))
				noError(t, s.Clear(t.Context(), ""))
				if ok, err := s.Touch(t.Context(), "key", obj.Meta, store.Cond{}); ok || err != nil {
					t.Errorf("Touch = %v, %v", ok, err)
				}
				noError(t, s.Sweep(t.Context()))
				if n := s.Len(); n != 0 {
					t.Errorf("Len = %d after the folder was removed", n)
				}
				put(t, s, "key", obj)
				mustHave(t, s, "key", "value")
				other := open(t, s.dir, nil) // it is marked again
				mustHave(t, other, "key", "value")
			})
		})
	}
}

// TestFolderReplacedByAnother holds that nothing is written into, or removed
// from, a folder that somebody has put in the place of ours.
func TestFolderReplacedByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "cache"), nil)
		synctest.Wait() // for the sweep of Open
		noError(t, os.RemoveAll(s.dir))
		noError(t, os.Mkdir(s.dir, 0o700))
		noError(t, os.WriteFile(filepath.Join(s.dir, "theirs"), nil, 0o600))
		if _, _, err := s.Put(t.Context(), "key", object("value", 0), store.Cond{}); err == nil || !strings.Contains(err.Error(), `holds "theirs"`) {
			t.Errorf("Put into somebody else's folder = %v", err)
		}
		temp := filepath.Join(s.dir, "00", tempName())
		noError(t, os.Mkdir(filepath.Dir(temp), 0o700))
		noError(t, os.WriteFile(temp, nil, 0o600))
		old := time.Now().Add(-2 * tempLife)
		noError(t, os.Chtimes(temp, old, old))
		if err := s.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), `holds "theirs"`) {
			t.Errorf("Sweep of somebody else's folder = %v", err)
		}
		if _, err := os.Stat(temp); err != nil {
			t.Errorf("a sweep of somebody else's folder: %v", err)
		}
		if _, err := os.Stat(filepath.Join(s.dir, marker)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("somebody else's folder was marked as ours (%v)", err)
		}
	})
}

func TestTooLarge(t *testing.T) {
	s := open(t, t.TempDir(), &Options{MaxBytes: 64 << 10})
	put(t, s, "small", object("value", 0))
	if _, _, err := s.Put(t.Context(), "large", object(text(64<<10), 0), store.Cond{}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("Put of more than MaxBytes = %v", err)
	}
	mustHave(t, s, "small", "value")
}

func TestFsync(t *testing.T) {
	s := open(t, t.TempDir(), &Options{Fsync: true})
	obj := object(text(32<<10), time.Hour)
	put(t, s, "key", obj)
	if ok, err := s.Touch(t.Context(), "key", obj.Meta, store.Cond{}); err != nil || !ok {
		t.Errorf("Touch = %v, %v", ok, err)
	}
	mustHave(t, s, "key", text(32<<10))
	noError(t, s.Delete(t.Context(), "key"))
	if has(t, s, "key", text(32<<10)) {
		t.Error("a deleted object is found")
	}
}

// TestErrorsOfTheSystem holds that they arrive as they are.
func TestErrorsOfTheSystem(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	file := fileOf(s, "key")
	noError(t, os.MkdirAll(filepath.Join(file, "inside"), 0o700))
	var pathErr *fs.PathError
	if _, ok, err := s.Get(t.Context(), "key", store.Want{Foreign: true}); ok || !errors.As(err, &pathErr) {
		t.Errorf("Get of a folder = %v, %v", ok, err)
	}
	var linkErr *os.LinkError
	if _, ok, err := s.Put(t.Context(), "key", object("value", 0), store.Cond{}); ok || !errors.As(err, &linkErr) {
		t.Errorf("Put over a folder = %v, %v", ok, err)
	}
	if err := s.Delete(t.Context(), "other", "key", "another"); !errors.As(err, &pathErr) {
		t.Errorf("Delete of a folder = %v", err)
	}
	if files := filesIn(t, s.dir); len(files) != 0 {
		t.Errorf("what failed has left %q", files)
	}
}
