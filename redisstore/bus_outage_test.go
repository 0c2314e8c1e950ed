package redisstore_test

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/redisstore"
)

const (
	// heartbeat is that of buses whose outages are tested.
	heartbeat = 200 * time.Millisecond

	// bound is what the documentation promises: a message arrives, or it is told
	// that there is no connection. A test machine may take its time.
	bound = heartbeat*11/4 + 2*time.Second
)

// trace is what a subscriber was told, and what was published meanwhile.
type trace struct {
	t *testing.T

	mu        sync.Mutex
	published []published
	received  map[string]time.Time
	spans     []span // while the subscriber believed in its connection
	quit      func()
}

type published struct {
	key        string
	began, end time.Time
	err        error
}

type span struct{ from, to time.Time } // to is zero until it is over

// newTrace subscribes to a bus, and publishes on another one all the time, until
// the test ends.
func newTrace(t *testing.T, to, from *redisstore.Bus) *trace {
	tr := &trace{t: t, received: map[string]time.Time{}}
	stop, err := to.Subscribe(advcache.BusSubscriber{
		Receive: func(m advcache.Invalidation) {
			tr.mu.Lock()
			defer tr.mu.Unlock()
			tr.received[m.Keys[0]] = time.Now()
		},
		Connected: func(connected bool) {
			tr.mu.Lock()
			defer tr.mu.Unlock()
			if n := len(tr.spans); n > 0 && tr.spans[n-1].to.IsZero() {
				tr.spans[n-1].to = time.Now()
			}
			if connected {
				tr.spans = append(tr.spans, span{from: time.Now()})
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			p := published{key: strconv.Itoa(n), began: time.Now()}
			limited, cancel := context.WithTimeout(ctx, 250*time.Millisecond)
			p.err = from.Publish(limited, advcache.Invalidation{Keys: []string{p.key}})
			cancel()
			p.end = time.Now()
			tr.mu.Lock()
			tr.published = append(tr.published, p)
			tr.mu.Unlock()
			pause(ctx, time.Millisecond)
		}
	})
	tr.quit = sync.OnceFunc(func() {
		cancel()
		publishing.Wait()
		stop()
	})
	t.Cleanup(tr.quit)
	tr.isUp()
	return tr
}

// isUp waits until the subscriber is connected, and until a message has arrived
// that was published since.
func (tr *trace) isUp() {
	tr.t.Helper()
	tr.mu.Lock()
	n := len(tr.published)
	tr.mu.Unlock()
	eventually(tr.t, func(context.Context) error {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		if n := len(tr.spans); n == 0 || !tr.spans[n-1].to.IsZero() {
			return errNotYet
		}
		for _, p := range tr.published[n:] {
			if _, ok := tr.received[p.key]; ok {
				return nil
			}
		}
		return errNotYet
	})
}

// outages returns how many there have been.
func (tr *trace) outages() (n int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, s := range tr.spans {
		if !s.to.IsZero() {
			n++
		}
	}
	return n
}

// goesDown waits until the subscriber has been told of an outage, more than there
// were before.
func (tr *trace) goesDown(before int) {
	tr.t.Helper()
	eventually(tr.t, func(context.Context) error {
		if tr.outages() <= before {
			return errNotYet
		}
		return nil
	})
}

// check wants that no message was lost, or late, without a word: there is none which
// was published while the subscriber believed in its connection, and did so
// for longer than the bound.
func (tr *trace) check() {
	tr.t.Helper()
	tr.quit()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	now, lost := time.Now(), 0
	for _, p := range tr.published {
		arrived, ok := tr.received[p.key]
		if !ok {
			lost, arrived = lost+1, now
		}
		if p.err != nil {
			continue
		}
		for _, s := range tr.spans {
			if s.to.IsZero() {
				s.to = now
			}
			until := p.end.Add(bound)
			if s.from.Before(p.began) && s.to.After(until) && arrived.After(until) {
				tr.t.Errorf("%s was published within %v, and arrived: %v, after %v; the subscriber believed in its connection for %v more",
					p.key, p.end.Sub(p.began), ok, arrived.Sub(p.end), s.to.Sub(p.end))
			}
		}
	}
	longest := time.Duration(0)
	for i, s := range tr.spans[1:] {
		longest = max(longest, s.from.Sub(tr.spans[i].to))
	}
	tr.t.Logf("%d published, %d of them not heard, in %d outages of up to %v", len(tr.published), lost, len(tr.spans)-1, longest)
}

func newBus(t *testing.T, c redis.UniversalClient) *redisstore.Bus {
	b := redisstore.NewBus(c, &redisstore.BusOptions{Heartbeat: heartbeat, Logger: quiet})
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// TestBusCut ends the connections of the subscriber, and all subscriptions.
func TestBusCut(t *testing.T) {
	t.Parallel()
	server := own(t)
	p := newProxy(t, server.addr())
	c := redis.NewClient(&redis.Options{Addr: p.addr()})
	t.Cleanup(func() { _ = c.Close() })
	direct := server.client(t)
	tr := newTrace(t, newBus(t, c), newBus(t, direct))
	for range 3 {
		for _, cut := range []func(){p.cut, func() {
			if err := direct.Do(t.Context(), "client", "kill", "type", "pubsub").Err(); err != nil {
				t.Error(err)
			}
		}} {
			before := tr.outages()
			cut()
			tr.goesDown(before)
			tr.isUp()
		}
	}
	tr.check()
}

// TestBusSwallowed is about networks that swallow what they are given: all of it,
// or what goes to those who have subscribed.
func TestBusSwallowed(t *testing.T) {
	t.Parallel()
	server := own(t)
	p := newProxy(t, server.addr())
	c := redis.NewClient(&redis.Options{Addr: p.addr()})
	t.Cleanup(func() { _ = c.Close() })
	tr := newTrace(t, newBus(t, c), newBus(t, server.client(t)))
	for range 2 {
		before := tr.outages()
		p.hole.Store(true)
		tr.goesDown(before)
		p.hole.Store(false)
		p.cut() // what is half swallowed makes no sense
		tr.isUp()
		before = tr.outages()
		p.deaf.Store(true)
		tr.goesDown(before)
		p.deaf.Store(false)
		tr.isUp()
	}
	tr.check()
}

// TestBusRestart kills the server, and starts it again.
func TestBusRestart(t *testing.T) {
	t.Parallel()
	server := own(t)
	tr := newTrace(t, newBus(t, server.client(t)), newBus(t, server.client(t)))
	for range 2 {
		before := tr.outages()
		server.kill()
		tr.goesDown(before)
		if err := server.run(); err != nil {
			t.Fatal(err)
		}
		tr.isUp()
	}
	tr.check()
}

// TestBusStopped stops the process of the server, and lets it go on.
func TestBusStopped(t *testing.T) {
	t.Parallel()
	server := own(t)
	c := server.client(t)
	tr := newTrace(t, newBus(t, c), newBus(t, server.client(t)))
	process := processOf(t, c)
	for range 2 {
		before := tr.outages()
		signal(t, "STOP", process)
		tr.goesDown(before)
		signal(t, "CONT", process)
		tr.isUp()
	}
	tr.check()
}

func processOf(t *testing.T, c *redis.Client) (id string) {
	t.Helper()
	info, err := c.Info(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ = strings.Cut(info, "process_id:")
	id, _, _ = strings.Cut(id, "\r\n")
	return id
}

func signal(t *testing.T, name, process string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "kill", "-"+name, process).CombinedOutput(); err != nil {
		t.Fatalf("kill -%s %s: %v: %s", name, process, err, out)
	}
}

// TestBusSentinelFailover kills the master, and later stops the new one, which comes
// back as a replica.
func TestBusSentinelFailover(t *testing.T) {
	t.Parallel()
	needs(t, "redis-sentinel")
	w, err := startWatched()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(w.servers, w.sentinels...) {
		t.Cleanup(s.kill)
	}
	tr := newTrace(t, newBus(t, w.client(t)), newBus(t, w.client(t)))
	before := tr.outages()
	process := processOf(t, w.servers[0].client(t))
	signal(t, "STOP", process)
	becomesMaster(t, w.servers[1])
	tr.goesDown(before)
	tr.isUp()
	signal(t, "CONT", process)
	follows(t, w.servers[0])
	tr.isUp()
	before = tr.outages()
	w.servers[1].kill()
	tr.goesDown(before)
	becomesMaster(t, w.servers[0])
	tr.isUp()
	tr.check()
}

// TestBusClusterFailover has a replica take over: when it is asked to, so that all
// connections stay open, and after the master was killed.
func TestBusClusterFailover(t *testing.T) {
	t.Parallel()
	needs(t, "redis-server")
	cl, err := startCluster(3, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range cl.all() {
		t.Cleanup(s.kill)
	}
	tr := newTrace(t, newBus(t, cl.client(t)), newBus(t, cl.client(t)))
	owner := cl.owner(t, "advcache")
	before := tr.outages()
	if err := cl.replicas[owner].client(t).ClusterFailover(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	becomesMaster(t, cl.replicas[owner])
	tr.goesDown(before)
	tr.isUp()
	follows(t, cl.masters[owner])
	before = tr.outages()
	cl.replicas[owner].kill()
	tr.goesDown(before)
	becomesMaster(t, cl.masters[owner])
	tr.isUp()
	tr.check()
}

// TestBusReshard moves the slot of the channel to another node.
func TestBusReshard(t *testing.T) {
	t.Parallel()
	needs(t, "redis-server")
	cl, err := startCluster(3, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range cl.all() {
		t.Cleanup(s.kill)
	}
	tr := newTrace(t, newBus(t, cl.client(t)), newBus(t, cl.client(t)))
	owner := cl.owner(t, "advcache")
	for range 3 {
		before := tr.outages()
		next := (owner + 1) % 3
		cl.move(t, "advcache", owner, next)
		owner = next
		tr.goesDown(before)
		tr.isUp()
	}
	tr.check()
}

// follows waits until a server is a replica that has all.
func follows(t *testing.T, s *server) {
	t.Helper()
	c := s.client(t)
	eventually(t, func(ctx context.Context) error {
		info, err := c.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "master_link_status:up") {
			err = errNotYet
		}
		return err
	})
}

// owner returns the number of the master that has a key.
func (c *cluster) owner(t *testing.T, key string) int {
	t.Helper()
	node, err := c.client(t).MasterForKey(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range c.masters {
		if s.addr() == node.Options().Addr {
			return i
		}
	}
	t.Fatalf("no master has the address %s", node.Options().Addr)
	return 0
}

// move gives the slot of a key to another master.
func (c *cluster) move(t *testing.T, key string, from, to int) {
	t.Helper()
	var ids []string
	for _, s := range c.masters {
		id, err := s.client(t).Do(t.Context(), "cluster", "myid").Text()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	slot := c.masters[0].client(t).ClusterKeySlot(t.Context(), key).Val()
	for _, step := range []struct {
		at   int
		args []any
	}{
		{to, []any{"importing", ids[from]}},
		{from, []any{"migrating", ids[to]}},
		{to, []any{"node", ids[to]}},
		{from, []any{"node", ids[to]}},
	} {
		if err := c.masters[step.at].client(t).Do(t.Context(), append([]any{"cluster", "setslot", slot}, step.args...)...).Err(); err != nil {
			t.Fatal(fmt.Errorf("%v at %d: %w", step.args, step.at, err))
		}
	}
}
