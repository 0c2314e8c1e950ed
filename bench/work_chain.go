package main

import (
	"context"
	"fmt"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// byInmem heads the ratios of works of several levels: what the levels below cost
// a call that does not need them.
const byInmem = "÷ inmem alone"

// chainWork is hits of level 1 through several levels, by key.
func chainWork(r *runner) {
	server := r.redis("chain")
	if server == nil {
		return
	}
	b := levelsBelow(server)
	defer b.close()
	plain := stringKeys
	plain.format = func(k string) string { return k }
	levelHits(r, b, "level 1 hit, Cache.Get, K = string, 1,000 keys", plain, 1.2,
		[]contender[string]{inmemGet, hybridGet(b), threeGet(b), localRedisCache(b)})
}

// chainWrappedWork is the same through a wrapped function.
func chainWrappedWork(r *runner) {
	server := r.redis("chain-wrapped")
	if server == nil {
		return
	}
	const limit = 1.05 // it is to be the same, and this is what noise makes of that
	b := levelsBelow(server)
	defer b.close()
	levelHits(r, b, "level 1 hit, wrapped, K = int, 1,000 keys", intKeys, limit,
		[]contender[int]{cached[int], wrappedHybrid[int](b), wrappedThree[int](b), onceRedisCache[int](b)})
	levelHits(r, b, "level 1 hit, wrapped, K = string, 1,000 keys", stringKeys, limit,
		[]contender[string]{cached[string], wrappedHybrid[string](b), wrappedThree[string](b), onceRedisCache[string](b)})
	levelHits(r, b, "level 1 hit, wrapped, K = struct, 1,000 keys", structKeys, limit,
		[]contender[TenantUser]{cached[TenantUser], wrappedHybrid[TenantUser](b), wrappedThree[TenantUser](b), onceRedisCache[TenantUser](b)})
}

// levelHits measures hits. The first contender is inmem alone, the second one is
// what peers are compared with.
func levelHits[K comparable](r *runner, b *below, work string, kind keyKind[K], limit float64, contenders []contender[K]) {
	keys := kind.keys(1000)
	subjects, _ := build(r, kind, 10_000, contenders)
	entrants := make([]entrant, len(subjects))
	for i, s := range subjects {
		fill(s, kind, keys)
		entrants[i] = entrant{s.name, loop(uniform(keys, sequenceLength), s.hits)}
	}
	for _, callers := range callersOf(r) {
		before := b.asked.Load()
		all := interleave(entrants, r.plan(), callers)
		var notes []string
		if n := b.asked.Load() - before; n > 0 {
			notes = append(notes, fmt.Sprintf("level 1 had lost keys or their time was over: %d of all calls asked Redis", n))
		}
		r.add(notes, compareLevels(r, work, callers, entrants, all, limit))
	}
	for _, s := range subjects {
		s.close()
	}
}

func compareLevels(r *runner, work string, callers int, entrants []entrant, all []series, limit float64) []row {
	rows := make([]row, len(entrants))
	for i, e := range entrants {
		allocs := perOp(median(all[i].allocs()))
		rows[i] = row{Work: work, Procs: r.procs, Callers: callers, Contender: e.name, Metrics: []metric{
			spreadOf("CPU ns/op", all[i].cpus()),
			{Name: "wall ns/op", Value: median(all[i].walls())},
			{Name: "allocs/op", Value: allocs},
		}}
		if i == 0 {
			continue
		}
		if e.name == nameLocal {
			ratios := spreadOf("Hybrid ÷ this", pairwise(all[1].cpus(), all[i].cpus(), ratio))
			rows[i].Metrics = append(rows[i].Metrics, ratios)
			rows[i].Goals = []verdict{atMost(ratios.Name, 0.05, ratios.Value)}
			continue
		}
		ratios := spreadOf(byInmem, pairwise(all[i].cpus(), all[0].cpus(), ratio))
		rows[i].Metrics = append(rows[i].Metrics, ratios)
		rows[i].Goals = []verdict{atMost(byInmem, limit, ratios.Value), exactly("allocations", 0, allocs)}
	}
	return rows
}

// promotionWork is reads that level 1 has no answer to, and Redis has: its copies
// have a limit that is over before their key is read again.
func promotionWork(r *runner) {
	server := r.redis("promotion")
	if server == nil {
		return
	}
	const (
		limit  = 100 * time.Microsecond
		byBare = "÷ level 2 alone"
		goal   = 1.05
	)
	b := levelsBelow(server)
	defer b.close()
	for _, n := range []int{small, large} {
		c := articles(n)
		keys, values := c.kept(0, keptKeys)
		level2 := redisLevel[Article](b, "")
		keeperOf(nameOurs, level2).prove(keys, values)
		mem := inmem.New[Article](nil)
		chain := advcache.NewChain(advcache.Level[Article](mem, limit), advcache.Level[Article](level2, 0))
		kept := inmem.New[Article](nil)
		hybrid := advcache.NewHybrid(kept, level2, &advcache.HybridOptions{L1TTL: limit, L1: advcache.LevelOptions{Keep: life}})
		entrants := []entrant{
			{"level 2 alone, GetEntry", entryReads(level2, keys)},
			{nameOurs + " Chain, promoted", entryReads(chain, keys)},
			{nameOurs + " Hybrid, revalidated", entryReads(hybrid, keys)},
		}
		before := b.asked.Load()
		p := r.plan()
		p.least = leastTrial
		all := interleave(entrants, p, 1)
		if b.asked.Load() == before {
			fail("Redis was not asked")
		}
		rows := make([]row, len(entrants))
		for i, e := range entrants {
			rows[i] = row{Work: "level 2 hit, promoted to level 1, " + c.name, Procs: r.procs, Callers: 1, Contender: e.name, Metrics: []metric{
				spreadOf("CPU ns/op", all[i].cpus()),
				{Name: "wall ns/op", Value: median(all[i].walls())},
				{Name: "allocs/op", Value: perOp(median(all[i].allocs()))},
			}}
			if i == 0 {
				continue
			}
			ratios := spreadOf(byBare, pairwise(all[i].cpus(), all[0].cpus(), ratio))
			extra := spreadOf("extra ns/op", pairwise(all[i].cpus(), all[0].cpus(), func(with, bare float64) float64 { return with - bare }))
			rows[i].Metrics = append(rows[i].Metrics, ratios, extra)
			rows[i].Goals = []verdict{atMost(byBare, goal, ratios.Value)}
		}
		r.add([]string{"a copy of level 1 has a limit of " + limit.String() + ", which is over before its key is read again; " +
			"the Hybrid keeps it, and asks whether it is still the same"}, rows)
		for _, end := range []func() error{
			func() error { return chain.Close(context.Background()) },
			func() error { return hybrid.Close(context.Background()) },
			mem.Close, kept.Close,
		} {
			if err := end(); err != nil {
				fail(err)
			}
		}
	}
}

func entryReads(c advcache.Cache[Article], keys []string) func(from, n int) {
	ctx := context.Background()
	return loop(keys, func(part []string) {
		for _, key := range part {
			_, ok, err := c.GetEntry(ctx, key)
			if !ok && err == nil {
				err = errMiss
			}
			answered("a read of level 2", err)
		}
	})
}
