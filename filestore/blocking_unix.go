//go:build unix && !linux

package filestore

import "syscall"

func setBlocking(fd, _ int) error { return syscall.SetNonblock(fd, false) }
