package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store"
)

// counter is a hook that writes down the commands: one round trip each, with
// those of a pipeline in brackets. Those of a connection's beginning are left
// out.
type counter struct {
	mu    sync.Mutex
	names []string
}

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.add(cmd.Name())
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		names := make([]string, len(cmds))
		for i, cmd := range cmds {
			names[i] = cmd.Name()
		}
		c.add(fmt.Sprint(names))
		return next(ctx, cmds)
	}
}

func (c *counter) add(name string) {
	if name == "hello" || name == "cluster" || name == "client" || strings.HasPrefix(name, "[client") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names = append(c.names, name)
}

// take returns what was written down, and forgets it.
func (c *counter) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := strings.Join(c.names, ", ")
	c.names = nil
	return names
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.names)
}

// TestRequests is law 12: the table in the documentation of the package.
func TestRequests(t *testing.T) {
	c := single(t).client(t)
	n := &counter{}
	c.AddHook(n)
	s, prefix := newStore(c)
	ctx := t.Context()
	obj := object(strings.Repeat("x", 1000))
	version := put(t, s, "k", obj)
	stale := object("v")
	stale.Meta.FreshUntil, stale.Meta.StaleUntil = time.Now(), time.Now().Add(time.Hour)
	put(t, s, "stale", stale)
	long := object("v")
	long.Meta.Tags = []string{strings.Repeat("t", 1000)}
	put(t, s, "long", long)
	put(t, s, "small", object("v"))
	if err := c.Set(ctx, prefix+"foreign", strings.Repeat("x", 1000), time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	// The server knows the scripts.
	if _, _, err := s.Put(ctx, "scripts", obj, store.Cond{Kind: store.IfVacant}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Touch(ctx, "scripts", obj.Meta, store.Cond{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Head(ctx, "scripts"); err != nil {
		t.Fatal(err)
	}
	hundred := make([]string, 100)
	for i := range hundred {
		hundred[i] = fmt.Sprint(i)
	}
	get := func(key string, want store.Want) func() (string, error) {
		return func() (string, error) {
			obj, ok, err := s.Get(ctx, key, want)
			return fmt.Sprint(ok, obj.NotModified, len(obj.Body)), err
		}
	}
	head := func(key string) func() (string, error) {
		return func() (string, error) {
			meta, ok, err := s.Head(ctx, key)
			return fmt.Sprint(ok, meta.Foreign, meta.Size), err
		}
	}
	putIf := func(key string, cond store.Cond) func() (string, error) {
		return func() (string, error) {
			_, ok, err := s.Put(ctx, key, obj, cond)
			return fmt.Sprint(ok), err
		}
	}
	touch := func(key string, meta store.Meta, cond store.Cond) func() (string, error) {
		return func() (string, error) {
			ok, err := s.Touch(ctx, key, meta, cond)
			return fmt.Sprint(ok), err
		}
	}
	for _, test := range []struct {
		name           string
		do             func() (string, error)
		want, requests string
	}{
		{"fresh read", get("k", store.Want{}), "true false 1000", "get"},
		{"miss", get("absent", store.Want{}), "false false 0", "get"},
		{"stale read, unwanted", get("stale", store.Want{}), "false false 0", "get"},
		{"unchanged read", get("k", store.Want{Hash: obj.Meta.Hash}), "true true 0", "evalsha"},
		{"changed read", get("k", store.Want{Hash: store.Hash{9}}), "true false 1000", "evalsha, get"},
		{"changed read, small", get("small", store.Want{Hash: store.Hash{9}}), "true false 1", "evalsha"},
		{"unchanged read of nothing", get("absent", store.Want{Hash: store.Hash{9}}), "false false 0", "evalsha"},
		{"unchanged read, stale and unwanted", get("stale", store.Want{Hash: store.Hash{9}}), "false false 0", "evalsha"},
		{"foreign read", get("foreign", store.Want{Foreign: true}), "true false 1000", "get"},
		{"head", head("k"), "true false 1000", "evalsha"},
		{"head, small", head("small"), "true false 1", "evalsha"},
		{"head with long tags", head("long"), "true false 1", "evalsha, evalsha"},
		{"head of nothing", head("absent"), "false false 0", "evalsha"},
		{"head, foreign", head("foreign"), "true true 1000", "evalsha"},
		{"put", putIf("k2", store.Cond{}), "true", "set"},
		{"put, gone", func() (string, error) {
			gone := obj
			gone.Meta.HeldUntil = time.Now()
			_, ok, err := s.Put(ctx, "k2", gone, store.Cond{})
			return fmt.Sprint(ok), err
		}, "true", "unlink"},
		{"put if vacant", putIf("k3", store.Cond{Kind: store.IfVacant}), "true", "evalsha"},
		{"put if vacant, refused", putIf("k", store.Cond{Kind: store.IfVacant}), "false", "evalsha"},
		{"put if gone, refused", putIf("stale", store.Cond{Kind: store.IfGone}), "false", "evalsha"},
		{"put if version of nobody", putIf("k", store.Cond{Kind: store.IfVersion}), "false", ""},
		{"put if version of another store", putIf("k", store.Cond{Kind: store.IfVersion, Version: store.TextVersion("v")}), "false", "evalsha"},
		{"put if version, refused", putIf("k", store.Cond{Kind: store.IfVersion, Version: store.NumberVersion(1)}), "false", "evalsha"},
		{"touch if version", touch("k", obj.Meta, store.Cond{Kind: store.IfVersion, Version: version}), "true", "evalsha"},
		{"touch", touch("k", obj.Meta, store.Cond{}), "true", "evalsha"},
		{"touch, absent", touch("k", store.Meta{Absent: true}, store.Cond{}), "false", ""},
		{"delete", func() (string, error) { return "", s.Delete(ctx, "k3") }, "", "unlink"},
		{"delete of none", func() (string, error) { return "", s.Delete(ctx) }, "", ""},
		{"delete of 100", func() (string, error) { return "", s.Delete(ctx, hundred...) }, "", "unlink"},
		{"get of 100", func() (string, error) {
			_, err := s.GetMany(ctx, hundred, store.Want{})
			return "", err
		}, "", "mget"},
		{"put of 2", func() (string, error) {
			return "", s.PutMany(ctx, map[string]store.Object{"a": obj, "b": obj})
		}, "", "[set set]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n.take()
			got, err := test.do()
			if err != nil || got != test.want {
				t.Errorf("it gave %s, %v; want %s", got, err, test.want)
			}
			if requests := n.take(); requests != test.requests {
				t.Errorf("it took %s; want %s", requests, test.requests)
			}
		})
	}
}

// TestRequestsOfCluster holds that many keys take one round trip to each node,
// and that a Cluster is asked nothing else.
func TestRequestsOfCluster(t *testing.T) {
	c := threeMasters(t).client(t)
	n := &counter{}
	c.OnNewNode(func(node *redis.Client) { node.AddHook(n) })
	s, _ := newStore(c)
	ctx := t.Context()
	put(t, s, "k", object("v"))
	if got := n.take(); got != "set" {
		t.Errorf("the first Put took %s; want set", got)
	}
	objs := map[string]store.Object{}
	var keys []string
	for i := range 100 {
		key := fmt.Sprint(i)
		keys = append(keys, key)
		objs[key] = object("v")
	}
	for _, op := range []struct {
		name string
		do   func() error
	}{
		{"PutMany", func() error { return s.PutMany(ctx, objs) }},
		{"GetMany", func() error {
			got, err := s.GetMany(ctx, keys, store.Want{})
			if err == nil && count(got) != len(keys) {
				err = fmt.Errorf("%d objects", count(got))
			}
			return err
		}},
		{"Delete", func() error { return s.Delete(ctx, keys...) }},
	} {
		if err := op.do(); err != nil {
			t.Fatalf("%s: %v", op.name, err)
		}
		if requests := n.count(); requests != 3 {
			t.Errorf("%s of 100 keys took %d round trips to 3 nodes: %s", op.name, requests, n.take())
		}
		n.take()
	}
}

var _ redis.Hook = (*counter)(nil)
