package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/store"
)

const (
	hungCallers = 16
	hungKeys    = 4096

	// A fifth of the defaults of Redis and of the breaker: a level that hangs
	// costs the same share of the time, and a measurement sees several windows.
	hungTimeout = redisTimeout / 5
	hungWindow  = advcache.DefaultBreakerWindow / 5
)

// hungWork is reads while level 2 of three does not answer. Half of the keys are
// in level 1, the other reads go down to Redis.
func hungWork(r *runner) {
	server := r.redis("hung")
	if server == nil {
		return
	}
	b := levelsBelow(server)
	defer b.close()
	middle := &hanging{Store: redisstore.New(b.client, &redisstore.Options{Prefix: "middle/"})}
	bottom := redisLevel[Article](b, "bottom/")
	c := articles(small)
	keys, values := c.kept(0, hungKeys)
	for key, value := range values {
		if err := bottom.Set(context.Background(), key, value, life); err != nil {
			fail(err)
		}
	}
	with, without := inmem.New(&inmem.Options[Article]{MaxEntries: hungKeys / 2}), inmem.New(&inmem.Options[Article]{MaxEntries: hungKeys / 2})
	last := advcache.Level[Article](bottom, 0)
	silent := &advcache.ChainOptions{Logger: slog.New(slog.DiscardHandler)} // of what it is made to do
	three := advcache.NewChainWith(silent,
		advcache.Level[Article](with, 0),
		advcache.Level[Article](store.New[Article](middle, &store.Options{Timeout: hungTimeout}), 0).
			With(advcache.LevelOptions{Breaker: advcache.Breaker{Window: hungWindow}}),
		last,
	)
	two := advcache.NewChain(advcache.Level[Article](without, 0), last)
	sequence := uniform(keys, sequenceLength)
	f := &flow{runner: r, of: [2]func(time.Duration) rate{reader(three, sequence), reader(two, sequence)}}
	for _, chain := range []*advcache.Chain[Article]{three, two} { // fills what is before the last level
		for _, key := range keys {
			_, _, err := chain.Get(context.Background(), key)
			answered("a first read", err)
		}
	}

	f.measure("before: all levels answer", 0)
	leftOut := func() bool { return three.Levels()[1].LeftOut }
	middle.hung.Store(true)
	f.until("level 2 hangs, until it is left out", leftOut)
	f.measure("level 2 hangs, and is left out", 0.9)
	middle.hung.Store(false)
	f.until("level 2 answers again, until it is asked", func() bool { return !leftOut() })
	f.measure("after: all levels answer", 0)
	r.add([]string{fmt.Sprintf(
		"reads per second by wall time; level 2 has a Timeout of %v and is left out for %v at a time, a fifth of the defaults each; "+
			"the ratio is that of all reads of all rounds", hungTimeout, hungWindow)}, f.rows)

	ctx := context.Background()
	for _, end := range []func() error{
		func() error { return three.Close(ctx) }, func() error { return two.Close(ctx) }, with.Close, without.Close,
	} {
		if err := end(); err != nil {
			fail(err)
		}
	}
}

// hanging is a store that can be told not to answer.
type hanging struct {
	store.Store
	hung atomic.Bool
}

func (h *hanging) wait(ctx context.Context) error {
	if !h.hung.Load() {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (h *hanging) Get(ctx context.Context, key string, want store.Want) (obj store.Object, ok bool, err error) {
	if err := h.wait(ctx); err != nil {
		return obj, false, err
	}
	return h.Store.Get(ctx, key, want)
}

func (h *hanging) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (v store.Version, ok bool, err error) {
	if err := h.wait(ctx); err != nil {
		return v, false, err
	}
	return h.Store.Put(ctx, key, obj, cond)
}

// rate is reads in a time.
type rate struct {
	reads   int
	seconds float64 // of one caller on average
}

func (r rate) perSecond() float64 { return float64(r.reads) / r.seconds }

// reader returns what reads for about d, by several callers.
func reader(c advcache.Cache[Article], sequence []string) func(d time.Duration) rate {
	var from atomic.Int64
	ctx := context.Background()
	return func(d time.Duration) rate {
		var (
			group sync.WaitGroup
			reads atomic.Int64
			spent atomic.Int64
			begin = time.Now()
		)
		for range hungCallers {
			group.Go(func() {
				at, n := int(from.Add(7919)), 0
				for n == 0 || time.Since(begin) < d {
					_, ok, err := c.Get(ctx, sequence[(at+n)%len(sequence)])
					if !ok && err == nil {
						err = errMiss
					}
					answered("a read past a level that hangs", err)
					n++
				}
				reads.Add(int64(n))
				spent.Add(int64(time.Since(begin)))
			})
		}
		group.Wait()
		return rate{int(reads.Load()), time.Duration(spent.Load()).Seconds() / hungCallers}
	}
}

// flow measures the reads of two chains in turn: that with the level that hangs,
// and the same without it.
type flow struct {
	runner *runner
	of     [2]func(time.Duration) rate
	rows   []row
}

// slice is longer than that of other works, since a read may wait for a Timeout.
func (f *flow) slice() time.Duration { return 4 * f.runner.plan().slice }

// measure adds the row of a phase.
func (f *flow) measure(phase string, goal float64) {
	var sums [2]rate
	var ratios []float64
	for round := range f.runner.rounds {
		var got [2]rate
		for turn := range got {
			i := (round + turn) % len(got)
			got[i] = f.of[i](f.slice())
			sums[i].reads += got[i].reads
			sums[i].seconds += got[i].seconds
		}
		ratios = append(ratios, got[0].perSecond()/got[1].perSecond())
	}
	const column = "with ÷ without level 2"
	m := spreadOf(column, ratios)
	m.Value = sums[0].perSecond() / sums[1].perSecond()
	row := f.row(phase, sums[0])
	row.Metrics = append(row.Metrics, metric{Name: "without level 2", Value: sums[1].perSecond()}, m)
	if goal > 0 {
		row.Goals = []verdict{atLeast(column, goal, m.Value)}
	}
	f.rows = append(f.rows, row)
}

// until reads until something is so, and adds the row of how that was.
func (f *flow) until(phase string, so func() bool) {
	begin := time.Now()
	var sum rate
	for !so() {
		got := f.of[0](f.runner.plan().slice)
		sum.reads += got.reads
		sum.seconds += got.seconds
		if time.Since(begin) > time.Minute {
			fail(phase + ": it takes too long")
		}
	}
	f.rows = append(f.rows, f.row(phase, sum))
}

func (f *flow) row(phase string, sum rate) row {
	return row{Work: "reads past a level that hangs, " + size(small), Procs: f.runner.procs, Callers: hungCallers, Contender: phase, Metrics: []metric{
		{Name: "reads/s", Value: sum.perSecond()},
		{Name: "reads", Value: float64(sum.reads)},
		{Name: "seconds", Value: sum.seconds},
	}}
}
