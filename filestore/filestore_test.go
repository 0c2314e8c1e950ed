package filestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		o    Options
		says string
	}{
		{Options{MaxBytes: -1}, "MaxBytes is -1: use 0 for 1073741824"},
		{Options{MaxBytes: 100}, "every file takes 4096"},
		{Options{MaxEntries: -1}, "MaxEntries is -1: use 0 for 100000"},
		{Options{SweepInterval: -time.Second}, "SweepInterval is -1s: use 0 for 1m0s"},
		{Options{SweepInterval: 1}, "SweepInterval is 1ns"},
		{Options{SweepInterval: MinSweepInterval - 1}, "use 0 for 1m0s, or 10ms or more; was a unit left out"},
		{Options{DirMode: fs.ModeDir | 0o700}, "are permissions alone"},
		{Options{FileMode: 0o1600 | fs.ModeSticky}, "are permissions alone"},
		{Options{DirMode: 0o600}, "DirMode is 0600: its owner needs 0o700"},
		{Options{FileMode: 0o400}, "FileMode is 0400: its owner needs 0o600"},
	} {
		dir := filepath.Join(t.TempDir(), "cache")
		if _, err := Open(dir, &c.o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Open(%+v) = %v, want %q", c.o, err, c.says)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a refused Open has made the folder (%v)", err)
		}
	}
	if _, err := Open("", nil); err == nil || !strings.Contains(err.Error(), "give Open a path") {
		t.Errorf("Open of no folder = %v", err)
	}
}

// TestLaw13AfterClose holds law 13: Close is idempotent, stops the sweeper and
// waits, and what comes later is refused.
func TestLaw13AfterClose(t *testing.T) {
	s, err := Open(t.TempDir(), nil)
	noError(t, err)
	put(t, s, "key", object("value", 0))
	noError(t, s.Close())
	noError(t, s.Close())
	ctx := t.Context()
	obj := object("value", 0)
	calls := map[string]func() error{
		"Get":     func() error { _, _, err := s.Get(ctx, "key", store.Want{}); return err },
		"Head":    func() error { _, _, err := s.Head(ctx, "key"); return err },
		"Put":     func() error { _, _, err := s.Put(ctx, "key", obj, store.Cond{}); return err },
		"Delete":  func() error { return s.Delete(ctx, "key") },
		"Touch":   func() error { _, err := s.Touch(ctx, "key", obj.Meta, store.Cond{}); return err },
		"GetMany": func() error { _, err := s.GetMany(ctx, []string{"key"}, store.Want{}); return err },
		"PutMany": func() error { return s.PutMany(ctx, map[string]store.Object{"key": obj}) },
		"Clear":   func() error { return s.Clear(ctx, "") },
		"Sweep":   func() error { return s.Sweep(ctx) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, advcache.ErrClosed) {
			t.Errorf("%s after Close = %v", name, err)
		}
	}
}

func TestReopenedWarm(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, nil)
	noError(t, err)
	for i := range 500 {
		put(t, s, itoa(i), object("value "+itoa(i), time.Hour))
	}
	size := s.Size()
	noError(t, s.Close())
	s = open(t, dir, nil)
	for i := range 500 {
		mustHave(t, s, itoa(i), "value "+itoa(i))
	}
	noError(t, s.Sweep(t.Context()))
	if s.Len() != 500 || s.Size() != size {
		t.Errorf("Len, Size = %d, %d, want 500, %d", s.Len(), s.Size(), size)
	}
}

func TestModes(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cache"), &Options{DirMode: 0o711, FileMode: 0o604})
	put(t, s, "key", object("value", 0))
	for path, want := range map[string]fs.FileMode{
		s.dir:                          fs.ModeDir | 0o711,
		filepath.Dir(fileOf(s, "key")): fs.ModeDir | 0o711,
		fileOf(s, "key"):               0o604,
		filepath.Join(s.dir, marker):   0o604,
	} {
		info, err := os.Stat(path)
		noError(t, err)
		// The umask may take from it what is not the owner's.
		if info.Mode()&^want != 0 || info.Mode()&0o700 != want&0o700 {
			t.Errorf("%s has the mode %v, want %v", path, info.Mode(), want)
		}
	}
}
