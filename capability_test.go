package advcache_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// TestEntriesWithoutTheMethod is about caches that read and write key by key: one
// that does not answer costs its time once, and of its keys that were not tried
// none is passed over in silence.
func TestEntriesWithoutTheMethod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		m := newMapCache[string]()
		var keys []string
		entries := make(map[string]advcache.Entry[string])
		for k := range n {
			keys = append(keys, fmt.Sprintf("k%03d", k))
			entries[keys[k]] = advcache.Entry[string]{Value: fmt.Sprint(k)}
		}
		hang(m, everything...)
		start := time.Now()
		told := make(map[error]bool)
		for i, l := range advcache.GetEntries(t.Context(), m, keys) {
			if told[l.Err] = true; l.Err == nil || l.OK {
				t.Fatalf("law 7: GetEntries has %+v for key %d of a cache that does not answer", l, i)
			}
		}
		if d := time.Since(start); d != tierTimeout || len(told) > 33 { // those that were at work, and one for the rest
			t.Errorf("law 7: GetEntries took %v, want %v, and gives %d errors to be told", d, tierTimeout, len(told))
		}
		start = time.Now()
		err := advcache.SetEntries(t.Context(), m, entries)
		if d := time.Since(start); d != tierTimeout {
			t.Errorf("law 7: SetEntries took %v, want %v", d, tierTimeout)
		}
		wantKeys(t, err, keys...) // who asks must know of each

		m.on(func(_, key string) error {
			switch key {
			case "k001":
				return errDisk
			case "k002":
				panic(errDisk)
			}
			return nil
		})
		err = advcache.SetEntries(t.Context(), m, entries)
		wantKeys(t, err, "k001", "k002")
		for i, l := range advcache.GetEntries(t.Context(), m, keys) {
			bad := keys[i] == "k001" || keys[i] == "k002"
			if bad != errors.Is(l.Err, errDisk) || l.OK == bad || !bad && l.Entry.Value != fmt.Sprint(i) {
				t.Errorf("law 6: GetEntries has %+v for %s", l, keys[i])
			}
		}
		m.requests()
		if e, ok, err := advcache.HeadEntry(t.Context(), m, "k003"); !ok || err != nil || e.Value != "" || e.Version.IsZero() {
			t.Errorf("HeadEntry = %+v, %v, %v; want the entry without its value", e, ok, err)
		}
		wantRequests(t, "HeadEntry of a cache without it", m, map[string]int{"GetEntry": 1})
	})
}
