//go:build unix

package stacks

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
)

// stop has the process stand still, as a machine that swaps does: connections stay
// open, and nobody answers. The function that it returns has it go on.
func (s *server) stop(t *testing.T) (resume func()) {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.addr()})
	defer c.Close()
	info, err := c.Info(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(info, "process_id:")
	id, _, _ := strings.Cut(after, "\r\n")
	pid, err := strconv.Atoi(id)
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	signal := func(what os.Signal) {
		if err := p.Signal(what); err != nil {
			t.Error(err)
		}
	}
	signal(syscall.SIGSTOP)
	return sync.OnceFunc(func() { signal(syscall.SIGCONT) })
}

// TestHangingLevel is law 7: a level that does not answer costs one request its
// timeout, once in each window, and the others nothing.
func TestHangingLevel(t *testing.T) {
	t.Parallel()
	const timeout, window, callers = 100 * time.Millisecond, 300 * time.Millisecond, 4
	b := newOutage(t, advcache.LevelOptions{Timeout: timeout, Breaker: advcache.Breaker{Window: window}})
	resume := b.server.stop(t)
	defer resume()
	var reads atomic.Int64
	began := time.Now()
	var running sync.WaitGroup
	for caller := range callers {
		running.Go(func() {
			key := outageKeys[caller] // each its own, so that they share no read
			for time.Since(began) < 5*(window+timeout) {
				if err := b.memory.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
				value, _, err := b.cache.Get(t.Context(), key)
				if value != "old" || err != nil {
					t.Errorf("law 7: Get(%q) = %q, %v while Redis hangs; want what S3 has", key, value, err)
					return
				}
				reads.Add(1)
			}
		})
	}
	running.Wait()
	took := time.Since(began)
	// Those that were under way when the last of the failures came, and then one
	// for each window.
	most := failures + callers - 1 + 1 + int(took/window)
	if got := b.asks(); got > most {
		t.Errorf("law 7: %d reads in %v asked Redis %d times; want %d at most", reads.Load(), took, got, most)
	}
	if got := reads.Load(); got < 3*int64(most) {
		t.Errorf("law 7: %d reads were answered in %v; want them to go on at once while Redis is left out", got, took)
	}
	start := time.Now()
	wantRedisError(t, "delete", "k1", b.cache.Delete(t.Context(), "k1"))
	if took := time.Since(start); took < timeout || took > timeout+patience/2 {
		t.Errorf("law 7: Delete took %v; want the timeout, %v", took, timeout)
	}
	resume()
	b.recovers(t)
	b.reads(t, "k1", "")
	b.reads(t, "k2", "old")
}
