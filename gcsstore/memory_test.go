package gcsstore_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
)

// allocated returns how many bytes a call of do takes, at the least of some.
func allocated(t *testing.T, do func() error) uint64 {
	t.Helper()
	least := ^uint64(0)
	var before, after runtime.MemStats
	for range 8 {
		runtime.ReadMemStats(&before)
		if err := do(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// TestMemoryOfWrites holds that a small write takes a fifth of what a writer of
// the client takes by default, at the most.
func TestMemoryOfWrites(t *testing.T) {
	ctx := context.Background()
	s, _ := newStore(nil, nil)
	obj := object(randomBytes(4*kib), time.Hour)
	ours := allocated(t, func() error {
		_, _, err := s.Put(ctx, "k", obj, store.Cond{})
		return err
	})
	theirs := allocated(t, func() error {
		w := s.Client().Bucket(bucket).Object("k").NewWriter(ctx)
		if _, err := w.Write(obj.Body); err != nil {
			return err
		}
		return w.Close()
	})
	if ours > theirs/5 {
		t.Errorf("a write of 4 KiB takes %d bytes; that of the client %d", ours, theirs)
	}
}

// TestMemoryOfReads holds that a read takes the memory of the body, and not twice.
// The server in the process is in the figures.
func TestMemoryOfReads(t *testing.T) {
	ctx := context.Background()
	for way, freshness := range ways {
		s, _ := newStore(&gcsstore.Options{Freshness: freshness}, nil)
		for _, size := range []int{0, 256 * kib, 4 * mib, 40 * mib} {
			put(t, s, "k", object(randomBytes(size), time.Hour))
			took := allocated(t, func() error {
				_, _, err := s.Get(ctx, "k", store.Want{})
				return err
			})
			if limit := uint64(size) + uint64(size)/10 + 256*kib; took > limit {
				t.Errorf("%s: a read of %d bytes takes %d; want %d at the most", way, size, took, limit)
			}
		}
	}
}

func BenchmarkPut4KiB(b *testing.B) {
	s, _ := newStore(nil, nil)
	obj := object(randomBytes(4*kib), time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.Put(context.Background(), "k", obj, store.Cond{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	for way, freshness := range ways {
		for name, size := range map[string]int{"4KiB": 4 * kib, "4MiB": 4 * mib, "40MiB": 40 * mib} {
			b.Run(way+"/"+name, func(b *testing.B) {
				s, _ := newStore(&gcsstore.Options{Freshness: freshness}, nil)
				if _, _, err := s.Put(context.Background(), "k", object(randomBytes(size), time.Hour), store.Cond{}); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if _, _, err := s.Get(context.Background(), "k", store.Want{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
