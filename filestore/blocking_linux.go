package filestore

import "syscall"

// setBlocking is syscall.SetNonblock without a look at the flags, which are known,
// and without a word to the scheduler: the call cannot wait.
func setBlocking(fd, flag int) error {
	_, _, err := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFL, uintptr(flag)) //nolint:gosec // neither is negative
	if err != 0 {
		return err
	}
	return nil
}
