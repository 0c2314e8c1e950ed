package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// journal is what was written to a mapCache, in order.
type journal struct {
	mu   sync.Mutex
	keys []string // guarded by mu
}

func (j *journal) note(key string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.keys = append(j.keys, key)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.keys)
}

var behind = advcache.LevelOptions{Behind: true}

// setsAtOnce sets key, which must take no time.
func setsAtOnce(t *testing.T, law string, c advcache.Cache[string], key, v string) {
	t.Helper()
	start := time.Now()
	sets(t, law, c, key, v)
	if took := time.Since(start); took != 0 {
		t.Errorf("%s: Set(%q) took %v", law, key, took)
	}
}

// holds fails the test unless the level itself has v for key.
func holds(t *testing.T, law string, m *mapCache[string], key, v string) {
	t.Helper()
	if e, ok := m.look(key); e.Value != v || ok != (v != "") {
		t.Errorf("%s: the level holds %q for %q, want %q", law, e.Value, key, v)
	}
}

// slowly lets each operation named take a second.
func slowly(m *mapCache[string], ops ...string) {
	m.on(func(op, _ string) error {
		if slices.Contains(ops, op) {
			time.Sleep(time.Second)
		}
		return nil
	})
}

func TestBehindSetReturnsAtOnce(t *testing.T) {
	const law = "Behind: Set returns before the level has the value"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		slowly(m, "SetEntry")
		c := quietChain(t, level(m, 0).With(behind))
		setsAtOnce(t, law, c, "a", "1")
		synctest.Wait()
		holds(t, law, m, "a", "")
		// The value is read from the queue, by every read.
		asks(t, "Behind: what waits is read", c, "a", "1", 0)
		if ok, err := c.Exists(t.Context(), "a"); !ok || err != nil {
			t.Errorf("Behind: Exists of what waits = %v, %v", ok, err)
		}
		if got, err := c.GetMany(t.Context(), []string{"a", "b"}); got["a"] != "1" || len(got) != 1 || err != nil {
			t.Errorf("Behind: GetMany of what waits = %v, %v", got, err)
		}
		// Not even while the one before it is being written.
		setsAtOnce(t, law, c, "a", "2")
		setsAtOnce(t, law, c, "a", "3")
		asks(t, "Behind: what waits is read", c, "a", "3", 0)
		if st := c.Levels()[0]; st.Queued != 1 || st.Dropped != 0 {
			t.Errorf("Levels()[0] = %+v, want one that waits", st)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		asks(t, "Behind: the older write that ends takes nothing away", c, "a", "3", 0)
		time.Sleep(time.Second)
		synctest.Wait()
		holds(t, "Behind: the newest value is written", m, "a", "3")
		wantAsked(t, "law 12: writes of a key that wait are made as one", m, "SetEntry", 2)
		if st := c.Levels()[0]; st.Queued != 0 {
			t.Errorf("Levels()[0] = %+v, want none that waits", st)
		}
	})
}

func TestBehindWritesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, j := newMapCache[string](), &journal{}
		m.on(func(op, key string) error {
			if op == "SetEntry" {
				j.note(key)
				time.Sleep(time.Second)
			}
			return nil
		})
		c := quietChain(t, level(m, 0).With(behind))
		var want []string
		for i := range 64 {
			key := fmt.Sprintf("%02d", i)
			want = append(want, key)
			setsAtOnce(t, "Behind", c, key, "v")
		}
		time.Sleep(10 * time.Second)
		got := j.all()
		for i := 0; i < len(got); i += 16 { // those that are made together
			slices.Sort(got[i:min(i+16, len(got))])
		}
		if !slices.Equal(got, want) {
			t.Errorf("Behind: written in the order %v", got)
		}
	})
}

func TestBehindQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		slowly(m, "SetEntry")
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Behind: true, Queue: 2}))
		_ = m.Set(t.Context(), "c", "old", 0)
		sets(t, "Behind", c, "a", "1")
		sets(t, "Behind", c, "b", "1")
		err := c.Set(t.Context(), "c", "1", 0)
		if err == nil || !strings.Contains(err.Error(), "chain/L1") || !strings.Contains(err.Error(), "full") {
			t.Errorf("law 7: a write that is dropped gives %v, want an error that says so", err)
		}
		sets(t, "Behind: a key that waits finds room", c, "a", "2")
		asks(t, "law 7: a level that missed a write is not read for its key", c, "c", "", 0)
		if st := c.Levels()[0]; st.Queued != 2 || st.Dropped != 1 || st.Doubted != 1 {
			t.Errorf("Levels()[0] = %+v, want 2 queued, 1 dropped and 1 doubted", st)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if _, ok := m.look("c"); ok {
			t.Error("law 7: what a dropped write was to replace is not deleted in the background")
		}
		if st := c.Levels()[0]; st.Queued != 0 || st.Doubted != 0 {
			t.Errorf("Levels()[0] = %+v, want nothing left", st)
		}
	})
}

// TestBehindMendSparesWhatWaits: the key of a dropped write is set again before it
// is made good.
func TestBehindMendSparesWhatWaits(t *testing.T) {
	const law = "Behind: a write that was taken is made"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		m.on(func(op, _ string) error {
			if op == "SetEntry" {
				time.Sleep(900 * time.Millisecond)
			}
			return nil
		})
		c := quietChain(t, level(m, 0).With(advcache.LevelOptions{Behind: true, Queue: 1}))
		sets(t, law, c, "a", "1")
		if err := c.Set(t.Context(), "b", "1", 0); err == nil {
			t.Error("law 7: a write that finds no room gives no error")
		}
		time.Sleep(950 * time.Millisecond)
		sets(t, law, c, "b", "2") // is under way when what was missed is made good
		time.Sleep(10 * time.Second)
		synctest.Wait()
		asks(t, law, c, "b", "2", 0)
		holds(t, law, m, "b", "2")
	})
}

func TestBehindDeleteOfWhatWaits(t *testing.T) {
	const law = "law 3: an invalidation wins"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		slowly(m, "SetEntry")
		c := quietChain(t, level(m, 0).With(behind))
		setsAtOnce(t, law, c, "a", "1")
		synctest.Wait() // it is under way
		if err := c.Delete(t.Context(), "a"); err != nil {
			t.Errorf("%s: Delete = %v", law, err)
		}
		asks(t, law, c, "a", "", 0)
		time.Sleep(5 * time.Second)
		holds(t, law, m, "a", "")
		m.requests()
		for i := range 17 {
			setsAtOnce(t, law, c, fmt.Sprint(i), "1")
		}
		synctest.Wait() // the last one waits
		start := time.Now()
		if err := c.Delete(t.Context(), "16"); err != nil || time.Since(start) != 0 {
			t.Errorf("%s: Delete of what waits = %v after %v", law, err, time.Since(start))
		}
		time.Sleep(5 * time.Second)
		wantAsked(t, "law 12: a write that was deleted is not made", m, "SetEntry", 16)
	})
}

// TestBehindDeleteThatLeaves: a Delete that does not wait for the write before it
// has failed, but that write does not count as one after it.
func TestBehindDeleteThatLeaves(t *testing.T) {
	const law = "law 7: a level that missed a delete is not read for its key"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		slowly(m, "SetEntry")
		c := quietChain(t, level(m, 0).With(behind))
		sets(t, law, c, "a", "1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := c.Delete(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("law 7: Delete = %v, want its deadline", err)
		}
		asks(t, law, c, "a", "", 0)
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		asks(t, law, c, "a", "", 0)
		time.Sleep(3 * time.Second)
		holds(t, "law 7: what was missed is made good", m, "a", "")
	})
}

func TestBehindClear(t *testing.T) {
	const law = "law 3: Clear wins over what was set before it"
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		slowly(m, "SetEntry")
		clearing := clearingCache{m}
		c := quietChain(t, level(clearing, 0).With(behind))
		for i := range 20 {
			setsAtOnce(t, law, c, fmt.Sprintf("a%02d", i), "1")
		}
		setsAtOnce(t, law, c, "b", "1")
		synctest.Wait()
		if err := c.Clear(t.Context(), "a"); err != nil {
			t.Errorf("%s: %v", law, err)
		}
		time.Sleep(5 * time.Second)
		for i := range 20 {
			asks(t, law, c, fmt.Sprintf("a%02d", i), "", 0)
		}
		asks(t, "Clear of a prefix leaves other keys", c, "b", "1", 0)
	})
	synctest.Test(t, func(t *testing.T) {
		m := newMapCache[string]()
		slowly(m, "SetEntry")
		c := quietChain(t, level(m, 0).With(behind))
		_ = m.Set(t.Context(), "a", "old", 0)
		setsAtOnce(t, law, c, "a", "new")
		if err := c.Clear(t.Context(), ""); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Clear = %v, want ErrUnsupported", err)
		}
		asks(t, "a Clear that the level cannot do changes nothing", c, "a", "new", 0)
		time.Sleep(5 * time.Second)
		holds(t, "a Clear that the level cannot do changes nothing", m, "a", "new")
	})
}

// clearingCache is a mapCache with Clear.
type clearingCache struct{ *mapCache[string] }

func (c clearingCache) Clear(_ context.Context, prefix string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.held {
		if strings.HasPrefix(key, prefix) {
			delete(c.held, key)
			c.changes[key]++
		}
	}
	return nil
}

// addingCache is a mapCache with SetIfAbsent and SetEntryIf.
type addingCache struct{ conditionalCache[string] }

func (c addingCache) SetIfAbsent(ctx context.Context, key, value string, ttl time.Duration) (bool, error) {
	if err := c.enter(ctx, "SetIfAbsent", key); err != nil {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.held[key]; ok && !e.Absent && e.IsFresh(time.Now()) {
		return false, nil
	}
	e := advcache.Entry[string]{Value: value, CreatedAt: time.Now()}
	if ttl > 0 {
		e.FreshUntil = e.CreatedAt.Add(ttl)
	}
	c.putLocked(key, e)
	return true, nil
}

func newAddingCache() addingCache {
	return addingCache{conditionalCache[string]{newMapCache[string]()}}
}

func TestBehindNothingOlderIsSeenAmidADelete(t *testing.T) {
	const law = "law 3: what waits is newer than what the level has, until a Delete is through"
	synctest.Test(t, func(t *testing.T) {
		m := newTardy()
		m.beforeSet, m.afterWrite = ds, 4*ds
		c := quietChain(t, level(m, 0).With(behind))
		setsAtOnce(t, law, c, "a", "1")
		var group sync.WaitGroup
		start := time.Now()
		at(&group, start, 2*ds, func() { setsAtOnce(t, law, c, "a", "2") })
		at(&group, start, 3*ds, func() {
			if err := c.Delete(t.Context(), "a"); err != nil {
				t.Error(err)
			}
			asks(t, law, c, "a", "", 0)
		})
		for i := range 6 {
			at(&group, start, 3*ds+ds/2+time.Duration(i)*ds, func() { asks(t, law, c, "a", "2", 0) })
		}
		group.Wait()
		if st := c.Levels()[0]; st.Queued != 0 || st.Doubted != 0 {
			t.Errorf("Levels()[0] = %+v", st)
		}
		time.Sleep(time.Minute)
		holds(t, law, m.mapCache, "a", "")
	})
}
