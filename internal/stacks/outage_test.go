package stacks

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/redisstore"
)

// window is how long Redis is left out in these tests.
const window = 50 * time.Millisecond

// failures is how many requests must fail for that.
const failures = advcache.DefaultBreakerFailures

// behindOutage is memory, a Redis of its own, and S3, with old values of all keys in
// all of them.
type behindOutage struct {
	*world

	chain  *advcache.Chain[string]
	server *server
}

func newOutage(t *testing.T, o advcache.LevelOptions) *behindOutage {
	b := &behindOutage{server: own(t)}
	o.Name = "redis"
	if o.Breaker.Window == 0 {
		o.Breaker.Window = window
	}
	client := b.server.client(t, func(o *redis.Options) {
		o.ContextTimeoutEnabled = true
		o.MaxRetries = -1
	})
	s, _ := s3Store()
	b.world = newWorld(t, func(levels []advcache.Cache[string]) advcache.Cache[string] {
		b.chain = advcache.NewChainWith(&advcache.ChainOptions{Logger: slog.New(slog.DiscardHandler)},
			advcache.Level(levels[0], 0), advcache.Level(levels[1], 0).With(o), advcache.Level(levels[2], 0))
		return b.chain
	}, redisstore.New(client, nil), s)
	for _, c := range b.below { // which have more time than the levels
		if err := advcache.SetMany(t.Context(), c, b.values("old"), day); err != nil {
			t.Fatal(err)
		}
	}
	b.reset()
	return b
}

var outageKeys = keys(1, 20)

func (b *behindOutage) values(value string) map[string]string {
	values := make(map[string]string)
	for _, key := range outageKeys {
		values[key] = value
	}
	return values
}

// forget empties level 1, as limits and evictions do.
func (b *behindOutage) forget(t *testing.T) {
	t.Helper()
	if err := b.memory.Delete(t.Context(), outageKeys...); err != nil {
		t.Fatal(err)
	}
}

// reads wants the value for a key, by all ways to read it; "": none.
func (b *behindOutage) reads(t *testing.T, key, want string) {
	t.Helper()
	ctx := t.Context()
	for name, read := range map[string]func() (string, error){
		"Get": func() (string, error) {
			value, _, err := b.cache.Get(ctx, key)
			return value, err
		},
		"GetEntry": func() (string, error) {
			e, _, err := b.cache.GetEntry(ctx, key)
			return e.Value, err
		},
		"GetMany": func() (string, error) {
			values, err := advcache.GetMany(ctx, b.cache, []string{key, "another"})
			return values[key], err
		},
		"Exists": func() (string, error) {
			ok, err := b.cache.Exists(ctx, key)
			if !ok {
				return "", err
			}
			return want, err
		},
	} {
		b.forget(t)
		if got, err := read(); got != want || err != nil {
			t.Errorf("law 7: %s(%q) = %q, %v; want %q", name, key, got, err, want)
		}
	}
}

// asks returns how many requests Redis had since the last reset, but for deletes:
// those of what was missed come in the background.
func (b *behindOutage) asks() int {
	r := b.counts[0].Requests()
	return r.Total() - r.Delete
}

// recovers waits until Redis is asked again.
func (b *behindOutage) recovers(t *testing.T) {
	t.Helper()
	eventually(t, func(ctx context.Context) error {
		b.forget(t)
		if _, _, err := b.cache.Get(ctx, "k20"); err != nil { // which nobody has changed
			return err
		}
		if l := b.chain.Levels()[1]; l.LeftOut || l.Err != nil {
			return errNotYet
		}
		return nil
	})
}

// TestOutage is law 7: Redis crashes under load, and comes back with what it held.
func TestOutage(t *testing.T) {
	t.Parallel()
	b := newOutage(t, advcache.LevelOptions{})
	ctx := t.Context()
	b.server.kill()

	// Reads go on, with a few requests that fail.
	began := time.Now()
	for range 20 {
		for _, key := range outageKeys {
			b.forget(t)
			if value, ok, err := b.cache.Get(ctx, key); value != "old" || !ok || err != nil {
				t.Fatalf("law 7: Get(%q) = %q, %v, %v while Redis is down; want what S3 has", key, value, ok, err)
			}
		}
	}
	if most := failures + 1 + int(time.Since(began)/window); b.asks() > most {
		t.Errorf("law 7: 400 reads asked Redis %d times while it was down; want %d at most: 5 that fail, then one each %v", b.asks(), most, window)
	}
	if l := b.chain.Levels()[1]; !l.LeftOut || l.Err == nil {
		t.Errorf("Levels says of Redis %+v; want it left out, and why", l)
	}
	b.reads(t, "k3", "old")

	// So do loads.
	for range 2 {
		if value, err := b.fn.Get(ctx, 100); value != "loaded" || err != nil {
			t.Errorf("law 7: the function gives %q, %v; want what it loads", value, err)
		}
	}
	if b.loads.Load() != 1 {
		t.Errorf("law 7: %d loads; want 1, kept in memory and S3", b.loads.Load())
	}

	// Who changes something is told.
	b.reset()
	wantRedisError(t, "delete", "k1", b.cache.Delete(ctx, "k1"))
	wantRedisError(t, "delete", "k5", b.fn.Invalidate(ctx, 5))
	if got := b.counts[0].Requests().Delete; got < 2 {
		t.Errorf("law 7: two deletes asked Redis %d times; want 2, though it is left out", got)
	}
	wantRedisError(t, "set", "k2", b.cache.Set(ctx, "k2", "new", day))
	wantRedisError(t, "set", "", advcache.SetMany(ctx, b.cache, map[string]string{"k4": "new"}, day))
	want := map[string]string{"k1": "", "k2": "new", "k3": "old", "k4": "new", "k5": ""}
	for key, value := range want {
		b.reads(t, key, value)
	}

	// It comes back with what it held before.
	if err := b.server.run(); err != nil {
		t.Fatal(err)
	}
	for key := range want {
		eventually(t, func(ctx context.Context) error {
			value, _, err := b.below[0].Get(ctx, key)
			if err == nil && value != "old" {
				t.Fatalf("Redis holds %q for %q after the crash; want the old value, or this test shows nothing", value, key)
			}
			return err
		})
	}
	b.recovers(t)
	for key, value := range want {
		b.reads(t, key, value)
	}
	// What has been deleted is loaded again, not found.
	b.loads.Store(0)
	if value, err := b.fn.Get(ctx, 5); value != "loaded" || err != nil || b.loads.Load() != 1 {
		t.Errorf("law 7: the function gives %q, %v, after %d loads; want a load of what was invalidated", value, err, b.loads.Load())
	}

	// A change that succeeds has Redis believed again.
	if err := b.cache.Delete(ctx, keys(1, 100)...); err != nil {
		t.Fatal(err)
	}
	if n := b.chain.Levels()[1].Doubted; n != 0 {
		t.Errorf("law 7: Redis is doubted for %d keys after all of them were deleted there; want 0", n)
	}
	if err := b.cache.Set(ctx, "k1", "newest", day); err != nil {
		t.Fatal(err)
	}
	b.forget(t)
	b.reset()
	if value, _, err := b.cache.Get(ctx, "k1"); value != "newest" || err != nil || b.asked() != "1 Get +bodies | no request" {
		t.Errorf("Get = %q, %v, by %s; want what Redis has", value, err, b.asked())
	}
}

// wantRedisError wants an error that names the call, and the level that missed it.
func wantRedisError(t *testing.T, name, key string, err error) {
	t.Helper()
	op, ok := errors.AsType[*advcache.OpError](err)
	if !ok || !strings.Contains(op.Backend, "redis") || op.Op != name || op.Key != key {
		t.Errorf("law 7: a %s of %q gives %v while Redis is down; want an error that says so", name, key, err)
	}
}

// TestFunctionsOfHybridGoOn is law 7 where level 2 is the last one: there is nobody
// else to ask but the origin.
func TestFunctionsOfHybridGoOn(t *testing.T) {
	t.Parallel()
	server := own(t)
	client := server.client(t, func(o *redis.Options) {
		o.ContextTimeoutEnabled = true
		o.MaxRetries = -1 // after as many refusals as its pool is large it repeats the last for a while
	})
	w := newWorld(t, func(levels []advcache.Cache[string]) advcache.Cache[string] {
		return advcache.NewHybrid(levels[0], levels[1], &advcache.HybridOptions{
			L2:     advcache.LevelOptions{Timeout: time.Second, Breaker: advcache.Breaker{Window: patience}},
			Logger: slog.New(slog.DiscardHandler),
		})
	}, redisstore.New(client, nil))
	ctx := t.Context()
	load(1, 1)(ctx, w)
	server.kill()
	w.reset()
	for n := range 50 {
		for range 2 {
			if value, err := w.fn.Get(ctx, n); value != "loaded" || err != nil {
				t.Fatalf("law 7: the function gives %q, %v; want what it loads", value, err)
			}
		}
	}
	if w.loads.Load() != 50 {
		t.Errorf("law 7: %d loads of 50 values, one of them cached; want 50 in all", w.loads.Load())
	}
	// Deletes are those of what was missed, in the background.
	if got := w.counts[0].Requests(); got.Total() < failures || got.Get+got.Put > failures {
		t.Errorf("law 7: 50 loads asked Redis %v while it was down; want %d until it is left out", got, failures)
	}
	if err := w.fn.Invalidate(ctx, 1); err == nil {
		t.Error("law 7: Invalidate gives no error while Redis is down")
	}
	load(1, 51)(ctx, w)
	if err := server.run(); err != nil {
		t.Fatal(err)
	}
	if err := w.fn.Invalidate(ctx, 1); err != nil {
		t.Errorf("law 7: Invalidate = %v with Redis back, which is what others wait for", err)
	}
	load(1, 52)(ctx, w)
	w.reset()
	_, err := w.fn.Get(ctx, 100)
	if got := w.counts[0].Requests(); err != nil || got.Get != 1 || got.Put != 1 {
		t.Errorf("law 7: after a delete that Redis has answered, a load gives %v and asks it %v; want 1 Get, 1 Put", err, got)
	}
}
