package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

// TestForgedAbsence is law 10 for negative entries: one that nobody with the key
// of the encryption wrote is reported by each read, also by those that do not tell
// it from any other miss.
func TestForgedAbsence(t *testing.T) {
	ring, err := codec.NewKeyRing("a", map[string][]byte{"a": bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	memory := storetest.NewMemory(nil)
	var told troubles
	c := store.New[string](memory, &store.Options{Encryption: ring, Observer: told.observer()})
	for name, read := range map[string]func() (ok bool, err error){
		"Get":        func() (bool, error) { _, ok, err := c.Get(t.Context(), "k"); return ok, err },
		"GetEntry":   func() (bool, error) { _, ok, err := c.GetEntry(t.Context(), "k"); return ok, err },
		"GetEntries": func() (bool, error) { l := c.GetEntries(t.Context(), []string{"k"})[0]; return l.OK, l.Err },
		"GetMany":    func() (bool, error) { m, err := c.GetMany(t.Context(), []string{"k"}); return len(m) > 0, err },
	} {
		for _, forged := range []bool{true, false} {
			e := advcache.Entry[string]{Absent: !forged, FreshUntil: time.Now().Add(time.Hour)}
			if err := c.SetEntry(t.Context(), "k", e); err != nil {
				t.Fatal(err)
			}
			if forged {
				memory.Edit("k", func(o *store.Object) { o.Meta.Absent = true })
			}
			told.take()
			if _, ok, err := c.HeadEntry(t.Context(), "k"); ok == forged || err != nil || len(told.take()) > 0 {
				t.Errorf("law 10: HeadEntry = %v, %v of a negative entry, forged %v", ok, err, forged)
			}
			ok, err := read()
			reports := told.take()
			if wantHit := strings.HasPrefix(name, "GetEntr") && !forged; ok != wantHit || err != nil {
				t.Errorf("%s = %v, %v; want %v", name, ok, err, wantHit)
			}
			if forged && (len(reports) != 1 || !errors.Is(reports[0], store.ErrCorrupt)) || !forged && len(reports) > 0 {
				t.Errorf("law 10: %s, forged %v: told %v; want ErrCorrupt of a forged one alone", name, forged, reports)
			}
		}
	}
}
