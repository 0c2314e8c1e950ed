package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/advcache/advcache/store"
)

func body(text string) store.Object { return store.Object{Body: []byte(text)} }

func TestCountingCounts(t *testing.T) {
	c := NewCounting(NewMemory(nil))
	ctx := t.Context()
	for _, test := range []struct {
		name string
		call func() error
		want Counts
		says string
	}{
		{"nothing", func() error { return nil }, Counts{}, "no request; 0 keys, 0 bytes in, 0 bytes out"},
		{"Put", func() error {
			_, _, err := c.Put(ctx, "k", body("12345"), store.Cond{})
			return err
		}, Counts{Requests{Put: 1}, 1, 5, 0}, "1 Put; 1 keys, 5 bytes in, 0 bytes out"},
		{"Put that is refused", func() error {
			_, _, err := c.Put(ctx, "k", body("12345"), store.Cond{Kind: store.IfGone})
			return err
		}, Counts{Requests{Put: 1}, 1, 5, 0}, "1 Put; 1 keys, 5 bytes in, 0 bytes out"},
		{"Get", func() error {
			_, _, err := c.Get(ctx, "k", store.Want{})
			return err
		}, Counts{Requests{Get: 1}, 1, 0, 5}, "1 Get; 1 keys, 0 bytes in, 5 bytes out"},
		{"Get of nothing", func() error {
			_, _, err := c.Get(ctx, "nothing", store.Want{})
			return err
		}, Counts{Requests{Get: 1}, 1, 0, 0}, "1 Get; 1 keys, 0 bytes in, 0 bytes out"},
		{"Head", func() error {
			_, _, err := c.Head(ctx, "k")
			return err
		}, Counts{Requests{Head: 1}, 1, 0, 0}, "1 Head; 1 keys, 0 bytes in, 0 bytes out"},
		{"Touch", func() error {
			_, err := c.Touch(ctx, "k", store.Meta{}, store.Cond{})
			return err
		}, Counts{Requests{Touch: 1}, 1, 0, 0}, "1 Touch; 1 keys, 0 bytes in, 0 bytes out"},
		{"PutMany", func() error {
			return c.PutMany(ctx, map[string]store.Object{"k": body("1"), "l": body("22")})
		}, Counts{Requests{PutMany: 1}, 2, 3, 0}, "1 PutMany; 2 keys, 3 bytes in, 0 bytes out"},
		{"GetMany", func() error {
			_, err := c.GetMany(ctx, []string{"k", "l", "nothing"}, store.Want{})
			return err
		}, Counts{Requests{GetMany: 1}, 3, 0, 3}, "1 GetMany; 3 keys, 0 bytes in, 3 bytes out"},
		{"Delete", func() error { return c.Delete(ctx, "k", "l") }, Counts{Requests{Delete: 1}, 2, 0, 0}, "1 Delete; 2 keys, 0 bytes in, 0 bytes out"},
		{"Clear", func() error { return c.Clear(ctx, "") }, Counts{Requests{Clear: 1}, 0, 0, 0}, "1 Clear; 0 keys, 0 bytes in, 0 bytes out"},
		{"both", func() error {
			_, _, err := c.Head(ctx, "k")
			return errors.Join(err, c.Delete(ctx), c.Delete(ctx, "k"))
		}, Counts{Requests{Head: 1, Delete: 2}, 2, 0, 0}, "1 Head, 2 Delete; 2 keys, 0 bytes in, 0 bytes out"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.Reset()
			if err := test.call(); err != nil {
				t.Fatal(err)
			}
			got := c.Counts()
			if got != test.want || got.String() != test.says {
				t.Errorf("counted %v; want %v, in words %q", got, test.want, test.says)
			}
			if c.Requests() != test.want.Requests || c.Requests().Total() != test.want.Requests.Total() {
				t.Errorf("Requests() = %v; want %v", c.Requests(), test.want.Requests)
			}
		})
	}
}

func TestCountingLacksWhatItsStoreLacks(t *testing.T) {
	for name, s := range map[string]store.Store{
		"by the answer": NewMemory(&MemoryOptions{Without: optional}),
		"by the method": bare{NewMemory(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCounting(s)
			unsupported(t, c)
			if c.Counts() != (Counts{}) {
				t.Errorf("counted %v; want nothing", c.Counts())
			}
		})
	}
}

func TestCountingCountsFailures(t *testing.T) {
	c := NewCounting(NewMemory(nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := c.Get(ctx, "k", store.Want{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Get = %v; want context.Canceled", err)
	}
	if got := c.Requests(); got != (Requests{Get: 1}) {
		t.Errorf("counted %v; want 1 Get", got)
	}
}

func TestCountingAtTheSameTime(t *testing.T) {
	c := NewCounting(NewMemory(nil))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, _, err := c.Put(t.Context(), "k", body("v"), store.Cond{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := c.Counts(); got != (Counts{Requests{Put: 800}, 800, 800, 0}) {
		t.Errorf("counted %v; want 800 Put", got)
	}
}

// bare hides what a store can do beside the methods of store.Store.
type bare struct{ store.Store }

// unsupported wants no capability.
func unsupported(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	_, touch := store.Touch(ctx, s, "k", store.Meta{}, store.Cond{})
	_, getMany := store.GetMany(ctx, s, []string{"k"}, store.Want{})
	for name, err := range map[string]error{
		capTouch: touch, capGetMany: getMany,
		capPutMany: store.PutMany(ctx, s, map[string]store.Object{"k": body("v")}),
		capClear:   store.Clear(ctx, s, ""),
	} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s = %v; want errors.ErrUnsupported", name, err)
		}
	}
}
