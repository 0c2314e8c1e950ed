package advcache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// tierTimeout is what a hung tier costs a request.
const tierTimeout = 250 * time.Millisecond

// hang lets operations of m wait until their time is over.
func hang(m *mapCache[string], ops ...string) {
	m.on(func(op, _ string) error {
		if !slices.Contains(ops, op) {
			return nil
		}
		time.Sleep(tierTimeout)
		return fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	})
}

var everything = []string{"Get", "GetEntry", "GetEntries", "Set", "SetEntry", "SetEntryIf", "Delete", "Exists"}

// upTo returns the keys 0 to n-1, and what the n-th load of each gives.
func upTo(n, load int) (ks []int, values map[int]string) {
	values = make(map[int]string)
	for k := range n {
		ks = append(ks, k)
		values[k] = fmt.Sprintf("%d#%d", k, load)
	}
	return ks, values
}

// onHung runs the test over caches of each kind, for functions of one key and
// of many.
func onHung(t *testing.T, opt advcache.TTLOptions, test func(t *testing.T, m *mapCache[string], o *origin, e *events, f *advcache.Func[int, string])) {
	t.Helper()
	for name, wrap := range map[string]func(m *mapCache[string]) advcache.Cache[string]{
		"plain":    func(m *mapCache[string]) advcache.Cache[string] { return m },
		"entry-if": func(m *mapCache[string]) advcache.Cache[string] { return conditionalCache[string]{m} },
		"batch":    func(m *mapCache[string]) advcache.Cache[string] { return batchCache[string]{m} },
		"able": func(m *mapCache[string]) advcache.Cache[string] {
			return ableCache[string]{batchCache[string]{m}, conditionalCache[string]{m}}
		},
	} {
		for _, many := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/many=%v", name, many), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m, o, e, opt := newMapCache[string](), &origin{}, &events{}, opt
					opt.Observer = e.observer()
					f, batch, _ := manyTTL(t, wrap(m), o, &opt)
					if many {
						f = batch
					}
					test(t, m, o, e, f)
				})
			})
		}
	}
}

// hungWindows are options with which a batch asks for more than fresh values.
var hungWindows = map[string]advcache.TTLOptions{
	"none":    {},
	"stale":   {Stale: time.Minute, StaleIfError: time.Hour, NegativeTTL: time.Minute},
	"entries": {RefreshAhead: 0.9}, // has each entry read by itself
}

func TestABatchOverAHungTier(t *testing.T) {
	for name, opt := range hungWindows {
		t.Run(name, func(t *testing.T) {
			onHung(t, opt, func(t *testing.T, m *mapCache[string], _ *origin, e *events, f *advcache.Func[int, string]) {
				hang(m, everything...)
				const n = 500
				ks, values := upTo(n, 1)
				start := time.Now()
				wantMany(t, "law 7: the loader's values", f, ks, values)
				if d := time.Since(start); d != 2*tierTimeout {
					t.Errorf("law 7: a batch took %v, want %v: a read and a write", d, 2*tierTimeout)
				}
				written := map[string]bool{}
				for _, ev := range e.of("BackendError") {
					if op, ok := errors.AsType[*advcache.OpError](ev.Err); ok && op.Op == "set" {
						written[ev.Key] = true
					}
				}
				if len(written) != n {
					t.Errorf("law 7: BackendError was told of %d missed writes, want %d", len(written), n)
				}

				m.requests()
				start = time.Now()
				_, values = upTo(n, 2)
				wantMany(t, "law 7: once more", f, ks, values)
				if d := time.Since(start); d != tierTimeout {
					t.Errorf("law 7: a batch of keys whose writes were missed took %v, want %v: no read, one write", d, tierTimeout)
				}
				if asked := m.requests(); asked["Get"]+asked["GetEntry"]+asked["GetEntries"] > 0 {
					t.Errorf("law 7: keys of which a write was missed were read: %v", asked)
				}

				hang(m)
				_, values = upTo(n, 3)
				wantMany(t, "law 7: the tier is back", f, ks, values)
				wantMany(t, "law 7: and holds all", f, ks, values)
			})
		})
	}
}

// TestABatchOverATierThatHangsForWrites: what the tier holds is old, and must
// not be read for any key whose write was not even tried.
func TestABatchOverATierThatHangsForWrites(t *testing.T) {
	onHung(t, advcache.TTLOptions{}, func(t *testing.T, m *mapCache[string], o *origin, _ *events, f *advcache.Func[int, string]) {
		const n = 200
		ks, values := upTo(n, 1)
		wantMany(t, "law 7", f, ks, values)
		hang(m, "GetEntries", "GetEntry", "Get", "SetEntry", "SetEntryIf")
		_, values = upTo(n, 2)
		start := time.Now()
		wantMany(t, "law 7: the loader's values", f, ks, values)
		if d := time.Since(start); d != 2*tierTimeout {
			t.Errorf("law 7: it took %v, want %v", d, 2*tierTimeout)
		}
		hang(m)
		for k := range n {
			if v, ok, err := f.Peek(t.Context(), k); ok || err != nil {
				t.Fatalf("law 7: Peek reads %q, %v for key %d, of which a write was missed", v, err, k)
			}
		}
		_, values = upTo(n, 3)
		wantMany(t, "law 7: the missed writes", f, ks, values)
		wantLoads(t, "law 7", o, 3*n)
	})
}

// TestACommitThatIsNotTriedBowsToAnInvalidation: a Set that came meanwhile is
// what the tier holds, and nothing was missed.
func TestACommitThatIsNotTriedBowsToAnInvalidation(t *testing.T) {
	onHung(t, advcache.TTLOptions{}, func(t *testing.T, m *mapCache[string], _ *origin, _ *events, f *advcache.Func[int, string]) {
		ks, _ := upTo(100, 1)
		hang(m, "SetEntryIf", "SetEntry")
		batch := call(func() (string, error) {
			_, err := f.GetMany(t.Context(), ks)
			return "", err
		})
		synctest.Wait() // the first 32 are being written; the last have not begun
		hang(m)
		set := map[int]bool{}
		for _, k := range []int{98, 99} {
			if err := f.Set(t.Context(), k, "set"); err != nil {
				t.Error(err)
			}
			set[k] = true
		}
		(<-batch).want(t, "law 7", "")
		for k := range set {
			wants(t, "law 3: a Set during a load is read", f, k, "set")
		}
	})
}

func TestOneKeyOverAHungTier(t *testing.T) {
	onHung(t, advcache.TTLOptions{}, func(t *testing.T, m *mapCache[string], _ *origin, _ *events, f *advcache.Func[int, string]) {
		hang(m, everything...)
		r := <-get(t.Context(), f, 1)
		r.want(t, "law 7", "1#1")
		r.wantTook(t, "law 7: a read and a write", 2*tierTimeout)
		r = <-get(t.Context(), f, 1)
		r.want(t, "law 7", "1#2")
		r.wantTook(t, "law 7: a write alone, since the last was missed", tierTimeout)
		ctx, cancel := context.WithTimeout(t.Context(), tierTimeout/2)
		defer cancel()
		r = <-get(ctx, f, 1)
		r.want(t, "law 7: a caller's deadline during the write gives the value", "1#3")
		r.wantTook(t, "law 7", tierTimeout/2)
	})
}

// TestAnErrorForOneKeyOfABatch is about a level that refuses one key: the others
// are read as ever.
func TestAnErrorForOneKeyOfABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, o, e := newMapCache[string](), &origin{}, &events{}
		f, _, _ := manyTTL(t, refusesOne{batchCache[string]{m}}, o, &advcache.TTLOptions{Stale: time.Minute, Observer: e.observer()})
		wantMany(t, "law 7", f, []int{1, 2}, map[int]string{1: "1#1", 2: "2#1"})
		time.Sleep(time.Minute)
		m.requests()
		if values, err := f.GetMany(t.Context(), []int{1, 2, 7}); !maps.Equal(values, map[int]string{1: "1#1", 2: "2#1", 7: "7#1"}) || err != nil {
			t.Errorf("law 7: %v, %v; want stale values, and the loader's for the key that is refused", values, err)
		}
		synctest.Wait()
		if asked := m.requests(); asked["GetEntries"] != 1 || asked["GetEntry"] != 0 {
			t.Errorf("law 7: the cache was asked %v, want one request for all", asked)
		}
		if told := e.of("BackendError"); len(told) == 0 || told[0].Key != "user:7" {
			t.Errorf("law 7: BackendError was told %v, want the key", told)
		}
	})
}

// refusesOne is a batchCache that refuses user:7 in a batch.
type refusesOne struct{ batchCache[string] }

func (r refusesOne) GetEntries(ctx context.Context, keys []string) []advcache.Lookup[string] {
	found := r.batchCache.GetEntries(ctx, keys)
	for i, key := range keys {
		if key == "user:7" {
			found[i] = advcache.Lookup[string]{Err: &advcache.OpError{Op: "get", Backend: "map", Key: key, Err: errDisk}}
		}
	}
	return found
}
