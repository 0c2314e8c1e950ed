package stacks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// world is levels whose requests are counted, each also as a cache that others
// have: what it stores or deletes there, the levels above do not know of.
type world struct {
	cache  advcache.Cache[string]
	memory advcache.Cache[string]
	below  []*store.Cache[string]
	counts []*storetest.Counting
	loads  atomic.Int64
	fn     *advcache.Func[int, string] // by a TTL over cache
}

// newWorld makes cache of memory and a level over each of the stores.
func newWorld(t *testing.T, compose func(levels []advcache.Cache[string]) advcache.Cache[string], stores ...store.Store) *world {
	w := &world{memory: memory(t)}
	levels := []advcache.Cache[string]{w.memory}
	for _, s := range stores {
		counting := storetest.NewCounting(s)
		w.counts = append(w.counts, counting)
		levels = append(levels, patient(counting))
		w.below = append(w.below, patient(s))
	}
	w.cache = compose(levels)
	closes(t, w.cache)
	ttl := advcache.NewTTL[int, string](w.cache, day, &advcache.TTLOptions{NegativeTTL: day})
	t.Cleanup(func() {
		if err := ttl.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w.fn = ttl.Func("k{}", func(_ context.Context, n int) (string, error) {
		w.loads.Add(1)
		if n < 0 {
			return "", advcache.ErrNotFound
		}
		return "loaded", nil
	})
	return w
}

// asked returns the requests since the last reset, by level, and of which levels
// bodies were read.
func (w *world) asked() string {
	var text strings.Builder
	for i, c := range w.counts {
		if i > 0 {
			text.WriteString(" | ")
		}
		n := c.Counts()
		text.WriteString(n.Requests.String())
		if n.Out > 0 {
			text.WriteString(" +bodies")
		}
	}
	return text.String()
}

func (w *world) reset() {
	for _, c := range w.counts {
		c.Reset()
	}
}

// must ends a case whose call failed.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func is[T comparable](got, want T) {
	if got != want {
		panic(fmt.Sprintf("it gave %v; want %v", got, want))
	}
}

// What stands in a level before the case. Levels are counted from 1; the fresh
// value is the same everywhere.

type step = func(ctx context.Context, w *world)

func nothing(context.Context, *world) {}

// in puts keys in a level, and in those below it.
func in(level int, keys ...string) step {
	return func(ctx context.Context, w *world) {
		now := time.Now()
		for _, key := range keys {
			w.put(ctx, level, key, advcache.Entry[string]{Value: "value", CreatedAt: now, FreshUntil: now.Add(day)})
		}
	}
}

// entry puts an entry in a level, and in those below it.
func entry(level int, e func() advcache.Entry[string]) step {
	return func(ctx context.Context, w *world) { w.put(ctx, level, "k1", e()) }
}

func (w *world) put(ctx context.Context, level int, key string, e advcache.Entry[string]) {
	for i, c := range w.below {
		if i+2 >= level {
			must(c.SetEntry(ctx, key, e))
		}
	}
	if level == 1 {
		_, _, err := w.cache.GetEntry(ctx, key)
		must(err)
	}
}

func stale() advcache.Entry[string] {
	now := time.Now()
	return advcache.Entry[string]{Value: "value", CreatedAt: now.Add(-2 * time.Hour), FreshUntil: now.Add(-time.Hour), StaleUntil: now.Add(time.Hour)}
}

func negative() advcache.Entry[string] {
	now := time.Now()
	return advcache.Entry[string]{Absent: true, CreatedAt: now, FreshUntil: now.Add(day)}
}

func all(steps ...step) step {
	return func(ctx context.Context, w *world) {
		for _, s := range steps {
			s(ctx, w)
		}
	}
}

// read has the levels above get what stands below.
func read(ctx context.Context, w *world) {
	_, _, err := w.cache.GetEntry(ctx, "k1")
	must(err)
}

// What is asked.

func get(want string) step {
	return func(ctx context.Context, w *world) {
		got, ok, err := w.cache.Get(ctx, "k1")
		must(err)
		is(got, want)
		is(ok, want != "")
	}
}

func getEntry(ctx context.Context, w *world) {
	e, ok, err := w.cache.GetEntry(ctx, "k1")
	must(err)
	is(ok, true)
	is(e.Value, "value")
}

func exists(want bool) step {
	return func(ctx context.Context, w *world) {
		ok, err := w.cache.Exists(ctx, "k1")
		must(err)
		is(ok, want)
	}
}

func head(want bool) step {
	return func(ctx context.Context, w *world) {
		_, ok, err := advcache.HeadEntry(ctx, w.cache, "k1")
		must(err)
		is(ok, want)
	}
}

func set(ctx context.Context, w *world) { must(w.cache.Set(ctx, "k1", "new", day)) }

func setMany(n int) step {
	return func(ctx context.Context, w *world) {
		values := make(map[string]string, n)
		for _, key := range keys(1, n) {
			values[key] = "new"
		}
		must(advcache.SetMany(ctx, w.cache, values, day))
	}
}

func remove(n int) step {
	return func(ctx context.Context, w *world) { must(w.cache.Delete(ctx, keys(1, n)...)) }
}

func setIfAbsent(want bool) step {
	return func(ctx context.Context, w *world) {
		ok, err := advcache.SetIfAbsent(ctx, w.cache, "k1", "new", day)
		must(err)
		is(ok, want)
	}
}

// setIf sets what has just been read; the requests of the read do not count.
func setIf(ctx context.Context, w *world) {
	e, _, err := w.cache.GetEntry(ctx, "k1")
	must(err)
	w.reset()
	ok, err := advcache.SetEntryIf(ctx, w.cache, "k1", advcache.Entry[string]{Value: "new", FreshUntil: time.Now().Add(day)}, e.Version)
	must(err)
	is(ok, true)
}

// setIfLost sets what has just been read and since then changed by another process.
func setIfLost(ctx context.Context, w *world) {
	e, _, err := w.cache.GetEntry(ctx, "k1")
	must(err)
	must(w.below[len(w.below)-1].Set(ctx, "k1", "of another", day))
	w.reset()
	ok, err := advcache.SetEntryIf(ctx, w.cache, "k1", advcache.Entry[string]{Value: "new", FreshUntil: time.Now().Add(day)}, e.Version)
	must(err)
	is(ok, false)
}

func revalidate(ctx context.Context, w *world) {
	e, _, err := w.cache.GetEntry(ctx, "k1")
	must(err)
	w.reset()
	e, ok, err := advcache.Revalidate(ctx, w.cache, "k1", e)
	must(err)
	is(ok, true)
	is(e.Value, "value")
}

func getMany(found int) step {
	return func(ctx context.Context, w *world) {
		values, err := advcache.GetMany(ctx, w.cache, keys(1, 100))
		must(err)
		is(len(values), found)
	}
}

func clearAll(ctx context.Context, w *world) { must(advcache.Clear(ctx, w.cache, "k")) }

// load calls the function, with how often it is to load.
func load(key, loads int) step {
	return func(ctx context.Context, w *world) {
		if _, err := w.fn.Get(ctx, key); !errors.Is(err, advcache.ErrNotFound) {
			must(err)
		}
		is(int(w.loads.Load()), loads)
	}
}

func refresh(ctx context.Context, w *world) {
	_, err := w.fn.Refresh(ctx, 1)
	must(err)
	is(int(w.loads.Load()), 1)
}

func loadMany(loads int) step {
	return func(ctx context.Context, w *world) {
		numbers := make([]int, 100)
		for i := range numbers {
			numbers[i] = i + 1
		}
		values, err := w.fn.GetMany(ctx, numbers)
		must(err)
		is(len(values), 100)
		is(int(w.loads.Load()), loads)
	}
}

func invalidate(ctx context.Context, w *world) { must(w.fn.Invalidate(ctx, 1)) }

// keys are as the function has them.
func keys(from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint("k", i))
	}
	return all
}

type requestCase struct {
	name   string
	before step
	do     step
	want   string // by level below memory
}

func (c *requestCase) run(t *testing.T, w *world) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %v", c.name, p)
		}
	}()
	c.before(t.Context(), w)
	w.reset()
	w.loads.Store(0)
	c.do(t.Context(), w)
	if got := w.asked(); got != c.want {
		t.Errorf("law 12: %s took %s; want %s", c.name, got, c.want)
	}
}

// TestRequestsOfChain is law 12 over memory, Redis and S3: what each operation asks
// of Redis, and of S3.
func TestRequestsOfChain(t *testing.T) {
	t.Parallel()
	for _, c := range []requestCase{
		{"Get, level 1", in(1, "k1"), get("value"), "no request | no request"},
		{"Get, level 2", in(2, "k1"), get("value"), "1 Get +bodies | no request"},
		{"Get, level 3", in(3, "k1"), get("value"), "1 Get, 1 Put | 1 Get +bodies"},
		{"Get, nowhere", nothing, get(""), "1 Get | 1 Get"},
		{"Get, once promoted", all(in(3, "k1"), read), get("value"), "no request | no request"},
		{"Get, stale", entry(1, stale), get(""), "1 Get +bodies | 1 Get +bodies"},
		{"GetEntry, stale in level 2", entry(2, stale), getEntry, "1 Get +bodies | 1 Get +bodies"},
		{"GetEntry, stale in level 3", entry(3, stale), getEntry, "1 Get, 1 Put | 1 Get +bodies"},
		{"Get, negative in level 1", entry(1, negative), get(""), "no request | no request"},
		{"Get, negative in level 2", entry(2, negative), get(""), "1 Get | no request"},
		{"Get, negative in level 3", entry(3, negative), get(""), "1 Get, 1 Put | 1 Get"},
		{"Exists, level 1", in(1, "k1"), exists(true), "no request | no request"},
		{"Exists, level 2", in(2, "k1"), exists(true), "1 Head | no request"},
		{"Exists, level 3", in(3, "k1"), exists(true), "1 Head | 1 Head"},
		{"Exists, nowhere", nothing, exists(false), "1 Head | 1 Head"},
		{"HeadEntry, level 1", in(1, "k1"), head(true), "no request | no request"},
		{"HeadEntry, level 2", in(2, "k1"), head(true), "1 Head | no request"},
		{"HeadEntry, level 3", in(3, "k1"), head(true), "1 Head | 1 Head"},
		{"HeadEntry, nowhere", nothing, head(false), "1 Head | 1 Head"},
		{"Revalidate, level 1", in(1, "k1"), revalidate, "no request | no request"},
		{"Revalidate, stale", entry(1, stale), revalidate, "1 Get | 1 Get"},
		{"Set", nothing, set, "1 Put | 1 Put"},
		{"Set, over a value", in(1, "k1"), set, "1 Put | 1 Put"},
		{"SetMany of 100", nothing, setMany(100), "1 PutMany | 100 Put"},
		{"Delete", in(1, "k1"), remove(1), "1 Delete | 1 Delete"},
		{"Delete of 100", in(1, keys(1, 100)...), remove(100), "1 Delete | 1 Delete"},
		{"SetIfAbsent, stored", nothing, setIfAbsent(true), "1 Put | 1 Put"},
		{"SetIfAbsent, refused", in(1, "k1"), setIfAbsent(false), "no request | 1 Head, 1 Put"},
		{"SetIfAbsent, over a negative entry", entry(1, negative), setIfAbsent(true), "1 Put | 1 Put"},
		{"SetEntryIf, after a miss", nothing, setIf, "1 Put | 1 Put"},
		{"SetEntryIf, after a hit of level 1", in(1, "k1"), setIf, "1 Put | 1 Head, 1 Put"},
		{"SetEntryIf, after a hit of level 2", in(2, "k1"), setIf, "1 Put | 1 Head, 1 Put"},
		{"SetEntryIf, after a hit of level 3", in(3, "k1"), setIf, "1 Put | 1 Put"},
		{"SetEntryIf, after a stale one", entry(1, stale), setIf, "1 Put | 1 Put"},
		{"SetEntryIf, after a hit of level 1, refused", in(1, "k1"), setIfLost, "no request | 1 Head"},
		{"SetEntryIf, after a hit of level 3, refused", in(3, "k1"), setIfLost, "no request | 1 Put"},
		{"GetMany of 100, level 1", in(1, keys(1, 100)...), getMany(100), "no request | no request"},
		{"GetMany of 100, level 2", in(2, keys(1, 100)...), getMany(100), "1 GetMany +bodies | no request"},
		{"GetMany of 100, level 3", in(3, keys(1, 100)...), getMany(100), "100 Put, 1 GetMany | 100 Get +bodies"},
		{"GetMany of 100, nowhere", nothing, getMany(0), "1 GetMany | 100 Get"},
		{"GetMany of 100, 40 in level 1, 30 in 2, 20 in 3", all(in(1, keys(1, 40)...), in(2, keys(41, 70)...), in(3, keys(71, 90)...)), getMany(90), "20 Put, 1 GetMany +bodies | 30 Get +bodies"},
		{"Clear", in(1, "k1"), clearAll, "1 Clear | 1 Clear"},
		{"function, level 1", in(1, "k1"), load(1, 0), "no request | no request"},
		{"function, level 2", in(2, "k1"), load(1, 0), "1 Get +bodies | no request"},
		{"function, level 3", in(3, "k1"), load(1, 0), "1 Get, 1 Put | 1 Get +bodies"},
		{"function, nowhere", nothing, load(1, 1), "1 Get, 1 Put | 1 Get, 1 Put"},
		{"function, no such value", nothing, load(-1, 1), "1 Get, 1 Put | 1 Get, 1 Put"},
		{"function, expired", entry(2, stale), load(1, 1), "1 Get, 1 Put +bodies | 1 Get, 1 Put +bodies"},
		{"function, hit after a load", load(1, 1), load(1, 0), "no request | no request"},
		{"function, refreshed", in(1, "k1"), refresh, "1 Put | 1 Head, 1 Put"},
		{"function, refreshed from nothing", nothing, refresh, "1 Get, 1 Put | 1 Get, 1 Put"},
		{"function, of 100, nowhere", nothing, loadMany(100), "100 Put, 1 GetMany | 100 Get, 100 Put"},
		{"function, of 100, level 1", in(1, keys(1, 100)...), loadMany(0), "no request | no request"},
		{"function, of 100, level 2", in(2, keys(1, 100)...), loadMany(0), "1 GetMany +bodies | no request"},
		{"function, of 100, level 3", in(3, keys(1, 100)...), loadMany(0), "100 Put, 1 GetMany | 100 Get +bodies"},
		{"function, invalidated", in(1, "k1"), invalidate, "1 Delete | 1 Delete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := s3Store()
			c.run(t, newWorld(t, chain, redisOf(t, shared(t)), s))
		})
	}
}

// changed has another process replace the value in level 2.
func changed(ctx context.Context, w *world) { must(w.below[0].Set(ctx, "k1", "changed", day)) }

// renewed has another process give the value a new life.
func renewed(ctx context.Context, w *world) { must(w.below[0].Set(ctx, "k1", "value", 2*day)) }

// deleted has another process delete the value.
func deleted(ctx context.Context, w *world) { must(w.below[0].Delete(ctx, "k1")) }

// limit is how long level 1 serves a copy where a case is about what comes then.
const limit = time.Millisecond

// past waits until the copies in level 1 are past their limit.
func past(ctx context.Context, _ *world) { pause(ctx, 2*limit) }

// TestRequestsOfHybrid is law 12 for copies past the limit of level 1: no body is
// moved that has not changed.
func TestRequestsOfHybrid(t *testing.T) {
	t.Parallel()
	hundred := keys(1, 100)
	for _, c := range []struct {
		name      string
		before    step
		do        step
		redis, s3 string
	}{
		{"nowhere", nothing, get(""), "1 Get", "1 Get"},
		{"level 2", in(2, "k1"), get("value"), "1 Get +bodies", "1 Get +bodies"},
		{"past the limit, unchanged", all(in(1, "k1"), past), get("value"), "1 Get", "1 Get"},
		{"past the limit twice, unchanged", all(in(1, "k1"), past, read, past), get("value"), "1 Get", "1 Get"},
		{"past the limit, renewed", all(in(1, "k1"), renewed, past), get("value"), "1 Get", "1 Get"},
		{"past the limit, changed", all(in(1, "k1"), changed, past), get("changed"), "1 Get +bodies", "1 Get +bodies"},
		{"past the limit, deleted", all(in(1, "k1"), deleted, past), get(""), "1 Get", "1 Get"},
		{"past the limit, set by this process", all(set, past), get("new"), "1 Get +bodies", "1 Get +bodies"},
		{"past the limit, Exists", all(in(1, "k1"), past), exists(true), "1 Head", "1 Head"},
		{"past the limit, GetMany of 100", all(in(1, hundred...), past), getMany(100), "1 GetMany +bodies", "100 Get +bodies"},
		{"past the limit, function", all(in(1, "k1"), past), load(1, 0), "1 Get", "1 Get"},
		{"past the limit, function that loaded it", all(load(1, 1), past), load(1, 0), "1 Get +bodies", "1 Get +bodies"},
		{"past the limit, function of 100", all(in(1, hundred...), past), loadMany(0), "1 GetMany +bodies", "100 Get +bodies"},
		{"Set", nothing, set, "1 Put", "1 Put"},
		{"Delete", in(1, "k1"), remove(1), "1 Delete", "1 Delete"},
		{"function, nowhere", nothing, load(1, 1), "1 Get, 1 Put", "1 Get, 1 Put"},
		{"function, refreshed", in(1, "k1"), refresh, "1 Head, 1 Put", "1 Head, 1 Put"},
	} {
		o := &advcache.HybridOptions{L1TTL: day}
		if strings.HasPrefix(c.name, "past the limit") {
			o = &advcache.HybridOptions{L1TTL: limit, L1: advcache.LevelOptions{Keep: day}}
		}
		compose := func(levels []advcache.Cache[string]) advcache.Cache[string] {
			return advcache.NewHybrid(levels[0], levels[1], o)
		}
		t.Run("Redis/"+c.name, func(t *testing.T) {
			t.Parallel()
			rc := requestCase{c.name, c.before, c.do, c.redis}
			rc.run(t, newWorld(t, compose, redisOf(t, shared(t))))
		})
		t.Run("S3/"+c.name, func(t *testing.T) {
			t.Parallel()
			rc := requestCase{c.name, c.before, c.do, c.s3}
			s, _ := s3Store()
			rc.run(t, newWorld(t, compose, s))
		})
	}
}
