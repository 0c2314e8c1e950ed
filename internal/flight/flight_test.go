package flight

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

type barrier struct{ barred atomic.Bool }

func (b *barrier) Bar()         { b.barred.Store(true) }
func (b *barrier) Barred() bool { return b.barred.Load() }

func newBarrier() Barrier { return new(barrier) }

// body is the work of a run, as functions.
type body struct {
	load func(context.Context)
	cuts []error
}

func (b *body) Load(ctx context.Context)      { b.load(ctx) }
func (b *body) Cut(_ *Call[int], cause error) { b.cuts = append(b.cuts, cause) }

func lead(t *testing.T, g *Group[int], key string) *Call[int] {
	t.Helper()
	c, leads := g.Join(key, newBarrier)
	if !leads {
		t.Fatalf("law 4: Join(%q) does not lead", key)
	}
	return c
}

func follow(t *testing.T, g *Group[int], key string) *Call[int] {
	t.Helper()
	c, leads := g.Join(key, newBarrier)
	if leads {
		t.Fatalf("law 4: Join(%q) leads a second load", key)
	}
	return c
}

func closeGroup(t *testing.T, g *Group[int]) {
	t.Helper()
	if err := g.Close(t.Context()); err != nil {
		t.Errorf("law 13: Close = %v", err)
	}
}

func TestCallersShareOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[int]()
		c := lead(t, g, "k")
		b := &body{load: func(ctx context.Context) {
			if ctx.Value(key{}) != "first" {
				t.Error("law 5: the load does not have its first caller's values")
			}
			time.Sleep(time.Second)
			c.Finish(7, nil)
		}}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "first"))
		cancel()
		g.Start(ctx, []*Call[int]{c}, time.Minute, b)
		for range 100 {
			f := follow(t, g, "k")
			go func() {
				if v, err := f.Wait(t.Context()); v != 7 || err != nil {
					t.Errorf("law 4: a follower has %d, %v", v, err)
				}
			}()
		}
		if _, err := c.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("law 5: a caller that has left gets %v", err)
		}
		synctest.Wait()
		time.Sleep(time.Second)
		closeGroup(t, g)
		if g.Busy("k") || len(b.cuts) != 0 {
			t.Errorf("after the load: busy %v, cut %v", g.Busy("k"), b.cuts)
		}
	})
}

type key struct{}

func TestTheLastCallersLeavingEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[int]()
		a, b := lead(t, g, "a"), lead(t, g, "b")
		var cause error
		work := &body{load: func(ctx context.Context) {
			<-ctx.Done()
			cause = context.Cause(ctx)
		}}
		g.Start(t.Context(), []*Call[int]{a, b}, time.Minute, work)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = a.Wait(gone)
		if g.Busy("a") == false {
			t.Error("law 5: a key of a batch was given up while another is waited for")
		}
		again := follow(t, g, "a")
		_, _ = b.Wait(gone)
		synctest.Wait()
		if cause != nil {
			t.Errorf("law 5: the run ended with %v while somebody waits", cause)
		}
		_, _ = again.Wait(gone)
		synctest.Wait()
		if !errors.Is(cause, ErrLeft) || len(work.cuts) != 2 || g.Busy("a") {
			t.Errorf("law 5: after the last has left: cause %v, cut %v, busy %v", cause, work.cuts, g.Busy("a"))
		}
		lead(t, g, "a").Finish(0, nil)
		closeGroup(t, g)
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[int]()
		c := lead(t, g, "k")
		hangs := make(chan struct{})
		work := &body{load: func(context.Context) { <-hangs }}
		start := time.Now()
		g.Start(t.Context(), []*Call[int]{c}, time.Minute, work)
		if _, err := c.Wait(t.Context()); !errors.Is(err, ErrTimeout) || time.Since(start) != time.Minute {
			t.Errorf("law 5: %v after %v, want ErrTimeout after a minute", err, time.Since(start))
		}
		if g.Busy("k") || c.Finish(1, nil) || !c.Barrier.Barred() {
			t.Error("law 5: a load that has been ended holds the key, or has a result")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := g.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("law 13: Close with a loader that hangs = %v", err)
		}
		close(hangs)
		closeGroup(t, g)
	})
}

func TestABarredCallIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[int]()
		old := lead(t, g, "k")
		g.Start(t.Context(), []*Call[int]{old}, time.Minute, &body{load: func(context.Context) {
			time.Sleep(time.Second)
			old.Finish(1, nil)
		}})
		old.Barrier.Bar()
		fresh := lead(t, g, "k")
		g.Start(t.Context(), []*Call[int]{fresh}, time.Minute, &body{load: func(context.Context) {
			time.Sleep(2 * time.Second)
			fresh.Finish(2, nil)
		}})
		if v, _ := old.Wait(t.Context()); v != 1 {
			t.Errorf("law 3: who waits already gets %d", v)
		}
		if v, _ := follow(t, g, "k").Wait(t.Context()); v != 2 {
			t.Errorf("law 3: who comes later gets %d", v)
		}
		closeGroup(t, g)
	})
}

func TestBackgroundAndDetach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[int]()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		c := g.Background("k", newBarrier)
		if c == nil || g.Background("k", newBarrier) != nil {
			t.Fatal("law 4: not one load in the background")
		}
		g.Start(gone, []*Call[int]{c}, time.Minute, &body{load: func(context.Context) {
			time.Sleep(time.Second)
			c.Finish(1, nil)
		}})
		_, _ = follow(t, g, "k").Wait(gone)
		if v, err := follow(t, g, "k").Wait(t.Context()); v != 1 || err != nil {
			t.Errorf("law 5: the leaving of a caller ended a load in the background: %d, %v", v, err)
		}
		d := lead(t, g, "d")
		g.Start(t.Context(), []*Call[int]{d}, time.Minute, &body{load: func(context.Context) {
			time.Sleep(time.Second)
			d.Finish(2, nil)
		}})
		d.Detach()
		if v, err := follow(t, g, "d").Wait(t.Context()); v != 2 || err != nil {
			t.Errorf("law 5: a load was ended by its caller's Detach: %d, %v", v, err)
		}
		closeGroup(t, g)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[int]()
		background := g.Background("b", newBarrier)
		work := &body{load: func(ctx context.Context) { <-ctx.Done() }}
		g.Start(t.Context(), []*Call[int]{background}, time.Hour, work)
		attended := lead(t, g, "a")
		g.Start(t.Context(), []*Call[int]{attended}, time.Hour, &body{load: func(context.Context) {
			time.Sleep(time.Minute)
			attended.Finish(1, nil)
		}})
		go func() {
			if v, err := attended.Wait(t.Context()); v != 1 || err != nil {
				t.Errorf("law 13: Close took a load from a caller: %d, %v", v, err)
			}
		}()
		synctest.Wait()
		start := time.Now()
		closeGroup(t, g)
		if took := time.Since(start); took != time.Minute {
			t.Errorf("law 13: Close took %v", took)
		}
		if len(work.cuts) != 1 || !errors.Is(work.cuts[0], ErrClosed) {
			t.Errorf("law 13: the load in the background was cut by %v", work.cuts)
		}
		late := lead(t, g, "late")
		g.Start(t.Context(), []*Call[int]{late}, time.Hour, &body{load: func(context.Context) { t.Error("law 13: a load began after Close") }})
		if _, err := late.Wait(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("law 13: a load after Close gives %v", err)
		}
	})
}

func TestLoading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, other := NewGroup[int](), NewGroup[int]()
		outer := lead(t, g, "outer")
		g.Start(t.Context(), []*Call[int]{outer}, time.Minute, &body{load: func(ctx context.Context) {
			between := lead(t, other, "between")
			other.Start(ctx, []*Call[int]{between}, time.Minute, &body{load: func(ctx context.Context) {
				if loading, nested := g.Loading(ctx, "outer"); !loading || !nested {
					t.Errorf("Loading(outer) = %v, %v through another group", loading, nested)
				}
				if loading, nested := g.Loading(ctx, "else"); loading || !nested {
					t.Errorf("Loading(else) = %v, %v", loading, nested)
				}
				between.Finish(1, nil)
			}})
			_, _ = between.Wait(ctx)
			outer.Finish(1, nil)
		}})
		_, _ = outer.Wait(t.Context())
		if loading, nested := g.Loading(t.Context(), "outer"); loading || nested {
			t.Errorf("Loading = %v, %v outside of any load", loading, nested)
		}
		closeGroup(t, g)
		closeGroup(t, other)
	})
}
