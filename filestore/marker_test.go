package filestore

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	dir := t.TempDir()
	theirs := filepath.Join(dir, "00", strings.Repeat("0", 32))
	noError(t, os.Mkdir(filepath.Dir(theirs), 0o700))
	noError(t, os.WriteFile(theirs, []byte("their data"), 0o600))
	_, err := Open(dir, nil)
	if err == nil || !strings.Contains(err.Error(), `holds "00"`) || !strings.Contains(err.Error(), "use an empty folder") {
		t.Errorf("Open of a folder with files = %v", err)
	}
	if _, err := Open(theirs, nil); err == nil {
		t.Error("Open of a file succeeded")
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
