package advcache_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// lookalikes are strings of all lengths that differ in as little as can be:
// many begin and end alike, and many have zero bytes.
func lookalikes() []string {
	seen := make(map[string]bool)
	var all []string
	add := func(s string) {
		if !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	for n := range 41 {
		for _, fill := range []string{"\x00", "a"} {
			s := strings.Repeat(fill, n)
			add(s)
			for i := range n {
				for _, other := range []string{"\x00", "b"} {
					add(s[:i] + other + s[i+1:])
				}
			}
		}
		if n >= 16 {
			for i := range 20 {
				middle := fmt.Sprintf("%0*d", n-15, i)
				add("first--8" + middle[:n-16] + "last---8")
			}
		}
	}
	return all
}

// TestHotKeysAreToldApart has keys of which a quick look would take one for
// another.
func TestHotKeysAreToldApart(t *testing.T) {
	texts := lookalikes()
	hotKeysOf(t, "k:{}", len(texts), func(i int) string { return texts[i] })
	type text struct{ S string }
	hotKeysOf(t, "k:{S}", len(texts), func(i int) text { return text{texts[i]} })
	for _, shift := range []int{20, 32, 40, 52} {
		hotKeysOf(t, "k:{}", 2000, func(i int) int64 { return int64(i-1000) << shift })
		hotKeysOf(t, "k:{}", 2000, func(i int) uint64 { return uint64(i) << shift })
	}
}

// TestHotKeysFollowInvalidations asks for keys from many goroutines while they
// are invalidated: who asks after an Invalidate or a Set has come back must not
// have an older value (law 3).
func TestHotKeysFollowInvalidations(t *testing.T) {
	type pair struct {
		A int32
		B string
	}
	followed(t, "k:{}", func(i int) int { return i })
	followed(t, "k:{}", func(i int) string { return fmt.Sprintf("user-%06d", i) })
	followed(t, "k:{}", func(i int) string { return fmt.Sprintf("a long name of a user %06d", i) })
	followed(t, "{A}:{B}", func(i int) pair { return pair{int32(i), "b"} })
}

func followed[K comparable](t *testing.T, template string, key func(int) K) {
	t.Run(fmt.Sprintf("%T", *new(K)), func(t *testing.T) {
		const keys, changes = 8, 200
		memory := inmem.New[int64](nil)
		defer memory.Close()
		var versions [keys]atomic.Int64 // the least that may be seen
		index := make(map[K]int)
		for i := range keys {
			index[key(i)] = i
		}
		f := advcache.NewTTL[K](memory, time.Hour, nil).Func(template, func(_ context.Context, k K) (int64, error) {
			return versions[index[k]].Load(), nil
		})
		var done atomic.Bool
		var readers, writers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for i := 0; !done.Load(); i++ {
					least := versions[i%keys].Load() - 1 // the newest may not have been invalidated yet
					if v, err := f.Get(t.Context(), key(i%keys)); err != nil || v < least {
						t.Errorf("law 3: Get = %d, %v; want %d or newer", v, err, least)
						return
					}
				}
			})
		}
		for i := range keys {
			writers.Go(func() {
				for n := range changes {
					v := versions[i].Add(1)
					var err error
					if n%2 == 0 {
						err = f.Invalidate(t.Context(), key(i))
					} else {
						err = f.Set(t.Context(), key(i), v)
					}
					for range 20 {
						got, getErr := f.Get(t.Context(), key(i))
						if err != nil || getErr != nil || got != v {
							t.Errorf("law 3: Get = %d, %v; want %d, which is what was set or loads give (%v)", got, getErr, v, err)
							return
						}
					}
				}
			})
		}
		writers.Wait()
		done.Store(true)
		readers.Wait()
	})
}
