package main

import (
	"syscall"
	"time"
)

const cpuSource = "getrusage: user and system time of the whole process, work in the background included"

// cpuTime returns the CPU time used by the process so far.
func cpuTime(int) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
