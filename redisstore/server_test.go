package redisstore_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// patience is how long a test waits for what must happen: far longer than it
// takes, since a test machine may be slow.
const patience = 60 * time.Second

// home holds the folders of all servers.
var home string

func TestMain(m *testing.M) {
	logging.Disable() // of what tests break on purpose
	os.Exit(func() int {
		var err error
		if home, err = os.MkdirTemp("", "redisstore"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(home) }()
		defer func() {
			for _, s := range started {
				s.kill()
			}
		}()
		flag.Parse()
		if _, err := exec.LookPath("redis-server"); err != nil {
			fmt.Fprintln(os.Stderr, "redisstore: without the examples, since "+err.Error())
			if err := flag.Set("test.skip", "^Example"); err != nil {
				panic(err)
			}
		}
		return m.Run()
	}())
}

// needs skips a test that cannot run here.
func needs(tb testing.TB, program string) {
	tb.Helper()
	if _, err := exec.LookPath(program); err != nil {
		tb.Skipf("there is no %s: install it (Debian: apt-get install %[1]s) and run the test again", program)
	}
}

// server is a process of redis-server or redis-sentinel, on a port of its own.
type server struct {
	program string
	dir     string
	port    int
	args    []string

	mu    sync.Mutex
	cmd   *exec.Cmd
	leash io.Closer
}

var (
	startedMu sync.Mutex
	started   []*server
)

// leash runs a program for as long as somebody holds the other end of its
// standard input: no server survives the tests, however they end.
const leash = `"$0" "$@" </dev/null >/dev/null 2>&1 &
read -r _
kill -9 $!
wait`

// start starts redis-server with a configuration, for as long as the tests run.
func start(config ...string) (*server, error) {
	return startProgram("redis-server", func(s *server) []string {
		return append([]string{
			"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", filepath.Join(s.dir, "log"),
			"--save", "", "--appendonly", "no", "--enable-debug-command", "yes",
		}, config...)
	})
}

func startProgram(program string, args func(s *server) []string) (*server, error) {
	var err error
	for range 5 { // the port may be taken by then
		s := &server{program: program}
		if s.dir, err = os.MkdirTemp(home, "server"); err != nil {
			return nil, err
		}
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
		s.args = args(s)
		startedMu.Lock()
		started = append(started, s)
		startedMu.Unlock()
		if err = s.run(); err == nil {
			return s, nil
		}
		s.kill()
	}
	return nil, err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// run starts the process, or starts it again.
func (s *server) run() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := exec.Command("sh", append([]string{"-c", leash, s.program}, s.args...)...)
	end, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.leash = cmd, end
	conn, err := net.Dial("tcp", s.addr())
	for deadline := time.Now().Add(10 * time.Second); err != nil; conn, err = net.Dial("tcp", s.addr()) {
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("%s does not start: %w\n%s", s.program, err, log)
		}
		pause(context.Background(), 10*time.Millisecond)
	}
	return conn.Close()
}

// kill ends the process at once, as a crash does.
func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		_ = s.leash.Close()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// client returns a client of the server, which lives as long as the test.
func (s *server) client(tb testing.TB, change ...func(*redis.Options)) *redis.Client {
	o := &redis.Options{Addr: s.addr()}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// pause waits for d, or for ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// eventually waits until ok returns no error.
func eventually(tb testing.TB, ok func(ctx context.Context) error) {
	tb.Helper()
	if err := until(ok); err != nil {
		tb.Fatal(err)
	}
}

func until(ok func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		err := ok(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("after %v it is still so: %w", patience, err)
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// shared returns what start makes, the same for all tests.
func shared[T any](program string, start func() (T, error)) func(tb testing.TB) T {
	once := sync.OnceValues(start)
	return func(tb testing.TB) T {
		tb.Helper()
		needs(tb, program)
		v, err := once()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// single is a server that tests leave as it is, but for their own keys.
var single = shared("redis-server", func() (*server, error) { return start() })

// own starts a server for one test.
func own(tb testing.TB, config ...string) *server {
	tb.Helper()
	needs(tb, "redis-server")
	s, err := start(config...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.kill)
	return s
}

// errNotYet says that eventually must wait.
var errNotYet = errors.New("not yet")
