package redisstore_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

// topology is a way in which Redis runs.
type topology struct {
	name   string
	client func(tb testing.TB) redis.UniversalClient
}

var topologies = []topology{
	{"Single", func(tb testing.TB) redis.UniversalClient { return single(tb).client(tb) }},
	{"Cluster", func(tb testing.TB) redis.UniversalClient { return threeMasters(tb).client(tb) }},
	{"Sentinel", func(tb testing.TB) redis.UniversalClient { return behindSentinel(tb).client(tb) }},
	{"Ring", func(tb testing.TB) redis.UniversalClient { return ring(tb) }},
}

var second = shared("redis-server", func() (*server, error) { return start() })

func ring(tb testing.TB) *redis.Ring {
	r := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": single(tb).addr(), "two": second(tb).addr()}})
	tb.Cleanup(func() { _ = r.Close() })
	return r
}

func everywhere(t *testing.T, test func(t *testing.T, c redis.UniversalClient)) {
	for _, topology := range topologies {
		t.Run(topology.name, func(t *testing.T) { test(t, topology.client(t)) })
	}
}

var prefixes atomic.Int64

// newPrefix returns one that no other test has, nor begins with.
func newPrefix() string { return fmt.Sprintf("%d:", prefixes.Add(1)) }

func newStore(c redis.UniversalClient) (*redisstore.Store, string) {
	prefix := newPrefix()
	return newStoreWith(c, prefix), prefix
}

func newStoreWith(c redis.UniversalClient, prefix string) *redisstore.Store {
	return redisstore.New(c, &redisstore.Options{Prefix: prefix})
}

// object returns one that is fresh for an hour.
func object(body string) store.Object {
	now := time.Now()
	return store.Object{
		Meta: store.Meta{
			CreatedAt: now, FreshUntil: now.Add(time.Hour), Encoding: "raw", Schema: "v1",
			Hash: store.Hash{1, 2, 3}, Tags: []string{"a", "b"},
		},
		Body: []byte(body),
	}
}

func put(tb testing.TB, s store.Store, key string, obj store.Object) store.Version {
	tb.Helper()
	version, ok, err := s.Put(tb.Context(), key, obj, store.Cond{})
	if !ok || err != nil || version.IsZero() {
		tb.Fatalf("Put(%q) = %v, %v, %v; want a version", key, version, ok, err)
	}
	return version
}

// holds wants Get to give body.
func holds(tb testing.TB, s store.Store, key, body string) store.Object {
	tb.Helper()
	obj, ok, err := s.Get(tb.Context(), key, store.Want{Stale: true})
	if !ok || err != nil || string(obj.Body) != body {
		tb.Fatalf("Get(%q) = %q, %v, %v; want %q", key, obj.Body, ok, err, body)
	}
	return obj
}

func misses(tb testing.TB, s store.Store, key string) {
	tb.Helper()
	if obj, ok, err := s.Get(tb.Context(), key, store.Want{Stale: true}); ok || err != nil {
		tb.Fatalf("Get(%q) = %q, %v, %v; want a miss", key, obj.Body, ok, err)
	}
}

func TestEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, c redis.UniversalClient) {
		s, _ := newStore(c)
		misses(t, s, "k")
		put(t, s, "k", object("v"))
		if got := holds(t, s, "k", "v"); len(got.Meta.Tags) != 2 {
			t.Errorf("tags = %v", got.Meta.Tags)
		}
		keys := []string{"k", "absent"}
		many := map[string]store.Object{}
		for i := range 1200 {
			key := fmt.Sprint("many", i)
			keys = append(keys, key)
			many[key] = object(key)
		}
		if err := s.PutMany(t.Context(), many); err != nil {
			t.Fatal(err)
		}
		got, err := s.GetMany(t.Context(), keys, store.Want{})
		if err != nil || count(got) != len(keys)-1 {
			t.Fatalf("GetMany: %d objects, %v", count(got), err)
		}
		if err := s.Delete(t.Context(), keys[:600]...); err != nil {
			t.Fatal(err)
		}
		got, err = s.GetMany(t.Context(), keys, store.Want{})
		if err != nil || count(got) != len(keys)-600 {
			t.Fatalf("GetMany: %d objects, %v", count(got), err)
		}
		if err := s.Clear(t.Context(), "many"); err != nil {
			t.Fatal(err)
		}
		if got, err = s.GetMany(t.Context(), keys, store.Want{}); err != nil || count(got) != 0 {
			t.Fatalf("GetMany: %d objects, %v", count(got), err)
		}
	})
}

func TestMisuse(t *testing.T) {
	for _, test := range []struct {
		name, want string
		client     redis.UniversalClient
	}{
		{"nil", "a client that is nil", nil},
		{"nil Client", "nil (*redis.Client)", (*redis.Client)(nil)},
		{"nil ClusterClient", "nil (*redis.ClusterClient)", (*redis.ClusterClient)(nil)},
		{"AutoPipeliner", "AutoPipeline was called on", &redis.AutoPipeliner{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, test.want) {
					t.Errorf("New panics with %q; want %q in it", got, test.want)
				}
			}()
			redisstore.New(test.client, nil)
		})
	}
}

func TestInfo(t *testing.T) {
	c := redis.NewClient(&redis.Options{})
	defer c.Close()
	info := redisstore.New(c, nil).Info()
	if info.Name != "redis" || info.Timeout != 250*time.Millisecond || info.MaxSize <= 500<<20 {
		t.Errorf("Info = %+v", info)
	}
	if got := redisstore.New(c, &redisstore.Options{Name: "sessions"}).Info().Name; got != "sessions" {
		t.Errorf("Name = %q", got)
	}
}

func TestKeyIsPrefixAndKey(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	put(t, s, "k{}*", object("v"))
	data, err := c.Get(t.Context(), prefix+"k{}*").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	meta, body, err := store.ParseEnvelope(data)
	if err != nil || string(body) != "v" || meta.Schema != "v1" {
		t.Errorf("Redis holds %+v, %q, %v", meta, body, err)
	}
}

// count returns how many of the objects of a GetMany were found.
func count(objs []*store.Object) (n int) {
	for _, obj := range objs {
		if obj != nil {
			n++
		}
	}
	return n
}
