package filestore

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
)

// evictions records the keys that an Observer is told of.
type evictions struct {
	mu   sync.Mutex // guards keys
	keys []string
}

func (e *evictions) observer() *advcache.Observer {
	return &advcache.Observer{Evict: func(event advcache.Event) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.keys = append(e.keys, event.Cache+" "+event.Key)
	}}
}

func (e *evictions) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.keys)
}

func TestEvictsTheOldest(t *testing.T) {
	for name, o := range map[string]*Options{
		"by entries": {MaxEntries: 10},
		"by bytes":   {MaxBytes: 10 * block},
	} {
		t.Run(name, func(t *testing.T) {
			var told evictions
			o.Observer = told.observer()
			s := open(t, t.TempDir(), o)
			noError(t, s.Sweep(t.Context()))
			objs := map[string]store.Object{}
			for i := range 10 {
				objs[itoa(i)] = object("value", time.Hour)
				put(t, s, itoa(i), objs[itoa(i)])
			}
			// A renewal and a write count as use, a read does not.
			if ok, err := s.Touch(t.Context(), "1", objs["1"].Meta, store.Cond{}); err != nil || !ok {
				t.Errorf("Touch = %v, %v", ok, err)
			}
			put(t, s, "3", object("value", 0))
			mustHave(t, s, "0", "value")
			for i := range 4 {
				put(t, s, "new"+itoa(i), object("value", 0))
				if n := len(filesIn(t, s.dir)); n != 10 || s.Len() != 10 || s.Size() != 10*block {
					t.Errorf("there are %d files, and Len, Size = %d, %d", n, s.Len(), s.Size())
				}
			}
			want := []string{"file 0", "file 2", "file 4", "file 5"}
			if got := told.all(); !slices.Equal(got, want) {
				t.Errorf("evicted: %q, want %q", got, want)
			}
		})
	}
}

func TestEvictsForALargeObject(t *testing.T) {
	s := open(t, t.TempDir(), &Options{MaxBytes: 16 * block})
	for i := range 16 {
		put(t, s, itoa(i), object("value", 0))
	}
	put(t, s, "large", object(text(10*block), 0))
	mustHave(t, s, "large", text(10*block))
	if s.Len() != 6 || s.Size() != 16*block {
		t.Errorf("Len, Size = %d, %d, want 6, %d", s.Len(), s.Size(), 16*block)
	}
}

// TestOneEntry holds that the last one written is the one that stays.
func TestOneEntry(t *testing.T) {
	s := open(t, t.TempDir(), &Options{MaxEntries: 1})
	for i := range 100 {
		put(t, s, itoa(i), object("value", 0))
		mustHave(t, s, itoa(i), "value")
	}
	if n := len(filesIn(t, s.dir)); n != 1 {
		t.Errorf("there are %d files, want 1", n)
	}
}

// TestReopenedWithLess holds that the bounds hold for what was there before,
// and that age outlives a restart.
func TestReopenedWithLess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	for i := range 100 {
		put(t, s, itoa(i), object("value", 0))
		age(t, s, itoa(i), time.Duration(1000-i)*time.Minute)
	}
	noError(t, s.Close())
	s = open(t, dir, &Options{MaxEntries: 20})
	noError(t, s.Sweep(t.Context()))
	for i := range 100 {
		if got, want := has(t, s, itoa(i), "value"), i >= 80; got != want {
			t.Errorf("object %d of 100 is found: %v, want %v", i, got, want)
		}
	}
}

// TestEvictsNothingThatWasRenewed holds that what another process has written
// since is not taken for old.
func TestEvictsNothingThatWasRenewed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, &Options{MaxEntries: 3})
	for i := range 3 {
		put(t, s, itoa(i), object("value", 0))
		age(t, s, itoa(i), time.Hour)
	}
	noError(t, s.Sweep(t.Context()))
	put(t, open(t, dir, nil), "0", object("renewed", 0))
	put(t, s, "3", object("value", 0))
	mustHave(t, s, "0", "renewed")
	mustHave(t, s, "3", "value")
	if n := len(filesIn(t, dir)); n != 3 {
		t.Errorf("there are %d files, want 3", n)
	}
}

// TestBoundsHoldForWritersTogether holds the bounds where many write at once.
func TestBoundsHoldForWritersTogether(t *testing.T) {
	s := open(t, t.TempDir(), &Options{MaxEntries: 50, MaxBytes: 100 * block})
	var group sync.WaitGroup
	for w := range 8 {
		group.Go(func() {
			for i := range 200 {
				put(t, s, itoa(i%70)+"/"+itoa(w), object(text(1+i*97%10_000), 0))
			}
		})
	}
	group.Wait()
	if n := len(filesIn(t, s.dir)); n > 50 || n != s.Len() || s.Size() > 100*block {
		t.Errorf("there are %d files; Len, Size = %d, %d, want 50, %d at the most", n, s.Len(), s.Size(), 100*block)
	}
}

// TestEvictionThatFails holds that what could not be removed still counts.
func TestEvictionThatFails(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	noError(t, s.Sweep(t.Context()))
	for i := range 3 {
		put(t, s, itoa(i), object("value", 0))
	}
	s.opt.MaxEntries = 2
	lock, err := s.lock(t.Context(), nameOf("0").fan())
	noError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.evict(ctx)
	lock.release()
	if n := s.Len(); n != 3 {
		t.Errorf("Len = %d after an eviction that failed, want 3", n)
	}
	s.evict(t.Context())
	if n := len(filesIn(t, s.dir)); n != 2 || s.Len() != 2 || has(t, s, "0", "value") {
		t.Errorf("there are %d files, and Len = %d, want 2", n, s.Len())
	}
}
