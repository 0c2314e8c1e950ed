package filestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store"
)

// TestSweepsWhatIsGone holds that objects are removed without being read, and at
// no time before they are gone.
func TestSweepsWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told evictions
		s := open(t, t.TempDir(), &Options{SweepInterval: time.Minute, Observer: told.observer()})
		put(t, s, "short", object("value", 90*time.Second))
		stale := object("value", 30*time.Second)
		stale.Meta.StaleUntil = time.Now().Add(210 * time.Second)
		put(t, s, "stale", stale)
		held := object("value", time.Hour)
		held.Meta.HeldUntil = time.Now().Add(330 * time.Second)
		put(t, s, "held", held)
		put(t, s, "for ever", object("value", 0))
		time.Sleep(time.Second)
		for minute, want := range []int{4, 4, 3, 3, 2, 2, 1} {
			synctest.Wait()
			if got := len(filesIn(t, s.dir)); got != want || s.Len() != want {
				t.Errorf("after %d minutes there are %d files, and Len = %d; want %d", minute, got, s.Len(), want)
			}
			time.Sleep(time.Minute)
		}
		mustHave(t, s, "for ever", "value")
		if got, want := told.all(), []string{"file short", "file stale", "file held"}; !slices.Equal(got, want) {
			t.Errorf("the Observer was told of %q, want %q", got, want)
		}
	})
}

// TestSweepKnowsRenewals holds that what was renewed, by anybody, stays.
func TestSweepKnowsRenewals(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir, nil), open(t, dir, nil)
	obj := object("value", 50*time.Millisecond)
	put(t, a, "touched", obj)
	put(t, a, "written", obj)
	put(t, a, "gone", obj)
	obj.Meta.FreshUntil = obj.Meta.FreshUntil.Add(time.Hour)
	if ok, err := b.Touch(t.Context(), "touched", obj.Meta, store.Cond{}); err != nil || !ok {
		t.Errorf("Touch = %v, %v", ok, err)
	}
	put(t, b, "written", obj)
	<-time.After(60 * time.Millisecond)
	for _, s := range []*Store{a, b} {
		noError(t, s.Sweep(t.Context()))
		if n := s.Len(); n != 2 {
			t.Errorf("Len = %d, want 2", n)
		}
	}
	mustHave(t, a, "touched", "value")
	mustHave(t, a, "written", "value")
}

// TestSweepOfAReopenedStore holds that the lives of files which others wrote are
// learnt.
func TestSweepOfAReopenedStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, nil)
	put(t, s, "gone", object("value", 20*time.Millisecond))
	put(t, s, "soon", object("value", 100*time.Millisecond))
	put(t, s, "later", object("value", time.Hour))
	put(t, s, "damaged", object("value", time.Hour))
	noError(t, os.Truncate(fileOf(s, "damaged"), 40))
	noError(t, s.Close())
	<-time.After(25 * time.Millisecond)
	s = open(t, dir, nil)
	noError(t, s.Sweep(t.Context()))
	if _, err := os.Stat(fileOf(s, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was gone is still there (%v)", err)
	}
	<-time.After(110 * time.Millisecond)
	noError(t, s.Sweep(t.Context()))
	if n := len(filesIn(t, dir)); n != 2 || s.Len() != 2 {
		t.Errorf("there are %d files, and Len = %d; want 2", n, s.Len())
	}
}

// TestSweepReadsNoSettledFolder holds that a folder without changes is not
// listed again.
func TestSweepReadsNoSettledFolder(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	put(t, s, "key", object("value", 0))
	fan := nameOf("key").fan()
	then := time.Now().Add(-time.Minute)
	settle := func() {
		noError(t, os.Chtimes(filepath.Dir(fileOf(s, "key")), then, then))
		noError(t, s.Sweep(t.Context()))
	}
	settled := func() time.Time { // not while the sweep of Open is still under way
		s.sweeping <- struct{}{}
		defer func() { <-s.sweeping }()
		return s.folders[fan].mod
	}
	settle()
	if got := settled(); !got.Equal(then.Truncate(0)) {
		t.Errorf("the folder is not settled: %v, want %v", got, then)
	}
	put(t, s, "key", object("other", 0))
	noError(t, s.Sweep(t.Context()))
	if !settled().IsZero() {
		t.Error("a folder that has just changed counts as settled")
	}
	noError(t, os.WriteFile(filepath.Join(filepath.Dir(fileOf(s, "key")), tempName()), nil, 0o600))
	settle()
	if !settled().IsZero() {
		t.Error("a folder with a temporary file counts as settled")
	}
}

// TestFailedSweepIsLogged holds that it is logged when it begins, not each time.
func TestFailedSweepIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		s := open(t, t.TempDir(), &Options{Logger: log.logger()})
		synctest.Wait()
		// What sweeps would list is a file.
		noError(t, os.WriteFile(filepath.Join(s.dir, "00"), nil, 0o600))
		time.Sleep(10*DefaultSweepInterval + time.Second)
		synctest.Wait()
		if n := strings.Count(log.String(), "a sweep failed"); n != 1 {
			t.Errorf("it logged %d times, want once: %s", n, &log)
		}
		noError(t, os.Remove(filepath.Join(s.dir, "00")))
		time.Sleep(DefaultSweepInterval)
		noError(t, os.WriteFile(filepath.Join(s.dir, "00"), nil, 0o600))
		time.Sleep(DefaultSweepInterval)
		synctest.Wait()
		if n := strings.Count(log.String(), "a sweep failed"); n != 2 {
			t.Errorf("after a sweep that succeeded it logged %d times, want twice: %s", n, &log)
		}
	})
}

// TestPanicInAHook holds law 6: it ends no process.
func TestPanicInAHook(t *testing.T) {
	var log journal
	s := open(t, t.TempDir(), &Options{
		MaxEntries: 1,
		Logger:     log.logger(),
		Observer:   &advcache.Observer{Evict: func(advcache.Event) { panic("oops") }},
	})
	put(t, s, "a", object("value", 0))
	put(t, s, "b", object("value", 0))
	noError(t, s.Close())
	if !strings.Contains(log.String(), "Observer.Evict panicked") || !strings.Contains(log.String(), "oops") {
		t.Errorf("it logged %q", &log)
	}
}
