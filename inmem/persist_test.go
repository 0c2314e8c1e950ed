package inmem_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

type user struct {
	Name string
	Age  int
}

func saved(t *testing.T, c *inmem.Cache[user]) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := c.SaveTo(&out)
	if err != nil || n != c.Len() {
		t.Fatalf("SaveTo = %d, %v; want %d", n, err, c.Len())
	}
	return out.Bytes()
}

func TestSaveAndLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := open[user](t, nil)
		now := time.Now()
		entries := map[string]advcache.Entry[user]{
			"absent":   {CreatedAt: now, FreshUntil: now.Add(time.Hour), Absent: true},
			"for ever": {Value: user{"Eve", 1}, CreatedAt: now},
			"stale":    {Value: user{"Stan", 2}, CreatedAt: now, FreshUntil: now.Add(time.Minute), StaleUntil: now.Add(time.Hour)},
			"held":     {Value: user{"Hel", 3}, CreatedAt: now, FreshUntil: now.Add(time.Hour), HeldUntil: now.Add(time.Second)},
			"tagged":   {Value: user{"Tag", 4}, CreatedAt: now, FreshUntil: now.Add(time.Hour), Tags: []string{"a", "b"}},
			"newer":    {Value: user{"Old", 5}, CreatedAt: now, FreshUntil: now.Add(time.Hour)},
		}
		for i := range 1000 {
			entries[fmt.Sprint(i)] = advcache.Entry[user]{Value: user{"U", i}, CreatedAt: now, FreshUntil: now.Add(time.Hour)}
		}
		for key, e := range entries {
			if err := old.SetEntry(t.Context(), key, e); err != nil {
				t.Fatal(err)
			}
		}
		data := saved(t, old)

		time.Sleep(10 * time.Minute)
		c := open[user](t, nil)
		if err := c.Set(t.Context(), "newer", user{"New", 6}, time.Hour); err != nil {
			t.Fatal(err)
		}
		n, err := c.LoadFrom(bytes.NewReader(data))
		if want := len(entries) - 2; n != want || err != nil { // without "held" and "newer"
			t.Fatalf("LoadFrom = %d, %v; want %d", n, err, want)
		}
		for key, want := range entries {
			got, ok, _ := c.GetEntry(t.Context(), key)
			switch key {
			case "held":
				if ok {
					t.Error("law 2 (copies): an entry outlived its limit by way of a file")
				}
				continue
			case "newer":
				want.Value = user{"New", 6}
				got.CreatedAt, got.FreshUntil = want.CreatedAt, want.FreshUntil
			}
			if !ok || got.Value != want.Value || got.Absent != want.Absent || !slices.Equal(got.Tags, want.Tags) ||
				!got.CreatedAt.Equal(want.CreatedAt) || !got.FreshUntil.Equal(want.FreshUntil) || !got.StaleUntil.Equal(want.StaleUntil) {
				t.Fatalf("law 2 (copies): %q came back as %+v, %v; want %+v", key, got, ok, want)
			}
		}
	})
}

func TestLoadDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := open[user](t, nil)
		for i := range 600 { // three parts
			if err := old.Set(t.Context(), fmt.Sprint(i), user{"U", i}, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		data := saved(t, old)
		check := func(what string, damaged []byte) {
			t.Helper()
			c := inmem.New[user](nil)
			defer c.Close()
			if _, err := c.LoadFrom(bytes.NewReader(damaged)); !errors.Is(err, inmem.ErrCorrupt) {
				t.Fatalf("law 10: %s: LoadFrom = %v, want ErrCorrupt", what, err)
			}
			for key, e := range c.All() {
				if key != fmt.Sprint(e.Value.Age) {
					t.Fatalf("law 10: %s: %q holds %+v, which was not written", what, key, e.Value)
				}
			}
		}
		for n := 0; n < len(data); n += 1 + len(data)/97 {
			check(fmt.Sprintf("cut after %d bytes", n), data[:n])
			flipped := bytes.Clone(data)
			flipped[n] ^= 1 << (n % 8)
			check(fmt.Sprintf("bit flipped at byte %d", n), flipped)
		}
		other := inmem.New[int](nil)
		defer other.Close()
		if _, err := other.LoadFrom(bytes.NewReader(data)); !errors.Is(err, inmem.ErrCorrupt) {
			t.Errorf("law 10: another type: LoadFrom = %v, want ErrCorrupt", err)
		}
	})
}

func FuzzLoadFrom(f *testing.F) {
	c := inmem.New[user](nil)
	for i := range 3 {
		_ = c.Set(context.Background(), fmt.Sprint(i), user{"U", i}, 0)
	}
	var out bytes.Buffer
	if _, err := c.SaveTo(&out); err != nil {
		f.Fatal(err)
	}
	_ = c.Close()
	f.Add(out.Bytes())
	f.Add([]byte("advcache/inmem/1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := inmem.New[user](nil)
		defer c.Close()
		n, err := c.LoadFrom(bytes.NewReader(data))
		if err != nil && !errors.Is(err, inmem.ErrCorrupt) {
			t.Errorf("law 10: LoadFrom = %v, want ErrCorrupt", err)
		}
		if n < c.Len() {
			t.Errorf("law 10: LoadFrom says %d, but there are %d entries", n, c.Len())
		}
	})
}

type errWriter struct{ after int }

func (w *errWriter) Write(p []byte) (int, error) {
	if w.after -= len(p); w.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestSaveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open[user](t, nil)
		for i := range 1000 {
			if err := c.Set(t.Context(), fmt.Sprint(i), user{"U", i}, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.SaveTo(&errWriter{after: 8000}); err == nil {
			t.Error("SaveTo to a full disk gave no error")
		}
		fn := open[func()](t, nil)
		if err := fn.Set(t.Context(), "k", func() {}, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := fn.SaveTo(&bytes.Buffer{}); err == nil {
			t.Error("SaveTo of a type that gob refuses gave no error")
		}
	})
}

func TestAFailedSaveIsNotComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type unknown struct{ X int }
		c := open[any](t, nil)
		for i := range 600 {
			if err := c.Set(t.Context(), fmt.Sprint(i), any(i), time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Set(t.Context(), "bad", unknown{1}, time.Hour); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		n, err := c.SaveTo(&out)
		if err == nil {
			t.Fatal("SaveTo of a type that gob does not know gave no error")
		}
		back := open[any](t, nil)
		if m, err := back.LoadFrom(&out); !errors.Is(err, inmem.ErrCorrupt) || m != n {
			t.Errorf("law 10: LoadFrom = %d, %v after SaveTo = %d; want the same, and ErrCorrupt", m, err, n)
		}
	})
}
