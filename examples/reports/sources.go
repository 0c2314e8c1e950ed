package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// sources are what reports are made of: trees of Go files.
type sources interface {
	// String says what they are.
	String() string
	// files gives the Go files of a tree, in the order of their names, but for
	// those in testdata. A tree without any has an error.
	files(tree string) iter.Seq2[source, error]
}

type source struct {
	name    string
	content []byte
}

// library is the standard library.
type library struct{ fs.FS }

func (library) String() string { return "the standard library of " + runtime.Version() }

func (l library) files(tree string) iter.Seq2[source, error] {
	return func(yield func(source, error) bool) {
		found := false
		err := fs.WalkDir(l.FS, tree, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return fs.SkipDir
			case entry.IsDir() || !strings.HasSuffix(path, ".go"):
				return nil
			}
			content, err := fs.ReadFile(l.FS, path)
			found = true
			if !yield(source{path, content}, err) {
				return fs.SkipAll
			}
			return nil
		})
		if err == nil && !found {
			err = fmt.Errorf("%q has no Go files", tree)
		}
		if err != nil {
			yield(source{}, err)
		}
	}
}

// findLibrary returns the standard library of the go command, or why there are no
// sources of it.
func findLibrary(ctx context.Context) (library, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	root := strings.TrimSpace(string(out))
	if err != nil || root == "" {
		root = os.Getenv("GOROOT")
	}
	if root == "" {
		return library{}, errors.New("there is no go command that works, and GOROOT is not set")
	}
	dir := filepath.Join(root, "src")
	if _, err := os.Stat(dir); err != nil {
		return library{}, err
	}
	return library{os.DirFS(dir)}, nil
}

//go:embed *.go
var program embed.FS

// copies are sources for a machine that has none: those of this program, many
// times.
type copies map[string]int // by tree: how many

func standIn() copies { return copies{"copies-20": 20, "copies-40": 40} }

func (copies) String() string { return "copies of the sources of this program" }

func (c copies) trees() []string { return slices.Sorted(maps.Keys(c)) }

func (c copies) files(tree string) iter.Seq2[source, error] {
	return func(yield func(source, error) bool) {
		for n := range c[tree] {
			for file, err := range (library{program}).files(".") {
				file.name = fmt.Sprintf("%03d/%s", n+1, file.name)
				if !yield(file, err) || err != nil {
					return
				}
			}
		}
	}
}
