package advcache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

const inOrder = "law 3: once a read has seen what is set, no later one sees what was before, while the Set is under way"

// tardy is a cache whose requests take their time: reads as long as planned, one
// after the other, before or after they take effect.
type tardy struct {
	conditionalCache[string]

	mu                    sync.Mutex
	before, after         []time.Duration // of the reads to come; guarded by mu
	beforeSet, afterWrite time.Duration
}

func newTardy() *tardy {
	return &tardy{conditionalCache: conditionalCache[string]{newMapCache[string]()}}
}

// plan has the reads to come take so long, each before it takes effect and after.
func (d *tardy) plan(beforeAfter ...time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, t := range beforeAfter {
		if i%2 == 0 {
			d.before = append(d.before, t)
		} else {
			d.after = append(d.after, t)
		}
	}
}

func (d *tardy) next() (before, after time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.before) > 0 {
		before, after = d.before[0], d.after[0]
		d.before, d.after = d.before[1:], d.after[1:]
	}
	return before, after
}

func (d *tardy) GetEntry(ctx context.Context, key string) (advcache.Entry[string], bool, error) {
	before, after := d.next()
	time.Sleep(before)
	e, ok, err := d.mapCache.GetEntry(ctx, key)
	time.Sleep(after)
	return e, ok, err
}

func (d *tardy) SetEntry(ctx context.Context, key string, e advcache.Entry[string]) error {
	time.Sleep(d.beforeSet)
	err := d.mapCache.SetEntry(ctx, key, e)
	time.Sleep(d.afterWrite)
	return err
}

func (d *tardy) Delete(ctx context.Context, keys ...string) error {
	err := d.mapCache.Delete(ctx, keys...)
	time.Sleep(d.afterWrite)
	return err
}

// at does something at an instant of the bubble, which began at start.
func at(group *sync.WaitGroup, start time.Time, after time.Duration, do func()) {
	group.Go(func() {
		until(start.Add(after))
		do()
	})
}

// getsMany is asks by GetMany, which shares no read.
func getsMany(t *testing.T, law string, c *advcache.Chain[string], key, want string) {
	t.Helper()
	if got, err := c.GetMany(t.Context(), []string{key}); got[key] != want || err != nil {
		t.Errorf("%s: GetMany = %q, %v, want %q", law, got[key], err, want)
	}
}

const ds = 100 * time.Millisecond

func TestReadsAmidASetDoNotPromote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := newTardy()
		c := quietChain(t, level(open[string](t, nil), 0), level(below, 0))
		must(t, below.Set(t.Context(), "a", "old", 0))
		below.beforeSet, below.afterWrite = 10*ds, 10*ds
		below.plan(10*ds, 0, 0, 9*ds+ds/2)
		var group sync.WaitGroup
		start := time.Now()
		at(&group, start, 0, func() { sets(t, inOrder, c, "a", "new") })
		at(&group, start, 4*ds, func() { getsMany(t, inOrder, c, "a", "new") }) // at 14
		at(&group, start, 5*ds, func() { getsMany(t, inOrder, c, "a", "old") }) // at 14.5
		at(&group, start, 15*ds, func() { asks(t, inOrder, c, "a", "new", 0) })
		at(&group, start, 21*ds, func() { asks(t, inOrder, c, "a", "new", 0) })
		group.Wait()
	})
}

func TestReadsThatASetOvertakesReadAgain(t *testing.T) {
	for name, look := range map[string]func(t *testing.T, c *advcache.Chain[string]) string{
		"Get": func(t *testing.T, c *advcache.Chain[string]) string {
			v, _, err := c.Get(t.Context(), "a")
			if err != nil {
				t.Error(err)
			}
			return v
		},
		"GetMany": func(t *testing.T, c *advcache.Chain[string]) string {
			vs, err := c.GetMany(t.Context(), []string{"a"})
			if err != nil {
				t.Error(err)
			}
			return vs["a"]
		},
		"HeadEntry": func(t *testing.T, c *advcache.Chain[string]) string {
			e, ok, err := c.HeadEntry(t.Context(), "a")
			if err != nil || !ok {
				t.Errorf("HeadEntry = %v, %v", ok, err)
			}
			return map[bool]string{true: "new", false: "old"}[e.CreatedAt.After(time.Unix(1, 0))]
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				below := newTardy()
				c := quietChain(t, level(open[string](t, nil), 0), level(below, 0))
				below.put("a", advcache.Entry[string]{Value: "old", CreatedAt: time.Unix(1, 0)})
				below.afterWrite = 10 * ds
				below.plan(5*ds, 0, 0, 0)
				var group sync.WaitGroup
				start := time.Now()
				at(&group, start, 0, func() { // level 1 has nothing yet
					if got := look(t, c); got != "old" {
						t.Errorf("%s: it saw %q at 5, and level 1 is read until 13", inOrder, got)
					}
				})
				at(&group, start, 2*ds, func() { getsMany(t, inOrder, c, "a", "old") }) // and now it has
				at(&group, start, 3*ds, func() { sets(t, inOrder, c, "a", "new") })
				at(&group, start, 6*ds, func() { asks(t, inOrder, c, "a", "old", 0) })
				at(&group, start, 14*ds, func() { asks(t, inOrder, c, "a", "new", 0) })
				group.Wait()
			})
		})
	}
}

func TestReadsThatMayBeOlderAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := newTardy()
		c := quietChain(t, level(open[string](t, nil), 0), level(below, 0))
		must(t, below.Set(t.Context(), "a", "old", 0))
		below.beforeSet, below.afterWrite = 10*ds, 20*ds
		below.plan(0, 20*ds)
		var group sync.WaitGroup
		start := time.Now()
		at(&group, start, 0, func() { sets(t, inOrder, c, "a", "new") })
		at(&group, start, 5*ds, func() { asks(t, inOrder, c, "a", "old", 20*ds) })
		// As long as nobody has returned, it is shared (law 4).
		at(&group, start, 6*ds, func() { asks(t, "law 4: a read is shared", c, "a", "old", 19*ds) })
		at(&group, start, 15*ds, func() { getsMany(t, inOrder, c, "a", "new") })
		at(&group, start, 16*ds, func() { asks(t, inOrder, c, "a", "new", 0) })
		group.Wait()
		wantAsked(t, "law 12: reads are shared", below, "GetEntry", 3)
	})
}

func TestStaleCopiesAmidASet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := newTardy()
		c := quietChain(t, level(open[string](t, nil), 0), level(below, 0))
		start := time.Now()
		if err := c.SetEntry(t.Context(), "a", advcache.Entry[string]{Value: "old", FreshUntil: start.Add(ds), StaleUntil: start.Add(day)}); err != nil {
			t.Fatal(err)
		}
		below.afterWrite = 5 * ds
		gets := func(want string) {
			if e, ok, err := c.GetEntry(t.Context(), "a"); e.Value != want || !ok || err != nil {
				t.Errorf("%s: GetEntry = %q, %v, %v, want %q", inOrder, e.Value, ok, err, want)
			}
		}
		var group sync.WaitGroup
		at(&group, start, 2*ds, func() { gets("old") })
		at(&group, start, 3*ds, func() { sets(t, inOrder, c, "a", "new") })
		at(&group, start, 4*ds, func() { asks(t, inOrder, c, "a", "new", 0) })
		at(&group, start, 5*ds, func() { gets("new") })
		group.Wait()
	})
}

func TestEntriesThatDieOnTheirWay(t *testing.T) {
	const law = "law 1: nothing returns a dead entry"
	for name, look := range map[string]func(t *testing.T, c *advcache.Chain[string]) (bool, error){
		"GetEntry": func(t *testing.T, c *advcache.Chain[string]) (bool, error) {
			_, ok, err := c.GetEntry(t.Context(), "a")
			return ok, err
		},
		"GetEntries": func(t *testing.T, c *advcache.Chain[string]) (bool, error) {
			l := c.GetEntries(t.Context(), []string{"a"})[0]
			return l.OK, l.Err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			below := newTardy()
			c := quietChain(t, level(open[string](t, nil), 0), level(below, 0))
			start := time.Now()
			if err := c.SetEntry(t.Context(), "a", advcache.Entry[string]{Value: "old", FreshUntil: start.Add(ds), StaleUntil: start.Add(10 * ds)}); err != nil {
				t.Fatal(err)
			}
			below.plan(0, 10*ds, 0, 10*ds) // to say that there is nothing better
			var group sync.WaitGroup
			for _, call := range []time.Duration{5 * ds, 12 * ds} {
				at(&group, start, call, func() {
					if ok, err := look(t, c); ok || err != nil {
						t.Errorf("%s: %s from %v to %v = %v, %v", law, name, call, time.Since(start), ok, err)
					}
				})
			}
			group.Wait()
		})
	}
}

func TestVersionsOfCopiesAboveAChange(t *testing.T) {
	const law = "SetEntryIf stores only if the key still holds what was seen"
	// A reader that has a stale copy of level 1, while the last level has been emptied.
	synctest.Test(t, func(t *testing.T) {
		below := newTardy()
		c := quietChain(t, level(open[string](t, nil), 0), level(below, 0))
		start := time.Now()
		if err := c.SetEntry(t.Context(), "a", advcache.Entry[string]{Value: "old", FreshUntil: start.Add(ds), StaleUntil: start.Add(day)}); err != nil {
			t.Fatal(err)
		}
		below.afterWrite = 2 * ds
		var group sync.WaitGroup
		at(&group, start, 2*ds, func() {
			if err := c.Delete(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
		at(&group, start, 3*ds, func() {
			e, ok, err := c.GetEntry(t.Context(), "a")
			if !ok || err != nil {
				t.Errorf("GetEntry = %v, %v", ok, err)
			}
			until(start.Add(5 * ds))
			if stored, err := c.SetEntryIf(t.Context(), "a", advcache.Entry[string]{Value: "of old"}, e.Version); stored || err != nil {
				t.Errorf("%s: %v, %v after a Delete", law, stored, err)
			}
		})
		group.Wait()
	})
	// A last level that has missed a change.
	synctest.Test(t, func(t *testing.T) {
		below := newTardy()
		c := quietChain(t, level(open[string](t, nil), 0), level(below, 0))
		must(t, below.Set(t.Context(), "a", "old", 0))
		e, _, err := c.GetEntry(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		below.failing("SetEntry")
		if err := c.Set(t.Context(), "a", "new", 0); !errors.Is(err, errDisk) {
			t.Errorf("law 7: a failed Set is returned: %v", err)
		}
		below.failing()
		asks(t, "Set changes the other levels", c, "a", "new", 0)
		if stored, err := c.SetEntryIf(t.Context(), "a", advcache.Entry[string]{Value: "of old"}, e.Version); stored || err != nil {
			t.Errorf("%s: %v, %v over a Set", law, stored, err)
		}
		asks(t, law, c, "a", "new", 0)
	})
}
