package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestRequests holds law 12: what each operation asks of the backend.
func TestRequests(t *testing.T) {
	type req = storetest.Requests
	large := strings.Repeat("large ", 1000)
	bare := []string{"Touch", "GetMany", "PutMany"}
	many := make(map[string]string)
	var keys []string
	for i := range 100 {
		keys = append(keys, fmt.Sprint("many:", i))
		many[keys[i]] = large
	}
	for _, step := range []struct {
		name    string
		without []string
		dedupe  bool
		do      func(t *testing.T, c *store.Cache[string])
		want    storetest.Counts
	}{
		{"fresh read", nil, false, func(t *testing.T, c *store.Cache[string]) { hit(t, c, "k", large) }, storetest.Counts{Requests: req{Get: 1}, Keys: 1, Out: 6000}},
		{"miss", nil, false, func(t *testing.T, c *store.Cache[string]) { get(t, c, "none") }, storetest.Counts{Requests: req{Get: 1}, Keys: 1}},
		{"read of what is stale", nil, false, func(t *testing.T, c *store.Cache[string]) { get(t, c, "stale") }, storetest.Counts{Requests: req{Get: 1}, Keys: 1}},
		{"entry", nil, false, func(t *testing.T, c *store.Cache[string]) { entry(t, c, "k") }, storetest.Counts{Requests: req{Get: 1}, Keys: 1, Out: 6000}},
		{"exists", nil, false, func(t *testing.T, c *store.Cache[string]) { exists(t, c, "k", true) }, storetest.Counts{Requests: req{Head: 1}, Keys: 1}},
		{"exists not", nil, false, func(t *testing.T, c *store.Cache[string]) { exists(t, c, "none", false) }, storetest.Counts{Requests: req{Head: 1}, Keys: 1}},
		{"head of an entry", nil, false, func(t *testing.T, c *store.Cache[string]) { head(t, c, "k", true) }, storetest.Counts{Requests: req{Head: 1}, Keys: 1}},
		{"head of what is stale", nil, false, func(t *testing.T, c *store.Cache[string]) { head(t, c, "stale", true) }, storetest.Counts{Requests: req{Head: 1}, Keys: 1}},
		{"head of a miss", nil, false, func(t *testing.T, c *store.Cache[string]) { head(t, c, "none", false) }, storetest.Counts{Requests: req{Head: 1}, Keys: 1}},
		{"write", nil, false, func(t *testing.T, c *store.Cache[string]) { set(t, c, "new", large, time.Hour) }, storetest.Counts{Requests: req{Put: 1}, Keys: 1, In: 6000}},
		{"dedupe, new", nil, true, func(t *testing.T, c *store.Cache[string]) { set(t, c, "new", large, time.Hour) }, storetest.Counts{Requests: req{Touch: 1, Put: 1}, Keys: 2, In: 6000}},
		{"dedupe, changed", nil, true, func(t *testing.T, c *store.Cache[string]) { set(t, c, "k", "small", time.Hour) }, storetest.Counts{Requests: req{Touch: 1, Put: 1}, Keys: 2, In: 5}},
		{"dedupe, unchanged", nil, true, func(t *testing.T, c *store.Cache[string]) { set(t, c, "k", large, time.Hour) }, storetest.Counts{Requests: req{Touch: 1}, Keys: 1}},
		{"dedupe without Touch, unchanged", bare, true, func(t *testing.T, c *store.Cache[string]) { set(t, c, "k", large, time.Hour) }, storetest.Counts{Requests: req{Head: 1}, Keys: 1}},
		{"dedupe without Touch, life is due", bare, true, func(t *testing.T, c *store.Cache[string]) { set(t, c, "k", large, 2*time.Hour) }, storetest.Counts{Requests: req{Head: 1, Put: 1}, Keys: 2, In: 6000}},
		{"dedupe without Touch, changed", bare, true, func(t *testing.T, c *store.Cache[string]) { set(t, c, "k", "small", time.Hour) }, storetest.Counts{Requests: req{Head: 1, Put: 1}, Keys: 2, In: 5}},
		{"delete", nil, false, func(t *testing.T, c *store.Cache[string]) { del(t, c, "k", "none", "stale") }, storetest.Counts{Requests: req{Delete: 1}, Keys: 3}},
		{"set if absent", nil, true, func(t *testing.T, c *store.Cache[string]) { setIfAbsent(t, c, "none", true) }, storetest.Counts{Requests: req{Put: 1}, Keys: 1, In: 3}},
		{"set if absent, over a stale entry", nil, true, func(t *testing.T, c *store.Cache[string]) { setIfAbsent(t, c, "stale", true) }, storetest.Counts{Requests: req{Put: 1}, Keys: 1, In: 3}},
		{"set if absent, refused", nil, true, func(t *testing.T, c *store.Cache[string]) { setIfAbsent(t, c, "k", false) }, storetest.Counts{Requests: req{Put: 1, Head: 1}, Keys: 2, In: 3}},
		{"revalidate, unchanged", nil, false, func(t *testing.T, c *store.Cache[string]) { revalidate(t, c, "k", large) }, storetest.Counts{Requests: req{Get: 2}, Keys: 2, Out: 6000}},
		{"conditional, unchanged", nil, true, func(t *testing.T, c *store.Cache[string]) { setEntryIf(t, c, "k", large) }, storetest.Counts{Requests: req{Get: 1, Touch: 1}, Keys: 2, Out: 6000}},
		{"conditional, changed", nil, true, func(t *testing.T, c *store.Cache[string]) { setEntryIf(t, c, "k", "new") }, storetest.Counts{Requests: req{Get: 1, Put: 1}, Keys: 2, In: 3, Out: 6000}},
		{"write many", nil, false, func(t *testing.T, c *store.Cache[string]) { setMany(t, c, many) }, storetest.Counts{Requests: req{PutMany: 1}, Keys: 100, In: 600_000}},
		{"write many, bare", bare, false, func(t *testing.T, c *store.Cache[string]) { setMany(t, c, many) }, storetest.Counts{Requests: req{Put: 100}, Keys: 100, In: 600_000}},
		{"read many", nil, false, func(t *testing.T, c *store.Cache[string]) { getMany(t, c, keys) }, storetest.Counts{Requests: req{GetMany: 1}, Keys: 100}},
		{"read many, bare", bare, false, func(t *testing.T, c *store.Cache[string]) { getMany(t, c, keys) }, storetest.Counts{Requests: req{Get: 100}, Keys: 100}},
		{"write entries", nil, false, func(t *testing.T, c *store.Cache[string]) { setEntries(t, c, many) }, storetest.Counts{Requests: req{PutMany: 1}, Keys: 100, In: 600_000}},
		{"write entries, bare", bare, false, func(t *testing.T, c *store.Cache[string]) { setEntries(t, c, many) }, storetest.Counts{Requests: req{Put: 100}, Keys: 100, In: 600_000}},
		{"dedupe, write entries", nil, true, func(t *testing.T, c *store.Cache[string]) { setEntries(t, c, many) }, storetest.Counts{Requests: req{Touch: 100, Put: 100}, Keys: 200, In: 600_000}},
		{"read entries", nil, false, func(t *testing.T, c *store.Cache[string]) { getEntries(t, c, keys) }, storetest.Counts{Requests: req{GetMany: 1}, Keys: 100}},
		{"read entries, some of them found", nil, false, func(t *testing.T, c *store.Cache[string]) { getEntries(t, c, append([]string{"k", "stale"}, keys...)) }, storetest.Counts{Requests: req{GetMany: 1}, Keys: 102, Out: 12_000}},
		{"read entries, bare", bare, false, func(t *testing.T, c *store.Cache[string]) { getEntries(t, c, keys) }, storetest.Counts{Requests: req{Get: 100}, Keys: 100}},
		{"clear", nil, false, func(t *testing.T, c *store.Cache[string]) { clearAll(t, c) }, storetest.Counts{Requests: req{Clear: 1}}},
	} {
		t.Run(step.name, func(t *testing.T) {
			counting := storetest.NewCounting(storetest.NewMemory(&storetest.MemoryOptions{Without: step.without, Keep: true}))
			c := store.New[string](counting, &store.Options{Dedupe: step.dedupe, Codec: codec.Raw})
			set(t, c, "k", large, time.Hour)
			old := advcache.Entry[string]{Value: large, CreatedAt: time.Now().Add(-2 * time.Hour), FreshUntil: time.Now().Add(-time.Hour), StaleUntil: time.Now().Add(time.Hour)}
			if err := c.SetEntry(t.Context(), "stale", old); err != nil {
				t.Fatal(err)
			}
			counting.Reset()
			step.do(t, c)
			if got := counting.Counts(); got != step.want {
				t.Errorf("law 12: %s took %v; want %v", step.name, got, step.want)
			}
		})
	}
}

func get(t *testing.T, c *store.Cache[string], key string) {
	t.Helper()
	if _, ok, err := c.Get(t.Context(), key); ok || err != nil {
		t.Fatal(ok, err)
	}
}

func entry(t *testing.T, c *store.Cache[string], key string) advcache.Entry[string] {
	t.Helper()
	e, ok, err := c.GetEntry(t.Context(), key)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	return e
}

func exists(t *testing.T, c *store.Cache[string], key string, want bool) {
	t.Helper()
	if ok, err := c.Exists(t.Context(), key); ok != want || err != nil {
		t.Fatal(ok, err)
	}
}

func del(t *testing.T, c *store.Cache[string], keys ...string) {
	t.Helper()
	if err := c.Delete(t.Context(), keys...); err != nil {
		t.Fatal(err)
	}
}

func setIfAbsent(t *testing.T, c *store.Cache[string], key string, want bool) {
	t.Helper()
	if ok, err := c.SetIfAbsent(t.Context(), key, "new", time.Hour); ok != want || err != nil {
		t.Fatal(ok, err)
	}
}

func setEntryIf(t *testing.T, c *store.Cache[string], key, value string) {
	t.Helper()
	e := entry(t, c, key)
	e.Value, e.FreshUntil = value, time.Now().Add(3*time.Hour)
	if ok, err := c.SetEntryIf(t.Context(), key, e, e.Version); !ok || err != nil {
		t.Fatal(ok, err)
	}
}

func revalidate(t *testing.T, c *store.Cache[string], key, want string) {
	t.Helper()
	if e, ok, err := c.Revalidate(t.Context(), key, entry(t, c, key)); e.Value != want || !ok || err != nil {
		t.Fatal(e, ok, err)
	}
}

func setMany(t *testing.T, c *store.Cache[string], values map[string]string) {
	t.Helper()
	if err := c.SetMany(t.Context(), values, time.Hour); err != nil {
		t.Fatal(err)
	}
}

func getMany(t *testing.T, c *store.Cache[string], keys []string) {
	t.Helper()
	if _, err := c.GetMany(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
}

func head(t *testing.T, c *store.Cache[string], key string, want bool) {
	t.Helper()
	if _, ok, err := c.HeadEntry(t.Context(), key); ok != want || err != nil {
		t.Fatal(ok, err)
	}
}

func getEntries(t *testing.T, c *store.Cache[string], keys []string) {
	t.Helper()
	for _, l := range c.GetEntries(t.Context(), keys) {
		if l.Err != nil {
			t.Fatal(l.Err)
		}
	}
}

func setEntries(t *testing.T, c *store.Cache[string], values map[string]string) {
	t.Helper()
	entries := make(map[string]advcache.Entry[string])
	for key, value := range values {
		entries[key] = advcache.Entry[string]{Value: value}
	}
	if err := c.SetEntries(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

func clearAll(t *testing.T, c *store.Cache[string]) {
	t.Helper()
	if err := c.Clear(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
}
