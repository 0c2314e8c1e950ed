//go:build !unix && !windows

package filestore

import (
	"io/fs"
	"os"
)

func openFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, mode)
}

func openThere(path string, flag int) (*os.File, error) { return os.OpenFile(path, flag, 0) }

func rename(from, to string) error { return os.Rename(from, to) }
