package store

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/zeebo/xxh3"
)

func TestHashText(t *testing.T) {
	for _, text := range []string{"", "a", "some longer text"} {
		h := sum("key", []byte(text))
		got, err := ParseHash(h.String())
		if err != nil || got != h {
			t.Errorf("%s is parsed as %v, %v", h, got, err)
		}
	}
	for _, bad := range []string{"", "short", sum("k", nil).String() + "A", sum("k", nil).String()[:42] + "*", sum("k", nil).String()[:42] + "\n"} {
		if h, err := ParseHash(bad); err == nil {
			t.Errorf("ParseHash(%q) = %v; want an error", bad, h)
		}
	}
}

// TestHashTellsApart holds law 10 for what a read checks: each changed bit, each
// length, and the key.
func TestHashTellsApart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 1000)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	h := sum("key", content)
	if !h.intact("key", content) || h.intact("kez", content) {
		t.Error("law 10: intact does not tell the key")
	}
	for i := range content {
		for bit := range 8 {
			content[i] ^= 1 << bit
			if h.intact("key", content) {
				t.Fatalf("law 10: a change of bit %d of byte %d is not seen", bit, i)
			}
			content[i] ^= 1 << bit
		}
		if h.intact("key", content[:i]) {
			t.Fatalf("law 10: a cut at %d is not seen", i)
		}
	}
	if a, b := sum("key", content), sum("other", content); a == b || string(a[:strongHash]) != string(b[:strongHash]) {
		t.Error("the first part is to depend on the content alone, the second on the key too")
	}
}

// BenchmarkHash compares what a write does (sum), what a read does (intact), and
// the bare hash functions.
func BenchmarkHash(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 1 << 20} {
		content := make([]byte, size)
		h := sum("user:12345", content)
		for name, do := range map[string]func(){
			"sum":         func() { _ = sum("user:12345", content) },
			"bare-sha256": func() { _ = sha256.Sum256(content) },
			"intact":      func() { _ = h.intact("user:12345", content) },
			"bare-xxh3":   func() { _ = xxh3.Hash(content) },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
			})
		}
	}
}
