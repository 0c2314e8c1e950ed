package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A folder is ours if it has a file of this name with this content. Nothing is
// ever removed from any other.
const (
	marker        = "advcache-filestore"
	markerContent = "advcache filestore, format 1\n"
)

// prepare makes dir a folder of ours, or refuses it.
func prepare(dir string, o *Options) error {
	for {
		content, err := os.ReadFile(filepath.Join(dir, marker))
		switch {
		case err == nil && string(content) == markerContent:
			return nil
		case err == nil:
			return fmt.Errorf("filestore: %s is of another format (%q, not %q): use another folder, or remove this one", dir, firstLine(content), firstLine([]byte(markerContent)))
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := os.MkdirAll(dir, o.DirMode); err != nil {
			return err
		}
		if marked, err := refuseStrangers(dir); err != nil {
			return err
		} else if !marked {
			return mark(dir, o)
		}
	}
}

// refuseStrangers returns an error if dir holds files that are not ours. Marked
// says that somebody has just made it a folder of ours.
func refuseStrangers(dir string) (marked bool, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	stranger := ""
	for _, f := range files {
		switch {
		case f.Name() == marker:
			return true, nil
		case !strings.HasPrefix(f.Name(), marker):
			stranger = f.Name()
		}
	}
	if stranger != "" {
		return false, fmt.Errorf("filestore: %s holds %q and no file %q, so it is no folder of a store: use an empty folder, or a new one", dir, stranger, marker)
	}
	return false, nil
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
	if err != nil {
		return firstOf(err, os.Remove(temp))
	}
	return nil
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(string(text[:min(len(text), 64)]), "\n")
	return line
}
