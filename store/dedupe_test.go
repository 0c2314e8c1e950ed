package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

type report struct {
	Title string
	Rows  map[string]int
	Deep  map[string]map[string][]string
}

// bigReport returns a report with equal content and maps of its own.
func bigReport(n int) report {
	r := report{Title: "report", Rows: make(map[string]int), Deep: make(map[string]map[string][]string)}
	for i := range 100 {
		r.Rows[fmt.Sprint("row", i)] = i * n
		r.Deep[fmt.Sprint("deep", i)] = map[string][]string{"a": {"x", "y"}, "b": nil, fmt.Sprint(i): {strings.Repeat("z", i)}}
	}
	return r
}

// TestDedupe holds law 11: equal content is not written again, whatever the ttl,
// with maps, with compression, after a restart and in another process; and it
// gets its new life all the same.
func TestDedupe(t *testing.T) {
	for _, touch := range []bool{true, false} {
		for _, compression := range []codec.Compression{codec.None, codec.Gzip(6), codec.Zstd(0)} {
			t.Run(fmt.Sprintf("touch %v/%s", touch, compression.Name()), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testDedupe(t, touch, compression) })
			})
		}
	}
}

func testDedupe(t *testing.T, touch bool, compression codec.Compression) {
	o := &storetest.MemoryOptions{}
	if !touch {
		o.Without = []string{"Touch"}
	}
	memory := storetest.NewMemory(o)
	open := func(compression codec.Compression) (*store.Cache[report], *storetest.Counting) {
		counting := storetest.NewCounting(memory) // another process, as far as the cache can tell
		return store.New[report](counting, &store.Options{Codec: codec.JSON, Compression: compression, Dedupe: true}), counting
	}
	first, _ := open(compression)
	set(t, first, "k", bigReport(1), time.Hour)
	for round := range 3 {
		c, counting := open(compression)
		time.Sleep(20 * time.Minute) // 40 of 60 remain: less than 75 %
		set(t, c, "k", bigReport(1), time.Hour)
		moved := counting.Counts().In
		if touch && moved != 0 || !touch && moved == 0 {
			t.Errorf("law 11: round %d: an unchanged write moved %d bytes", round, moved)
		}
		e, ok, err := c.GetEntry(t.Context(), "k")
		if !ok || err != nil || time.Until(e.FreshUntil) < time.Hour-time.Millisecond {
			t.Fatalf("law 11: round %d: fresh for %v, %v, %v; want an hour", round, time.Until(e.FreshUntil), ok, err)
		}
		if age := time.Since(e.CreatedAt); age > time.Millisecond {
			t.Errorf("law 11: round %d: CreatedAt is %v ago; want now", round, age)
		}
	}
	c, counting := open(codec.Zstd(0)) // another compression is the same content
	set(t, c, "k", bigReport(1), time.Hour)
	if moved := counting.Counts().In; moved != 0 {
		t.Errorf("law 11: an unchanged write with another compression moved %d bytes", moved)
	}
	set(t, c, "k", bigReport(1), time.Minute) // a shorter life counts
	if e, ok, err := c.GetEntry(t.Context(), "k"); !ok || err != nil || time.Until(e.FreshUntil) > time.Minute {
		t.Errorf("law 11: fresh for %v after a write with a shorter life", time.Until(e.FreshUntil))
	}
	set(t, c, "k", bigReport(2), time.Hour)
	if got, ok, err := c.Get(t.Context(), "k"); !ok || err != nil || got.Rows["row7"] != 14 {
		t.Errorf("law 11: a changed write was left out: %v, %v, %v", got.Rows["row7"], ok, err)
	}
}

// TestDedupeOfRefreshes is what a TTL does: it stores by SetEntryIf.
func TestDedupeOfRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counting := storetest.NewCounting(storetest.NewMemory(nil))
		c := store.New[report](counting, &store.Options{Codec: codec.JSON, Dedupe: true})
		ttl := advcache.NewTTL[string](c, time.Minute, &advcache.TTLOptions{Stale: time.Hour})
		defer ttl.Close(t.Context())
		f := ttl.Func("report:{}", func(context.Context, string) (report, error) { return bigReport(1), nil })
		if _, err := f.Get(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		counting.Reset()
		const rounds = 10
		for range rounds {
			time.Sleep(90 * time.Second)
			if _, err := f.Get(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if _, ok, err := f.Peek(t.Context(), "a"); !ok || err != nil {
				t.Fatalf("law 11: after a refresh the entry is not fresh: %v, %v", ok, err)
			}
		}
		if counts := counting.Counts(); counts.In != 0 || counts.Requests.Touch != rounds {
			t.Errorf("law 11: %d refreshes of the same content took %v; want %d Touch and no body", rounds, counts, rounds)
		}
	})
}

// TestDedupeIsRefused where equal values do not give equal bytes.
func TestDedupeIsRefused(t *testing.T) {
	defer func() {
		if why := fmt.Sprint(recover()); !strings.Contains(why, "Dedupe") || !strings.Contains(why, "JSON") {
			t.Errorf("New says %q; want what is wrong, and the codec that can", why)
		}
	}()
	store.New[map[string]int](storetest.NewMemory(nil), &store.Options{Codec: codec.Gob, Dedupe: true})
}

// TestSkippedWriteBarsOlderLoads holds law 3 where Dedupe left out a write: a
// load that began before it must not replace what it confirmed.
func TestSkippedWriteBarsOlderLoads(t *testing.T) {
	memory := storetest.NewMemory(&storetest.MemoryOptions{Without: []string{"Touch"}})
	c := store.New[string](memory, &store.Options{Dedupe: true})
	set(t, c, "k", "same", time.Hour)
	e := entry(t, c, "k")
	set(t, c, "k", "same", time.Hour)
	e.Value = "loaded before the Set"
	if ok, err := c.SetEntryIf(t.Context(), "k", e, e.Version); ok || err != nil {
		t.Errorf("law 3: SetEntryIf = %v, %v after a Set of the same content; want false", ok, err)
	}
	hit(t, c, "k", "same")
}
