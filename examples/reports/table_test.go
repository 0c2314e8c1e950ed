package main

import (
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store/objects"
)

func TestStepIsPrinted(t *testing.T) {
	s := &story{
		service: &service{prices: s3store.ListPrices()},
		bare:    &row{calls: 1, took: []time.Duration{120 * time.Millisecond}},
	}
	st := &step{
		name: "test", situation: "All kinds of things happen, more than would find a place in a single line.", lesson: "So it is.",
		rows: []*row{{
			mode: headFirst, calls: 1234, took: []time.Duration{3, 200 * time.Millisecond, 250 * time.Millisecond}, made: make([]time.Duration, 12),
			usage: objects.Usage{ClassA: 3, ClassB: 5, Sent: 1_234_567, Received: 999},
		}},
	}
	var out strings.Builder
	(&printer{out: &out}).step(3, st, s)
	want := `
3. test
   HeadFirst  1,234   12   200ms   -80ms     5      3  1.23MB    999B   17.00
   All kinds of things happen, more than would find a place in a single line.
   -> So it is.

`
	if got := "\n" + out.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

func TestCostOfARow(t *testing.T) {
	r := &row{calls: 4, usage: objects.Usage{ClassA: 4, ClassB: 8}}
	if got := million * r.cost(s3store.ListPrices()); got < 5.79999 || got > 5.80001 {
		t.Errorf("a million calls cost $%v; want 5.80", got)
	}
	if got := new(row).cost(s3store.ListPrices()); got != 0 {
		t.Errorf("no call costs %v", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		all  []time.Duration
		want time.Duration
	}{{nil, 0}, {[]time.Duration{7}, 7}, {[]time.Duration{9, 1}, 1}, {[]time.Duration{9, 1, 5}, 5}, {[]time.Duration{4, 3, 2, 1}, 2}} {
		if got := median(c.all); got != c.want {
			t.Errorf("median(%v) = %v; want %v", c.all, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		size(0): "0B", size(999): "999B", size(1000): "1kB", size(64_000_000): "64MB", size(123_456): "123kB",
		size(999_499): "999kB", size(999_600): "1MB", size(1_704_000): "1.7MB", size(5_000_000_000): "5GB",
		duration(0): "0s", duration(85): "85ns", duration(38_460_000): "38.5ms", duration(-38_460_000): "-38.5ms",
		life(time.Minute): "1m", life(24 * time.Hour): "24h", life(90 * time.Minute): "1h30m", life(time.Second): "1s", life(30 * time.Minute): "30m",
		number(7): "7", number(1_234_567): "1,234,567", plural(1, "write"): "1 write", plural(0, "write"): "0 writes",
	} {
		if got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}
