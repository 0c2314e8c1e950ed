package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

func TestNewRefusesWhatMakesNoSense(t *testing.T) {
	ring, err := codec.NewKeyRing("k", map[string][]byte{"k": make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	memory := storetest.NewMemory(&storetest.MemoryOptions{MaxSize: 100})
	for want, o := range map[string]*store.Options{
		"MaxSize is negative":        {MaxSize: -1},
		"takes 100 bytes":            {MaxSize: 101},
		"MaxDecodedSize is negative": {MaxDecodedSize: -1},
		"Schema has 256 bytes":       {Schema: strings.Repeat("s", 256)},
		"Encryption has no keys":     {Encryption: new(codec.KeyRing)},
		"ReadForeign and Encryption": {ReadForeign: true, Encryption: ring},
		"cannot keep values of type": {Codec: codec.Raw},
		"lower-case":                 {Codec: misnamed{codec.JSON}},
	} {
		wantPanic(t, want, func() { store.New[point](memory, o) })
	}
	wantPanic(t, "nil Store", func() { store.New[point](nil, nil) })
	wantPanic(t, "nil Store", func() { store.New[point]((*storetest.Memory)(nil), nil) })
	wantPanic(t, "cannot keep values of type", func() { store.New[func()](memory, &store.Options{Codec: codec.JSON}) })
}

type misnamed struct{ codec.Codec }

func (misnamed) Name() string { return "JSON+" }

func wantPanic(t *testing.T, want string, fn func()) {
	t.Helper()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
			t.Errorf("New says %q; want something with %q", got, want)
		}
	}()
	fn()
}

func TestDefaults(t *testing.T) {
	encodingOf := func(memory *storetest.Memory) (encoding string) {
		memory.Edit("k", func(o *store.Object) { encoding = o.Meta.Encoding })
		return encoding
	}
	long := strings.Repeat("compressible ", 100)
	for _, c := range []struct {
		compress bool
		set      func(store.Store) error
		want     string
	}{
		{false, func(s store.Store) error { return store.New[string](s, nil).Set(t.Context(), "k", long, 0) }, "raw"},
		{false, func(s store.Store) error { return store.New[[]byte](s, nil).Set(t.Context(), "k", []byte(long), 0) }, "raw"},
		{false, func(s store.Store) error { return store.New[point](s, nil).Set(t.Context(), "k", point{}, 0) }, "msgpack"},
		{true, func(s store.Store) error { return store.New[string](s, nil).Set(t.Context(), "k", long, 0) }, "raw+gzip"},
		{true, func(s store.Store) error { return store.New[string](s, nil).Set(t.Context(), "k", "short", 0) }, "raw"},
		{true, func(s store.Store) error {
			return store.New[string](s, &store.Options{Compression: codec.None}).Set(t.Context(), "k", long, 0)
		}, "raw"},
	} {
		memory := storetest.NewMemory(&storetest.MemoryOptions{Compress: c.compress})
		if err := c.set(memory); err != nil {
			t.Fatal(err)
		}
		if got := encodingOf(memory); got != c.want {
			t.Errorf("compress %v: the encoding is %q, want %q", c.compress, got, c.want)
		}
	}
}

// TestTooLarge holds that a value which cannot be stored does not leave the one
// that it replaces.
func TestTooLarge(t *testing.T) {
	memory := storetest.NewMemory(&storetest.MemoryOptions{MaxKey: 20, MaxSize: 1000})
	large := strings.Repeat("0123456789", 101)
	for name, o := range map[string]*store.Options{
		"backend": nil, "MaxSize": {MaxSize: 500}, "MaxDecodedSize": {MaxDecodedSize: 500, Compression: codec.Gzip(9)},
	} {
		c := store.New[string](memory, o)
		for call, do := range map[string]func() error{
			"Set":     func() error { return c.Set(t.Context(), "k", large, time.Hour) },
			"SetMany": func() error { return c.SetMany(t.Context(), map[string]string{"k": large, "other": "fits"}, time.Hour) },
			"SetIfAbsent": func() error {
				del(t, c, "k")
				_, err := c.SetIfAbsent(t.Context(), "k", large, time.Hour)
				return err
			},
			"SetEntryIf": func() error {
				_, err := c.SetEntryIf(t.Context(), "k", advcache.Entry[string]{Value: large}, entry(t, c, "k").Version)
				return err
			},
		} {
			set(t, c, "k", "old", time.Hour)
			err := do()
			if op, ok := errors.AsType[*advcache.OpError](err); !errors.Is(err, store.ErrTooLarge) || !ok || op.Key != "k" {
				t.Errorf("%s, %s: %v; want an OpError of key k that wraps ErrTooLarge", name, call, err)
			}
			miss(t, c, "k")
			if call == "SetMany" {
				hit(t, c, "other", "fits")
			}
		}
		for call, err := range map[string]error{
			"long key": c.Set(t.Context(), strings.Repeat("k", 21), "v", 0), "empty key": c.Set(t.Context(), "", "v", 0),
			"negative ttl": c.Set(t.Context(), "k", "v", -1),
		} {
			if _, ok := errors.AsType[*advcache.OpError](err); !ok {
				t.Errorf("%s: %v; want an OpError", call, err)
			}
		}
		if _, _, err := c.Get(t.Context(), strings.Repeat("k", 21)); err == nil || !strings.Contains(err.Error(), "MaxKeyLength") {
			t.Errorf("a long key: %v; want what to do", err)
		}
	}
}

// TestTimeout holds law 7: a backend that never answers costs a call no more than
// the Timeout, and a function its loader's time beside.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := storetest.NewFaulty(storetest.NewMemory(&storetest.MemoryOptions{Timeout: 250 * time.Millisecond}), nil)
		var told troubles
		c := store.New[string](faulty, nil)
		set(t, c, "user:1", "old", time.Hour)
		faulty.Rate(storetest.AnyOp, storetest.Hang, 1)
		for call, do := range map[string]func() error{
			"Get":         func() error { _, _, err := c.Get(t.Context(), "k"); return err },
			"Exists":      func() error { _, err := c.Exists(t.Context(), "k"); return err },
			"HeadEntry":   func() error { _, _, err := c.HeadEntry(t.Context(), "k"); return err },
			"GetEntries":  func() error { return c.GetEntries(t.Context(), []string{"k", "l"})[1].Err },
			"SetEntries":  func() error { return c.SetEntries(t.Context(), map[string]advcache.Entry[string]{"k": {}, "l": {}}) },
			"Set":         func() error { return c.Set(t.Context(), "k", "v", 0) },
			"Delete":      func() error { return c.Delete(t.Context(), "k") },
			"SetIfAbsent": func() error { _, err := c.SetIfAbsent(t.Context(), "k", "v", 0); return err },
			"GetMany":     func() error { _, err := c.GetMany(t.Context(), []string{"k", "l"}); return err },
			"SetMany":     func() error { return c.SetMany(t.Context(), map[string]string{"k": "v", "l": "v"}, 0) },
		} {
			began := time.Now()
			err := do()
			if took := time.Since(began); took != 250*time.Millisecond {
				t.Errorf("law 7: %s took %v; want the 250 ms of the backend", call, took)
			}
			if _, ok := errors.AsType[*advcache.OpError](err); !ok || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s = %v; want an OpError that wraps DeadlineExceeded", call, err)
			}
		}
		ttl := advcache.NewTTL[int](c, time.Hour, &advcache.TTLOptions{Observer: told.observer()})
		get := ttl.Cached("user:{}", func(context.Context, int) (string, error) { return "loaded", nil })
		began := time.Now()
		if v, err := get(t.Context(), 1); v != "loaded" || err != nil {
			t.Errorf("law 7: %q, %v; want the loader's value", v, err)
		}
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("law 7: it took %v; want a read and a write of 250 ms at the most", took)
		}
		if errs := told.take(); len(errs) == 0 {
			t.Error("law 7: the Observer was not told of the outage")
		}
		faulty.Heal()
		if v, err := get(t.Context(), 1); v != "loaded" || err != nil {
			t.Errorf("law 7: %q, %v after the outage; want the loader's value, not the one that missed a write", v, err)
		}
		if err := ttl.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestLog holds that objects which make no sense are not passed over in silence.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	memory := storetest.NewMemory(nil)
	c := store.New[string](memory, &store.Options{Name: "users", Logger: slog.New(slog.NewTextHandler(&out, nil))})
	set(t, c, "k", "value", time.Hour)
	memory.Edit("k", func(o *store.Object) { o.Body[0]++ })
	if _, ok, err := c.Get(t.Context(), "k"); ok || err != nil {
		t.Fatal(ok, err)
	}
	if said := out.String(); !strings.Contains(said, "cache=users") || !strings.Contains(said, "key=k") || !strings.Contains(said, "damaged") {
		t.Errorf("the log says %q", said)
	}
}

// TestPanics holds law 6 for the methods of values that codecs call.
func TestPanics(t *testing.T) {
	c := store.New[explosive](storetest.NewMemory(nil), &store.Options{Codec: codec.JSON, Observer: new(troubles).observer()})
	if err := c.Set(t.Context(), "k", explosive{write: true}, time.Hour); err == nil {
		t.Error("law 6: Set of a value whose MarshalJSON panics gives no error")
	} else if _, ok := errors.AsType[*advcache.PanicError](err); !ok {
		t.Errorf("law 6: %v; want a PanicError", err)
	}
	set(t, c, "k", explosive{}, time.Hour)
	miss(t, c, "k")
}

type explosive struct{ write bool }

func (e explosive) MarshalJSON() ([]byte, error) {
	if e.write {
		panic("write")
	}
	return []byte("{}"), nil
}

func (*explosive) UnmarshalJSON([]byte) error { panic("read") }

// TestHooksThatPanic holds law 6 for an Observer.
func TestHooksThatPanic(t *testing.T) {
	boom := func(advcache.Event) { panic("hook") }
	memory := storetest.NewMemory(nil)
	c := store.New[string](memory, &store.Options{
		Observer: &advcache.Observer{Set: boom, Delete: boom, BackendError: boom}, Logger: slog.New(slog.DiscardHandler),
	})
	set(t, c, "k", "value", time.Hour)
	hit(t, c, "k", "value")
	memory.Edit("k", func(o *store.Object) { o.Body[0]++ })
	miss(t, c, "k")
	del(t, c, "k")
}
