package store_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

func TestConformance(t *testing.T) {
	ring, err := codec.NewKeyRing("a", map[string][]byte{"a": make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]struct {
		memory  *storetest.MemoryOptions
		options *store.Options
	}{
		"default": {},
		"keeping": {memory: &storetest.MemoryOptions{Keep: true}},
		"bare":    {memory: &storetest.MemoryOptions{Without: []string{"Touch", "GetMany", "PutMany"}}},
		"dedupe":  {options: &store.Options{Dedupe: true}},
		"bare dedupe": {
			memory:  &storetest.MemoryOptions{Without: []string{"Touch", "GetMany", "PutMany"}, Keep: true},
			options: &store.Options{Dedupe: true},
		},
		"json":       {options: &store.Options{Codec: codec.JSON, Schema: "2", Timeout: time.Second}},
		"compressed": {options: &store.Options{Codec: codec.Msgpack, Compression: codec.Zstd(0), Dedupe: true}},
		"encrypted":  {options: &store.Options{Encryption: ring, Compression: codec.Gzip(0), Dedupe: true}},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				Around:     synctest.Test,
				Resolution: time.Millisecond,
				New: func(*testing.T) advcache.Cache[string] {
					return store.New[string](storetest.NewMemory(with.memory), with.options)
				},
			})
		})
	}
}

// troubles is an Observer that keeps what it is told of.
type troubles struct {
	mu   sync.Mutex
	errs []error
}

func (r *troubles) observer() *advcache.Observer {
	return &advcache.Observer{BackendError: func(e advcache.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errs = append(r.errs, e.Err)
	}}
}

// take returns what was told since it was last asked.
func (r *troubles) take() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	errs := r.errs
	r.errs = nil
	return errs
}

func set[V any](t *testing.T, c advcache.Cache[V], key string, value V, ttl time.Duration) {
	t.Helper()
	if err := c.Set(t.Context(), key, value, ttl); err != nil {
		t.Fatal(err)
	}
}

func hit[V comparable](t *testing.T, c advcache.Cache[V], key string, want V) {
	t.Helper()
	if got, ok, err := c.Get(t.Context(), key); got != want || !ok || err != nil {
		t.Fatalf("Get(%q) = %v, %v, %v; want %v", key, got, ok, err, want)
	}
}

func miss[V any](t *testing.T, c advcache.Cache[V], key string) {
	t.Helper()
	if got, ok, err := c.Get(t.Context(), key); ok || err != nil {
		t.Fatalf("Get(%q) = %v, %v, %v; want a miss", key, got, ok, err)
	}
	if got, ok, err := c.GetEntry(t.Context(), key); ok || err != nil {
		t.Fatalf("GetEntry(%q) = %v, %v, %v; want a miss", key, got, ok, err)
	}
	if got, err := advcache.GetMany(t.Context(), c, []string{key}); len(got) > 0 || err != nil {
		t.Fatalf("GetMany(%q) = %v, %v; want a miss", key, got, err)
	}
}

// TestTTLOverAStore is the whole way: a function, its entries in a byte store.
func TestTTLOverAStore(t *testing.T) {
	type user struct {
		ID   int
		Name string
	}
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory(nil)
		loads := 0
		open := func() func(context.Context, int) (user, error) {
			c := store.New[user](memory, &store.Options{Codec: codec.JSON, Dedupe: true})
			ttl := advcache.NewTTL[int](c, time.Minute, &advcache.TTLOptions{Stale: time.Minute})
			t.Cleanup(func() {
				if err := ttl.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
			return ttl.Cached("user:{}", func(_ context.Context, id int) (user, error) {
				loads++
				return user{id, "Ann"}, nil
			})
		}
		get := open()
		for range 3 {
			if u, err := get(t.Context(), 7); u != (user{7, "Ann"}) || err != nil || loads != 1 {
				t.Fatalf("%v, %v after %d loads; want one load", u, err, loads)
			}
		}
		restarted := open()
		if u, err := restarted(t.Context(), 7); u != (user{7, "Ann"}) || err != nil || loads != 1 {
			t.Fatalf("after a restart: %v, %v after %d loads; want a warm cache", u, err, loads)
		}
		time.Sleep(90 * time.Second)
		if u, err := restarted(t.Context(), 7); u != (user{7, "Ann"}) || err != nil {
			t.Fatalf("stale: %v, %v", u, err)
		}
		synctest.Wait()
		if loads != 2 {
			t.Errorf("law 8: %d loads, want a refresh in the background", loads)
		}
		time.Sleep(45 * time.Second) // the refresh has prolonged the life
		if _, err := get(t.Context(), 7); err != nil || loads != 2 {
			t.Errorf("law 11: %v after %d loads; want the renewed entry", err, loads)
		}
	})
}
