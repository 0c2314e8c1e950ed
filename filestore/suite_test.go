package filestore

import (
	"bytes"
	"errors"
	"io/fs"
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

// harness is that of stores with the options o, in folders that dir returns.
func harness(o *Options, dir func(t *testing.T) string, around func(t *testing.T, test func(*testing.T))) storetest.Harness {
	return storetest.Harness{
		Around: around,
		New:    func(t *testing.T) store.Store { return open(t, dir(t), o) },
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
	}
}

// The suites make many files, which takes longer than all else here: so they are
// run side by side, no more often than they tell something new, and all but one of
// them in memory where the system has a folder for that.

func onDisk(t *testing.T) string { return t.TempDir() }

func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "advcache-filestore-test-") //nolint:usetesting // not in the usual place
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { noError(t, os.RemoveAll(dir)) })
	return dir
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, harness(nil, inMemory, synctest.Test))
}

// TestConformanceInRealTime holds that the bubble hides nothing, and that sweeps do
// no harm: they race with all else here, where in a bubble they are made only
// while all else waits.
func TestConformanceInRealTime(t *testing.T) {
	t.Parallel()
	sweeping := &Options{
		MaxEntries: 50_000, MaxBytes: 512 << 20, SweepInterval: 50 * time.Millisecond,
		Observer: &advcache.Observer{Evict: func(advcache.Event) {}},
	}
	storetest.Run(t, harness(sweeping, onDisk, func(t *testing.T, test func(*testing.T)) { t.Parallel(); test(t) }))
}

// TestConformanceOfTheCache runs the suite of caches over a folder.
func TestConformanceOfTheCache(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]*store.Options{
		"default": nil,
		"dedupe":  {Dedupe: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cachetest.Run(t, cachetest.Harness{
				Around:     synctest.Test,
				Resolution: time.Millisecond,
				New: func(t *testing.T) advcache.Cache[string] {
					return store.New[string](open(t, inMemory(t), nil), o)
				},
			})
		})
	}
}

// TestTornFileDoesNotStay holds law 10 for what a loss of power leaves: it is a
// miss that is reported, no matter whether foreign objects are read, and the file
// is not there for ever.
func TestTornFileDoesNotStay(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	file := fileOf(s, "key")
	for _, readForeign := range []bool{false, true} {
		var told []error
		c := store.New[string](s, &store.Options{
			ReadForeign: readForeign,
			Observer:    &advcache.Observer{BackendError: func(e advcache.Event) { told = append(told, e.Err) }},
		})
		noError(t, c.Set(t.Context(), "key", "what was written", time.Hour))
		whole, err := os.ReadFile(file)
		noError(t, err)
		for what, torn := range map[string][]byte{
			"empty": nil, "half": whole[:len(whole)/2], "zeros": make([]byte, len(whole)), "the magic alone": whole[:4], "less": whole[:2],
		} {
			told = nil
			noError(t, os.WriteFile(file, torn, 0o600))
			if ok, err := c.Exists(t.Context(), "key"); ok || err != nil {
				t.Errorf("law 10: %s: Exists = %v, %v with ReadForeign %v; want false", what, ok, err, readForeign)
			}
			if value, ok, err := c.Get(t.Context(), "key"); ok || err != nil {
				t.Errorf("law 10: %s: Get = %q, %v, %v with ReadForeign %v; want a miss", what, value, ok, err, readForeign)
			}
			if len(told) != 1 || !errors.Is(told[0], store.ErrCorrupt) {
				t.Errorf("law 10: %s: told %v; want one event of ErrCorrupt", what, told)
			}
			if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("law 10: %s: the torn file stays: %v", what, err)
			}
		}
	}
}

// TestLaterFormatStays holds that a rolling upgrade loses nothing: what a later
// version has written is a miss here, and stays for those who can read it.
func TestLaterFormatStays(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	put(t, s, "key", object("value", time.Hour))
	file := fileOf(s, "key")
	whole, err := os.ReadFile(file)
	noError(t, err)
	for what, at := range map[string]int{"file": 4, "envelope": headLen + 4} {
		data := append([]byte(nil), whole...)
		data[at] = 2
		noError(t, os.WriteFile(file, data, 0o600))
		for _, readForeign := range []bool{false, true} {
			var told []error
			c := store.New[string](s, &store.Options{
				ReadForeign: readForeign,
				Observer:    &advcache.Observer{BackendError: func(e advcache.Event) { told = append(told, e.Err) }},
			})
			if value, ok, err := c.Get(t.Context(), "key"); ok || err != nil {
				t.Errorf("law 10: a later format of the %s: Get = %q, %v, %v; want a miss", what, value, ok, err)
			}
			if len(told) != 1 || !errors.Is(told[0], store.ErrMismatch) {
				t.Errorf("law 10: a later format of the %s: told %v; want one event of ErrMismatch", what, told)
			}
		}
		noError(t, s.Sweep(t.Context()))
		if left, err := os.ReadFile(file); err != nil || !bytes.Equal(left, data) {
			t.Errorf("a file of a later format of the %s was changed: %v", what, err)
		}
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
