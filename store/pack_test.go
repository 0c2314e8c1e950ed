package store_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestLargeBytesAreNotCopied holds that the buffer of a large value, which is not
// used again, is the value: the caller's, to write over.
func TestLargeBytesAreNotCopied(t *testing.T) {
	ring, err := codec.NewKeyRing("a", map[string][]byte{"a": make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	const size = 4 << 20
	value := bytes.Repeat([]byte("content "), size/8)
	for name, o := range map[string]store.Options{
		"gzip":           {Compression: codec.Gzip(0)},
		"encrypted":      {Encryption: ring},
		"gzip encrypted": {Compression: codec.Gzip(0), Encryption: ring},
	} {
		memory := storetest.NewMemory(nil)
		c := store.New[[]byte](memory, &o)
		if err := c.Set(ctx, "k", value, time.Hour); err != nil {
			t.Fatal(err)
		}
		held, _, err := memory.Head(ctx, "k")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, ok, err := c.Get(ctx, "k")
			runtime.ReadMemStats(&after)
			if !ok || err != nil || !bytes.Equal(got, value) {
				t.Fatalf("%s: Get gave %d bytes, %t, %v", name, len(got), ok, err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > size+uint64(held.Size)+size/4 {
				t.Errorf("%s: a read of %d bytes, stored as %d, allocated %d", name, size, held.Size, n)
			}
			clear(got)
		}
	}
}
