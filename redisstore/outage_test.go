package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// load reads and writes keys until it is stopped, with the timeout of a cache,
// and counts what became of it.
type load struct {
	ok, failed atomic.Int64
	stop       func()
}

func newLoad(t *testing.T, c redis.UniversalClient) *load {
	s := redisstore.New(c, nil)
	l := &load{}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for worker := range 3 * lanes { // so that reads are joined
		running.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				l.one(ctx, t, s, fmt.Sprint(worker, "-", i%50))
			}
		})
	}
	l.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(l.stop)
	return l
}

func (l *load) one(ctx context.Context, t *testing.T, s *redisstore.Store, key string) {
	limited, cancel := context.WithTimeout(ctx, s.Info().Timeout)
	defer cancel()
	began := time.Now()
	_, _, err := s.Put(limited, key, object(key), store.Cond{Kind: store.CondKind(len(key) % 3)})
	if err == nil {
		var obj store.Object
		var ok bool
		if obj, ok, err = s.Get(limited, key, store.Want{}); ok && string(obj.Body) != key {
			t.Errorf("Get(%q) = %q", key, obj.Body)
		}
	}
	switch took := time.Since(began); {
	case ctx.Err() != nil:
	case took > patience/2:
		t.Errorf("with a timeout of %v it took %v", s.Info().Timeout, took)
	case err != nil:
		l.failed.Add(1)
	default:
		l.ok.Add(1)
	}
}

// goesOn waits for calls that succeed, from now on.
func (l *load) goesOn(t *testing.T) {
	t.Helper()
	enough := l.ok.Load() + 500
	eventually(t, func(context.Context) error {
		if l.ok.Load() < enough {
			return errNotYet
		}
		return nil
	})
}

// fails waits for calls that fail, from now on.
func (l *load) fails(t *testing.T) {
	t.Helper()
	enough := l.failed.Load() + 5
	eventually(t, func(context.Context) error {
		if l.failed.Load() < enough {
			return errNotYet
		}
		return nil
	})
}

// TestRestart kills a server in mid-load, and starts it again.
func TestRestart(t *testing.T) {
	server := own(t)
	l := newLoad(t, server.client(t))
	for range 2 {
		l.goesOn(t)
		server.kill()
		l.fails(t)
		if err := server.run(); err != nil {
			t.Fatal(err)
		}
	}
	l.goesOn(t)
}

// TestClusterFailover makes a replica the master in mid-load: when it is asked
// to, and after the master was killed.
func TestClusterFailover(t *testing.T) {
	needs(t, "redis-server")
	cl, err := startCluster(3, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range cl.all() {
		t.Cleanup(s.kill)
	}
	c := cl.client(t)
	l := newLoad(t, c)
	l.goesOn(t)
	if err := cl.replicas[0].client(t).ClusterFailover(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	becomesMaster(t, cl.replicas[0])
	l.goesOn(t)
	cl.masters[1].kill()
	l.fails(t)
	becomesMaster(t, cl.replicas[1])
	l.goesOn(t)
	l.stop()
	// All of it is there, wherever it is now.
	s := redisstore.New(c, nil)
	objs := map[string]store.Object{}
	var keys []string
	for i := range 300 {
		keys = append(keys, fmt.Sprint("after", i))
		objs[keys[i]] = object("v")
	}
	eventually(t, func(ctx context.Context) error { return s.PutMany(ctx, objs) })
	got, err := s.GetMany(t.Context(), keys, store.Want{})
	if err != nil || count(got) != len(keys) {
		t.Errorf("GetMany: %d objects, %v", count(got), err)
	}
	if err := s.Clear(t.Context(), "after"); err != nil {
		t.Fatal(err)
	}
	if got, err = s.GetMany(t.Context(), keys, store.Want{}); err != nil || count(got) != 0 {
		t.Errorf("after Clear, GetMany: %d objects, %v", count(got), err)
	}
}

func becomesMaster(t *testing.T, s *server) {
	t.Helper()
	c := s.client(t)
	eventually(t, func(ctx context.Context) error {
		info, err := c.Info(ctx, "replication").Result()
		if err == nil && !strings.Contains(info, "role:master") {
			err = errNotYet
		}
		return err
	})
}

// TestSentinelFailover kills the master in mid-load.
func TestSentinelFailover(t *testing.T) {
	needs(t, "redis-sentinel")
	w, err := startWatched()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(w.servers, w.sentinels...) {
		t.Cleanup(s.kill)
	}
	l := newLoad(t, w.client(t))
	l.goesOn(t)
	w.servers[0].kill()
	l.fails(t)
	becomesMaster(t, w.servers[1])
	l.goesOn(t)
}

// TestErrors is about servers that refuse: what they say reaches the caller.
func TestErrors(t *testing.T) {
	plain := single(t).client(t)
	_, prefix := newStore(plain)
	if err := plain.RPush(t.Context(), prefix+"k", "a list").Err(); err != nil {
		t.Fatal(err)
	}
	if err := plain.RPush(t.Context(), prefix+"l", "a list").Err(); err != nil {
		t.Fatal(err)
	}
	full := own(t, "--maxmemory", "1", "--maxmemory-policy", "noeviction").client(t)
	locked := own(t, "--requirepass", "secret")
	replica := behindSentinel(t).servers[1].client(t, func(o *redis.Options) { o.MaxRetries = -1 })
	lonely := own(t, "--cluster-enabled", "yes").client(t, func(o *redis.Options) { o.MaxRetries = -1 })
	reads := map[string]bool{"Get": true, "GetHash": true, "Head": true, "GetMany": true, "Clear": true}
	for _, test := range []struct {
		name, want string
		client     redis.UniversalClient
		without    func(op string) bool
	}{
		{"wrong type", "WRONGTYPE", plain, func(op string) bool {
			// SET and UNLINK take any type, MGET gives nothing for it, SCAN finds
			// it; and a Touch has nothing to renew.
			return op == "Touch" || op == "Put" || op == "PutMany" || op == "Delete" || op == "DeleteMany" || op == "GetMany" || op == "Clear"
		}},
		{"no memory", "OOM", full, func(op string) bool { return reads[op] || strings.HasPrefix(op, "Delete") || op == "Touch" }},
		{"no password", "NOAUTH", locked.client(t), nil},
		{"wrong password", "WRONGPASS", locked.client(t, func(o *redis.Options) { o.Password = "guess" }), nil},
		{"replica", "READONLY", replica, func(op string) bool { return reads[op] || op == "Touch" }},
		{"no cluster", "CLUSTERDOWN", lonely, func(op string) bool { return op == "Clear" }},
	} {
		for _, op := range operations {
			if test.without != nil && test.without(op.name) {
				continue
			}
			t.Run(test.name+"/"+op.name, func(t *testing.T) {
				err := op.do(t.Context(), newStoreWith(test.client, prefix))
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("the error is %v; want %s in it", err, test.want)
				}
				if errors.Is(err, redis.Nil) {
					t.Errorf("redis.Nil escapes: %v", err)
				}
			})
		}
	}
}

// TestPartialFailure is about keys of a wrong type among others, where the
// server tells.
func TestPartialFailure(t *testing.T) {
	c := threeMasters(t).client(t)
	s, prefix := newStore(c)
	put(t, s, "good", object("v"))
	if err := c.RPush(t.Context(), prefix+"bad", "a list").Err(); err != nil {
		t.Fatal(err)
	}
	got, err := s.GetMany(t.Context(), []string{"good", "bad", "absent"}, store.Want{})
	op, ok := errors.AsType[*advcache.OpError](err)
	if count(got) != 1 || !ok || op.Key != "bad" || op.Backend != "redis" || op.Op != "get" || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("GetMany = %v, %v; want one object, and the error of the other key", got, err)
	}
}

// TestDedupeOverWrongType holds that a write replaces what is no string, with
// Dedupe as without.
func TestDedupeOverWrongType(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	if err := c.RPush(t.Context(), prefix+"k", "a list").Err(); err != nil {
		t.Fatal(err)
	}
	cache := store.New[string](s, &store.Options{Dedupe: true})
	if err := cache.Set(t.Context(), "k", "v", time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := cache.Get(t.Context(), "k"); got != "v" || !ok || err != nil {
		t.Errorf("Get = %q, %v, %v; want what was set", got, ok, err)
	}
}

// TestNoConnection holds that an error says that there was nobody to ask, where
// the time of a caller is up before the client gives up.
func TestNoConnection(t *testing.T) {
	l := listen(t)
	refuses := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{refuses, "no-such-host.invalid:6379"} {
		for _, respect := range []bool{false, true} {
			c := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: respect, DialerRetries: 1000})
			t.Cleanup(func() { _ = c.Close() })
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, _, err := newStoreWith(c, "").Get(ctx, "k", store.Want{})
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no connection to "+addr+" is open") {
				t.Errorf("%s, ContextTimeoutEnabled=%v: %v; want a deadline, and that there is no connection", addr, respect, err)
			}
		}
	}
}
