package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

func TestStepIsPrinted(t *testing.T) {
	st := &step{name: "test", situation: "All kinds of things happen, more than would find a place in a single line.", lesson: "So it is."}
	for i := range 99 {
		st.add(time.Duration(100-i)*time.Microsecond, nil)
	}
	st.add(1234567*time.Microsecond, errors.New("no luck"))
	st.loads = 1_000
	st.count(
		advcache.CacheStats{Hits: 1, Stale: 1, Misses: 1, Loads: 1, Refreshes: 1, LoadErrors: 1},
		advcache.CacheStats{Hits: 90, Stale: 4, Misses: 9, Loads: 2, Refreshes: 3, LoadErrors: 2},
	)

	var out strings.Builder
	p := &printer{out: &out}
	p.step(3, st)
	want := `
3. test                              100   1,000      51µs     100µs     1.23s
   All kinds of things happen, more than would find a place in a single line.
   -> 8 calls waited for 1 load, 89 calls answered from memory, 3 calls got
      the old value, 2 loads in the background, 1 load failed, 1 call got an
      error (no luck). So it is.

`
	if got := "\n" + out.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

func TestPercentile(t *testing.T) {
	st := new(step)
	if got := st.percentile(50); got != 0 {
		t.Errorf("the median of nothing is %v", got)
	}
	for _, d := range []time.Duration{40, 10, 30, 20} {
		st.add(d, nil)
	}
	for percent, want := range map[int]time.Duration{1: 10, 25: 10, 26: 20, 50: 20, 75: 30, 99: 40, 100: 40} {
		if got := st.percentile(percent); got != want {
			t.Errorf("p%d = %v; want %v", percent, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1_000: "1,000", 160_000: "160,000", 1_234_567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %q; want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                        "0s",
		85:                       "85ns",
		1_234:                    "1.23µs",
		38_460_000:               "38.5ms",
		999_999:                  "1ms",
		1_999 * time.Millisecond: "2s",
	} {
		if got := duration(d); got != want {
			t.Errorf("duration(%d) = %q; want %q", int64(d), got, want)
		}
	}
}
