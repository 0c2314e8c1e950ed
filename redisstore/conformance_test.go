package redisstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// harness is that of stores under prefixes of their own.
func harness(c redis.UniversalClient) storetest.Harness {
	var prefixes sync.Map // of stores
	return storetest.Harness{
		Around: inParallel,
		New: func(t *testing.T) store.Store {
			s, prefix := newStore(c)
			prefixes.Store(s, prefix)
			return s
		},
		Raw: func(t *testing.T, s store.Store, key string, data []byte) {
			prefix, _ := prefixes.Load(s)
			if err := c.Set(t.Context(), prefix.(string)+key, data, 0).Err(); err != nil {
				t.Fatal(err)
			}
		},
		Corrupt: func(t *testing.T, s store.Store, key string, damage func(data []byte) []byte) {
			prefix, _ := prefixes.Load(s)
			data, err := c.Get(t.Context(), prefix.(string)+key).Bytes()
			if err == nil {
				err = c.SetArgs(t.Context(), prefix.(string)+key, damage(data), redis.SetArgs{KeepTTL: true}).Err()
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	}
}

// inParallel lets the waits of checks overlap.
func inParallel(t *testing.T, test func(t *testing.T)) {
	t.Parallel()
	test(t)
}

func TestConformance(t *testing.T) {
	everywhere(t, func(t *testing.T, c redis.UniversalClient) { storetest.Run(t, harness(c)) })
}

// TestConformanceWithoutPrefix is about a database that a store has for itself.
func TestConformanceWithoutPrefix(t *testing.T) {
	databases := own(t, "--databases", "10000")
	type client struct {
		*redis.Client
		*counter
	}
	var (
		clients sync.Map // of stores
		last    atomic.Int64
	)
	clientOf := func(s store.Store) client {
		c, _ := clients.Load(s)
		return c.(client)
	}
	storetest.Run(t, storetest.Harness{
		Around: inParallel,
		New: func(t *testing.T) store.Store {
			c := databases.client(t, func(o *redis.Options) {
				o.DB = int(last.Add(1))
				o.ContextTimeoutEnabled = true
			})
			n := &counter{}
			c.AddHook(n)
			s := redisstore.New(c, nil)
			clients.Store(s, client{c, n})
			return s
		},
		Raw: func(t *testing.T, s store.Store, key string, data []byte) {
			if err := clientOf(s).Set(t.Context(), key, data, 0).Err(); err != nil {
				t.Fatal(err)
			}
		},
		Requests: func(_ *testing.T, s store.Store) int { return clientOf(s).count() },
	})
}

// TestConformanceOfCache is about a whole cache.
func TestConformanceOfCache(t *testing.T) {
	everywhere(t, func(t *testing.T, c redis.UniversalClient) {
		cachetest.Run(t, cachetest.Harness{
			New: func(t *testing.T) advcache.Cache[string] {
				s, _ := newStore(c)
				return store.New[string](s, nil)
			},
			Around:     inParallel,
			Resolution: time.Millisecond,
		})
	})
}
