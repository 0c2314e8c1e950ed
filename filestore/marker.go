package filestore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A folder is ours if it has a file of this name with this content. Nothing is
// ever removed from any other.
//
// Cleaners that go by age take this file first, since nothing changes it: so it
// is renewed, put back while a store is open, and not asked for where all else
// is ours for sure. None of that needs a lock: the file comes whole, by a rename,
// and all who write it write the same.
const (
	marker        = "advcache-filestore"
	markerContent = "advcache filestore, format 1\n"

	// markerAge is how old it may be: no cleaner goes by less, and a write an
	// hour keeps no disk awake.
	markerAge = time.Hour
)

// prepare makes dir a folder of ours, or refuses it.
func prepare(dir string, o *Options) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("filestore: %s is a file, and Open needs a folder", dir)
	}
	if err := os.MkdirAll(dir, o.DirMode); err != nil {
		return err
	}
	return claim(dir, o)
}

// claim marks dir unless it is marked, if nothing in it is a stranger's.
func claim(dir string, o *Options) error {
	if marked, err := isMarked(dir); marked || err != nil {
		return err
	}
	if err := refuseStrangers(dir); err != nil {
		if marked, _ := isMarked(dir); marked { // by another, meanwhile
			return nil
		}
		return err
	}
	return mark(dir, o)
}

// isMarked reports whether dir is ours. It is an error if it is of another format.
func isMarked(dir string) (bool, error) {
	path := filepath.Join(dir, marker)
	content, err := readMarker(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case content != markerContent:
		return false, fmt.Errorf("filestore: %s is of another format (%q, not %q): use another folder, or remove this one", dir, firstLine(content), firstLine(markerContent))
	}
	return true, nil
}

// readMarker returns no more of the file than tells it from ours.
func readMarker(path string) (content string, err error) {
	f, err := openThere(path, os.O_RDONLY)
	if err != nil {
		// Of a link to nothing, too, it would be said that it is not there.
		if info, failed := os.Lstat(path); failed == nil && !info.Mode().IsRegular() {
			return "", irregularError(path, info)
		}
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was not written to
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", irregularError(path, info)
	}
	data, err := io.ReadAll(io.LimitReader(f, 64))
	return string(data), err
}

// irregularError says that there is something in the place of a file of ours.
func irregularError(path string, info fs.FileInfo) error {
	return fmt.Errorf("filestore: %s is no regular file (%v): somebody else has put it there; remove it", path, info.Mode())
}

// refuseStrangers returns an error if dir holds anything that cannot be told to
// be ours: our names alone do not, since others name files by hashes too.
func refuseStrangers(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var folders []byte
	for _, f := range files {
		fan, ok := parseFan(f.Name())
		temp, marks := strings.CutPrefix(f.Name(), marker+".")
		switch {
		case ok && f.IsDir():
			folders = append(folders, fan)
		case !marks || !isTempName(temp):
			return strangerError(dir, f.Name())
		}
	}
	for _, fan := range folders {
		files, err := os.ReadDir(filepath.Join(dir, fanPath(fan)))
		if absent(err) != nil {
			return err
		}
		for _, f := range files {
			ours, err := isOurs(dir, fan, f)
			if absent(err) != nil {
				return err
			}
			if !ours && err == nil {
				return strangerError(dir, fanPath(fan)+"/"+f.Name())
			}
		}
	}
	return nil
}

// isOurs reports whether a file in a folder of files has a name of ours, and the
// content that we write under it.
func isOurs(dir string, fan byte, file fs.DirEntry) (bool, error) {
	if !file.Type().IsRegular() {
		return false, nil
	}
	info, err := file.Info()
	if err != nil {
		return false, err
	}
	if file.Name() == lockFile {
		return info.Size() == 0, nil
	}
	if _, ok := parseName(fan, file.Name()); !ok && !isTempName(file.Name()) {
		return false, nil
	}
	f, err := openThere(filepath.Join(dir, fanPath(fan), file.Name()), os.O_RDONLY)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // it was not written to
	var head [headLen]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	_, err = parseFront(head[:n], info.Size())
	// Who has a later format may have a later marker too.
	return !errors.Is(err, errForeign) && !errors.Is(err, errLater), nil
}

func strangerError(dir, file string) error {
	return fmt.Errorf("filestore: %s holds %q and no file %q, so it is no folder of a store: use an empty folder, or a new one; if it is one that has lost this file, make %s with the line %q, or remove the folder", dir, file, marker, filepath.Join(dir, marker), firstLine(markerContent))
}

// mark writes the marker, whole at once.
func mark(dir string, o *Options) error {
	temp := filepath.Join(dir, marker+"."+tempName())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, o.FileMode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(markerContent)
	err = firstOf(err, f.Close())
	if err == nil {
		err = os.Rename(temp, filepath.Join(dir, marker))
	}
	if err == nil {
		return nil
	}
	os.Remove(temp)                         //nolint:errcheck // that it could not be made says more
	if marked, _ := isMarked(dir); marked { // by another, whose file Windows does not replace while it is read
		return nil
	}
	return err
}

// remark puts the marker back where it is missing. The folder that was opened is
// ours whatever it holds by now; one that has taken its place need not be.
func (s *Store) remark() error {
	if marked, err := isMarked(s.dir); marked || err != nil {
		return err
	}
	if s.disk.isInPlace() {
		return mark(s.dir, s.opt)
	}
	return claim(s.dir, s.opt)
}

// keepMarked is remark, and renews the marker, for a sweep, which makes no folder
// a store and is refused one that is not. That the marker cannot be put back into
// our own folder, which may be full, keeps nobody from sweeping it.
func (s *Store) keepMarked() (ours bool, err error) {
	path := filepath.Join(s.dir, marker)
	marked, err := isMarked(s.dir)
	switch {
	case marked:
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > markerAge {
			now := time.Now()
			os.Chtimes(path, now, now) //nolint:errcheck // whoever may not is not its owner, who may
		}
		return true, nil
	case s.disk.isInPlace():
		if err == nil {
			err = mark(s.dir, s.opt)
		}
		return true, err
	case err == nil:
		err = absent(refuseStrangers(s.dir))
	}
	return err == nil, err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text[:min(len(text), 64)], "\n")
	return line
}
