package stacks

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
	if config := os.Getenv(workerEnv); config != "" {
		work(config)
		return
	}
	logging.Disable() // of what tests break on purpose
	os.Exit(func() int {
		var err error
		if home, err = os.MkdirTemp("", "stacks"); err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(home) }()
		defer func() {
			for _, s := range started {
				s.kill()
			}
		}()
		flag.Parse()
		// The checks over Redis do little but wait, so more of them overlap than
		// there are processors; unless somebody has said how many.
		said := false
		flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
		if !said {
			if err := flag.Set("test.parallel", "8"); err != nil {
				panic(err)
			}
		}
		return m.Run()
	}())
}

// server is a process of redis-server, on a port of its own.
type server struct {
	dir  string
	port int
	args []string

	mu    sync.Mutex
	cmd   *exec.Cmd // guarded by mu
	leash io.Closer // guarded by mu
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
	var err error
	for range 5 { // the port may be taken by then
		s := &server{}
		if s.dir, err = os.MkdirTemp(home, "server"); err != nil {
			return nil, err
		}
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
		s.args = append([]string{
			"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", filepath.Join(s.dir, "log"), "--save", "",
		}, config...)
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

// run starts the process, or starts it again, and waits until it answers.
func (s *server) run() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := exec.Command("sh", append([]string{"-c", leash, "redis-server"}, s.args...)...)
	end, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.leash = cmd, end
	c := redis.NewClient(&redis.Options{Addr: s.addr(), MaxRetries: -1})
	defer c.Close()
	if err := until(func(ctx context.Context) error { return c.Ping(ctx).Err() }); err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		return fmt.Errorf("redis-server does not start: %w\n%s", err, log)
	}
	return nil
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

// needRedis skips a test that cannot run here.
func needRedis(tb testing.TB) {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		tb.Skip("there is no redis-server: install it (Debian: apt-get install redis-server) and run the test again")
	}
}

var startShared = sync.OnceValues(func() (*server, error) { return start("--appendonly", "no") })

// shared is a server that tests leave as it is, but for their own keys.
func shared(tb testing.TB) *server {
	tb.Helper()
	needRedis(tb)
	s, err := startShared()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// own starts a server for one test, which has after a crash what it had before.
func own(tb testing.TB) *server {
	tb.Helper()
	needRedis(tb)
	s, err := start("--appendonly", "yes", "--appendfsync", "always")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.kill)
	return s
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
		pause(ctx, 5*time.Millisecond)
	}
}

// errNotYet says that eventually must wait.
var errNotYet = errors.New("not yet")
