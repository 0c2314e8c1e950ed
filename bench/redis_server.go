package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/redis/go-redis/v9"
)

const installRedis = "there is no redis-server in PATH: install it (Debian: apt-get install redis-server; macOS: brew install redis) and run again"

// errNoRedis says that there is no program to start.
var errNoRedis = errors.New(installRedis)

// redisServer is a server of our own, without persistence.
type redisServer struct {
	addr    string
	program *leashed
}

// startRedis starts a server on a free port of the loopback interface.
func startRedis() (*redisServer, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	for range 5 { // the port may be taken by then
		var s *redisServer
		if s, err = tryRedis(program); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func tryRedis(program string) (*redisServer, error) {
	ctx := context.Background()
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	s := &redisServer{addr: "127.0.0.1:" + port}
	s.program, err = startLeashed(ctx, program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no")
	if err != nil {
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	if err := s.await(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// await waits until the server answers.
func (s *redisServer) await(ctx context.Context) (err error) {
	const patience = 10 * time.Second
	client := redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err = client.Ping(ctx).Err(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("redis-server does not answer: %w", err)
}

// stop ends the server.
func (s *redisServer) stop() {
	if s != nil {
		s.program.stop()
	}
}

// redis is the server of all works; nil, and a line that says why, where there
// is none.
func (r *runner) redis(work string) *redisServer {
	if r.server == nil {
		server, err := startRedis()
		if err != nil {
			fmt.Printf("\n%s: left out, since %v\n", work, err)
			return nil
		}
		r.server = server
	}
	return r.server
}
