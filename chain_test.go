package advcache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// builder makes levels, and closes them with the test.
type builder struct{ t *testing.T }

func (b builder) memory() *inmem.Cache[string] {
	m := inmem.New[string](nil)
	b.t.Cleanup(func() { _ = m.Close() })
	return m
}

func (b builder) bytes() *store.Cache[string] {
	return store.New[string](storetest.NewMemory(nil), nil)
}

func (b builder) bare() *store.Cache[string] {
	return store.New[string](storetest.NewMemory(&storetest.MemoryOptions{Without: []string{"Touch", "GetMany", "PutMany"}, Keep: true}),
		&store.Options{Dedupe: true, Name: "bare"})
}

func level(c advcache.Cache[string], limit time.Duration) advcache.ChainLevel[string] {
	return advcache.Level(c, limit)
}

const day = 24 * time.Hour

// compositions are chains of all shapes.
var compositions = map[string]func(b builder) advcache.Cache[string]{
	"memory": func(b builder) advcache.Cache[string] { return advcache.NewChain(level(b.memory(), 0)) },
	"bytes":  func(b builder) advcache.Cache[string] { return advcache.NewChain(level(b.bytes(), 0)) },
	"memory, memory": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.memory(), 0), level(b.memory(), 0))
	},
	"memory, bytes": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.memory(), 0), level(b.bytes(), 0))
	},
	"bytes, memory": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.bytes(), 0), level(b.memory(), 0))
	},
	"bytes, bare": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.bytes(), 0), level(b.bare(), 0))
	},
	"memory, bytes, bare": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.memory(), 0), level(b.bytes(), 0), level(b.bare(), 0))
	},
	"memory, bare, bytes hedged": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.memory(), 0), level(b.bare(), 0).With(advcache.LevelOptions{Hedge: time.Millisecond, Timeout: time.Second}), level(b.bytes(), 0))
	},
	"limits": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.memory(), day).With(advcache.LevelOptions{Keep: day}), level(b.bytes(), 2*day), level(b.bare(), 0))
	},
	"nested first": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(advcache.NewChain(level(b.memory(), 0), level(b.bytes(), 0)), 0), level(b.bare(), 0))
	},
	"nested last": func(b builder) advcache.Cache[string] {
		return advcache.NewChain(level(b.memory(), 0), level(advcache.NewChain(level(b.memory(), 0), level(b.bytes(), 0)), 0))
	},
	"hybrid": func(b builder) advcache.Cache[string] {
		return advcache.NewHybrid(b.memory(), b.bytes(), &advcache.HybridOptions{L1TTL: day})
	},
	"hybrid of a hybrid": func(b builder) advcache.Cache[string] {
		return advcache.NewHybrid(b.memory(), advcache.NewHybrid(b.bytes(), b.bare(), &advcache.HybridOptions{L1TTL: day}), &advcache.HybridOptions{L1TTL: day})
	},
}

func TestChainConformance(t *testing.T) {
	for name, make := range compositions {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				Around:     synctest.Test,
				Resolution: time.Millisecond,
				New:        func(t *testing.T) advcache.Cache[string] { return make(builder{t}) },
			})
		})
	}
}
