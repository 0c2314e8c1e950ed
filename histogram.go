package advcache

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// A group of buckets covers one power of two and is cut into equal parts; the
// first group holds what is below, one value each.
const (
	histogramBits    = 4
	histogramParts   = 1 << histogramBits
	histogramBuckets = (63 - histogramBits + 1) * histogramParts // up to the greatest Duration
)

// Latency tells how long something took. Durations are nanoseconds in JSON.
type Latency struct {
	// Count is how many were timed: of hits, one in 1,024.
	Count int64 `json:"count"`
	// Sum is their time together, up to the greatest Duration (292 years).
	Sum time.Duration `json:"sum_ns"`
	// P50 is the median: half of them took no longer. It and P99 are never
	// below the true value and at most 1/16 (6.25 %) above it.
	P50 time.Duration `json:"p50_ns"`
	// P99 is what 99 of 100 did not exceed.
	P99 time.Duration `json:"p99_ns"`
	// Max is the longest; exact, as Count and Sum are.
	Max time.Duration `json:"max_ns"`
}

// Mean returns the mean, or 0 where nothing was timed.
func (l Latency) Mean() time.Duration {
	if l.Count == 0 {
		return 0
	}
	return l.Sum / time.Duration(l.Count)
}

// show rounds d, one of l's durations, to three digits: the rest is noise.
func (l Latency) show(d time.Duration) string {
	if l.Count == 0 {
		return "-"
	}
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// histogram counts durations in fixed memory (7.7 KB) and tells their
// quantiles. It is log-linear, the method of HdrHistogram (hdrhistogram.org):
// buckets grow with the value, so the relative error is bounded, as in DDSketch
// (Masson, Rim, Lee, VLDB 2019). A bucket that begins at v is at most v/16
// wide, hence a quantile is never below the true one and at most 1/16 (6.25 %)
// above it. Below 32 ns it is exact. Count, sum and maximum are exact always.
type histogram struct {
	counts [histogramBuckets]atomic.Uint64
	sum    atomic.Uint64 // nanoseconds
	max    atomic.Int64  // nanoseconds
}

// record counts d; below 0 counts as 0. It is safe for concurrent use.
func (h *histogram) record(d time.Duration) {
	n := max(int64(d), 0)
	// The bucket comes last: who reads the buckets first and then the maximum
	// finds none that is below a counted value.
	h.raiseMax(n)
	h.sum.Add(uint64(n))
	h.counts[histogramBucket(n)].Add(1)
}

// add counts in h all that other has counted.
func (h *histogram) add(other *histogram) {
	for i := range other.counts {
		if n := other.counts[i].Load(); n != 0 {
			h.counts[i].Add(n)
		}
	}
	h.sum.Add(other.sum.Load())
	h.raiseMax(other.max.Load())
}

func (h *histogram) raiseMax(n int64) {
	for {
		old := h.max.Load()
		if n <= old || h.max.CompareAndSwap(old, n) {
			return
		}
	}
}

func (h *histogram) count() uint64 {
	var count uint64
	for i := range h.counts {
		count += h.counts[i].Load()
	}
	return count
}

// percentile returns the least duration that percent of the counted ones, from
// 1 to 100, do not exceed; 0 if there are none. Percent is an integer because
// the rank must not suffer from rounding. h must not change meanwhile.
func (h *histogram) percentile(percent uint64) time.Duration {
	rank := (h.count()*percent + 99) / 100
	if rank == 0 {
		return 0
	}
	highest := h.max.Load()
	var seen uint64
	for i := range h.counts {
		if seen += h.counts[i].Load(); seen >= rank {
			return time.Duration(min(histogramLast(i), highest))
		}
	}
	return time.Duration(highest)
}

// latency summarizes h, which must not change meanwhile.
func (h *histogram) latency() Latency {
	return Latency{
		Count: int64(h.count()),
		Sum:   time.Duration(min(h.sum.Load(), math.MaxInt64)),
		P50:   h.percentile(50),
		P99:   h.percentile(99),
		Max:   time.Duration(h.max.Load()),
	}
}

// histogramBucket returns the bucket of n, which is not negative.
func histogramBucket(n int64) int {
	if n < histogramParts {
		return int(n)
	}
	shift := bits.Len64(uint64(n)) - 1 - histogramBits
	return shift*histogramParts + int(n>>shift) // n>>shift has its highest bit set: it counts one group
}

// histogramLast returns the greatest value of a bucket.
func histogramLast(bucket int) int64 {
	if bucket < histogramParts {
		return int64(bucket)
	}
	shift := bucket/histogramParts - 1
	first := int64(histogramParts+bucket%histogramParts) << shift
	return first + 1<<shift - 1
}
