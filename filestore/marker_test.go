package filestore

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	dir := t.TempDir()
	theirs := filepath.Join(dir, "00", strings.Repeat("0", 32))
	noError(t, os.Mkdir(filepath.Dir(theirs), 0o700))
	noError(t, os.WriteFile(theirs, []byte("their data"), 0o600))
	_, err := Open(dir, nil)
	if err == nil || !strings.Contains(err.Error(), `holds "00/000`) || !strings.Contains(err.Error(), "use an empty folder") {
		t.Errorf("Open of a folder with files = %v", err)
	}
	if _, err := Open(theirs, nil); err == nil || !strings.Contains(err.Error(), theirs+" is a file, and Open needs a folder") {
		t.Errorf("Open of a file = %v", err)
	}
	if _, err := Open(filepath.Join(theirs, "cache"), nil); err == nil || !strings.Contains(err.Error(), theirs+":") {
		t.Errorf("Open below a file = %v; want an error that names it", err)
	}
	// A folder inside a store would be taken for the store's.
	s := open(t, filepath.Join(dir, "new", "cache"), nil)
	put(t, s, "key", object("value", 0))
	if _, err := Open(filepath.Dir(fileOf(s, "key")), nil); err == nil {
		t.Error("Open of a folder inside a store succeeded")
	}
	if data, err := os.ReadFile(theirs); err != nil || string(data) != "their data" {
		t.Errorf("their file holds %q, %v", data, err)
	}
}

// TestMarkerLostWhileOpen holds that a cleaner which has taken the marker of an
// open store does no harm: not to its writers, and not to who opens it later.
func TestMarkerLostWhileOpen(t *testing.T) {
	for what, heal := range map[string]func(t *testing.T, s *Store) error{
		"write": func(t *testing.T, s *Store) error {
			t.Helper()
			var group sync.WaitGroup
			for i := range 16 {
				group.Go(func() { put(t, s, itoa(i), object("value", 0)) })
			}
			group.Wait()
			return nil
		},
		"sweep": func(t *testing.T, s *Store) error { t.Helper(); return s.Sweep(t.Context()) },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				s, other := open(t, dir, nil), open(t, dir, nil)
				synctest.Wait() // for the sweeps of Open, which would put it back
				put(t, s, "key", object("value", time.Hour))
				// What is not ours may be in our folder, once it is ours.
				noError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
				var group sync.WaitGroup
				noError(t, os.Remove(filepath.Join(dir, marker)))
				for _, s := range []*Store{s, other} {
					group.Go(func() {
						if err := heal(t, s); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
				mustHave(t, open(t, dir, nil), "key", "value")
				entries, err := os.ReadDir(dir)
				noError(t, err)
				for _, e := range entries {
					if strings.HasPrefix(e.Name(), marker+".") {
						t.Errorf("%s is left", e.Name())
					}
				}
			})
		})
	}
}

// TestMarkerCannotBePutBack holds that a sweep frees room all the same: there may
// be none for the marker.
func TestMarkerCannotBePutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, t.TempDir(), nil)
		put(t, s, "key", object("value", 0))
		synctest.Wait() // for the sweep of Open, which would put it back
		noError(t, os.Remove(filepath.Join(s.dir, marker)))
		noError(t, os.Mkdir(filepath.Join(s.dir, marker), 0o700))
		noError(t, os.Remove(fileOf(s, "key")))
		if err := s.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "is no regular file") {
			t.Errorf("Sweep = %v", err)
		}
		if n := s.Len(); n != 0 {
			t.Errorf("Len = %d; want what the folder holds", n)
		}
	})
}

// TestSweepRenewsTheMarker holds that cleaners which go by age do not find it old,
// and that it is not written by each sweep.
func TestSweepRenewsTheMarker(t *testing.T) {
	s := open(t, t.TempDir(), nil)
	path := filepath.Join(s.dir, marker)
	for _, c := range []struct {
		age   time.Duration
		renew bool
	}{{240 * time.Hour, true}, {markerAge - time.Minute, false}} {
		then := time.Now().Add(-c.age).Truncate(time.Second)
		noError(t, os.Chtimes(path, then, then))
		noError(t, s.Sweep(t.Context()))
		info, err := os.Stat(path)
		noError(t, err)
		if renewed := time.Since(info.ModTime()) < time.Minute; renewed != c.renew {
			t.Errorf("a marker of %v: renewed is %v", c.age, renewed)
		}
	}
}

// TestOpenAdopts holds that a folder which has lost its marker, and holds nothing
// that cannot be told to be ours, is ours again.
func TestOpenAdopts(t *testing.T) {
	lost := func(t *testing.T) (s *Store, dir string) {
		t.Helper()
		s, err := Open(filepath.Join(t.TempDir(), "cache"), nil)
		noError(t, err)
		put(t, s, "key", object("value", 0))
		put(t, s, "torn", object("value", 0))
		put(t, s, "deleted", object("value", 0))
		noError(t, s.Delete(t.Context(), "deleted"))
		noError(t, s.Close())
		noError(t, os.Truncate(fileOf(s, "torn"), 0))
		noError(t, os.WriteFile(filepath.Join(filepath.Dir(fileOf(s, "key")), tempName()), []byte("acf"), 0o600))
		noError(t, os.WriteFile(filepath.Join(s.dir, marker+"."+tempName()), nil, 0o600))
		noError(t, os.Remove(filepath.Join(s.dir, marker)))
		return s, s.dir
	}
	t.Run("ours", func(t *testing.T) {
		_, dir := lost(t)
		mustHave(t, open(t, dir, nil), "key", "value")
		mustHave(t, open(t, dir, nil), "key", "value")
	})
	t.Run("without locks", func(t *testing.T) {
		s, dir := lost(t)
		noError(t, os.Remove(filepath.Join(filepath.Dir(fileOf(s, "key")), lockFile)))
		mustHave(t, open(t, dir, nil), "key", "value")
	})
	for what, file := range map[string]string{
		"beside":                "notes.txt",
		"beside, like a marker": marker + ".bak",
		"in a folder":           "00/notes.txt",
		"lock with content":     "00/" + lockFile,
		"under our names":       "00/" + strings.Repeat("0", 32),
		"of a later format":     "00/" + strings.Repeat("0", 32),
		"of another folder":     "00/" + strings.Repeat("1", 32),
		"folder of no store":    "0A/" + lockFile,
		"folder in a folder":    "00/00/" + lockFile,
		"like a temporary file": "00/" + tempPrefix + strings.Repeat("0", 32),
		"folder that is a file": "00",
	} {
		t.Run(what, func(t *testing.T) {
			_, dir := lost(t)
			path := filepath.Join(dir, filepath.FromSlash(file))
			noError(t, os.RemoveAll(filepath.Join(dir, "00")))
			noError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			content := "theirs"
			if what == "of a later format" {
				content = magic + "\x02 and more"
			}
			noError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := Open(dir, nil)
			if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, marker)) || !strings.Contains(err.Error(), strings.TrimSpace(markerContent)) {
				t.Fatalf("Open = %v; want an error that says how to get it back", err)
			}
			// What it says helps.
			noError(t, os.WriteFile(filepath.Join(dir, marker), []byte(markerContent), 0o600))
			s, err := Open(dir, &Options{Logger: new(journal).logger()})
			noError(t, err)
			mustHave(t, s, "key", "value")
			noError(t, s.Close())
		})
	}
}

func TestOpenRefusesAnotherFormat(t *testing.T) {
	dir := t.TempDir()
	noError(t, os.WriteFile(filepath.Join(dir, marker), []byte("advcache filestore, format 2\n"), 0o600))
	if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("Open of a later format = %v", err)
	}
}

func TestOpenByManyAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			s, err := Open(dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			put(t, s, itoa(i), object("value", 0))
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	s := open(t, dir, nil)
	for i := range 16 {
		mustHave(t, s, itoa(i), "value")
	}
}

// TestStrangersFilesStay holds that what has no name of ours is left alone, in
// our folders too.
func TestStrangersFilesStay(t *testing.T) {
	s := open(t, t.TempDir(), &Options{MaxEntries: 1})
	put(t, s, "key", object("value", time.Hour))
	fan := filepath.Dir(fileOf(s, "key"))
	name := filepath.Base(fileOf(s, "key"))
	old := time.Now().Add(-48 * time.Hour)
	var files []string
	for _, file := range []string{
		filepath.Join(s.dir, "notes.txt"),
		filepath.Join(fan, "notes.txt"),
		filepath.Join(fan, strings.ToUpper(name)),
		filepath.Join(fan, name+".bak"),
		filepath.Join(fan, "ff"+name[2:]),
		filepath.Join(fan, "tmp-123"),
		filepath.Join(fan, "tmp-"+strings.Repeat("x", 32)),
	} {
		noError(t, os.WriteFile(file, []byte("theirs"), 0o600))
		noError(t, os.Chtimes(file, old, old))
		files = append(files, file)
	}
	noError(t, s.Sweep(t.Context()))
	noError(t, s.Clear(t.Context(), ""))
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
	if n := s.Len(); n != 0 {
		t.Errorf("Len = %d after Clear", n)
	}
}
