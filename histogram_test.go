package advcache

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestHistogramBucketsCoverAllWithoutGaps(t *testing.T) {
	next := int64(0)
	for bucket := range histogramBuckets {
		last := histogramLast(bucket)
		if got := histogramBucket(next); got != bucket {
			t.Fatalf("%d is in bucket %d, want %d, where it is the first", next, got, bucket)
		}
		if got := histogramBucket(last); got != bucket {
			t.Fatalf("%d is in bucket %d, want %d, where it is the last", last, got, bucket)
		}
		if last-next > next/16 {
			t.Fatalf("bucket %d goes from %d to %d: wider than 1/16", bucket, next, last)
		}
		if bucket == histogramBuckets-1 {
			if last != math.MaxInt64 {
				t.Fatalf("the last bucket ends at %d, want %d", last, int64(math.MaxInt64))
			}
			return
		}
		next = last + 1
	}
}

func FuzzHistogramBucket(f *testing.F) {
	for _, n := range []int64{0, 1, 15, 16, 31, 32, 1_000, 1 << 40, math.MaxInt64} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		if n < 0 {
			return
		}
		bucket := histogramBucket(n)
		last := histogramLast(bucket)
		if n > last || bucket > 0 && n <= histogramLast(bucket-1) {
			t.Fatalf("%d is in bucket %d, which ends at %d", n, bucket, last)
		}
		if last-n > n/16 {
			t.Fatalf("%d is shown as %d: more than 1/16 above", n, last)
		}
	})
}

// TestHistogramErrorBound compares with the nearest rank of the sorted samples.
func TestHistogramErrorBound(t *testing.T) {
	distributions := map[string]func(*rand.Rand) int64{
		"equal":       func(*rand.Rand) int64 { return 123_457 },
		"small":       func(r *rand.Rand) int64 { return r.Int64N(40) },
		"uniform":     func(r *rand.Rand) int64 { return r.Int64N(int64(time.Second)) },
		"exponential": func(r *rand.Rand) int64 { return int64(r.ExpFloat64() * float64(time.Millisecond)) },
		"log-uniform": func(r *rand.Rand) int64 { return int64(math.Exp(r.Float64() * math.Log(float64(10*time.Hour)))) },
		"two peaks": func(r *rand.Rand) int64 {
			if r.IntN(100) == 0 {
				return int64(time.Second) + r.Int64N(1000)
			}
			return 100 + r.Int64N(20)
		},
		"any": func(r *rand.Rand) int64 { return r.Int64() },
	}
	for name, draw := range distributions {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			r := rand.New(rand.NewPCG(seed, 0))
			for range 30 {
				samples := make([]int64, 1+r.IntN(2_000))
				var h histogram
				for i := range samples {
					samples[i] = draw(r)
					h.record(time.Duration(samples[i]))
				}
				slices.Sort(samples)
				for percent := 1; percent <= 100; percent++ {
					exact := samples[(len(samples)*percent+99)/100-1]
					got := int64(h.percentile(uint64(percent)))
					if got < exact || got-exact > exact/16 {
						t.Fatalf("seed %d: percentile %d of %d samples is %d, want %d to %d",
							seed, percent, len(samples), got, exact, exact+exact/16)
					}
				}
			}
		})
	}
}

func TestHistogramLatency(t *testing.T) {
	var h histogram
	if got := h.latency(); got != (Latency{}) || got.Mean() != 0 {
		t.Errorf("an empty histogram gives %+v and the mean %v, want zero", got, got.Mean())
	}
	for i := range 100 {
		h.record(time.Duration(i + 1))
	}
	h.record(-time.Second) // a clock that was set back
	got := h.latency()
	want := Latency{Count: 101, Sum: 5050, P50: 51, P99: 99, Max: 100}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Mean() != 50 {
		t.Errorf("the mean is %v, want 50ns", got.Mean())
	}
}

func TestHistogramSumStopsAtTheGreatest(t *testing.T) {
	var h histogram
	h.record(math.MaxInt64)
	h.record(math.MaxInt64)
	if got := h.latency(); got.Sum != math.MaxInt64 || got.Max != math.MaxInt64 || got.P99 != math.MaxInt64 {
		t.Errorf("got %+v, want the greatest Duration in Sum, Max and P99", got)
	}
}

func TestHistogramAdd(t *testing.T) {
	var a, b, both histogram
	for i := range 1_000 {
		d := time.Duration(i) * time.Microsecond
		if i%3 == 0 {
			a.record(d)
		} else {
			b.record(d)
		}
		both.record(d)
	}
	a.add(&b)
	for percent := uint64(1); percent <= 100; percent++ {
		if got, want := a.percentile(percent), both.percentile(percent); got != want {
			t.Errorf("percentile %d of the sum is %v, want %v", percent, got, want)
		}
	}
	if got, want := a.latency(), both.latency(); got != want {
		t.Errorf("the sum gives %+v, want %+v", got, want)
	}
}

// TestHistogramConcurrently also checks that a copy made while others record
// has no percentile above its maximum, and none below its first value.
func TestHistogramConcurrently(t *testing.T) {
	const writers, each = 4, 20_000
	var h histogram
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				h.record(time.Duration(1_000 + w*each + i))
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		var now histogram
		now.add(&h)
		if l := now.latency(); l.Count > 0 && (l.P99 > l.Max || l.P50 < 1_000) {
			t.Fatalf("a copy made meanwhile gives %+v", l)
		}
	}
	last := time.Duration(1_000 + writers*each - 1)
	if got := h.latency(); got.Count != writers*each || got.Max != last {
		t.Errorf("got %+v, want the count %d and the maximum %d", got, writers*each, last)
	}
}

func TestLatencyShow(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{999, "999ns"},
		{1_234, "1.23µs"},
		{9_999, "10µs"},
		{123_456, "123µs"},
		{1_999_999, "2ms"},
		{61_234 * time.Millisecond, "1m1.2s"},
		{math.MaxInt64, "2561111h6m40s"},
	} {
		if got := (Latency{Count: 1}).show(test.d); got != test.want {
			t.Errorf("%d ns is shown as %s, want %s", test.d, got, test.want)
		}
	}
	if got := (Latency{}).show(0); got != "-" {
		t.Errorf("where nothing was timed, %q is shown, want -", got)
	}
}

func BenchmarkHistogramRecord(b *testing.B) {
	var h histogram
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for d := time.Duration(0); pb.Next(); d += time.Microsecond {
			h.record(d)
		}
	})
}
