package main

import (
	"context"
	"io"
	"net"
	"os/exec"
	"strconv"
)

// leash runs a program for as long as somebody holds the other end of its
// standard input: no server outlives this program, however it ends.
const leash = `"$0" "$@" </dev/null >/dev/null 2>&1 &
read -r _
kill -9 $!
wait`

// leashed is a program that runs until it is stopped, or this one ends.
type leashed struct {
	cmd *exec.Cmd
	end io.Closer
}

func startLeashed(ctx context.Context, program string, args ...string) (*leashed, error) {
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", leash, program}, args...)...)
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &leashed{cmd, end}, nil
}

func (l *leashed) stop() {
	_ = l.end.Close() // ends it
	_ = l.cmd.Wait()  // its exit code is that of a process that was killed
}

// freePort returns a port of the loopback interface that nobody listens at. It may
// be taken by the time that it is used.
func freePort(ctx context.Context) (port string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), listener.Close()
}
