package redisstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache/store"
)

// TestExpiryIsExact holds that Redis keeps a key to the millisecond, however odd:
// at the death, or the end of a hold, whichever comes first.
func TestExpiryIsExact(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	const ms = time.Millisecond
	for _, test := range []struct {
		fresh, stale, held, want time.Duration // 0: none
	}{
		{fresh: 12_345_679 * ms, want: 12_345_679 * ms},
		{fresh: 1001 * ms, stale: 9_000_001 * ms, want: 9_000_001 * ms},
		{fresh: 9_000_003 * ms, held: 7_000_007 * ms, want: 7_000_007 * ms},
		{held: 7_000_009 * ms, want: 7_000_009 * ms},
		{fresh: 200 * 365 * 24 * time.Hour, want: 200 * 365 * 24 * time.Hour},
		{},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			ways := map[string]func(obj store.Object) error{
				"Put": func(obj store.Object) error {
					_, _, err := s.Put(t.Context(), "k", obj, store.Cond{})
					return err
				},
				"PutIf": func(obj store.Object) error {
					_, _, err := s.Put(t.Context(), "k", obj, store.Cond{Kind: store.IfVacant})
					return err
				},
				"PutMany": func(obj store.Object) error {
					return s.PutMany(t.Context(), map[string]store.Object{"k": obj})
				},
				"Touch": func(obj store.Object) error {
					put(t, s, "k", object("v"))
					ok, err := s.Touch(t.Context(), "k", obj.Meta, store.Cond{})
					if !ok && err == nil {
						err = errors.New("not touched")
					}
					return err
				},
			}
			for name, way := range ways {
				if err := s.Delete(t.Context(), "k"); err != nil {
					t.Fatal(err)
				}
				before := time.Now()
				at := func(d time.Duration) time.Time {
					if d == 0 {
						return time.Time{}
					}
					return before.Add(d)
				}
				obj := object("v")
				obj.Meta.FreshUntil, obj.Meta.StaleUntil, obj.Meta.HeldUntil = at(test.fresh), at(test.stale), at(test.held)
				if err := way(obj); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				left, err := c.PTTL(t.Context(), prefix+"k").Result()
				took := time.Since(before)
				if err != nil {
					t.Fatal(err)
				}
				if test.want == 0 {
					if left != -1 {
						t.Errorf("%s: it expires in %v; want never", name, left)
					}
				} else if left > test.want+ms || left < test.want-took-ms {
					t.Errorf("%s: it expires in %v; want %v, less the %v that the test took", name, left, test.want, took)
				}
			}
		})
	}
}

// TestGoneIsNotKept is about objects that are gone when they are put.
func TestGoneIsNotKept(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	gone := object("gone")
	gone.Meta.HeldUntil = time.Now()
	version := put(t, s, "k", object("old"))
	for name, way := range map[string]func() (bool, error){
		"Put": func() (bool, error) {
			_, ok, err := s.Put(t.Context(), "k", gone, store.Cond{})
			return ok, err
		},
		"PutIf": func() (bool, error) {
			_, ok, err := s.Put(t.Context(), "k", gone, store.Cond{Kind: store.IfVersion, Version: version})
			return ok, err
		},
		"PutMany": func() (bool, error) { return true, s.PutMany(t.Context(), map[string]store.Object{"k": gone}) },
		"Touch":   func() (bool, error) { return s.Touch(t.Context(), "k", gone.Meta, store.Cond{}) },
	} {
		version = put(t, s, "k", object("old"))
		if ok, err := way(); !ok || err != nil {
			t.Errorf("%s = %v, %v", name, ok, err)
		}
		if n, err := c.Exists(t.Context(), prefix+"k").Result(); n != 0 || err != nil {
			t.Errorf("after %s there are %d keys, %v", name, n, err)
		}
	}
}

// TestEveryKeyExpires runs random writes, and looks at all that is left.
func TestEveryKeyExpires(t *testing.T) {
	c := single(t).client(t)
	s, prefix := newStore(c)
	r := rng()
	for range 2000 {
		key := fmt.Sprint(r.IntN(100))
		obj := store.Object{Meta: randomMeta(r, time.Now()), Body: []byte("v")}
		if obj.Meta.GoesAt().IsZero() {
			obj.Meta.HeldUntil = time.Now().Add(time.Hour)
		}
		var err error
		switch r.IntN(4) {
		case 0:
			_, err = s.Touch(t.Context(), key, obj.Meta, store.Cond{})
		case 1:
			err = s.PutMany(t.Context(), map[string]store.Object{key: obj})
		default:
			_, _, err = s.Put(t.Context(), key, obj, store.Cond{Kind: store.CondKind(r.IntN(3))})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	keys := 0
	found := c.Scan(t.Context(), 0, prefix+"*", 1000).Iterator()
	for found.Next(t.Context()) {
		left, err := c.PTTL(t.Context(), found.Val()).Result()
		if left == -1 || err != nil {
			t.Errorf("%q expires in %v, %v", found.Val(), left, err)
		}
		keys++
	}
	if found.Err() != nil || keys < 10 {
		t.Errorf("%d keys were found, %v", keys, found.Err())
	}
}

// TestClear is about prefixes with signs that patterns of Redis do not take
// literally, in the prefix of the store too.
func TestClear(t *testing.T) {
	everywhere(t, func(t *testing.T, c redis.UniversalClient) {
		for _, sign := range []string{"", "*", "?", "[a]", "[^a]", `\`, `\*`, "a-z]", "{tag}", "\x00\xff"} {
			s, outside := newStore(c)
			mine := newStoreWith(c, outside+sign)
			put(t, s, "other", object("v"))
			put(t, s, "a-other", object("v"))
			put(t, mine, sign+"k", object("v"))
			put(t, mine, "x", object("v"))
			if err := mine.Clear(t.Context(), sign+"k"); err != nil {
				t.Fatal(err)
			}
			misses(t, mine, sign+"k")
			holds(t, mine, "x", "v")
			if sign == "" {
				continue
			}
			if err := mine.Clear(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			misses(t, mine, "x")
			holds(t, s, "other", "v")
			holds(t, s, "a-other", "v")
		}
	})
}
