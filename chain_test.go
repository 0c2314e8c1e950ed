package advcache_test

import (
	"context"
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

// chain is closed with the test.
func (b builder) chain(levels ...advcache.ChainLevel[string]) *advcache.Chain[string] {
	c := advcache.NewChain(levels...)
	b.t.Cleanup(func() { closeChain(b.t, c) })
	return c
}

func (b builder) hybrid(l1, l2 advcache.Cache[string], o *advcache.HybridOptions) *advcache.Hybrid[string] {
	h := advcache.NewHybrid(l1, l2, o)
	b.t.Cleanup(func() { closeChain(b.t, h) })
	return h
}

func closeChain(t *testing.T, c interface {
	Close(ctx context.Context) error
},
) {
	t.Helper()
	if err := c.Close(context.Background()); err != nil {
		t.Errorf("law 13: Close gives %v", err)
	}
}

func level(c advcache.Cache[string], limit time.Duration) advcache.ChainLevel[string] {
	return advcache.Level(c, limit)
}

const day = 24 * time.Hour

// compositions are chains of all shapes.
var compositions = map[string]func(b builder) advcache.Cache[string]{
	"memory": func(b builder) advcache.Cache[string] { return b.chain(level(b.memory(), 0)) },
	"bytes":  func(b builder) advcache.Cache[string] { return b.chain(level(b.bytes(), 0)) },
	"memory, memory": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.memory(), 0), level(b.memory(), 0))
	},
	"memory, bytes": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.memory(), 0), level(b.bytes(), 0))
	},
	"bytes, memory": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.bytes(), 0), level(b.memory(), 0))
	},
	"bytes, bare": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.bytes(), 0), level(b.bare(), 0))
	},
	"memory, bytes, bare": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.memory(), 0), level(b.bytes(), 0), level(b.bare(), 0))
	},
	"memory, bare, bytes hedged": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.memory(), 0), level(b.bare(), 0).With(advcache.LevelOptions{Hedge: time.Millisecond, Timeout: time.Second}), level(b.bytes(), 0))
	},
	"limits": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.memory(), day).With(advcache.LevelOptions{Keep: day}), level(b.bytes(), 2*day), level(b.bare(), 0))
	},
	"nested first": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.chain(level(b.memory(), 0), level(b.bytes(), 0)), 0), level(b.bare(), 0))
	},
	"nested last": func(b builder) advcache.Cache[string] {
		return b.chain(level(b.memory(), 0), level(b.chain(level(b.memory(), 0), level(b.bytes(), 0)), 0))
	},
	"hybrid": func(b builder) advcache.Cache[string] {
		return b.hybrid(b.memory(), b.bytes(), &advcache.HybridOptions{L1TTL: day})
	},
	"hybrid of a hybrid": func(b builder) advcache.Cache[string] {
		return b.hybrid(b.memory(), b.hybrid(b.bytes(), b.bare(), &advcache.HybridOptions{L1TTL: day}), &advcache.HybridOptions{L1TTL: day})
	},
}

func TestChainConformance(t *testing.T) {
	for name, fresh := range compositions {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				Around:     synctest.Test,
				Resolution: time.Millisecond,
				New:        func(t *testing.T) advcache.Cache[string] { return fresh(builder{t}) },
			})
		})
	}
}
