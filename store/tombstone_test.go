package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestTombstones is law 3 between processes: what one has begun to load when there
// was nothing is not stored once another has deleted the key.
func TestTombstones(t *testing.T) {
	const life = time.Minute
	changes := map[string]func(ctx context.Context, c *store.Cache[string]) error{
		"Delete":         func(ctx context.Context, c *store.Cache[string]) error { return c.Delete(ctx, "k") },
		"Delete of many": func(ctx context.Context, c *store.Cache[string]) error { return c.Delete(ctx, "a", "k", "z") },
		"SetEntry, dead": func(ctx context.Context, c *store.Cache[string]) error { return c.SetEntry(ctx, "k", dead()) },
		"SetEntries, dead": func(ctx context.Context, c *store.Cache[string]) error {
			return c.SetEntries(ctx, map[string]advcache.Entry[string]{"k": dead()})
		},
		"Set and Delete": func(ctx context.Context, c *store.Cache[string]) error {
			return errors.Join(c.Set(ctx, "k", "new", 0), c.Delete(ctx, "k"))
		},
		"Delete, too large": func(ctx context.Context, c *store.Cache[string]) error {
			return ignore(store.ErrTooLarge, c.Set(ctx, "k", string(make([]byte, 2000)), 0))
		},
	}
	for name, change := range changes {
		for _, without := range [][]string{nil, {"PutMany", "GetMany", "Touch"}} {
			t.Run(fmt.Sprint(name, without), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx := t.Context()
					shared := storetest.NewMemory(&storetest.MemoryOptions{Without: without})
					mine := store.New[string](shared, &store.Options{Tombstones: life, MaxSize: 1000})
					theirs := store.New[string](shared, &store.Options{Tombstones: life, MaxSize: 1000})
					before, ok, err := theirs.GetEntry(ctx, "k")
					if ok || err != nil {
						t.Fatal(before, ok, err)
					}
					if err := change(ctx, mine); err != nil {
						t.Fatal(err)
					}
					time.Sleep(life - time.Millisecond)
					loaded := advcache.Entry[string]{Value: "loaded"}
					if stored, err := theirs.SetEntryIf(ctx, "k", loaded, before.Version); stored || err != nil {
						t.Errorf("law 3: what was loaded before a delete is stored after it: %v, %v", stored, err)
					}
					for _, c := range []*store.Cache[string]{mine, theirs, store.New[string](shared, nil)} {
						wantMiss(t, c)
					}
					after, _, _ := theirs.GetEntry(ctx, "k")
					if stored, err := theirs.SetEntryIf(ctx, "k", loaded, after.Version); !stored || err != nil {
						t.Errorf("law 3: what was loaded after a delete is not stored: %v, %v", stored, err)
					}
					if got, ok, err := mine.Get(ctx, "k"); got != "loaded" || !ok || err != nil {
						t.Errorf("Get = %q, %v, %v", got, ok, err)
					}
				})
			})
		}
	}
}

func dead() advcache.Entry[string] {
	return advcache.Entry[string]{Value: "v", CreatedAt: time.Now(), FreshUntil: time.Now().Add(-time.Hour)}
}

func ignore(target, err error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}

// wantMiss wants a tombstone to be a miss by all ways to read.
func wantMiss(t *testing.T, c *store.Cache[string]) {
	t.Helper()
	ctx := t.Context()
	for name, read := range map[string]func() (bool, error){
		"Get":       func() (bool, error) { _, ok, err := c.Get(ctx, "k"); return ok, err },
		"GetEntry":  func() (bool, error) { _, ok, err := c.GetEntry(ctx, "k"); return ok, err },
		"HeadEntry": func() (bool, error) { _, ok, err := c.HeadEntry(ctx, "k"); return ok, err },
		"Exists":    func() (bool, error) { return c.Exists(ctx, "k") },
		"GetMany": func() (bool, error) {
			values, err := c.GetMany(ctx, []string{"k", "none"})
			return len(values) > 0, err
		},
		"GetEntries": func() (bool, error) {
			found := c.GetEntries(ctx, []string{"none", "k"})
			return found[1].OK || len(found[1].Entry.Tags) > 0 || found[1].Entry.Absent, found[1].Err
		},
	} {
		if ok, err := read(); ok || err != nil {
			t.Errorf("law 3: %s of a deleted key = %v, %v; want a miss", name, ok, err)
		}
	}
}

// TestTombstonesEnd has a load that takes longer than they last, and a lock that is
// taken again at once.
func TestTombstonesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		shared := storetest.NewCounting(storetest.NewMemory(nil))
		mine := store.New[string](shared, &store.Options{Tombstones: time.Minute})
		theirs := store.New[string](shared, nil)
		slow := store.New[string](shared, nil)
		before, _, _ := slow.GetEntry(ctx, "k")
		if err := mine.Delete(ctx, "k"); err != nil {
			t.Fatal(err)
		}
		if ok, err := theirs.SetIfAbsent(ctx, "k", "lock", time.Second); !ok || err != nil {
			t.Errorf("SetIfAbsent of a deleted key = %v, %v; want it stored", ok, err)
		}
		if err := mine.Delete(ctx, "k"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if ok, err := slow.SetEntryIf(ctx, "k", advcache.Entry[string]{Value: "late"}, before.Version); !ok || err != nil {
			t.Errorf("SetEntryIf after the tombstone's end = %v, %v; want it stored, as documented", ok, err)
		}
		shared.Reset()
		if err := mine.Delete(ctx, "a", "b", "c"); err != nil {
			t.Fatal(err)
		}
		if got := shared.Requests().String(); got != "1 PutMany" {
			t.Errorf("law 12: a Delete of three keys took %s; want 1 PutMany", got)
		}
	})
}

// TestTombstonesConformance is the suite over a cache that leaves tombstones.
func TestTombstonesConformance(t *testing.T) {
	cachetest.Run(t, cachetest.Harness{
		Around:     func(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) },
		Resolution: time.Millisecond,
		New: func(*testing.T) advcache.Cache[string] {
			return store.New[string](storetest.NewMemory(nil), &store.Options{Tombstones: time.Minute})
		},
	})
}
