package filestore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// disk is the file operations that the store is made of, on paths below its
// folder. On Windows they are those of an [os.Root]: it opens files so that they
// can be replaced and removed meanwhile, and renames and removes as POSIX asks.
type disk struct{ root *os.Root }

func openDisk(dir string) (*disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &disk{root}, nil
}

func (d *disk) close() error { return d.root.Close() }

// isInPlace reports whether the folder is still where it was opened.
func (d *disk) isInPlace() bool {
	opened, err := d.root.Stat(".")
	if err != nil {
		return false
	}
	now, err := os.Stat(d.root.Name())
	return err == nil && os.SameFile(opened, now)
}

func (d *disk) open(path string) (f *os.File, err error) {
	err = patiently(func() error { f, err = d.root.Open(path); return err })
	return f, err
}

func (d *disk) openFile(path string, flag int, mode fs.FileMode) (f *os.File, err error) {
	err = patiently(func() error { f, err = d.root.OpenFile(path, flag, mode); return err })
	return f, err
}

func (d *disk) openThere(path string, flag int) (*os.File, error) { return d.openFile(path, flag, 0) }

func (d *disk) rename(from, to string) error {
	return patiently(func() error { return d.root.Rename(from, to) })
}

func (d *disk) remove(path string) error {
	return patiently(func() error { return d.root.Remove(path) })
}

func (d *disk) mkdir(path string, mode fs.FileMode) error { return d.root.Mkdir(path, mode) }

func (d *disk) lstat(path string) (fs.FileInfo, error) { return d.root.Lstat(path) }

// syncFolder does nothing: NTFS writes its own changes to a journal, and gives
// no way to wait for it.
func (d *disk) syncFolder(string) error { return nil }

// openThere opens what is outside of a disk. No file waits for anybody here.
func openThere(path string, flag int) (f *os.File, err error) {
	err = patiently(func() error { f, err = os.OpenFile(path, flag, 0); return err })
	return f, err
}

// patiently tries again while somebody who does not share files, such as a
// virus scanner, has opened one: for about 100 ms.
func patiently(do func() error) error {
	const (
		sharingViolation = syscall.Errno(32)
		lockViolation    = syscall.Errno(33)
	)
	for pause := time.Millisecond; ; pause *= 2 {
		err := do()
		busy := errors.Is(err, sharingViolation) || errors.Is(err, lockViolation) || errors.Is(err, syscall.ERROR_ACCESS_DENIED)
		if !busy || pause > 64*time.Millisecond {
			return err
		}
		<-time.After(pause)
	}
}
