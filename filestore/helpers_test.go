package filestore

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/advcache/advcache/store"
)

// open returns a store that is closed with the test, and fails the test if it
// logs anything.
func open(t testing.TB, dir string, o *Options) *Store {
	t.Helper()
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.NewTextHandler(complaints{t}, nil))
	}
	s, err := Open(dir, &opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { noError(t, s.Close()) })
	return s
}

type complaints struct{ testing.TB }

func (c complaints) Write(line []byte) (int, error) {
	c.Errorf("it logged: %s", line)
	return len(line), nil
}

// object returns one that lives for a time, or for ever.
func object(content string, life time.Duration) store.Object {
	now := time.Now()
	obj := store.Object{Body: []byte(content), Meta: store.Meta{
		CreatedAt: now, Hash: sha256.Sum256([]byte(content)), Encoding: "raw", Schema: "1", Tags: []string{"a", "b"},
	}}
	if life != 0 {
		obj.Meta.FreshUntil = now.Add(life)
	}
	return obj
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, s *Store, key string, obj store.Object) store.Version {
	t.Helper()
	v, ok, err := s.Put(t.Context(), key, obj, store.Cond{})
	if err != nil || !ok {
		t.Fatalf("Put(%.64q) = %v, %v", key, ok, err)
	}
	return v
}

// has reports whether the content is read for the key.
func has(t testing.TB, s *Store, key, content string) bool {
	t.Helper()
	obj, ok, err := s.Get(t.Context(), key, store.Want{})
	if err != nil {
		t.Fatalf("Get(%.64q): %v", key, err)
	}
	return ok && string(obj.Body) == content
}

func mustHave(t testing.TB, s *Store, key, content string) {
	t.Helper()
	if !has(t, s, key, content) {
		t.Fatalf("%.64q is not found", key)
	}
}

// fileOf returns the path of a file.
func fileOf(s *Store, key string) string {
	return filepath.Join(s.dir, filepath.FromSlash(nameOf(key).path()))
}

// age gives the file of a key another age, as if it had been written so long
// ago by somebody else.
func age(t testing.TB, s *Store, key string, d time.Duration) {
	t.Helper()
	then := time.Now().Add(-d)
	noError(t, os.Chtimes(fileOf(s, key), then, then))
}

// filesIn returns the paths of all files in a folder, but for locks and marker.
func filesIn(t testing.TB, dir string) []string {
	t.Helper()
	var files []string
	noError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() && d.Name() != lockFile && d.Name() != marker {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func itoa(i int) string { return strconv.Itoa(i) }

func text(n int) string { return string(bytes.Repeat([]byte("0123456789abcdef"), n/16)) }

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }
