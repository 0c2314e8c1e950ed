package main

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// The benchmarks are of advcache alone, for benchstat between two versions of
// it. How it stands next to its peers is what the program tells.

func newSetup[K comparable](b *testing.B, kind keyKind[K], capacity int) setup[K] {
	b.Helper()
	load, _ := kind.loader()
	clock := otter.NewCoarseClock(clockResolution)
	b.Cleanup(clock.Stop)
	return setup[K]{kind: kind, capacity: capacity, load: load, nothing: kind.nothing, clock: clock}
}

// benchHits measures work, such as the hits of a filled subject.
func benchHits[K comparable](b *testing.B, s *subject[K], kind keyKind[K], keyCount int, sequence []K) {
	b.Helper()
	b.Cleanup(s.close)
	fill(s, kind, kind.keys(keyCount))
	run := loop(sequence, s.hits)
	b.ReportAllocs()
	b.ResetTimer()
	run(0, b.N)
}

func BenchmarkInmemGet(b *testing.B) {
	s := inmemGet(newSetup(b, stringKeys, 10_000))
	benchHits(b, s, stringKeys, 1000, uniform(stringKeys.keys(1000), sequenceLength))
}

func BenchmarkCachedInt(b *testing.B) {
	benchHits(b, cached(newSetup(b, intKeys, 10_000)), intKeys, 1000, uniform(intKeys.keys(1000), sequenceLength))
}

func BenchmarkCachedString(b *testing.B) {
	benchHits(b, cached(newSetup(b, stringKeys, 10_000)), stringKeys, 1000, uniform(stringKeys.keys(1000), sequenceLength))
}

func BenchmarkCachedStruct(b *testing.B) {
	benchHits(b, cached(newSetup(b, structKeys, 10_000)), structKeys, 1000, uniform(structKeys.keys(1000), sequenceLength))
}

func BenchmarkCachedZipf(b *testing.B) {
	benchHits(b, cached(newSetup(b, intKeys, 150_000)), intKeys, 100_000, zipf(intKeys.keys(100_000), 1.01, 1<<18))
}

func BenchmarkCachedStats(b *testing.B) {
	o := &advcache.TTLOptions{Observer: advcache.NewStats().Observer()}
	s := cachedWith(newSetup(b, intKeys, 10_000), nameOurs, o)
	benchHits(b, s, intKeys, 1000, uniform(intKeys.keys(1000), sequenceLength))
}

func BenchmarkCachedParallel(b *testing.B) {
	s := cached(newSetup(b, intKeys, 10_000))
	b.Cleanup(s.close)
	fill(s, intKeys, intKeys.keys(1000))
	run := loop(uniform(intKeys.keys(1000), sequenceLength), s.hits)
	b.ReportAllocs()
	b.ResetTimer()
	spread(run, 0, b.N, runtime.GOMAXPROCS(0))
}

// BenchmarkMix is 90 % get and 10 % set.
func BenchmarkMix(b *testing.B) {
	s := cachedFunc(newSetup(b, intKeys, 10_000))
	b.Cleanup(s.close)
	fill(s, intKeys, intKeys.keys(1000))
	run := loop(uniform(intKeys.keys(1000), sequenceLength), s.mix)
	b.ReportAllocs()
	b.ResetTimer()
	run(0, b.N)
}

// BenchmarkMiss is a call whose key was never seen, with an origin that
// answers at once, in a cache that is full.
func BenchmarkMiss(b *testing.B) {
	s := cached(newSetup(b, intKeys, 1000))
	b.Cleanup(s.close)
	ctx := context.Background()
	b.ReportAllocs()
	for k := 0; b.Loop(); k++ {
		check(s.get(ctx, k))
	}
}

// BenchmarkStampede is 1,000 callers of a cold key.
func BenchmarkStampede(b *testing.B) {
	origin := &slowOrigin{began: make(chan struct{}, 1)}
	setup := newSetup(b, intKeys, 10_000)
	setup.load = origin.load
	s := cached(setup)
	b.Cleanup(s.close)
	var worst []float64
	for k := 0; b.Loop(); k++ {
		worst = append(worst, quantile(stampede(s, k), 0.99))
	}
	b.ReportMetric(median(worst)*float64(time.Millisecond/time.Nanosecond), "p99-ns")
	b.ReportMetric(float64(origin.loads.Load())/float64(len(worst)), "loads/op")
}

// BenchmarkHybridGet and BenchmarkChainGet are hits of level 1, over levels that
// hold nothing.
func BenchmarkHybridGet(b *testing.B) {
	mem, below := inmem.New[*User](nil), inmem.New[*User](nil)
	benchGets(b, advcache.NewHybrid(mem, below, nil), mem, below)
}

func BenchmarkChainGet(b *testing.B) {
	mem, below, last := inmem.New[*User](nil), inmem.New[*User](nil), inmem.New[*User](nil)
	c := advcache.NewChain(
		advcache.Level[*User](mem, life/60), advcache.Level[*User](below, life/12), advcache.Level[*User](last, life))
	benchGets(b, c, mem, below, last)
}

func benchGets(b *testing.B, c advcache.Cache[*User], levels ...*inmem.Cache[*User]) {
	b.Helper()
	for _, level := range levels {
		b.Cleanup(func() { _ = level.Close() }) // it is always nil
	}
	keys := stringKeys.keys(1000)
	ctx := b.Context()
	for _, k := range keys {
		if err := c.Set(ctx, k, fresh, life); err != nil {
			b.Fatal(err)
		}
	}
	run := loop(uniform(keys, sequenceLength), func(part []string) {
		for _, k := range part {
			u, _, err := c.Get(ctx, k)
			check(u, err)
		}
	})
	b.ReportAllocs()
	b.ResetTimer()
	run(0, b.N)
}
