package gcsstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestRequests is law 12: the table in the documentation of the package, for a
// whole cache, and what Usage says of it.
func TestRequests(t *testing.T) {
	ctx := context.Background()
	value, other := strings.Repeat("value ", 1000), strings.Repeat("other ", 1000)
	large := string(randomBytes(300 << 10))
	random := string(randomBytes(1 << 20))
	for _, test := range []struct {
		name   string
		o      gcsstore.Options
		dedupe bool
		before func(t *testing.T, c *store.Cache[string])
		do     func(c *store.Cache[string]) (any, error)
		want   any
		asks   string
	}{
		{name: "miss", do: get, want: "", asks: "1 GetObject"},
		{name: "miss, OneRequest", o: one, do: get, want: "", asks: "1 ReadObject"},
		{name: "fresh", before: set(value, time.Hour), do: get, want: value, asks: "1 GetObject, 1 ReadObject"},
		{name: "fresh, OneRequest", o: one, before: set(value, time.Hour), do: get, want: value, asks: "1 ReadObject"},
		{name: "expired", before: expired(value), do: get, want: "", asks: "1 GetObject"},
		{name: "expired, OneRequest", o: one, before: expired(value), do: get, want: "", asks: "1 ReadObject"},
		{name: "expired and large, OneRequest", o: one, before: expired(random), do: get, want: "", asks: "1 ReadObject"},
		{name: "exists", before: set(value, time.Hour), do: exists, want: true, asks: "1 GetObject"},
		{name: "exists, OneRequest", o: one, before: set(value, time.Hour), do: exists, want: true, asks: "1 GetObject"},
		{name: "exists, expired", before: expired(value), do: exists, want: false, asks: "1 GetObject"},
		{name: "revalidated, unchanged", before: set(value, time.Hour), do: revalidate, want: value, asks: "2 GetObject, 1 ReadObject"}, // the first Get included
		{name: "revalidated, unchanged, OneRequest", o: one, before: set(value, time.Hour), do: revalidate, want: value, asks: "2 ReadObject"},
		{name: "revalidated, unchanged and large, OneRequest", o: one, before: set(large, time.Hour), do: revalidate, want: large, asks: "1 GetObject, 1 ReadObject"},
		{name: "write", do: setting(value), want: nil, asks: "1 InsertObject"},
		{name: "write over", before: set(value, time.Hour), do: setting(other), want: nil, asks: "1 InsertObject"},
		{name: "write by version", before: set(value, time.Hour), do: settingSeen(other), want: true, asks: "1 GetObject, 1 ReadObject, 1 InsertObject"}, // the Get included
		{name: "dedupe, first", dedupe: true, do: setting(value), want: nil, asks: "1 GetObject, 1 InsertObject"},
		{name: "dedupe, changed", dedupe: true, before: set(other, time.Hour), do: setting(value), want: nil, asks: "1 GetObject, 1 InsertObject"},
		{name: "dedupe, unchanged", dedupe: true, before: set(value, time.Hour), do: setting(value), want: nil, asks: "1 GetObject"},
		{name: "dedupe, renewed", dedupe: true, before: set(value, time.Minute), do: setting(value), want: nil, asks: "1 GetObject, 1 PatchObject"},
		{name: "dedupe, renewed to an end", dedupe: true, before: set(value, 0), do: setting(value), want: nil, asks: "1 GetObject, 1 PatchObject"},
		{name: "dedupe, renewed for ever", dedupe: true, before: set(value, time.Hour), do: settingFor(value, 0), want: nil, asks: "1 GetObject, 1 RewriteObject"},
		{name: "sole writer, first", o: sole, dedupe: true, do: setting(value), want: nil, asks: "1 GetObject, 1 InsertObject"},
		{name: "sole writer, changed", o: sole, dedupe: true, before: set(other, time.Hour), do: setting(value), want: nil, asks: "1 InsertObject"},
		{name: "sole writer, unchanged", o: sole, dedupe: true, before: set(value, time.Hour), do: setting(value), want: nil, asks: "no request"},
		{name: "sole writer, renewed", o: sole, dedupe: true, before: set(value, time.Minute), do: setting(value), want: nil, asks: "1 PatchObject"},
		{name: "absent", do: absent(value), want: true, asks: "1 GetObject, 1 InsertObject"},
		{name: "absent, over dead", before: expired(other), do: absent(value), want: true, asks: "1 GetObject, 1 InsertObject"},
		{name: "absent, over the same, dead and raw", before: expired("raw"), do: absent("raw"), want: true, asks: "1 GetObject, 1 InsertObject"},
		{name: "absent, refused", before: set(value, time.Hour), do: absent(other), want: false, asks: "2 GetObject"},
		{name: "delete", before: set(value, time.Hour), do: deleting(1), want: nil, asks: "1 DeleteObject"},
		{name: "delete 1,000", before: set(value, time.Hour), do: deleting(1000), want: nil, asks: "1000 DeleteObject"},
		{name: "clear", before: set(value, time.Hour), do: clearing, want: nil, asks: "1 ListObjects, 1 DeleteObject"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(&test.o, nil)
				c := store.New[string](s, &store.Options{Dedupe: test.dedupe})
				if _, _, err := c.Get(ctx, "another"); err != nil { // with OneRequest, the bucket is known from then on
					t.Fatal(err)
				}
				if test.before != nil {
					test.before(t, c)
				}
				server.Reset()
				before := s.Usage()
				got, err := test.do(c)
				if err != nil || got != test.want {
					t.Errorf("it gave %.20v, %v; want %.20v", got, err, test.want)
				}
				if asked := server.Requests().String(); asked != test.asks {
					t.Errorf("law 12: it took %s; want %s", asked, test.asks)
				}
				if n := server.OpenBodies(); n > 0 {
					t.Errorf("law 13: %d bodies are open", n)
				}
				// Metadata by the JSON API are a body too.
				if n := s.Usage().Received - before.Received; strings.HasPrefix(test.name, "expired") && n > 256<<10 || test.name == "expired" && n > 0 {
					t.Errorf("law 12: %d bytes of an expired body were read", n)
				}
				asked := server.Requests()
				if used := s.Usage().Since(before); used.ClassA != int64(asked.In(fakegcs.ClassA)) || used.ClassB != int64(asked.In(fakegcs.ClassB)) ||
					used.Free != int64(asked.In(fakegcs.Free)) {
					t.Errorf("law 12: Usage = %v, and the server was asked %v", used, asked)
				}
			})
		})
	}
}

var (
	one  = gcsstore.Options{Freshness: gcsstore.OneRequest}
	sole = gcsstore.Options{SoleWriter: true}
)

func get(c *store.Cache[string]) (any, error) {
	value, _, err := c.Get(context.Background(), "k")
	return value, err
}

func exists(c *store.Cache[string]) (any, error) { return c.Exists(context.Background(), "k") }

func revalidate(c *store.Cache[string]) (any, error) {
	e, _, err := c.GetEntry(context.Background(), "k")
	if err == nil {
		e, _, err = c.Revalidate(context.Background(), "k", e)
	}
	return e.Value, err
}

func set(value string, ttl time.Duration) func(*testing.T, *store.Cache[string]) {
	return func(t *testing.T, c *store.Cache[string]) {
		if err := c.Set(context.Background(), "k", value, ttl); err != nil {
			t.Fatal(err)
		}
	}
}

func expired(value string) func(*testing.T, *store.Cache[string]) {
	return func(t *testing.T, c *store.Cache[string]) {
		set(value, time.Minute)(t, c)
		time.Sleep(time.Minute)
	}
}

func setting(value string) func(*store.Cache[string]) (any, error) {
	return settingFor(value, time.Hour)
}

func settingFor(value string, ttl time.Duration) func(*store.Cache[string]) (any, error) {
	return func(c *store.Cache[string]) (any, error) {
		return nil, c.Set(context.Background(), "k", value, ttl)
	}
}

func settingSeen(value string) func(*store.Cache[string]) (any, error) {
	return func(c *store.Cache[string]) (any, error) {
		e, _, err := c.GetEntry(context.Background(), "k")
		if err != nil {
			return nil, err
		}
		return c.SetEntryIf(context.Background(), "k", advcache.Entry[string]{Value: value, FreshUntil: time.Now().Add(time.Hour)}, e.Version)
	}
}

func absent(value string) func(*store.Cache[string]) (any, error) {
	return func(c *store.Cache[string]) (any, error) {
		return c.SetIfAbsent(context.Background(), "k", value, time.Hour)
	}
}

func deleting(n int) func(*store.Cache[string]) (any, error) {
	return func(c *store.Cache[string]) (any, error) {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprint("k", i)
		}
		return nil, c.Delete(context.Background(), keys...)
	}
}

func clearing(c *store.Cache[string]) (any, error) {
	return nil, advcache.Clear(context.Background(), c, "")
}
