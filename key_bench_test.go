package advcache_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/advcache/advcache"
)

// Law 14 (a hit allocates nothing) begins with the key.
func TestKeyAppendAllocatesNothing(t *testing.T) {
	checkKeyAllocs(t, "user:{}", "ann/b")
	checkKeyAllocs(t, "user:{}", 42)
	checkKeyAllocs(t, "user:{}", uint8(42))
	checkKeyAllocs(t, "user:{}", keyName("x"))
	checkKeyAllocs(t, "on:{}", true)
	checkKeyAllocs(t, "t/{Tenant}/u/{ID}", keyUser{"acme", 7})
	checkKeyAllocs(t, "{A}:{B}:{C}", keyABC{"a", -1, "c d"})
	checkKeyAllocs(t, "settings", struct{}{})
}

func checkKeyAllocs[K comparable](t *testing.T, template string, k K) {
	t.Helper()
	whole := parseKey[K](t, template)
	long := parseKey[K](t, strings.Repeat("long-", 20)+template).Limit(80)
	for _, kt := range []*advcache.KeyTemplate[K]{whole, long} {
		want, n := mustKey(t, kt, k), 0
		allocs := testing.AllocsPerRun(100, func() {
			var buf [256]byte
			key, err := kt.Append(buf[:0], k)
			if err == nil && string(key) == want {
				n++
			}
		})
		if n != 101 {
			t.Errorf("%q: Append gave another key than Key, %q, or failed", kt, want)
		}
		if allocs != 0 {
			t.Errorf("%q: Append of %v allocates %v times, want 0 (law 14: a hit allocates nothing)", kt, k, allocs)
		}
	}
}

func BenchmarkKeyAppend(b *testing.B) {
	b.Run("string", func(b *testing.B) { benchKeyAppend(b, parseKey[string](b, "user:{}"), "ann@example.com") })
	b.Run("escaped", func(b *testing.B) { benchKeyAppend(b, parseKey[string](b, "user:{}"), "https://example.com/?q=1") })
	b.Run("int", func(b *testing.B) { benchKeyAppend(b, parseKey[int](b, "user:{}"), 123456) })
	b.Run("struct", func(b *testing.B) {
		benchKeyAppend(b, parseKey[keyUser](b, "t/{Tenant}/u/{ID}"), keyUser{"acme", 123456})
	})
	b.Run("hashed", func(b *testing.B) {
		benchKeyAppend(b, parseKey[string](b, "user:{}").Limit(80), strings.Repeat("a", 100))
	})
	b.Run("MarshalText", func(b *testing.B) {
		benchKeyAppend(b, parseKey[netip.Addr](b, "ip:{}"), netip.MustParseAddr("192.0.2.1"))
	})
}

func benchKeyAppend[K comparable](b *testing.B, kt *advcache.KeyTemplate[K], k K) {
	b.ReportAllocs()
	buf := make([]byte, 0, 256)
	for b.Loop() {
		if _, err := kt.Append(buf, k); err != nil {
			b.Fatal(err)
		}
	}
}
