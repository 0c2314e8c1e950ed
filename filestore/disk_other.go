//go:build !windows

package filestore

import (
	"io/fs"
	"os"
)

// disk is the file operations that the store is made of, on paths below its
// folder.
type disk struct {
	dir string

	// self is that folder, or nil for who may not read it. While it is open, no
	// other is given its number.
	self *os.File
}

func openDisk(dir string) (*disk, error) {
	self, _ := openThere(dir, os.O_RDONLY) // see self
	return &disk{dir + "/", self}, nil
}

func (d *disk) close() error {
	d.self.Close() //nolint:errcheck // it was not written to, and may be nil
	return nil
}

// isInPlace reports whether the folder is still where it was opened.
func (d *disk) isInPlace() bool {
	opened, err := d.self.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(d.dir)
	return err == nil && os.SameFile(opened, now)
}

func (d *disk) open(path string) (*os.File, error) { return openThere(d.dir+path, os.O_RDONLY) }

func (d *disk) openFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	return openFile(d.dir+path, flag, mode)
}

func (d *disk) openThere(path string, flag int) (*os.File, error) { return openThere(d.dir+path, flag) }

func (d *disk) rename(from, to string) error { return rename(d.dir+from, d.dir+to) }

func (d *disk) remove(path string) error { return os.Remove(d.dir + path) }

func (d *disk) mkdir(path string, mode fs.FileMode) error { return os.Mkdir(d.dir+path, mode) }

func (d *disk) lstat(path string) (fs.FileInfo, error) { return os.Lstat(d.dir + path) }

// syncFolder makes renames in a folder last.
func (d *disk) syncFolder(path string) error {
	f, err := d.open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was not written to
	return f.Sync()
}
