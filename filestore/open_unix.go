//go:build unix

package filestore

import (
	"io/fs"
	"os"
	"syscall"
)

// openFile is os.OpenFile in two system calls rather than six: that asks first
// whether it could wait for the file in a poller, which no regular file can.
func openFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, flag|syscall.O_CLOEXEC, uint32(mode.Perm()))
		if err == nil {
			return os.NewFile(uintptr(fd), path), nil //nolint:gosec // a descriptor is not negative
		}
		if err != syscall.EINTR {
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// openThere opens what is there, without the wait for somebody who writes to it
// that a FIFO asks for.
func openThere(path string, flag int) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, flag|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
		// Else a poller would be asked, which is for no regular file.
		if err := setBlocking(fd, flag); err != nil {
			syscall.Close(fd) //nolint:errcheck // it was not written to
			return nil, &os.PathError{Op: "fcntl", Path: path, Err: err}
		}
		return os.NewFile(uintptr(fd), path), nil //nolint:gosec // a descriptor is not negative
	}
}

// rename is os.Rename without a look at what is there.
func rename(from, to string) error {
	for {
		err := syscall.Rename(from, to)
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
		}
	}
}
