package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// hang accepts connections and never answers.
func hang(t *testing.T) string {
	l := listen(t)
	var conns []net.Conn
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, c)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		done.Wait()
		for _, c := range conns {
			_ = c.Close()
		}
	})
	return l.Addr().String()
}

// operations are all that ask the server.
var operations = []struct {
	name string
	do   func(ctx context.Context, s *redisstore.Store) error
}{
	{"Get", func(ctx context.Context, s *redisstore.Store) error {
		_, _, err := s.Get(ctx, "k", store.Want{})
		return err
	}},
	{"GetHash", func(ctx context.Context, s *redisstore.Store) error {
		_, _, err := s.Get(ctx, "k", store.Want{Hash: store.Hash{1}})
		return err
	}},
	{"Head", func(ctx context.Context, s *redisstore.Store) error {
		_, _, err := s.Head(ctx, "k")
		return err
	}},
	{"Put", func(ctx context.Context, s *redisstore.Store) error {
		_, _, err := s.Put(ctx, "k", object("v"), store.Cond{})
		return err
	}},
	{"PutIf", func(ctx context.Context, s *redisstore.Store) error {
		_, _, err := s.Put(ctx, "k", object("v"), store.Cond{Kind: store.IfVacant})
		return err
	}},
	{"Touch", func(ctx context.Context, s *redisstore.Store) error {
		_, err := s.Touch(ctx, "k", object("v").Meta, store.Cond{})
		return err
	}},
	{"Delete", func(ctx context.Context, s *redisstore.Store) error { return s.Delete(ctx, "k") }},
	{"DeleteMany", func(ctx context.Context, s *redisstore.Store) error { return s.Delete(ctx, "k", "l") }},
	{"GetMany", func(ctx context.Context, s *redisstore.Store) error {
		_, err := s.GetMany(ctx, []string{"k", "l"}, store.Want{})
		return err
	}},
	{"PutMany", func(ctx context.Context, s *redisstore.Store) error {
		return s.PutMany(ctx, map[string]store.Object{"k": object("v"), "l": object("w")})
	}},
	{"Clear", func(ctx context.Context, s *redisstore.Store) error { return s.Clear(ctx, "") }},
}

// ignored is the timeout of clients that would pay no regard to a context.
const ignored = 10 * patience

// hungClients are clients of a server that never answers.
func hungClients(t *testing.T, respect bool) map[string]redis.UniversalClient {
	var clients map[string]redis.UniversalClient
	t.Cleanup(func() { // after the end of the server, which they wait for
		for _, c := range clients {
			_ = c.Close()
		}
	})
	addr := hang(t)
	clients = map[string]redis.UniversalClient{
		"Client": redis.NewClient(&redis.Options{
			Addr: addr, ReadTimeout: ignored, ContextTimeoutEnabled: respect,
		}),
		"NoRetries": redis.NewClient(&redis.Options{
			Addr: addr, ReadTimeout: ignored, ContextTimeoutEnabled: respect, MaxRetries: -1,
		}),
		"Cluster": redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{addr}, ReadTimeout: ignored, ContextTimeoutEnabled: respect,
		}),
		"Sentinel": redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "main", SentinelAddrs: []string{addr}, ReadTimeout: ignored, DialTimeout: ignored, ContextTimeoutEnabled: respect,
			DialerRetries: 1, MaxRetries: -1, // else Close waits long for those that dial one after the other
		}),
		"Ring": redis.NewRing(&redis.RingOptions{
			Addrs: map[string]string{"one": addr}, ReadTimeout: ignored, ContextTimeoutEnabled: respect, HeartbeatFrequency: ignored,
		}),
	}
	clients["Wrapper"] = struct{ redis.UniversalClient }{clients["Client"]}
	return clients
}

// TestHungServer is about a server that accepts and never answers, and clients
// with and without ContextTimeoutEnabled: no operation outlasts its context.
func TestHungServer(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("Clients", func(t *testing.T) {
		for _, respect := range []bool{false, true} {
			for name, c := range hungClients(t, respect) {
				for _, op := range operations {
					t.Run(fmt.Sprintf("%s/ContextTimeoutEnabled=%v/%s", name, respect, op.name), func(t *testing.T) {
						t.Parallel()
						endsWithContext(t, redisstore.New(c, nil), op.do)
					})
				}
			}
		}
	})
	goroutinesEnd(t, before)
}

// endsWithContext wants an operation to end with its context, at a deadline and
// when it is cancelled, and to say so.
func endsWithContext(t *testing.T, s *redisstore.Store, do func(ctx context.Context, s *redisstore.Store) error) {
	t.Helper()
	const wait = 30 * time.Millisecond
	for _, end := range []struct {
		name string
		with func() (context.Context, context.CancelFunc)
		want error
	}{
		{"deadline", func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), wait)
		}, context.DeadlineExceeded},
		{"cancelled", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			timer := time.AfterFunc(wait, cancel)
			return ctx, func() { timer.Stop(); cancel() }
		}, context.Canceled},
		{"cancelled long before its deadline", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(t.Context(), ignored)
			timer := time.AfterFunc(wait, cancel)
			return ctx, func() { timer.Stop(); cancel() }
		}, context.Canceled},
	} {
		ctx, cancel := end.with()
		began := time.Now()
		err := do(ctx, s)
		took := time.Since(began)
		cancel()
		if !errors.Is(err, end.want) {
			t.Errorf("%s: the error is %v; want %v", end.name, err, end.want)
		}
		if took > patience/2 {
			t.Errorf("%s: it took %v", end.name, took)
		}
	}
}

// TestHungServerWithManyReaders is about reads that are joined: each of them ends
// with its own context, and nothing stays behind.
func TestHungServerWithManyReaders(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("Clients", func(t *testing.T) {
		for _, respect := range []bool{false, true} {
			t.Run(fmt.Sprintf("ContextTimeoutEnabled=%v", respect), func(t *testing.T) {
				t.Parallel()
				s := redisstore.New(hungClients(t, respect)["Client"], nil)
				get := func(ctx context.Context, s *redisstore.Store) error {
					_, _, err := s.Get(ctx, "k", store.Want{})
					return err
				}
				var readers sync.WaitGroup
				for range 100 {
					readers.Go(func() {
						for range 3 {
							endsWithContext(t, s, get)
						}
					})
				}
				readers.Wait()
			})
		}
	})
	goroutinesEnd(t, before)
}

// TestPausedServer is about a server that stops in mid-load and goes on: so do
// its readers, whose reads are joined.
func TestPausedServer(t *testing.T) {
	server := own(t)
	s, _ := newStore(server.client(t, func(o *redis.Options) { o.ContextTimeoutEnabled = true }))
	asleep := server.client(t, func(o *redis.Options) { o.ReadTimeout = ignored })
	put(t, s, "k", object("v"))
	ctx, cancel := context.WithCancel(t.Context())
	var ok, failed atomic.Int64
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	for range 5 * lanes {
		readers.Go(func() {
			for ctx.Err() == nil {
				limited, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
				obj, found, err := s.Get(limited, "k", store.Want{})
				cancel()
				switch {
				case err != nil:
					failed.Add(1)
				case !found || string(obj.Body) != "v":
					t.Errorf("Get = %q, %v", obj.Body, found)
				default:
					ok.Add(1)
				}
			}
		})
	}
	more := func(n *atomic.Int64) {
		t.Helper()
		enough := n.Load() + 5*5*lanes // of each reader some
		eventually(t, func(context.Context) error {
			if n.Load() < enough {
				return errNotYet
			}
			return nil
		})
	}
	more(&ok)
	if err := asleep.Do(t.Context(), "debug", "sleep", "2").Err(); err != nil {
		t.Fatal(err)
	}
	if failed.Load() < 5*5*lanes {
		t.Errorf("%d reads failed while the server slept", failed.Load())
	}
	more(&ok)
}

// TestPoolExhausted is about a client whose connections all wait for a server
// that does not answer.
func TestPoolExhausted(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("Client", func(t *testing.T) {
		c := redis.NewClient(&redis.Options{
			Addr: hang(t), PoolSize: 1, PipelinePoolSize: -1, PoolTimeout: ignored, ReadTimeout: ignored,
		})
		defer c.Close()
		var waiting sync.WaitGroup
		defer waiting.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := redisstore.New(c, nil)
		waiting.Go(func() { _, _, _ = s.Get(ctx, "k", store.Want{}) })
		eventually(t, func(context.Context) error {
			if c.PoolStats().TotalConns == 0 {
				return errNotYet
			}
			return nil
		})
		for _, op := range operations {
			t.Run(op.name, func(t *testing.T) { endsWithContext(t, s, op.do) })
		}
	})
	goroutinesEnd(t, before)
}

// goroutinesEnd waits for goroutines that were started since there were as many
// as before.
func goroutinesEnd(t *testing.T, before int) {
	t.Helper()
	eventually(t, func(context.Context) error {
		if now := runtime.NumGoroutine(); now > before {
			stacks := make([]byte, 1<<20)
			return fmt.Errorf("%d goroutines, there were %d:\n%s", now, before, stacks[:runtime.Stack(stacks, true)])
		}
		return nil
	})
}

// TestHungNode is about a Cluster of which one node does not answer: the keys of
// the others are read, with an error that tells that there may be more.
func TestHungNode(t *testing.T) {
	needs(t, "redis-server")
	cl, err := startCluster(3, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range cl.all() {
		t.Cleanup(s.kill)
	}
	c := cl.client(t, func(o *redis.ClusterOptions) { o.ReadTimeout = ignored })
	s := redisstore.New(c, nil)
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
		put(t, s, keys[i], object("v"))
	}
	asleep := cl.masters[0].client(t, func(o *redis.Options) { o.ReadTimeout = ignored })
	var sleeping sync.WaitGroup
	defer sleeping.Wait()
	sleeping.Go(func() { _ = asleep.Do(context.Background(), "debug", "sleep", "3").Err() })
	eventually(t, func(context.Context) error { // until it sleeps
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		got, err := s.GetMany(ctx, keys, store.Want{})
		if err == nil || count(got) == len(keys) {
			return errNotYet
		}
		if count(got) < 40 || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "redis get") {
			t.Errorf("GetMany gave %d objects, %v; want those of two nodes, and what went wrong", count(got), err)
		}
		return nil
	})
}

// TestHooks holds that the hooks of the user run: those of tracing, say.
func TestHooks(t *testing.T) {
	c := single(t).client(t)
	n := &counter{}
	c.AddHook(n)
	s, _ := newStore(c)
	put(t, s, "k", object("v"))
	if err := s.PutMany(t.Context(), map[string]store.Object{"a": object("v"), "b": object("v")}); err != nil {
		t.Fatal(err)
	}
	if got := n.take(); got != "set, [set set]" {
		t.Errorf("hooks saw %s", got)
	}
}

// TestPanickingHook holds that a panic of the user's code reaches the caller, in
// whatever goroutine it happens.
func TestPanickingHook(t *testing.T) {
	for _, respect := range []bool{false, true} {
		t.Run(fmt.Sprintf("ContextTimeoutEnabled=%v", respect), func(t *testing.T) {
			c := single(t).client(t, func(o *redis.Options) { o.ContextTimeoutEnabled = respect })
			c.AddHook(&panicker{})
			s, _ := newStore(c)
			defer func() {
				if got := recover(); got != "hook" {
					t.Errorf("recovered %v; want the panic of the hook", got)
				}
			}()
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			_, _, _ = s.Get(ctx, "k", store.Want{})
		})
	}
}

// soon is a deadline near enough for a client with ContextTimeoutEnabled to be
// called directly.
const soon = 400 * time.Millisecond

type panicker struct{ counter }

func (*panicker) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { panic("hook") }
}

// TestNoGhosts holds that a write whose caller has left does not undo a delete that
// comes after it, whatever the client does meanwhile (law 3).
func TestNoGhosts(t *testing.T) {
	for _, respect := range []bool{false, true} {
		t.Run(fmt.Sprintf("ContextTimeoutEnabled=%v", respect), func(t *testing.T) {
			server := own(t)
			asleep := server.client(t, func(o *redis.Options) { o.ReadTimeout = ignored })
			s, _ := newStore(server.client(t, func(o *redis.Options) { o.PoolSize, o.ContextTimeoutEnabled = 40, respect }))
			var sleeping sync.WaitGroup
			sleeping.Go(func() { _ = asleep.Do(t.Context(), "debug", "sleep", "1.5").Err() })
			pause(t.Context(), 100*time.Millisecond)
			var writers sync.WaitGroup
			for i := range 30 {
				key := fmt.Sprint("k", i)
				writers.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
					defer cancel()
					if i%2 == 0 {
						_, _, _ = s.Put(ctx, key, object("old"), store.Cond{})
					} else {
						_ = s.PutMany(ctx, map[string]store.Object{key: object("old")})
					}
				})
			}
			writers.Wait()
			deleted := func(do func(ctx context.Context) error) {
				eventually(t, func(ctx context.Context) error {
					ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
					defer cancel()
					return do(ctx)
				})
			}
			for i := range 20 {
				key := fmt.Sprint("k", i)
				writers.Go(func() { deleted(func(ctx context.Context) error { return s.Delete(ctx, key) }) })
			}
			writers.Wait()
			deleted(func(ctx context.Context) error { return s.Clear(ctx, "k2") })
			sleeping.Wait()
			for i := range 30 {
				if obj, ok, err := s.Get(t.Context(), fmt.Sprint("k", i), store.Want{}); ok || err != nil {
					t.Errorf("law 3: k%d was deleted, and Get = %q, %v", i, obj.Body, err)
				}
			}
		})
	}
}
