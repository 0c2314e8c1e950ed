package filestore

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// locksProcesses says that tryLock excludes other processes.
const locksProcesses = true

// lockFileEx is not in package syscall; kernel32 is in every process.
var lockFileEx = syscall.NewLazyDLL("kernel32.dll").NewProc("LockFileEx")

// tryLock locks f, or reports that somebody else has. The lock ends when f is
// closed, or its process.
func tryLock(f *os.File) (bool, error) {
	const (
		failImmediately = 1
		exclusive       = 2
		lockViolation   = syscall.Errno(33)
	)
	var at syscall.Overlapped // the first byte, which need not exist
	ok, _, err := lockFileEx.Call(f.Fd(), failImmediately|exclusive, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	switch {
	case ok != 0:
		return true, nil
	case errors.Is(err, lockViolation) || errors.Is(err, syscall.ERROR_IO_PENDING):
		return false, nil
	}
	return false, &os.PathError{Op: "LockFileEx", Path: f.Name(), Err: err}
}
