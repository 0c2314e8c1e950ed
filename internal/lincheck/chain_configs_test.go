package lincheck

import (
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// chainConfig is a chain, and what is done to it.
type chainConfig struct {
	build   func(l *levels) chained
	lives   bool // entries expire
	fails   int  // see slow
	falls   bool // see levels
	leave   bool // callers do
	yields  bool // in place of time that passes
	windows bool // changes are told as two: see chainModel
	plain   bool // SetIfAbsent and SetEntryIf are not to be had
}

const (
	limit1 = 20 * time.Millisecond
	limit2 = 60 * time.Millisecond
)

func chainOf(l ...advcache.ChainLevel[int]) chained {
	return advcache.NewChainWith(&advcache.ChainOptions{Logger: quiet}, l...)
}

func twoLevels(l *levels) chained {
	return chainOf(advcache.Level[int](l.memory(nil), 0), advcache.Level[int](l.slowStore(), 0))
}

func twoLimited(l *levels) chained {
	return chainOf(advcache.Level[int](l.memory(nil), limit1), advcache.Level[int](l.slowStore(), 0))
}

func hybridOf(l *levels) chained {
	return advcache.NewHybrid[int](l.memory(nil), l.slowStore(), &advcache.HybridOptions{L1TTL: limit1, Logger: quiet})
}

func threeLevels(l *levels) chained {
	return chainOf(advcache.Level[int](l.memory(nil), limit1), advcache.Level[int](l.slowMemory(), limit2), advcache.Level[int](l.slowStore(), 0))
}

func slowOverSlow(l *levels) chained {
	return chainOf(advcache.Level[int](l.slowMemory(), limit1), advcache.Level[int](l.slowStore(), 0))
}

func evicting(l *levels) chained {
	return chainOf(advcache.Level[int](l.memory(&inmem.Options[int]{MaxEntries: 1}), 0), advcache.Level[int](l.slowStore(), 0))
}

var chainConfigs = map[string]chainConfig{
	"memory over memory": {build: func(l *levels) chained {
		return chainOf(advcache.Level[int](l.memory(nil), 0), advcache.Level[int](l.slowMemory(), 0))
	}},
	"memory over a store":         {build: twoLevels},
	"memory over a store, stale":  {build: twoLevels, lives: true},
	"memory over a store, limit":  {build: twoLimited},
	"memory over a store, lives":  {build: twoLimited, lives: true},
	"memory over a store, leave":  {build: twoLimited, leave: true},
	"memory over a store, faults": {build: twoLimited, fails: 10},
	"memory over a store, down":   {build: twoLimited, falls: true, lives: true},
	"evictions":                   {build: evicting},
	"hybrid":                      {build: hybridOf},
	"hybrid, lives":               {build: hybridOf, lives: true},
	"hybrid, faults":              {build: hybridOf, fails: 10, lives: true},
	"hybrid over plain memory": {plain: true, build: func(l *levels) chained {
		return advcache.NewHybrid[int](l.memory(nil), plain{l.slowMemory()}, &advcache.HybridOptions{L1TTL: limit1, Logger: quiet})
	}},
	"slow over slow":        {build: slowOverSlow},
	"slow over slow, lives": {build: slowOverSlow, lives: true},
	"three levels":          {build: threeLevels},
	"three levels, lives":   {build: threeLevels, lives: true},
	"three levels, faults":  {build: threeLevels, fails: 5, windows: true},
	"three levels, down":    {build: threeLevels, falls: true, windows: true},
	"three levels, evictions": {build: func(l *levels) chained {
		return chainOf(advcache.Level[int](l.memory(&inmem.Options[int]{MaxEntries: 1}), 0), advcache.Level[int](plain{l.slowMemory()}, limit2), advcache.Level[int](l.slowStore(), 0))
	}},
	"three levels, leave":            {build: threeLevels, leave: true},
	"three levels, lives and faults": {build: threeLevels, fails: 5, lives: true, windows: true},
	"hybrid, down":                   {build: hybridOf, falls: true},
	"slow over slow, faults":         {build: slowOverSlow, fails: 5, windows: true},
	"slow over slow, down":           {build: slowOverSlow, falls: true, windows: true},
	"behind": {build: func(l *levels) chained {
		return chainOf(advcache.Level[int](l.memory(nil), limit1), advcache.Level[int](l.slowStore(), 0).With(advcache.LevelOptions{Behind: true}))
	}},
	"behind between": {build: func(l *levels) chained {
		return chainOf(advcache.Level[int](l.memory(nil), limit1), advcache.Level[int](l.slowMemory(), limit2).With(advcache.LevelOptions{Behind: true}),
			advcache.Level[int](l.slowStore(), 0))
	}},
	"hedged": {build: func(l *levels) chained {
		return chainOf(advcache.Level[int](l.memory(nil), limit1), advcache.Level[int](l.slowStore(), 0).With(advcache.LevelOptions{Hedge: 4 * time.Millisecond}))
	}},
	"a chain below": {build: func(l *levels) chained {
		return chainOf(advcache.Level[int](l.memory(nil), limit1),
			advcache.Level[int](chainOf(advcache.Level[int](l.slowMemory(), limit1), advcache.Level[int](l.slowStore(), 0)), 0))
	}},
	"a chain above": {build: func(l *levels) chained {
		return chainOf(advcache.Level[int](chainOf(advcache.Level[int](l.memory(&inmem.Options[int]{MaxEntries: 1}), limit1), advcache.Level[int](l.slowMemory(), 0)), limit2),
			advcache.Level[int](l.slowStore(), 0))
	}},
}
