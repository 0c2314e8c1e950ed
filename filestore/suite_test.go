package filestore

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// variants are the Options under which the suites are run.
var variants = map[string]*Options{
	"default":  nil,
	"sweeping": {MaxEntries: 50_000, MaxBytes: 512 << 20, SweepInterval: 10 * time.Millisecond, Observer: &advcache.Observer{Evict: func(advcache.Event) {}}},
}

func TestConformance(t *testing.T) {
	for name, o := range variants {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, storetest.Harness{
				Around: synctest.Test,
				New:    func(t *testing.T) store.Store { return open(t, t.TempDir(), o) },
				Raw: func(t *testing.T, s store.Store, key string, data []byte) {
					t.Helper()
					file := fileOf(s.(*Store), key)
					noError(t, os.MkdirAll(filepath.Dir(file), 0o700))
					noError(t, os.WriteFile(file, data, 0o600))
				},
				Corrupt: func(t *testing.T, s store.Store, key string, damage func([]byte) []byte) {
					t.Helper()
					file := fileOf(s.(*Store), key)
					data, err := os.ReadFile(file)
					noError(t, err)
					noError(t, os.WriteFile(file, damage(data), 0o600))
				},
			})
		})
	}
}

// TestConformanceInRealTime holds that the bubble hides nothing.
func TestConformanceInRealTime(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Around: func(t *testing.T, test func(*testing.T)) { t.Parallel(); test(t) },
		New:    func(t *testing.T) store.Store { return open(t, t.TempDir(), nil) },
	})
}

// TestConformanceOfTheCache runs the suite of caches over a folder.
func TestConformanceOfTheCache(t *testing.T) {
	for name, o := range map[string]*store.Options{
		"default": nil,
		"dedupe":  {Dedupe: true},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				Around:     synctest.Test,
				Resolution: time.Millisecond,
				New: func(t *testing.T) advcache.Cache[string] {
					return store.New[string](open(t, t.TempDir(), nil), o)
				},
			})
		})
	}
}

// TestLaw10ThroughTheCache holds law 10 for each byte of a file: a miss that is
// reported, or what was written.
func TestLaw10ThroughTheCache(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	reported := 0
	c := store.New[string](s, &store.Options{Observer: &advcache.Observer{BackendError: func(advcache.Event) { reported++ }}})
	noError(t, c.Set(t.Context(), "key", "what was written", time.Hour))
	file := fileOf(s, "key")
	whole, err := os.ReadFile(file)
	noError(t, err)
	for i := range whole {
		data := append([]byte(nil), whole...)
		data[i] ^= 4
		for _, damaged := range [][]byte{data, whole[:i]} {
			noError(t, os.WriteFile(file, damaged, 0o600))
			before := reported
			value, ok, err := c.Get(t.Context(), "key")
			if err != nil || ok || reported != before+1 {
				t.Errorf("byte %d, %d bytes: Get = %q, %v, %v, and %d reports", i, len(damaged), value, ok, err, reported-before)
			}
		}
	}
}
