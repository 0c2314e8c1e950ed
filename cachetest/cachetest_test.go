package cachetest

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/trial"
)

// inBubble is the harness of a cache in memory.
func inBubble(newCache func() advcache.Cache[string]) Harness {
	return Harness{
		New:    func(*testing.T) advcache.Cache[string] { return newCache() },
		Around: synctest.Test,
	}
}

func TestMapCache(t *testing.T) {
	Run(t, inBubble(func() advcache.Cache[string] { return newMapCache() }))
}

func TestWrapper(t *testing.T) {
	Run(t, inBubble(func() advcache.Cache[string] { return wrap(newMapCache()) }))
}

// TestDeaf is about a cache that answers although the context is done.
func TestDeaf(t *testing.T) {
	Run(t, inBubble(func() advcache.Cache[string] {
		m := newMapCache()
		m.deaf = true
		return m
	}))
}

// TestBare is about a cache that can do nothing special, by itself and in a
// wrapper that would pass it on.
func TestBare(t *testing.T) {
	h := inBubble(func() advcache.Cache[string] { return bare{newMapCache()} })
	h.Without = []string{capSetIfAbsent, capSetEntryIf, capGetMany, capSetMany, capGetEntries, capSetEntries, capHeadEntry, capClear, capRevalidate}
	Run(t, h)

	h = inBubble(func() advcache.Cache[string] { return wrap(bare{newMapCache()}) })
	h.Without = []string{capSetIfAbsent, capSetEntryIf, capClear}
	t.Run("Wrapped", func(t *testing.T) { Run(t, h) })
}

// TestUnits is about lives and resolutions that harnesses may ask for.
func TestUnits(t *testing.T) {
	for _, unit := range []time.Duration{trial.MinUnit, time.Second, 90 * time.Second, trial.MaxUnit} {
		t.Run(unit.String(), func(t *testing.T) {
			h := inBubble(func() advcache.Cache[string] { return newMapCache() })
			h.Unit = unit
			Run(t, h)
		})
	}
}

// TestSlow is about calls that take time, as those to a server do: checks must
// not take an entry for lost that they came too late to find.
func TestSlow(t *testing.T) {
	Run(t, inBubble(func() advcache.Cache[string] { return slow(10 * time.Millisecond) }))
}

// TestTooSlow is about calls that take longer than the lives of entries.
func TestTooSlow(t *testing.T) {
	h := inBubble(func() advcache.Cache[string] { return slow(time.Second) }).complete()
	said := record(t, h, lifeChecks[0])
	want := "cachetest: SetIsFreshForItsTTL came too late 4 times, at last with lives of 800ms: the calls take too long, set a larger Harness.Unit"
	if len(said) != 1 || said[0] != want {
		t.Errorf("the suite said %q; want %q", said, want)
	}
}

// slow returns a cache whose calls take d.
func slow(d time.Duration) advcache.Cache[string] {
	w := wrap(newMapCache())
	rekey(w, func(key string) string {
		time.Sleep(d)
		return key
	})
	return w
}

// pause lets other goroutines go on in the middle of a call of a mutant, which
// runs in a bubble.
func pause() { time.Sleep(time.Microsecond) }

// TestMilliseconds is about a cache that cuts instants to milliseconds, as many
// stores do.
func TestMilliseconds(t *testing.T) {
	h := inBubble(func() advcache.Cache[string] {
		m := newMapCache()
		m.step = time.Millisecond
		return m
	})
	h.Unit = 200*time.Millisecond + 123_456 // instants between milliseconds
	Run(t, h)
}

// TestResolution is about a cache with a clock that ticks every 10 ms.
func TestResolution(t *testing.T) {
	const tick = 10 * time.Millisecond
	h := inBubble(func() advcache.Cache[string] {
		m := newMapCache()
		m.now = func() time.Time { return time.Now().Truncate(tick) }
		return m
	})
	h.Unit = 203 * time.Millisecond // instants between ticks
	h.Resolution = tick
	Run(t, h)

	h.Resolution = 0
	said := record(t, h.complete(), lifeChecks[1])
	if want := lawLife + ": what Set stored is dead when its ttl is over"; len(said) != 1 || !strings.HasPrefix(said[0], want) {
		t.Errorf("without a Resolution, the suite said %q; want %q", said, want)
	}
}

func TestImpossibleHarness(t *testing.T) {
	empty := func(*testing.T) advcache.Cache[string] { return newMapCache() }
	for _, test := range []struct {
		h    Harness
		says string
	}{
		{Harness{}, "Harness.New is nil; it must return an empty cache"},
		{Harness{New: empty, Unit: -1}, "Harness.Unit is -1ns; it must be between 10ms and 1h0m0s"},
		{Harness{New: empty, Unit: time.Millisecond}, "Harness.Unit is 1ms"},
		{Harness{New: empty, Unit: 2 * time.Hour}, "Harness.Unit is 2h0m0s"},
		{Harness{New: empty, Resolution: -1}, "Harness.Resolution is -1ns"},
		{Harness{New: empty, Resolution: 60 * time.Millisecond}, "Harness.Resolution is 60ms; it must be between 0 and 50ms"},
		{Harness{New: empty, Unit: time.Hour, Resolution: time.Second}, "Harness.Resolution is 1s; it must be between 0 and 100ms"},
		{Harness{New: empty, Without: []string{"Setnx"}}, `Harness.Without has "Setnx"; capabilities are SetIfAbsent, SetEntryIf, GetMany, SetMany, GetEntries, SetEntries, HeadEntry, Clear, Revalidate`},
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, test.says) {
					t.Errorf("panic: %q; want %q", said, test.says)
				}
			}()
			Run(t, test.h)
		}()
	}
}

// TestTable is about what the suite is made of.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, topic := range topics {
		for _, c := range topic.checks {
			name := topic.name + "/" + c.name
			if c.name == "" || c.law == "" || c.says == "" || c.run == nil {
				t.Errorf("%s has no name, law, words or code", name)
			}
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
	keys := make(map[string]bool)
	for _, key := range awkwardKeys() {
		if keys[key] || key == "" {
			t.Errorf("the awkward key %s is empty, or there twice", short(key))
		}
		keys[key] = true
	}
}
