package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// chaos is a run of everything at once: all calls, by callers who leave, over
// loaders and caches that fail in every way. What must hold all the time is that
// a value is that of its key and not zero, that an error is one that was made,
// that nobody waits beyond the timeouts, and that all ends.
type chaos struct {
	mu   sync.Mutex
	rand *rand.Rand // guarded by mu
}

func (c *chaos) n(below int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(below)
}

func (c *chaos) wait(most time.Duration) time.Duration { return time.Duration(c.n(int(most))) }

// load is a loader that mostly works.
func (c *chaos) load(ctx context.Context, k int) (string, error) {
	takes := c.wait(400 * time.Millisecond)
	if c.n(10) == 0 {
		time.Sleep(takes) // deaf
	} else {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	switch c.n(20) {
	case 0:
		return "", errDown
	case 1:
		panic(errDown)
	case 2:
		runtime.Goexit()
	case 3:
		return "", advcache.ErrNotFound
	case 4:
		if _, ok := advcache.Previous[string](ctx); ok {
			return "", advcache.ErrUnchanged
		}
	}
	return fmt.Sprintf("%d#", k), nil
}

func (c *chaos) loadMany(ctx context.Context, ks []int) (map[int]string, error) {
	values := make(map[int]string)
	var errs []error
	for _, k := range ks {
		v, err := c.load(ctx, k)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		values[k] = v
	}
	slices.Sort(ks)
	return values, errors.Join(errs...)
}

func (c *chaos) check(t *testing.T, k int, v string, err error) {
	t.Helper()
	if err == nil {
		if v != fmt.Sprintf("%d#", k) {
			t.Errorf("law 10: key %d has the value %q", k, v)
		}
		return
	}
	for _, known := range []error{errDown, advcache.ErrNotFound, advcache.ErrGoexit, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Errorf("law 7: key %d has the error %v", k, err)
}

// step makes one call, chosen at random, by a caller who may leave.
func (c *chaos) step(t *testing.T, single, many *advcache.Func[int, string]) {
	ctx, cancel := t.Context(), func() {}
	switch c.n(4) {
	case 0:
		ctx, cancel = context.WithTimeout(ctx, c.wait(300*time.Millisecond))
	case 1:
		ctx, cancel = context.WithCancel(ctx)
		time.AfterFunc(c.wait(300*time.Millisecond), cancel)
	}
	defer cancel()
	f := []*advcache.Func[int, string]{single, many}[c.n(2)]
	k := c.n(8)
	start := time.Now()
	switch c.n(20) {
	case 0:
		_ = f.Invalidate(ctx, k, c.n(8))
	case 1:
		_ = f.Set(ctx, k, fmt.Sprintf("%d#", k))
	case 2:
		v, err := f.Refresh(ctx, k)
		c.check(t, k, v, err)
	case 3:
		if v, ok, err := f.Peek(ctx, k); ok {
			c.check(t, k, v, err)
		}
	case 4, 5, 6, 7, 8:
		ks := []int{k, c.n(8), c.n(8), c.n(8)}
		values, err := f.GetMany(ctx, ks)
		for k, v := range values {
			if !slices.Contains(ks, k) {
				t.Errorf("law 10: key %d was not asked for", k)
			}
			c.check(t, k, v, nil)
		}
		if err != nil {
			c.check(t, k, "", err)
		}
	default:
		v, err := f.Get(ctx, k)
		c.check(t, k, v, err)
	}
	// A call waits for the store of a value at most beside the LoadTimeout, and
	// a change for that of another.
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("law 5: a call took %v", d)
	}
}

func TestChaos(t *testing.T) {
	run := func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) {
		t.Helper()
		for seed := range uint64(12) {
			x := &chaos{rand: rand.New(rand.NewPCG(seed, 1))}
			if m != nil {
				m.on(func(op, _ string) error {
					time.Sleep(x.wait(20 * time.Millisecond))
					switch x.n(30) {
					case 0:
						return errDisk
					case 1:
						panic(errDisk)
					}
					return nil
				})
			}
			opt := advcache.TTLOptions{
				LoadTimeout: time.Second, NegativeTTL: time.Duration(seed%2) * 100 * time.Millisecond, Logger: quiet, MaxConcurrentLoads: int(seed % 5),
				Stale: time.Duration(seed%3) * 200 * time.Millisecond, RefreshAhead: float64(seed%2) / 2,
			}
			if seed%4 == 3 {
				opt.StaleIfError, opt.SoftTimeout = time.Second, 50*time.Millisecond
			}
			ttl := advcache.NewTTL[int](c, 300*time.Millisecond, &opt)
			single, many := ttl.Func("user:{}", x.load), ttl.FuncMany("user:{}", x.loadMany)
			var wg sync.WaitGroup
			for range 12 {
				wg.Go(func() {
					for range 100 {
						x.step(t, single, many)
						time.Sleep(x.wait(50 * time.Millisecond))
					}
				})
			}
			wg.Wait()
			if err := ttl.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Errorf("law 13: %v", err)
			}
		}
	}
	onEach(t, func(t *testing.T, c advcache.Cache[string]) { run(t, c, nil) })
	t.Run("failing", func(t *testing.T) {
		onPlain(t, func(t *testing.T, c advcache.Cache[string], m *mapCache[string]) { run(t, c, m) })
		t.Run("able", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newAbleCache[string]()
				run(t, c, c.mapCache)
			})
		})
	})
}
