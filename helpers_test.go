package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

const (
	loadTime = 200 * time.Millisecond // of a load, unless a test says otherwise
	late     = 15 * time.Millisecond  // how long after its leader a follower comes
)

var (
	errDown = errors.New("the origin is down")
	errDisk = errors.New("the disk is full")
	quiet   = slog.New(slog.DiscardHandler)
)

// events records what an Observer is told.
type events struct {
	mu   sync.Mutex
	told map[string][]advcache.Event // by hook; guarded by mu
	hits int64                       // guarded by mu
}

func (e *events) observer() *advcache.Observer {
	record := func(hook string) func(advcache.Event) {
		return func(ev advcache.Event) {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.told == nil {
				e.told = make(map[string][]advcache.Event)
			}
			e.told[hook] = append(e.told[hook], ev)
		}
	}
	return &advcache.Observer{
		Hits: func(h advcache.HitEvent) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.hits += h.Count
		},
		Stale: record("Stale"), Miss: record("Miss"), Negative: record("Negative"),
		Load: record("Load"), LoadError: record("LoadError"), Refresh: record("Refresh"),
		Set: record("Set"), Delete: record("Delete"), BackendError: record("BackendError"),
	}
}

func (e *events) of(hook string) []advcache.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told[hook]
}

// calls is how many calls were told, by how they were served.
func (e *events) calls() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fmt.Sprintf("hits %d, stale %d, negative %d, misses %d", e.hits, len(e.told["Stale"]), len(e.told["Negative"]), len(e.told["Miss"]))
}

// result is what a call gave, and how long it took.
type result struct {
	v    string
	err  error
	took time.Duration
}

// call runs fn on a goroutine of its own.
func call(fn func() (string, error)) <-chan result {
	done := make(chan result, 1)
	go func() {
		start := time.Now()
		v, err := fn()
		done <- result{v, err, time.Since(start)}
	}()
	return done
}

// get calls f.Get for k on a goroutine of its own.
func get(ctx context.Context, f *advcache.Func[int, string], k int) <-chan result {
	return call(func() (string, error) { return f.Get(ctx, k) })
}

// want fails the test unless the call gave v and no error.
func (r result) want(t *testing.T, law, v string) {
	t.Helper()
	if r.v != v || r.err != nil {
		t.Errorf("%s: got %q and the error %v, want %q", law, r.v, r.err, v)
	}
}

// wantErr fails the test unless the call gave target.
func (r result) wantErr(t *testing.T, law string, target error) {
	t.Helper()
	if !errors.Is(r.err, target) || r.v != "" {
		t.Errorf("%s: got %q and the error %v, want the error %v", law, r.v, r.err, target)
	}
}

// wantTook fails the test unless the call took d.
func (r result) wantTook(t *testing.T, law string, d time.Duration) {
	t.Helper()
	if r.took != d {
		t.Errorf("%s: the call took %v, want %v", law, r.took, d)
	}
}

// wants fails the test unless f.Get gives v at once.
func wants(t *testing.T, law string, f *advcache.Func[int, string], k int, v string) {
	t.Helper()
	start := time.Now()
	got, err := f.Get(t.Context(), k)
	r := result{got, err, time.Since(start)}
	r.want(t, law, v)
	r.wantTook(t, law, 0)
}

func wantLoads(t *testing.T, law string, o *origin, n int) {
	t.Helper()
	if got := o.total(); got != n {
		t.Errorf("%s: the origin was asked %d times, want %d", law, got, n)
	}
}

// wantPanic fails the test unless fn panics with a text that has all parts.
func wantPanic(t *testing.T, fn func(), parts ...string) {
	t.Helper()
	defer func() {
		t.Helper()
		said := fmt.Sprint(recover())
		for _, part := range parts {
			if !strings.Contains(said, part) {
				t.Errorf("the panic says %q, which lacks %q", said, part)
			}
		}
	}()
	fn()
}

// until sleeps up to an instant.
func until(at time.Time) { time.Sleep(time.Until(at)) }

// warm reads k so often that hits are served by the fastest path there is.
func warm(t *testing.T, f *advcache.Func[int, string], k int) {
	t.Helper()
	for range 8 {
		if _, err := f.Get(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
}

// open opens a cache in memory, and closes it when the test ends.
func open[V any](t testing.TB, o *inmem.Options[V]) *inmem.Cache[V] {
	t.Helper()
	c := inmem.New(o)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// onEach runs the test over each kind of cache, each time in a bubble.
func onEach(t *testing.T, test func(t *testing.T, c advcache.Cache[string])) {
	t.Helper()
	for name, fresh := range map[string]func(t *testing.T) advcache.Cache[string]{
		"inmem": func(t *testing.T) advcache.Cache[string] { t.Helper(); return open[string](t, nil) },
		"exact": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			return open(t, &inmem.Options[string]{Exact: true})
		},
		"copies": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			return open(t, &inmem.Options[string]{Copy: strings.Clone})
		},
		"plain":    func(*testing.T) advcache.Cache[string] { return newMapCache[string]() },
		"entry-if": func(*testing.T) advcache.Cache[string] { return conditionalCache[string]{newMapCache[string]()} },
		"chain of one": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			return builder{t}.chain(level(conditionalCache[string]{newMapCache[string]()}, 0))
		},
		"chain of two": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			return builder{t}.chain(level(open[string](t, nil), 0), level(conditionalCache[string]{newMapCache[string]()}, 0))
		},
		"chain of three": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			return builder{t}.chain(level(open[string](t, nil), 0), level(newMapCache[string](), 0), level(builder{t}.bytes(), 0))
		},
		"chain that copies": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			return builder{t}.chain(level(open(t, &inmem.Options[string]{Copy: strings.Clone}), 0), level(builder{t}.bytes(), 0))
		},
		"hybrid": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			return builder{t}.hybrid(open[string](t, nil), builder{t}.bytes(), &advcache.HybridOptions{L1TTL: day})
		},
		"nested": func(t *testing.T) advcache.Cache[string] {
			t.Helper()
			inner := builder{t}.hybrid(newMapCache[string](), builder{t}.bare(), &advcache.HybridOptions{L1TTL: day})
			return builder{t}.hybrid(open[string](t, nil), inner, &advcache.HybridOptions{L1TTL: day})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, fresh(t)) })
		})
	}
}

// userTTL wraps the origin, by a TTL of a minute that is closed when the test
// ends.
func userTTL(t *testing.T, c advcache.Cache[string], o *origin, opt *advcache.TTLOptions) (*advcache.TTL[int, string], *advcache.Func[int, string]) {
	t.Helper()
	if opt == nil {
		opt = &advcache.TTLOptions{}
	}
	if opt.Logger == nil {
		opt.Logger = quiet
	}
	ttl := advcache.NewTTL[int](c, time.Minute, opt)
	t.Cleanup(func() {
		if err := ttl.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return ttl, ttl.Func("user:{}", o.load)
}

// onPlain runs the test over the caches that are not in memory.
func onPlain(t *testing.T, test func(t *testing.T, c advcache.Cache[string], m *mapCache[string])) {
	t.Helper()
	for name, wrap := range map[string]func(m *mapCache[string]) advcache.Cache[string]{
		"plain":    func(m *mapCache[string]) advcache.Cache[string] { return m },
		"entry-if": func(m *mapCache[string]) advcache.Cache[string] { return conditionalCache[string]{m} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMapCache[string]()
				test(t, wrap(m), m)
			})
		})
	}
}
