package lincheck

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// slow is a level whose requests take effect in one step, at a seeded time between
// the call and the return.
type slow struct {
	cache  advcache.Cache[int] // takes no time
	yields bool                // to other goroutines, in place of taking time

	fails    int           // of 100 requests, half of them after they took effect
	down, up time.Duration // since start: nothing takes effect between
	start    time.Time

	mu sync.Mutex
	r  *rand.Rand // guarded by mu
}

var errFault = errors.New("a fault")

// draw returns how long a request waits before and after it takes effect, and
// whether it then fails.
func (s *slow) draw() (before, after time.Duration, early, late bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	short := func() time.Duration {
		if s.r.IntN(6) == 0 {
			return time.Duration(s.r.IntN(int(30 * time.Millisecond)))
		}
		return time.Duration(s.r.IntN(int(3 * time.Millisecond)))
	}
	fate := s.r.IntN(200)
	return short(), short(), fate < s.fails, fate >= s.fails && fate < 2*s.fails
}

func (s *slow) wait(ctx context.Context, d time.Duration) error {
	if s.yields {
		for range d % 4 {
			runtime.Gosched()
		}
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *slow) request(ctx context.Context, do func() error) error {
	before, after, early, late := s.draw()
	if err := s.wait(ctx, before); err != nil {
		return err
	}
	if at := time.Since(s.start); early || at >= s.down && at < s.up {
		return errFault
	}
	err := do()
	if late := s.wait(ctx, after); late != nil {
		return late
	}
	if late {
		return errFault
	}
	return err
}

func (s *slow) Get(ctx context.Context, key string) (v int, ok bool, err error) {
	err = s.request(ctx, func() (err error) {
		v, ok, err = s.cache.Get(context.Background(), key)
		return err
	})
	return v, ok && err == nil, err
}

// one is a request that gives an entry.
func (s *slow) one(ctx context.Context, do func(context.Context) (advcache.Entry[int], bool, error)) (e advcache.Entry[int], ok bool, err error) {
	err = s.request(ctx, func() (err error) {
		e, ok, err = do(context.Background())
		return err
	})
	if err != nil {
		return advcache.Entry[int]{}, false, err
	}
	return e, ok, nil
}

func (s *slow) GetEntry(ctx context.Context, key string) (advcache.Entry[int], bool, error) {
	return s.one(ctx, func(ctx context.Context) (advcache.Entry[int], bool, error) { return s.cache.GetEntry(ctx, key) })
}

func (s *slow) HeadEntry(ctx context.Context, key string) (advcache.Entry[int], bool, error) {
	return s.one(ctx, func(ctx context.Context) (advcache.Entry[int], bool, error) {
		return advcache.HeadEntry(ctx, s.cache, key)
	})
}

func (s *slow) Revalidate(ctx context.Context, key string, had advcache.Entry[int]) (advcache.Entry[int], bool, error) {
	return s.one(ctx, func(ctx context.Context) (advcache.Entry[int], bool, error) {
		return advcache.Revalidate(ctx, s.cache, key, had)
	})
}

func (s *slow) GetEntries(ctx context.Context, keys []string) (found []advcache.Lookup[int]) {
	err := s.request(ctx, func() error {
		found = advcache.GetEntries(context.Background(), s.cache, keys)
		return nil
	})
	if err != nil {
		found = make([]advcache.Lookup[int], len(keys))
		for i := range found {
			found[i].Err = err
		}
	}
	return found
}

// yes is a request that tells something.
func (s *slow) yes(ctx context.Context, do func(context.Context) (bool, error)) (ok bool, err error) {
	err = s.request(ctx, func() (err error) {
		ok, err = do(context.Background())
		return err
	})
	return ok && err == nil, err
}

func (s *slow) Exists(ctx context.Context, key string) (bool, error) {
	return s.yes(ctx, func(ctx context.Context) (bool, error) { return s.cache.Exists(ctx, key) })
}

func (s *slow) SetIfAbsent(ctx context.Context, key string, v int, ttl time.Duration) (bool, error) {
	return s.yes(ctx, func(ctx context.Context) (bool, error) { return advcache.SetIfAbsent(ctx, s.cache, key, v, ttl) })
}

func (s *slow) SetEntryIf(ctx context.Context, key string, e advcache.Entry[int], seen advcache.Version) (bool, error) {
	return s.yes(ctx, func(ctx context.Context) (bool, error) { return advcache.SetEntryIf(ctx, s.cache, key, e, seen) })
}

func (s *slow) Set(ctx context.Context, key string, v int, ttl time.Duration) error {
	return s.request(ctx, func() error { return s.cache.Set(context.Background(), key, v, ttl) })
}

func (s *slow) SetEntry(ctx context.Context, key string, e advcache.Entry[int]) error {
	return s.request(ctx, func() error { return s.cache.SetEntry(context.Background(), key, e) })
}

func (s *slow) SetEntries(ctx context.Context, entries map[string]advcache.Entry[int]) error {
	return s.request(ctx, func() error { return advcache.SetEntries(context.Background(), s.cache, entries) })
}

func (s *slow) Delete(ctx context.Context, keys ...string) error {
	return s.request(ctx, func() error { return s.cache.Delete(context.Background(), keys...) })
}

// plain is a cache with none of the optional capabilities.
type plain struct{ advcache.Cache[int] }

// levels makes the levels of one chain.
type levels struct {
	t      *testing.T
	seed   uint64
	fails  int  // see slow
	falls  bool // each level is down for a while
	yields bool // see slow
	made   uint64
}

func (l *levels) memory(o *inmem.Options[int]) *inmem.Cache[int] {
	m := inmem.New(o)
	l.t.Cleanup(func() { must(m.Close()) })
	return m
}

// slowly returns c with delays, and faults if there are any.
func (l *levels) slowly(c advcache.Cache[int]) *slow {
	l.made++
	s := &slow{cache: c, yields: l.yields, fails: l.fails, start: time.Now(), r: rand.New(rand.NewPCG(l.seed, l.made<<48))}
	if l.falls {
		s.down = time.Duration(s.r.IntN(int(400 * time.Millisecond)))
		s.up = s.down + time.Duration(s.r.IntN(int(2*time.Second)))
	}
	return s
}

func (l *levels) slowMemory() *slow { return l.slowly(l.memory(nil)) }

func (l *levels) slowStore() *slow {
	return l.slowly(store.New[int](storetest.NewMemory(nil), &store.Options{Logger: quiet}))
}
