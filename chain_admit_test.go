package advcache_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// sized is a store.Cache whose bodies are the values themselves, and the store.
func sized() (*store.Cache[string], *storetest.Memory) {
	m := storetest.NewMemory(nil)
	return store.New[string](m, &store.Options{Codec: codec.Raw, Logger: quiet}), m
}

func TestAdmissionBySize(t *testing.T) {
	const law = "MinSize, MaxSize: a value of another size is not held, and what the key held is removed"
	synctest.Test(t, func(t *testing.T) {
		small, smallStore := sized()
		large, largeStore := sized()
		c := quietChain(t,
			level(small, 0).With(advcache.LevelOptions{MaxSize: 10}),
			level(large, 0).With(advcache.LevelOptions{MinSize: 5}))
		for n, want := range map[int]string{1: "L1", 4: "L1", 5: "L1 L2", 10: "L1 L2", 11: "L2", 100: "L2"} {
			for _, before := range []int{4, 7, 50} {
				for _, many := range []bool{false, true} {
					sets(t, law, c, "a", strings.Repeat("o", before))
					v := strings.Repeat("v", n)
					if many {
						if err := c.SetMany(t.Context(), map[string]string{"a": v}, 0); err != nil {
							t.Errorf("%s: SetMany = %v", law, err)
						}
					} else {
						sets(t, law, c, "a", v)
					}
					var held []string
					for _, l := range []struct {
						name string
						m    *storetest.Memory
					}{{"L1", smallStore}, {"L2", largeStore}} {
						if len(l.m.Keys()) > 0 {
							held = append(held, l.name)
						}
					}
					if got := strings.Join(held, " "); got != want {
						t.Errorf("%s: %d bytes after %d (many %v) are in %q, want %q", law, n, before, many, got, want)
					}
					asks(t, law, c, "a", v, 0)
				}
			}
		}
		for _, st := range c.Levels() {
			if st.Doubted != 0 || st.Err != nil {
				t.Errorf("law 7: what is not admitted is no failure: %+v", st)
			}
		}
	})
}

func TestAdmissionOfAPromotion(t *testing.T) {
	const law = "MaxSize: a value is not promoted to a level that does not take it"
	synctest.Test(t, func(t *testing.T) {
		small, m := sized()
		below, _ := sized()
		c := quietChain(t, level(small, 0).With(advcache.LevelOptions{MaxSize: 3}), level(below, 0))
		_ = below.Set(t.Context(), "a", "large", 0)
		_ = below.Set(t.Context(), "b", "ok", 0)
		asks(t, law, c, "a", "large", 0)
		asks(t, law, c, "b", "ok", 0)
		if keys := m.Keys(); len(keys) != 1 || keys[0] != "b" {
			t.Errorf("%s: it holds %q", law, keys)
		}
		if st := c.Levels()[0]; st.Doubted != 0 || st.Err != nil {
			t.Errorf("law 7: what is not admitted is no failure: %+v", st)
		}
	})
}

func TestAdmissionOfNegativeEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		small, m := sized()
		large, l := sized()
		c := quietChain(t, level(small, 0).With(advcache.LevelOptions{MaxSize: 3}), level(large, 0).With(advcache.LevelOptions{MinSize: 1}))
		sets(t, "MinSize", c, "a", "ok")
		if err := c.SetEntry(t.Context(), "a", advcache.Entry[string]{Absent: true, FreshUntil: time.Now().Add(time.Hour)}); err != nil {
			t.Errorf("MinSize: SetEntry = %v", err)
		}
		if len(m.Keys()) != 1 || len(l.Keys()) != 0 {
			t.Errorf("MinSize: a negative entry, of no bytes, is in %q and %q, want level 1 alone", m.Keys(), l.Keys())
		}
	})
}

func TestAdmissionOfSetIfAbsent(t *testing.T) {
	const law = "MaxSize: SetIfAbsent of what the last level does not take decides nothing"
	synctest.Test(t, func(t *testing.T) {
		above, _ := sized()
		last, m := sized()
		c := quietChain(t, level(above, 0), level(last, 0).With(advcache.LevelOptions{MaxSize: 3}))
		sets(t, law, c, "a", "old")
		for range 2 {
			if stored, err := c.SetIfAbsent(t.Context(), "a", "large", 0); stored || err == nil {
				t.Errorf("%s: SetIfAbsent = %v, %v, want an error", law, stored, err)
			}
			time.Sleep(5 * time.Second)
			asks(t, law, c, "a", "old", 0)
			if keys := m.Keys(); len(keys) != 1 {
				t.Errorf("law 7: a refused SetIfAbsent has what the key held deleted: %q", keys)
			}
		}
		if stored, err := c.SetIfAbsent(t.Context(), "b", "ok", 0); !stored || err != nil {
			t.Errorf("SetIfAbsent = %v, %v", stored, err)
		}
	})
	// A level before the last one has no say.
	synctest.Test(t, func(t *testing.T) {
		first, m := sized()
		last, _ := sized()
		c := quietChain(t, level(first, 0).With(advcache.LevelOptions{MaxSize: 3}), level(last, 0))
		if stored, err := c.SetIfAbsent(t.Context(), "a", "large", 0); !stored || err != nil || len(m.Keys()) != 0 {
			t.Errorf("MaxSize: SetIfAbsent = %v, %v, and level 1 holds %q", stored, err, m.Keys())
		}
		asks(t, "MaxSize", c, "a", "large", 0)
	})
}
