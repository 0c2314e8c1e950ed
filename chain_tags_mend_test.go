package advcache_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// mute is a Bus that takes no messages for a while, but goes on delivering.
type mute struct {
	*loop

	on atomic.Bool
}

func (m *mute) Publish(ctx context.Context, i advcache.Invalidation) error {
	if m.on.Load() {
		return errCut
	}
	return m.loop.Publish(ctx, i)
}

func entryWithTag() advcache.Entry[string] {
	return advcache.Entry[string]{Value: "v", Tags: []string{"t"}, FreshUntil: time.Now().Add(day)}
}

// TestStampsAreMadeGood is about what ends many entries at once, where the level or
// the Bus does not take it at first, or the caller has gone.
func TestStampsAreMadeGood(t *testing.T) {
	for name, c := range map[string]struct {
		gone bool // the caller
		fail func(bus *mute, a process)
		end  func(ctx context.Context, c *advcache.Hybrid[string]) error
	}{
		"a tag, unpublished":       {false, func(bus *mute, _ process) { bus.on.Store(true) }, endTag},
		"a tag, not stored":        {false, func(_ *mute, a process) { a.l2.Rate(storetest.OpPut, storetest.Fail, 1) }, endTag},
		"a tag, the caller gone":   {true, func(*mute, process) {}, endTag},
		"a namespace, unpublished": {false, func(bus *mute, _ process) { bus.on.Store(true) }, endNamespace},
		"a namespace, not stored":  {false, func(_ *mute, a process) { a.l2.Rate(storetest.OpPut, storetest.Fail, 1) }, endNamespace},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bus := &mute{loop: &loop{}}
				ps := fleet(t, 2, func(int) advcache.Bus { return bus }, advcache.HybridOptions{L1TTL: time.Hour, Namespaces: []string{"k"}, Logger: quiet})
				a, b := ps[0], ps[1]
				must(t, a.SetEntry(t.Context(), "k", entryWithTag()))
				a.want(t, "law 2", "v")
				b.want(t, "law 2", "v")
				time.Sleep(time.Second)
				c.fail(bus, a)
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				if c.gone {
					leave()
				}
				if err := c.end(ctx, a.Hybrid); err == nil {
					t.Error("law 7: there is no error, though others do not know")
				}
				a.want(t, "law 3: here they are dead in any case", "")
				bus.on.Store(false)
				a.l2.Rate(storetest.OpPut, storetest.Fail, 0)
				time.Sleep(2 * time.Second)
				b.want(t, "law 3: what could not be told is told later", "")
				later := advcache.NewHybrid(open[string](t, nil), store.New[string](a.counts, nil), &advcache.HybridOptions{Namespaces: []string{"k"}})
				defer closeChain(t, later)
				if got, ok, err := later.Get(t.Context(), "k"); ok || err != nil {
					t.Errorf("law 3: a process that starts later reads %q, %v, %v; want a miss", got, ok, err)
				}
			})
		})
	}
}

func endTag(ctx context.Context, c *advcache.Hybrid[string]) error { return c.InvalidateTag(ctx, "t") }

func endNamespace(ctx context.Context, c *advcache.Hybrid[string]) error { return c.Clear(ctx, "k") }

// TestNamespaceOfWhatOthersWrote is about entries whose writer knew of no namespace.
func TestNamespaceOfWhatOthersWrote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, shared := t.Context(), builder{t}.bytes()
		plain := builder{t}.chain(level(open[string](t, nil), 0), level(shared, 0))
		must(t, plain.Set(ctx, "user:1", "by a chain without it", 0))
		must(t, shared.Set(ctx, "user:2", "by none", 0))
		c := advcache.NewChainWith(&advcache.ChainOptions{Namespaces: []string{"user:"}}, level(open[string](t, nil), 0), level(shared, 0))
		t.Cleanup(func() { closeChain(t, c) })
		for _, key := range []string{"user:1", "user:2"} {
			if _, ok, err := c.Get(ctx, key); !ok || err != nil {
				t.Errorf("Get(%q) = %v, %v before Clear", key, ok, err)
			}
		}
		time.Sleep(time.Second)
		must(t, c.Clear(ctx, "user:"))
		for _, key := range []string{"user:1", "user:2"} {
			got, ok, err := c.Get(ctx, key)
			there, headErr := c.Exists(ctx, key)
			if ok || there || err != nil || headErr != nil {
				t.Errorf("law 3: Get(%q) = %q, %v, %v, Exists %v, %v after Clear", key, got, ok, err, there, headErr)
			}
		}
	})
}

// TestNamespaceOverAChain is about namespaces of a chain whose last level is another
// one that does not know of them.
func TestNamespaceOverAChain(t *testing.T) {
	for name, o := range map[string]advcache.ChainOptions{
		"without a Bus": {Namespaces: []string{"user:"}},
		"with a Bus":    {Namespaces: []string{"user:"}, Bus: &loop{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, shared := t.Context(), builder{t}.bytes()
				inner := builder{t}.hybrid(open[string](t, nil), shared, &advcache.HybridOptions{Bus: o.Bus})
				outer := advcache.NewChainWith(&o, level(open[string](t, nil), 20*time.Millisecond), level(inner, 0))
				t.Cleanup(func() { closeChain(t, outer) })
				must(t, outer.Set(ctx, "user:1", "Ann", 0))
				for range 2 {
					time.Sleep(50 * time.Millisecond)
					if _, ok, err := outer.Get(ctx, "user:1"); !ok || err != nil {
						t.Fatal(ok, err)
					}
				}
				must(t, outer.Clear(ctx, "user:"))
				for range 2 {
					if got, ok, err := outer.Get(ctx, "user:1"); ok || err != nil {
						t.Errorf("law 3: Get = %q, %v, %v after Clear", got, ok, err)
					}
					time.Sleep(2 * time.Second)
				}
			})
		})
	}
}
