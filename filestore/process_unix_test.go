//go:build unix

package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/advcache/advcache/store"
)

func init() { //nolint:gochecknoinits // before TestMain
	children["fileLimit"] = childHitsFileLimit
	children["readOnly"] = childCannotWrite
}

// childHitsFileLimit writes where files may have 64 KiB: the system stops a
// write in the middle, as it does on a full disk.
func childHitsFileLimit(s *Store) error {
	ctx := context.Background()
	if _, _, err := s.Put(ctx, "key", object("old", 0), store.Cond{}); err != nil {
		return err
	}
	limit := syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	_, ok, err := s.Put(ctx, "key", object(strings.Repeat("x", 100_000), 0), store.Cond{})
	var pathErr *fs.PathError
	if ok || !errors.Is(err, syscall.EFBIG) || !errors.As(err, &pathErr) {
		return fmt.Errorf("Put on a full disk = %v, %w", ok, err)
	}
	obj, ok, err := s.Get(ctx, "key", store.Want{})
	if err != nil || !ok || string(obj.Body) != "old" {
		return fmt.Errorf("afterwards, Get = %q, %v, %w", obj.Body, ok, err)
	}
	_, ok, err = s.Put(ctx, "key", object("new", 0), store.Cond{})
	if err != nil || !ok {
		return fmt.Errorf("then, Put of less = %v, %w", ok, err)
	}
	return nil
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	together(t, dir, "fileLimit")
	if files := filesIn(t, dir); len(files) != 1 {
		t.Errorf("a write that failed has left %d files", len(files)-1)
	}
}

// childCannotWrite has a folder that it may only read.
func childCannotWrite(s *Store) error {
	ctx := context.Background()
	if os.Getuid() == 0 { // who may do everything becomes nobody
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	obj, ok, err := s.Get(ctx, "key", store.Want{})
	if err != nil || !ok || string(obj.Body) != "value" {
		return fmt.Errorf("Get = %q, %v, %w", obj.Body, ok, err)
	}
	var pathErr *fs.PathError
	if _, _, err := s.Put(ctx, "key", object("other", 0), store.Cond{}); !errors.Is(err, fs.ErrPermission) || !errors.As(err, &pathErr) {
		return fmt.Errorf("Put = %w", err)
	}
	if _, _, err := s.Put(ctx, "in a folder that is not there", object("other", 0), store.Cond{}); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("Put = %w", err)
	}
	if err := s.Delete(ctx, "key"); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("Delete = %w", err)
	}
	if _, err := s.Touch(ctx, "key", obj.Meta, store.Cond{}); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("Touch = %w", err)
	}
	if err := s.Clear(ctx, ""); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("Clear = %w", err)
	}
	return nil
}

func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &Options{DirMode: 0o755, FileMode: 0o644})
	put(t, s, "key", object("value", 0))
	noError(t, s.Close())
	fan := dir + "/" + nameOf("key").path()[:2]
	for _, path := range []string{dir, fan} {
		noError(t, os.Chmod(path, 0o555)) //nolint:gosec // read-only is what is tested
		defer os.Chmod(path, 0o755)       //nolint:errcheck,gosec // for the clean-up
	}
	for _, path := range filesIn(t, dir) {
		noError(t, os.Chmod(path, 0o444)) //nolint:gosec // as above
	}
	noError(t, os.Chmod(fan+"/"+lockFile, 0o444))  //nolint:gosec // as above
	noError(t, os.Chmod(filepath.Dir(dir), 0o755)) //nolint:gosec // for nobody
	together(t, dir, "readOnly")
}
