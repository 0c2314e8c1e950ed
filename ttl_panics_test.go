package advcache_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
)

// wantPanicError fails the test unless err is a *PanicError of value.
func wantPanicError(t *testing.T, law string, err, value error) {
	t.Helper()
	p, ok := errors.AsType[*advcache.PanicError](err)
	if !ok || !errors.Is(err, value) || len(p.Stack) == 0 {
		t.Errorf("%s: the error is %v, want a PanicError of %v", law, err, value)
	}
}

// logs is where a Logger writes, line by line.
type logs struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(b)
}

// take returns what was logged, and forgets it.
func (l *logs) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.lines.Reset()
	return l.lines.String()
}

// brokenObserver has hooks that all do the same.
func brokenObserver(do func()) *advcache.Observer {
	hook := func(advcache.Event) { do() }
	return &advcache.Observer{
		Hits: func(advcache.HitEvent) { do() }, Stale: hook, Miss: hook, Negative: hook, Load: hook, LoadError: hook,
		Refresh: hook, Set: hook, Delete: hook, Evict: hook, BackendError: hook,
	}
}

func TestHooksThatPanic(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o, l := &origin{}, &logs{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{
			Stale: time.Hour, NegativeTTL: time.Second, Observer: brokenObserver(func() { panic("hook") }), Logger: slog.New(slog.NewTextHandler(l, nil)),
		})
		many := ttl.FuncMany("user:{}", o.loadMany)
		wants(t, "law 6: Miss and Load", f, 1, "1#1")
		wants(t, "law 6: Hits", f, 1, "1#1")
		if said := l.take(); !strings.Contains(said, "a hook of the Observer panicked") || !strings.Contains(said, "user:1") {
			t.Errorf("law 6: the log says %q", said)
		}
		time.Sleep(time.Minute)
		wants(t, "law 6: Stale and Refresh", f, 1, "1#1")
		synctest.Wait()
		wants(t, "law 6: the refresh was stored", f, 1, "1#2")
		if values, err := many.GetMany(t.Context(), []int{1, 2, 3}); len(values) != 3 || err != nil {
			t.Errorf("law 6: GetMany gives %v, %v", values, err)
		}
		if err := errors.Join(f.Set(t.Context(), 4, "set"), f.Invalidate(t.Context(), 1)); err != nil {
			t.Errorf("law 6: Set and Delete: %v", err)
		}
		o.fails(errDown)
		(<-get(t.Context(), f, 1)).wantErr(t, "law 6: LoadError", errDown)
		o.fails(advcache.ErrNotFound)
		for range 2 {
			(<-get(t.Context(), f, 1)).wantErr(t, "law 6: Negative", advcache.ErrNotFound)
		}
		time.Sleep(time.Second)
	})
}

func TestHooksThatExit(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{takes: loadTime}
		hooks := brokenObserver(runtime.Goexit)
		hooks.Miss, hooks.Hits, hooks.Set = nil, nil, nil // these are told on the caller's own goroutine
		_, f := userTTL(t, c, o, &advcache.TTLOptions{MaxConcurrentLoads: 1, Observer: hooks})
		for k := range 2 {
			r := <-get(t.Context(), f, k)
			r.wantTook(t, "law 6: nobody waits for ever", loadTime)
			r.want(t, "law 6: the value was loaded", []string{"0#1", "1#1"}[k])
			wants(t, "law 6: and stored", f, k, r.v)
		}
		o.fails(errDown)
		(<-get(t.Context(), f, 3)).wantErr(t, "law 6: the loader's error", errDown)
	})
}

type brokenHandler struct{ slog.Handler }

func (brokenHandler) Handle(context.Context, slog.Record) error { panic("log") }

func TestLoggerThatPanics(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, Logger: slog.New(brokenHandler{slog.NewTextHandler(&logs{}, nil)})})
		wants(t, "law 6", f, 1, "1#1")
		time.Sleep(time.Minute)
		o.fails(errDown)
		wants(t, "law 6: the failed refresh is logged in the background", f, 1, "1#1")
		synctest.Wait()
		wants(t, "law 6: the process lives", f, 1, "1#1")
	})
}

func TestWhatIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, l, m := &origin{}, &logs{}, newMapCache[string]()
		_, f := userTTL(t, m, o, &advcache.TTLOptions{
			Stale: time.Hour, StaleIfError: 2 * time.Hour, SoftTimeout: late, Name: "users", Logger: slog.New(slog.NewTextHandler(l, nil)),
			RefreshBackoff: advcache.Backoff{Initial: time.Millisecond, Max: time.Millisecond},
		})
		m.failing("GetEntry")
		wants(t, "law 7", f, 1, "1#1")
		if said := l.take(); !strings.Contains(said, "cache=users") || !strings.Contains(said, "key=user:1") || !strings.Contains(said, errDisk.Error()) {
			t.Errorf("law 7: the log says %q", said)
		}
		m.failing()
		time.Sleep(time.Minute)
		o.fails(errDown)
		for range 1000 {
			wants(t, "law 8", f, 1, "1#1")
			time.Sleep(2 * time.Millisecond)
		}
		if said := l.take(); strings.Count(said, "\n") > 3 || !strings.Contains(said, errDown.Error()) || !strings.Contains(said, "not_logged=4") {
			t.Errorf("law 8: of 1,000 failures in 2 s, the log says %q", said)
		}
		time.Sleep(time.Hour)
		o.with(func(o *origin) { o.takes = loadTime })
		(<-get(t.Context(), f, 1)).want(t, "law 6: after the SoftTimeout", "1#1")
		time.Sleep(time.Minute)
		if said := l.take(); !strings.Contains(said, errDown.Error()) {
			t.Errorf("law 6: a load whose callers were served something else failed, and nobody was told: the log says %q", said)
		}
		o.with(func(o *origin) { o.takes, o.err = 0, nil })
		if err := f.Invalidate(t.Context(), 1); err != nil {
			t.Error(err)
		}
		o.fails(errDown)
		(<-get(t.Context(), f, 1)).wantErr(t, "law 7", errDown)
		if said := l.take(); said != "" {
			t.Errorf("law 7: what was returned is logged too: %q", said)
		}
	})
}

// TestAPanicThatNobodyWaitsFor is told all the same.
func TestAPanicThatNobodyWaitsFor(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		for _, late := range []time.Duration{0, time.Second} { // after its end
			for range 20 {
				o, e := &origin{}, &events{}
				o.do = func(ctx context.Context, _, _ int) (string, error) {
					<-ctx.Done()
					time.Sleep(late)
					panic(errDisk)
				}
				_, f := userTTL(t, c, o, &advcache.TTLOptions{LoadTimeout: time.Second, Observer: e.observer()})
				if _, err := f.Get(t.Context(), 1); err == nil {
					t.Error("law 5: no error at LoadTimeout")
				}
				time.Sleep(late)
				synctest.Wait()
				var all error
				for _, ev := range e.of("LoadError") {
					all = errors.Join(all, ev.Err)
				}
				wantPanicError(t, "law 6: LoadError", all, errDisk)
			}
		}
	})
}

func TestLifeOfThatPanics(t *testing.T) {
	onEach(t, func(t *testing.T, c advcache.Cache[string]) {
		o := &origin{}
		ttl, _ := userTTL(t, c, o, nil)
		ttl = ttl.LifeOf(func(v string) time.Duration {
			if strings.HasPrefix(v, "1") {
				panic(errDown)
			}
			return time.Minute
		})
		f, many := ttl.Func("user:{}", o.load), ttl.FuncMany("user:{}", o.loadMany)
		_, err := f.Get(t.Context(), 1)
		wantPanicError(t, "law 6: LifeOf of a load", err, errDown)
		wantPanicError(t, "law 6: LifeOf of a Set", f.Set(t.Context(), 1, "1"), errDown)
		values, err := many.GetMany(t.Context(), []int{1, 2, 3})
		wantPanicError(t, "law 6: LifeOf of a batch", err, errDown)
		if len(values) != 2 {
			t.Errorf("law 6: one value's LifeOf panicked, and the batch gives %v", values)
		}
		wants(t, "law 6", f, 2, "2#1")
	})
}

func TestCopyThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken string // panics for values that begin so
		c := open(t, &inmem.Options[string]{Copy: func(v string) string {
			if broken != "" && strings.HasPrefix(v, broken) {
				panic(errDown)
			}
			return v
		}})
		o, e := &origin{}, &events{}
		ttl, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour, StaleIfError: 2 * time.Hour, Observer: e.observer()})
		many := ttl.FuncMany("user:{}", o.loadMany)
		for _, k := range []int{1, 2, 3} {
			warm(t, f, k)
		}
		calls := map[string]func() error{
			"Get":      func() error { _, err := f.Get(t.Context(), 1); return err },
			"GetMany":  func() error { _, err := f.GetMany(t.Context(), []int{2, 1, 3}); return err },
			"FuncMany": func() error { _, err := many.GetMany(t.Context(), []int{2, 1, 3}); return err },
			"Refresh":  func() error { _, err := f.Refresh(t.Context(), 1); return err },
			"Peek":     func() error { _, _, err := f.Peek(t.Context(), 1); return err },
		}
		for _, state := range []string{"fresh", "stale"} {
			broken = "1"
			for name, do := range calls {
				if name != "Refresh" && (name != "Peek" || state == "fresh") {
					wantPanicError(t, "law 6: "+name+" of a "+state+" value", do(), errDown)
				}
			}
			synctest.Wait()
			broken = ""
			if err := f.Set(t.Context(), 1, "1"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		broken = "1"
		wantPanicError(t, "law 6: Refresh", calls["Refresh"](), errDown)
		wantPanicError(t, "law 6: Set", f.Set(t.Context(), 1, "1"), errDown)
	})
}

// TestCopyThatPanicsOnTheWayIn is about a value that memory cannot take: what
// it replaces must not be served any more (law 7).
func TestCopyThatPanicsOnTheWayIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, &inmem.Options[string]{Copy: func(v string) string {
			if v == "bad" {
				panic(errDisk)
			}
			return v
		}})
		o := &origin{}
		_, f := userTTL(t, c, o, &advcache.TTLOptions{Stale: time.Hour})
		warm(t, f, 1)
		wantPanicError(t, "law 7: Set", f.Set(t.Context(), 1, "bad"), errDisk)
		wants(t, "law 7: the cache missed a Set, so the older value is not read", f, 1, "1#2")
		time.Sleep(time.Minute)
		o.do = func(context.Context, int, int) (string, error) { return "bad", nil }
		wants(t, "law 7: stale", f, 1, "1#2")
		synctest.Wait()
		if e, ok, err := c.GetEntry(t.Context(), "user:1"); ok || err != nil {
			t.Errorf("law 7: the cache could not take the new value, and still has %q, %v", e.Value, err)
		}
	})
}
