package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store"
)

var sizes = []struct {
	name  string
	bytes int
}{{"1KiB", 1 << 10}, {"64KiB", 64 << 10}}

// client is one that is called directly, as bare go-redis is.
func client(b *testing.B) *redis.Client {
	return single(b).client(b, func(o *redis.Options) { o.ContextTimeoutEnabled = true })
}

func BenchmarkGet(b *testing.B) {
	for _, size := range sizes {
		body := strings.Repeat("x", size.bytes)
		s, prefix := newStore(client(b))
		put(b, s, "k", untagged(size.bytes))
		c := client(b)
		if err := c.Set(b.Context(), prefix+"bare", body, 0).Err(); err != nil {
			b.Fatal(err)
		}
		bare := func(ctx context.Context) error {
			_, err := c.Get(ctx, prefix+"bare").Bytes()
			return err
		}
		ours := func(ctx context.Context) error {
			_, ok, err := s.Get(ctx, "k", store.Want{})
			if !ok && err == nil {
				err = fmt.Errorf("a miss")
			}
			return err
		}
		compare(context.Background(), b, size.name, bare, ours)
	}
}

// compare measures two ways, by one goroutine and by 64.
func compare(ctx context.Context, b *testing.B, name string, bare, ours func(ctx context.Context) error) {
	for _, way := range []struct {
		name string
		do   func(ctx context.Context) error
	}{{"bare", bare}, {"redisstore", ours}} {
		b.Run(name+"/"+way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.do(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/"+way.name+"-64", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := way.do(ctx); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// untagged is an object as most are.
func untagged(size int) store.Object {
	obj := object(strings.Repeat("x", size))
	obj.Meta.Tags = nil
	return obj
}

func BenchmarkPut(b *testing.B) {
	for _, size := range sizes {
		obj := untagged(size.bytes)
		s, prefix := newStore(client(b))
		c := client(b)
		bare := func(ctx context.Context) error { return c.Set(ctx, prefix+"bare", obj.Body, 3600e9).Err() }
		ours := func(ctx context.Context) error {
			_, _, err := s.Put(ctx, "k", obj, store.Cond{})
			return err
		}
		compare(context.Background(), b, size.name, bare, ours)
	}
}

func BenchmarkGetMany(b *testing.B) {
	for _, size := range sizes {
		s, prefix := newStore(client(b))
		c := client(b)
		var keys, bareKeys []string
		for i := range 100 {
			keys = append(keys, fmt.Sprint(i))
			bareKeys = append(bareKeys, prefix+"bare"+fmt.Sprint(i))
			body := strings.Repeat("x", size.bytes)
			put(b, s, keys[i], untagged(size.bytes))
			if err := c.Set(b.Context(), bareKeys[i], body, 0).Err(); err != nil {
				b.Fatal(err)
			}
		}
		bare := func(ctx context.Context) error { return c.MGet(ctx, bareKeys...).Err() }
		ours := func(ctx context.Context) error {
			got, err := s.GetMany(ctx, keys, store.Want{})
			if count(got) != len(keys) && err == nil {
				err = fmt.Errorf("%d objects", count(got))
			}
			return err
		}
		compare(context.Background(), b, size.name, bare, ours)
	}
}

// BenchmarkGuard measures what it costs to leave a client alone that does not
// watch its context: a Cluster, or a context without a deadline.
func BenchmarkGuard(b *testing.B) {
	s, _ := newStore(client(b))
	put(b, s, "k", object("v"))
	guarded, _ := newStore(single(b).client(b))
	put(b, guarded, "k", object("v"))
	direct := func(context.Context) error {
		_, _, err := s.Get(context.Background(), "k", store.Want{})
		return err
	}
	left := func(ctx context.Context) error {
		_, _, err := guarded.Get(ctx, "k", store.Want{})
		return err
	}
	compare(b.Context(), b, "1B", direct, left)
}
