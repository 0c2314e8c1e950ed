//go:build !linux

package main

import "time"

const cpuSource = "wall time × GOMAXPROCS, as this system is not linux: an upper bound"

var start = time.Now()

// cpuTime returns the time that all processors had since the start.
func cpuTime(procs int) time.Duration { return time.Since(start) * time.Duration(procs) }
