package s3store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestRequests is law 12: the table in the documentation of the package, for a
// whole cache.
func TestRequests(t *testing.T) {
	ctx := context.Background()
	value, other := strings.Repeat("value ", 1000), strings.Repeat("other ", 1000)
	large := string(randomBytes(300 << 10))
	for _, test := range []struct {
		name   string
		o      s3store.Options
		dedupe bool
		before func(t *testing.T, c *store.Cache[string])
		do     func(c *store.Cache[string]) (any, error)
		want   any
		asks   string
	}{
		{name: "miss", do: get, want: "", asks: "1 HeadObject"},
		{name: "miss, OneRequest", o: one, do: get, want: "", asks: "1 GetObject"},
		{name: "fresh", before: set(value, time.Hour), do: get, want: value, asks: "1 HeadObject, 1 GetObject"},
		{name: "fresh, OneRequest", o: one, before: set(value, time.Hour), do: get, want: value, asks: "1 GetObject"},
		{name: "expired", before: expired(value), do: get, want: "", asks: "1 HeadObject"},
		{name: "expired, OneRequest", o: one, before: expired(value), do: get, want: "", asks: "1 GetObject"},
		{name: "exists", before: set(value, time.Hour), do: exists, want: true, asks: "1 HeadObject"},
		{name: "exists, expired", before: expired(value), do: exists, want: false, asks: "1 HeadObject"},
		{name: "revalidated, unchanged", before: set(value, time.Hour), do: revalidate, want: value, asks: "2 HeadObject, 1 GetObject"}, // the first Get included
		{name: "revalidated, unchanged, OneRequest", o: one, before: set(value, time.Hour), do: revalidate, want: value, asks: "2 GetObject"},
		{name: "revalidated, unchanged and large, OneRequest", o: one, before: set(large, time.Hour), do: revalidate, want: large, asks: "1 HeadObject, 1 GetObject"},
		{name: "write", do: setting(value), want: nil, asks: "1 PutObject"},
		{name: "write over", before: set(value, time.Hour), do: setting(other), want: nil, asks: "1 PutObject"},
		{name: "dedupe, first", dedupe: true, do: setting(value), want: nil, asks: "1 HeadObject, 1 PutObject"},
		{name: "dedupe, changed", dedupe: true, before: set(other, time.Hour), do: setting(value), want: nil, asks: "1 HeadObject, 1 PutObject"},
		{name: "dedupe, unchanged", dedupe: true, before: set(value, time.Hour), do: setting(value), want: nil, asks: "1 HeadObject"},
		{name: "dedupe, renewed", dedupe: true, before: set(value, time.Minute), do: setting(value), want: nil, asks: "1 HeadObject, 1 CopyObject"},
		{name: "SoleWriter, first", o: sole, dedupe: true, do: setting(value), want: nil, asks: "1 HeadObject, 1 PutObject"},
		{name: "SoleWriter, unchanged", o: sole, dedupe: true, before: set(value, time.Hour), do: setting(value), want: nil, asks: "no request"},
		{name: "SoleWriter, changed", o: sole, dedupe: true, before: set(other, time.Hour), do: setting(value), want: nil, asks: "1 PutObject"},
		{name: "SoleWriter, renewed", o: sole, dedupe: true, before: set(value, time.Minute), do: setting(value), want: nil, asks: "1 CopyObject"},
		{name: "SoleWriter, expired", o: sole, dedupe: true, before: expired(value), do: setting(value), want: nil, asks: "1 PutObject"},
		{name: "SoleWriter, deleted", o: sole, dedupe: true, before: then(set(value, time.Hour), deleted), do: setting(value), want: nil, asks: "1 HeadObject, 1 PutObject"},
		{name: "SoleWriter, cleared", o: sole, dedupe: true, before: then(set(value, time.Hour), clearing), do: setting(value), want: nil, asks: "1 HeadObject, 1 PutObject"},
		{name: "absent", do: absent(value), want: true, asks: "1 HeadObject, 1 PutObject"},
		{name: "absent, over dead", before: expired(other), do: absent(value), want: true, asks: "1 HeadObject, 1 PutObject"},
		{name: "absent, over the same, dead", before: expired(value), do: absent(value), want: true, asks: "1 HeadObject, 1 PutObject"},
		{name: "absent, over the same, dead and raw", before: expired("raw"), do: absent("raw"), want: true, asks: "1 HeadObject, 1 PutObject"},
		{name: "delete", before: set(value, time.Hour), do: deleting(1), want: nil, asks: "1 DeleteObject"},
		{name: "delete 1,000", before: set(value, time.Hour), do: deleting(1000), want: nil, asks: "1 DeleteObjects"},
		{name: "delete 1,001", before: set(value, time.Hour), do: deleting(1001), want: nil, asks: "2 DeleteObjects"},
		{name: "clear", before: set(value, time.Hour), do: clearing, want: nil, asks: "1 DeleteObjects, 1 ListObjectsV2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(&test.o, nil)
				c := store.New[string](s, &store.Options{Dedupe: test.dedupe})
				if _, _, err := c.Get(ctx, "another"); err != nil { // the bucket is known from then on
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
				used := s.Usage().Since(before)
				if asked := server.Requests(); used.ClassA != int64(asked.In(fakes3.Tier1)) || used.ClassB != int64(asked.In(fakes3.Tier2)) || used.Free != int64(asked.In(fakes3.Free)) {
					t.Errorf("of %v the store counted %v", asked, used)
				}
				if asked := server.Requests().String(); asked != test.asks {
					t.Errorf("law 12: it took %s; want %s", asked, test.asks)
				}
				if n := server.Counts().Out; strings.HasPrefix(test.name, "expired") && n > 256<<10 || test.name == "expired" && n > 0 {
					t.Errorf("law 12: %d bytes of an expired body were read", n)
				}
			})
		})
	}
}

var (
	one  = s3store.Options{Freshness: s3store.OneRequest}
	sole = s3store.Options{SoleWriter: true}
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

func then(before func(*testing.T, *store.Cache[string]), do func(*store.Cache[string]) (any, error)) func(*testing.T, *store.Cache[string]) {
	return func(t *testing.T, c *store.Cache[string]) {
		before(t, c)
		if _, err := do(c); err != nil {
			t.Fatal(err)
		}
	}
}

func deleted(c *store.Cache[string]) (any, error) { return nil, c.Delete(context.Background(), "k") }

func setting(value string) func(*store.Cache[string]) (any, error) {
	return func(c *store.Cache[string]) (any, error) {
		return nil, c.Set(context.Background(), "k", value, time.Hour)
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

// TestEqualBodiesAreUnique holds that two writes of one value have ETags of their
// own where the body is compressed or encrypted, and that both are read.
func TestEqualBodiesAreUnique(t *testing.T) {
	ring, err := codec.NewKeyRing("a", map[string][]byte{"a": make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*store.Options{
		"gzip":      nil, // the default of object stores
		"zstd":      {Compression: codec.Zstd(1)},
		"encrypted": {Encryption: ring},
		"raw":       {Compression: codec.None},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(nil, nil)
				c := store.New[string](s, o)
				value := strings.Repeat("value ", 1000)
				etags := make(map[string]bool)
				for range 3 {
					set(value, time.Hour)(t, c)
					obj, _ := server.Object(bucket, "k")
					etags[obj.ETag] = true
					if got, err := get(c); got != value || err != nil {
						t.Fatalf("Get = %.20v, %v", got, err)
					}
				}
				if want := map[bool]int{true: 1, false: 3}[name == "raw"]; len(etags) != want {
					t.Errorf("3 writes have %d ETags; want %d", len(etags), want)
				}
			})
		})
	}
}
