package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// TestKeysThatChangeInPlace: a K that holds a pointer is equal to itself after
// what it points to has changed, and then has another key.
func TestKeysThatChangeInPlace(t *testing.T) {
	memory := inmem.New[string](nil)
	defer memory.Close()
	get := advcache.NewTTL[*big.Int](memory, time.Hour, nil).Cached("n:{}", func(_ context.Context, n *big.Int) (string, error) {
		return n.String(), nil
	})
	n := big.NewInt(2)
	for i := range int64(100) {
		n.SetInt64(i % 3)
		for range 5 {
			if v, err := get(t.Context(), n); err != nil || v != fmt.Sprint(i%3) {
				t.Fatalf("law 9: the value of %v is %q, %v", n, v, err)
			}
		}
	}
}

func TestKeysThatCannotBeCompared(t *testing.T) {
	type key struct {
		ID    int
		Extra any `cache:"-"`
	}
	if _, err := advcache.ParseKey[key]("{ID}"); err == nil || !strings.Contains(err.Error(), "interface type") {
		t.Errorf("ParseKey of a K with a field that may hold a slice: %v", err)
	}
}

func TestNilContext(t *testing.T) {
	memory := inmem.New[int](nil)
	defer memory.Close()
	f := advcache.NewTTL[int](memory, time.Hour, nil).Func("k:{}", func(_ context.Context, k int) (int, error) { return k, nil })
	var none context.Context
	for name, call := range map[string]func(){
		"Get":     func() { _, _ = f.Get(none, 1) },
		"GetMany": func() { _, _ = f.GetMany(none, []int{1, 2}) },
		"Refresh": func() { _, _ = f.Refresh(none, 1) },
	} {
		func() {
			defer func() { // in this goroutine: elsewhere it would end the process
				if p := fmt.Sprint(recover()); !strings.Contains(p, "the context is nil") {
					t.Errorf("%s with a nil context panics with %s", name, p)
				}
			}()
			call()
		}()
	}
}

func TestHotKeysWithoutBound(t *testing.T) {
	memory := inmem.New[int](nil)
	defer memory.Close()
	get := advcache.NewTTL[int](memory, time.Hour, &advcache.TTLOptions{HotKeys: math.MaxInt}).
		Cached("k:{}", func(_ context.Context, k int) (int, error) { return k, nil })
	if v, err := get(t.Context(), 1); v != 1 || err != nil {
		t.Errorf("get = %d, %v", v, err)
	}
}

// TestManyLoaderWithOtherKeys: what keys leave out, the loader's map may differ
// in.
func TestManyLoaderWithOtherKeys(t *testing.T) {
	type key struct {
		ID    int
		Trace string `cache:"-"`
	}
	memory := inmem.New[string](nil)
	defer memory.Close()
	f := advcache.NewTTL[key](memory, time.Hour, nil).FuncMany("k:{ID}", func(_ context.Context, ks []key) (map[key]string, error) {
		values := map[key]string{}
		for _, k := range ks {
			values[key{ID: k.ID}] = fmt.Sprint(k.ID)
		}
		return values, nil
	})
	if v, err := f.Get(t.Context(), key{1, "a"}); v != "1" || err != nil {
		t.Errorf("Get = %q, %v", v, err)
	}
	values, err := f.GetMany(t.Context(), []key{{2, "b"}, {3, "c"}})
	if err != nil || values[key{2, "b"}] != "2" || values[key{3, "c"}] != "3" {
		t.Errorf("GetMany = %v, %v", values, err)
	}
}

func TestZeroKeyTemplate(t *testing.T) {
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "use ParseKey") {
			t.Errorf("law 9: the zero KeyTemplate panics with %s", p)
		}
	}()
	var k advcache.KeyTemplate[int]
	key, err := k.Key(1)
	t.Errorf("law 9: the zero KeyTemplate makes the key %q, %v of all values", key, err)
}

func TestZeroTTL(t *testing.T) {
	var ttl advcache.TTL[int, string]
	load := func(context.Context, int) (string, error) { return "", nil }
	wantPanic(t, func() { ttl.Cached("k:{}", load) }, "the zero TTL", "NewTTL")
	wantPanic(t, func() { (*advcache.TTL[int, string])(nil).Func("k:{}", load) }, "the zero TTL", "NewTTL")
	wantPanic(t, func() { ttl.CachedValue("k", func(context.Context) (string, error) { return "", nil }) }, "the zero TTL", "NewTTL")
}

func TestPanicErrorHidesTheStack(t *testing.T) {
	memory := inmem.New[int](nil)
	defer memory.Close()
	get := advcache.NewTTL[int](memory, time.Hour, nil).Cached("k:{}", func(context.Context, int) (int, error) { panic("boom") })
	_, err := get(t.Context(), 1)
	p, ok := errors.AsType[*advcache.PanicError](err)
	if !ok || strings.Contains(err.Error(), "goroutine") || !strings.Contains(string(p.Stack), "misuse_test.go") {
		t.Errorf("law 6: %v", err)
	}
}

// TestLongKeysInErrorsAndLogs: a key of a megabyte makes neither an error nor a
// line of a log of one.
func TestLongKeysInErrorsAndLogs(t *testing.T) {
	var out strings.Builder
	down := errors.New("down")
	m := newMapCache[string]()
	m.on(func(string, string) error { return down })
	f := advcache.NewTTL[string](m, time.Hour, &advcache.TTLOptions{Logger: slog.New(slog.NewTextHandler(&out, nil))}).
		Func("k:{}", func(context.Context, string) (string, error) { return "v", nil })
	long := strings.Repeat("key-", 1<<18)
	if _, err := f.Get(t.Context(), long); err != nil {
		t.Error(err)
	}
	if line := out.String(); len(line) > 1000 || !strings.Contains(line, "key-…") && !strings.Contains(line, "(1048578 bytes)") {
		t.Errorf("law 7: the log has %d bytes: %.500s", len(line), line)
	}
	err := f.Invalidate(t.Context(), long)
	op, ok := errors.AsType[*advcache.OpError](err)
	if said := err.Error(); !ok || len(said) > 300 || !strings.Contains(said, `"… (1048578 bytes): down`) {
		t.Errorf("law 7: the error has %d bytes: %.500s", len(said), said)
	}
	if err := f.Set(t.Context(), long, "v"); !errors.As(err, &op) || op.Key != f.Key(long) {
		t.Errorf("law 7: the error does not have its whole key: %.500v", err)
	}
	if said := (&advcache.OpError{Op: "get", Backend: "b", Key: "a\n\x1b[31m", Err: down}).Error(); said != `advcache: b get "a\n\x1b[31m": down` {
		t.Errorf("law 7: control characters: %s", said)
	}
}
