package advcache_test

import (
	"testing"
	"time"

	"github.com/advcache/advcache"
)

func TestChainRefusesWhatMakesNoSense(t *testing.T) {
	m := newMapCache[string]()
	with := func(o advcache.LevelOptions) func() {
		return func() { advcache.NewChain(level(m, 0).With(o)) }
	}
	var none *mapCache[string]
	memory := open[string](t, nil)
	for name, row := range map[string]struct {
		make func()
		says []string
	}{
		"no levels":  {func() { advcache.NewChain[string]() }, []string{"without levels", "Level("}},
		"zero level": {func() { advcache.NewChain(advcache.ChainLevel[string]{}) }, []string{"zero ChainLevel", "Level("}},
		"no cache":   {func() { advcache.Level[string](nil, 0) }, []string{"nil", "inmem.New"}},
		"nil cache":  {func() { advcache.Level[string](none, 0) }, []string{"nil", "inmem.New"}},
		"limit":      {func() { level(m, -1) }, []string{"limit", "negative", "use 0"}},
		"twice":      {func() { advcache.NewChain(level(m, time.Minute), level(m, 0)) }, []string{"mapCache", "twice"}},
		"two names": {func() {
			advcache.NewChain(level(m, 0).With(advcache.LevelOptions{Name: "x"}), level(newMapCache[string](), 0).With(advcache.LevelOptions{Name: "x"}))
		}, []string{`"x"`, "its own"}},
		"default name": {func() {
			advcache.NewChain(level(m, 0).With(advcache.LevelOptions{Name: "L2"}), level(newMapCache[string](), 0))
		}, []string{`"L2"`, "its own"}},
		"Timeout":       {with(advcache.LevelOptions{Timeout: -1}), []string{"level L1", "LevelOptions.Timeout", "use 0"}},
		"Window":        {with(advcache.LevelOptions{Breaker: advcache.Breaker{Window: -1}}), []string{"LevelOptions.Breaker.Window", "use 0"}},
		"Keep":          {with(advcache.LevelOptions{Keep: -1}), []string{"LevelOptions.Keep", "use 0"}},
		"Hedge":         {with(advcache.LevelOptions{Hedge: -1}), []string{"LevelOptions.Hedge", "use 0"}},
		"Queue":         {with(advcache.LevelOptions{Queue: -1, Behind: true}), []string{"LevelOptions.Queue", "use 0"}},
		"Queue alone":   {with(advcache.LevelOptions{Queue: 1}), []string{"LevelOptions.Queue", "Behind", "set both"}},
		"MinSize":       {with(advcache.LevelOptions{MinSize: -1}), []string{"LevelOptions.MinSize", "use 0"}},
		"MaxSize":       {with(advcache.LevelOptions{MaxSize: -1}), []string{"LevelOptions.MaxSize", "use 0"}},
		"sizes":         {with(advcache.LevelOptions{Name: "n", MinSize: 2, MaxSize: 1}), []string{"level n", "MaxSize is 1", "MinSize, 2", "make it more"}},
		"no sizes":      {with(advcache.LevelOptions{MaxSize: 1}), []string{"mapCache", "does not know sizes", "store.Cache"}},
		"no sizes, min": {with(advcache.LevelOptions{MinSize: 1}), []string{"mapCache", "does not know sizes", "store.Cache"}},
		"behind memory": {func() { advcache.NewChain(level(memory, 0).With(behind)) }, []string{"level L1", "Behind", "in memory", "leave it out"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantPanic(t, row.make, append(row.says, "advcache: ")...)
		})
	}
}

func TestLevelsNamesThem(t *testing.T) {
	c := quietChain(t, level(newMapCache[string](), 0), level(newMapCache[string](), 0).With(advcache.LevelOptions{Name: "redis"}), level(newMapCache[string](), 0))
	var names []string
	for _, st := range c.Levels() {
		names = append(names, st.Name)
		if st.LeftOut || st.Err != nil || st.Doubted != 0 || st.Queued != 0 || st.Dropped != 0 {
			t.Errorf("a level that was never asked is not well: %+v", st)
		}
	}
	if len(names) != 3 || names[0] != "L1" || names[1] != "redis" || names[2] != "L3" {
		t.Errorf("Levels() has the names %q", names)
	}
}
