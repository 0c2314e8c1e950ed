package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// lanes is how many reads go alone at the same time.
const lanes = 4

// gate is a server in the shape of hooks, for a bubble: a command waits until it
// is let through, and is answered with its key.
type gate struct {
	mu      sync.Mutex
	alone   int         // commands that came alone
	batches [][]string  // keys of the pipelines that came
	seen    []any       // values of their contexts
	ends    []time.Time // and deadlines
	open    chan struct{}
	breaks  func() // called in a pipeline
	holds   bool   // pipelines wait too
	refuses error  // of pipelines
}

type traceKey struct{}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g *gate) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		g.mu.Lock()
		g.alone++
		g.mu.Unlock()
		<-g.opened()
		answerWithKey(cmd)
		return nil
	}
}

func (g *gate) opened() chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func (g *gate) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var keys []string
		for _, cmd := range cmds {
			keys = append(keys, fmt.Sprint(cmd.Args()[1]))
		}
		end, _ := ctx.Deadline()
		g.mu.Lock()
		g.batches = append(g.batches, keys)
		g.seen = append(g.seen, ctx.Value(traceKey{}))
		g.ends = append(g.ends, end)
		g.mu.Unlock()
		if g.holds {
			<-g.open
		}
		if g.breaks != nil {
			g.breaks()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if g.refuses != nil {
			return g.refuses
		}
		for _, cmd := range cmds {
			answerWithKey(cmd)
		}
		return nil
	}
}

func answerWithKey(cmd redis.Cmder) { cmd.(*redis.StringCmd).SetVal(fmt.Sprint(cmd.Args()[1])) }

func (g *gate) counts() (alone, batches int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.alone, len(g.batches)
}

// joining runs a test in a bubble, with a store whose lanes are taken. Its reads
// end when the gate is opened.
func joining(t *testing.T, test func(t *testing.T, s *redisstore.Store, g *gate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ContextTimeoutEnabled: true})
		defer func() { _ = c.Close() }()
		g := &gate{open: make(chan struct{})}
		c.AddHook(g)
		s := redisstore.New(c, nil)
		for i := range lanes {
			go reads(t, s, context.Background(), fmt.Sprint("lane", i))
		}
		synctest.Wait()
		test(t, s, g)
	})
}

// reads reads a key, and wants it for an answer.
func reads(t *testing.T, s *redisstore.Store, ctx context.Context, key string) { //nolint:revive // the test comes first
	obj, ok, err := s.Get(ctx, key, store.Want{Foreign: true})
	if !ok || err != nil || string(obj.Body) != key {
		t.Errorf("Get(%s) = %q, %v, %v", key, obj.Body, ok, err)
	}
}

func TestReadsAreJoined(t *testing.T) {
	joining(t, func(t *testing.T, s *redisstore.Store, g *gate) {
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() { reads(t, s, context.Background(), fmt.Sprint("k", i)) })
		}
		synctest.Wait()
		if alone, batches := g.counts(); alone != lanes || batches != 0 {
			t.Fatalf("%d reads went alone and %d batches; want %d and none", alone, batches, lanes)
		}
		close(g.open)
		group.Wait()
		if alone, batches := g.counts(); alone != lanes || batches != 1 || len(g.batches[0]) != 20 {
			t.Errorf("%d reads went alone, %d batches, %v; want one of 20 reads", alone, batches, g.batches)
		}
		group.Go(func() { reads(t, s, context.Background(), "later") })
		group.Wait()
		if alone, batches := g.counts(); alone != lanes+1 || batches != 1 {
			t.Errorf("a read that came alone was joined: %d alone, %d batches", alone, batches)
		}
	})
}

func TestJoinedReadsAreBounded(t *testing.T) {
	joining(t, func(t *testing.T, s *redisstore.Store, g *gate) {
		g.holds = true
		var group sync.WaitGroup
		for i := range 150 {
			group.Go(func() { reads(t, s, context.Background(), fmt.Sprint("k", i)) })
		}
		synctest.Wait()
		if _, batches := g.counts(); batches != 2 {
			t.Errorf("%d full batches went at once; want 2", batches)
		}
		close(g.open)
		group.Wait()
		var sizes []int
		for _, keys := range g.batches {
			sizes = append(sizes, len(keys))
		}
		if alone, _ := g.counts(); alone != lanes || fmt.Sprint(sizes) != "[64 64 22]" {
			t.Errorf("%d reads went alone, and batches of %v; want %d, and [64 64 22]", alone, sizes, lanes)
		}
	})
}

// TestJoinedCallersAreIndependent is law 5: who gives up leaves the others alone,
// and is not held up by them.
func TestJoinedCallersAreIndependent(t *testing.T) {
	joining(t, func(t *testing.T, s *redisstore.Store, g *gate) {
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), traceKey{}, "first"))
		var group sync.WaitGroup
		group.Go(func() {
			if _, _, err := s.Get(ctx, "first", store.Want{}); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that gave up got %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() { reads(t, s, context.Background(), "other") })
		late, stop := context.WithTimeout(context.Background(), time.Hour)
		defer stop()
		group.Go(func() { reads(t, s, late, "late") })
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(g.open)
		group.Wait()
		if len(g.seen) != 1 || g.seen[0] != "first" || !g.ends[0].IsZero() {
			t.Errorf("the batch ran with the values %v, until %v; want those of the first, and no end as one has none", g.seen, g.ends)
		}
	})
}

// TestJoinedDeadline holds that a batch ends with the last of its callers.
func TestJoinedDeadline(t *testing.T) {
	joining(t, func(t *testing.T, s *redisstore.Store, g *gate) {
		began := time.Now()
		var group sync.WaitGroup
		for _, life := range []time.Duration{2 * time.Minute, time.Hour, time.Minute} {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), life)
				defer cancel()
				reads(t, s, ctx, "k")
			})
			synctest.Wait()
		}
		close(g.open)
		group.Wait()
		if len(g.ends) != 1 || !g.ends[0].Equal(began.Add(time.Hour)) {
			t.Errorf("the batch ends at %v; want one, after an hour", g.ends)
		}
	})
}

// TestStuckLanes holds that who waits while connections hang uses another after
// 5 ms, and so does who comes then.
func TestStuckLanes(t *testing.T) {
	joining(t, func(t *testing.T, s *redisstore.Store, g *gate) {
		hang := g.open
		g.open = make(chan struct{})
		close(g.open)
		began := time.Now()
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() { reads(t, s, context.Background(), "waits") })
		}
		group.Wait()
		if took := time.Since(began); took != 5*time.Millisecond {
			t.Errorf("reads that wait for lanes that hang took %v; want 5 ms", took)
		}
		time.Sleep(6 * time.Millisecond)
		began = time.Now()
		reads(t, s, context.Background(), "comes later")
		if took := time.Since(began); took != 0 {
			t.Errorf("a read that comes when lanes hang took %v; want 0", took)
		}
		if alone, batches := g.counts(); alone != lanes+1 || batches != 1 {
			t.Errorf("%d went alone, in %d batches; want %d and 1", alone, batches, lanes+1)
		}
		close(hang)
	})
}

// TestHookRefuses holds that the error of a hook which lets a pipeline not through
// is that of each command, and that nothing is found.
func TestHookRefuses(t *testing.T) {
	joining(t, func(t *testing.T, s *redisstore.Store, g *gate) {
		g.refuses = errors.New("circuit open")
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if obj, ok, err := s.Get(context.Background(), "k", store.Want{Foreign: true}); ok || !errors.Is(err, g.refuses) {
					t.Errorf("Get = %q, %v, %v; want the error of the hook", obj.Body, ok, err)
				}
			})
		}
		synctest.Wait()
		close(g.open)
		group.Wait()
	})
	synctest.Test(t, func(t *testing.T) {
		c := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": "127.0.0.1:1"}, HeartbeatFrequency: time.Hour})
		defer c.Close()
		g := &gate{refuses: errors.New("circuit open")}
		c.AddHook(g)
		objs, err := redisstore.New(c, nil).GetMany(context.Background(), []string{"a", "b"}, store.Want{Foreign: true})
		if count(objs) != 0 || !errors.Is(err, g.refuses) {
			t.Errorf("GetMany of a Ring finds %d objects, %v; want the error of the hook", count(objs), err)
		}
	})
}

// TestJoinedHookBreaks is law 6: what a hook does reaches all whose command it
// was called for, and holds nobody up who comes later.
func TestJoinedHookBreaks(t *testing.T) {
	for name, hook := range map[string]func(){"panic": func() { panic("hook") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			joining(t, func(t *testing.T, s *redisstore.Store, g *gate) {
				g.breaks = hook
				var group sync.WaitGroup
				for i := range 3 {
					group.Go(func() {
						defer func() {
							if got := fmt.Sprint(recover()); !strings.Contains(got, "hook") {
								t.Errorf("recovered %s; want to hear of the hook", got)
							}
						}()
						_, _, _ = s.Get(context.Background(), fmt.Sprint("k", i), store.Want{})
					})
				}
				synctest.Wait()
				close(g.open)
				group.Wait()
				g.breaks = nil
				for i := range 100 {
					group.Go(func() { reads(t, s, context.Background(), fmt.Sprint("k", i)) })
				}
				group.Wait()
			})
		})
	}
}

// TestJoinedReadsOfAServer has many callers, who get what is theirs: a value, a
// miss, or the error of their key.
func TestJoinedReadsOfAServer(t *testing.T) {
	c := single(t).client(t)
	n := &counter{}
	s, prefix := newStore(c)
	if err := c.RPush(t.Context(), prefix+"list", "an element").Err(); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		put(t, s, fmt.Sprint("k", i), object(fmt.Sprint("v", i)))
	}
	c.AddHook(n)
	var group sync.WaitGroup
	for worker := range 64 {
		group.Go(func() {
			for i := range 100 {
				k := (worker + i) % 52
				obj, ok, err := s.Get(t.Context(), fmt.Sprint("k", k), store.Want{})
				switch {
				case k == 50:
					if _, _, err := s.Get(t.Context(), "list", store.Want{}); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
						t.Errorf("a list: %v", err)
					}
				case ok != (k < 50) || err != nil || ok && string(obj.Body) != fmt.Sprint("v", k):
					t.Errorf("Get(k%d) = %q, %v, %v", k, obj.Body, ok, err)
				}
			}
		})
	}
	group.Wait()
	if requests := n.count(); requests >= 64*100 {
		t.Errorf("6,400 reads by 64 callers took %d requests; want them joined", requests)
	}
}
