package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/advcache/advcache"
)

// library stands for the sources of the standard library.
func library() fstest.MapFS {
	return fstest.MapFS{
		"fruit/apple.go": file(`// Package fruit is about fruit.
package fruit

// Apple is one.
type Apple struct{ Weight int }

// Bite makes an Apple lighter.
func (a *Apple) Bite() {
	if a.Weight > 0 {
		a.Weight--
	}
}

const (
	Green, Red = 1, 2
	secret     = 3
)
`),
		"fruit/apple_linux.go":   file("package fruit\n\nvar Tree = 1\n\nfunc grow() {}\n"),
		"fruit/apple_windows.go": file("package fruit\n\nvar Tree = 2\n\nfunc grow() {}\n"),
		"fruit/apple_test.go":    file("package fruit\n\nfunc Tested() {}\n"),
		"fruit/generate.go":      file("//go:build ignore\n\npackage main\n\nfunc main() {}\n"),
		"fruit/testdata/x.go":    file("not Go"),
		"fruit/README":           file("Eat it."),
		"go/list/list.go":        file("package list\n\nfunc Sort[T any](values []T) {}\n\ntype List[T any] []T\n\nfunc (l List[T]) Len() int {\n\treturn len(l)\n}\n"),
		"rotten/rotten.go":       file("package rotten\n\nfunc {\n"),
		"empty/empty_test.go":    file("package empty\n"),
	}
}

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }

func TestAnalyze(t *testing.T) {
	o := &origin{sources: library()}
	for name, want := range map[string]Report{
		// Two files declare Tree; the generator is another program.
		"fruit":   {Files: 3, Lines: 17 + 5 + 5, Functions: 3, Exported: 4, Longest: "Apple.Bite", LongestLines: 5},
		"go/list": {Files: 1, Lines: 9, Functions: 2, Exported: 2, Longest: "List[T].Len", LongestLines: 3},
	} {
		got, err := o.analyze(t.Context(), name)
		if err != nil || got != want {
			t.Errorf("analyze(%q) = %+v, %v; want %+v", name, got, err, want)
		}
	}
	if n := o.loads.Load(); n != 2 {
		t.Errorf("counted %d loads; want 2", n)
	}
}

func TestAnalyzeFails(t *testing.T) {
	o := &origin{sources: library()}
	for _, name := range []string{"none", "empty", "fruit/README/x", "../fruit", "/fruit", "", "go"} {
		if _, err := o.analyze(t.Context(), name); !errors.Is(err, advcache.ErrNotFound) {
			t.Errorf("analyze(%q) gave %v; want advcache.ErrNotFound", name, err)
		}
	}
	if _, err := o.analyze(t.Context(), "rotten"); err == nil || !strings.Contains(err.Error(), "rotten/rotten.go:3") {
		t.Errorf("sources that are no Go gave %v; want the place of the mistake", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.analyze(ctx, "fruit"); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}

	o.broken.Store(true)
	if _, err := o.analyze(t.Context(), "fruit"); !errors.Is(err, errBroken) {
		t.Errorf("out of order: %v", err)
	}
}

// lockedFS is a library whose directories cannot be read.
type lockedFS struct{ fs.FS }

func (lockedFS) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrPermission }

func TestPackages(t *testing.T) {
	o := &origin{sources: library()}
	got, err := o.packages("go/list, fruit")
	if want := []string{"go/list", "fruit"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("packages = %q, %v; want %q", got, err, want)
	}
	for list, want := range map[string]string{
		"fruit,stone": `no package "stone"`,
		"fruit,":      `no package ""`,
		"fruit,fruit": `"fruit" twice`,
	} {
		_, err := o.packages(list)
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("packages(%q) gave %v; want a usageError with %s", list, err, want)
		}
	}

	o.sources = lockedFS{library()}
	var usage usageError
	if _, err := o.packages("fruit"); !errors.Is(err, fs.ErrPermission) || errors.As(err, &usage) {
		t.Errorf("sources that cannot be read gave %v; want that error, which the command line is not the cause of", err)
	}
}
