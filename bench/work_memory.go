package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/Yiling-J/theine-go"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/jellydator/ttlcache/v3"
	gocache "github.com/patrickmn/go-cache"
	"github.com/viccon/sturdyc"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// Record is a value of 72 bytes without pointers.
type Record struct {
	ID, Tenant, Created, Updated int64
	Name                         [32]byte
	Flags, Score                 uint32
}

// holder is a contender that holds records. put is called for each entry; len
// says how many are held; close lets go of them.
type holder struct {
	name  string
	put   func(key string, r Record)
	len   func() int
	close func()
}

// memoryWork measures the heap of many small entries: keys of 16 bytes, made
// for each contender anew, and records of 72.
func memoryWork(r *runner) {
	entries := 1_000_000
	if r.quick {
		entries = 100_000
	}
	capacity := entries + entries/10 // no contender has to evict
	holders := []func(*runner, int) holder{
		holdInmem, holdOtter, holdWrapped, holdTheine, holdTTLCache, holdLRU, holdGoCache, holdSturdyc,
	}
	name := fmt.Sprintf("memory, %d entries of 72 B, keys of 16 B", entries)
	rows := make([]row, len(holders))
	var ours float64
	for i, hold := range holders {
		before := heap()
		h := hold(r, capacity)
		for n := range entries {
			h.put(fmt.Sprintf("k%015d", n), Record{ID: int64(n)})
		}
		bytes := float64(heap()-before) / float64(entries)
		held := h.len()
		rows[i] = row{Work: name, Procs: r.procs, Callers: 1, Contender: h.name, Metrics: []metric{
			{Name: "B/entry", Value: bytes},
			{Name: "held", Value: float64(held)},
		}}
		h.close()
		if i == 0 {
			ours = bytes
			continue
		}
		share := ours / bytes
		rows[i].Metrics = append(rows[i].Metrics, metric{Name: "inmem ÷ this", Value: share})
		if h.name == nameOtter {
			rows[i].Goals = []verdict{atMost("inmem ÷ this", 1.25, share)}
		}
	}
	r.add(nil, rows)
}

// heap is the number of bytes in use once the garbage is gone.
func heap() int64 {
	// Twice, for what the first collection's finalizers let go of.
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func holdInmem(_ *runner, capacity int) holder {
	mem := inmem.New(&inmem.Options[Record]{MaxEntries: capacity})
	ctx := context.Background()
	return holder{
		name: nameOurs + " inmem",
		put: func(key string, r Record) {
			if err := mem.Set(ctx, key, r, life); err != nil {
				fail(err)
			}
		},
		len: mem.Len,
		close: func() {
			if err := mem.Close(); err != nil {
				fail(err)
			}
		},
	}
}

// holdWrapped is a wrapped function that has loaded every key.
func holdWrapped(_ *runner, capacity int) holder {
	mem := inmem.New(&inmem.Options[Record]{MaxEntries: capacity})
	ttl := advcache.NewTTL[string](mem, life, nil)
	ctx := context.Background()
	get := ttl.Cached("{}", func(context.Context, string) (Record, error) { return Record{}, nil })
	return holder{
		name: nameOurs + " wrapped",
		put: func(key string, _ Record) {
			if _, err := get(ctx, key); err != nil {
				fail(err)
			}
		},
		len: mem.Len,
		close: func() {
			if err := ttl.Close(ctx); err != nil {
				fail(err)
			}
			if err := mem.Close(); err != nil {
				fail(err)
			}
		},
	}
}

func holdOtter(r *runner, capacity int) holder {
	cache := newOtter[string, Record](capacity, r.clock)
	return holder{
		name:  nameOtter,
		put:   func(key string, r Record) { cache.Set(key, r) },
		len:   func() int { cache.CleanUp(); return cache.EstimatedSize() },
		close: func() { cache.StopAllGoroutines() },
	}
}

func holdTheine(_ *runner, capacity int) holder {
	cache, err := theine.NewBuilder[string, Record](int64(capacity)).Build()
	if err != nil {
		fail(err)
	}
	return holder{
		name:  nameTheine,
		put:   func(key string, r Record) { cache.SetWithTTL(key, r, 1, life) },
		len:   cache.Len,
		close: cache.Close,
	}
}

func holdTTLCache(_ *runner, capacity int) holder {
	cache := ttlcache.New(
		ttlcache.WithTTL[string, Record](life), ttlcache.WithCapacity[string, Record](uint64(capacity)),
	)
	return holder{
		name:  nameTTLCache,
		put:   func(key string, r Record) { cache.Set(key, r, ttlcache.DefaultTTL) },
		len:   cache.Len,
		close: cache.DeleteAll,
	}
}

func holdLRU(_ *runner, capacity int) holder {
	cache := expirable.NewLRU[string, Record](capacity, nil, life)
	return holder{
		name:  nameLRU,
		put:   func(key string, r Record) { cache.Add(key, r) },
		len:   cache.Len,
		close: cache.Purge,
	}
}

func holdGoCache(*runner, int) holder {
	cache := gocache.New(life, life)
	return holder{
		name:  nameGoCache,
		put:   func(key string, r Record) { cache.SetDefault(key, r) },
		len:   cache.ItemCount,
		close: cache.Flush,
	}
}

func holdSturdyc(_ *runner, capacity int) holder {
	cache := sturdyc.New[Record](capacity, 10, life, 10)
	return holder{
		name: nameSturdyc,
		put:  func(key string, r Record) { cache.Set(key, r) },
		len:  cache.Size,
		close: func() { // it has no way to end its goroutine, which keeps the entries
			for _, key := range cache.ScanKeys() {
				cache.Delete(key)
			}
		},
	}
}
