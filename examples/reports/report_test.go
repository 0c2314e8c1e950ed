package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
)

// fruit stands for the standard library.
func fruit() library {
	return library{fstest.MapFS{
		"apple/apple.go":      file("package apple\n\nfunc Bite(apple int) int { return apple - 1 }\n\nvar Apple = Bite(2)\n"),
		"apple/core/core.go":  file("package core\n"),
		"apple/apple_test.go": file("package apple\n\nvar tested int\n"),
		"apple/testdata/x.go": file("package x\n"),
		"apple/README":        file("Eat it."),
		"pear/pear.go":        file("package pear\n\n" + strings.Repeat("var _ = \"juicy\" + 'x' // rotten\n", 1000)),
		"plum/plum.go":        file("package plum\n\n" + strings.Repeat("const _ = 'x'\n", 2000)),
		"nut/README":          file("No code."),
	}}
}

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }

func TestReport(t *testing.T) {
	m := &maker{sources: fruit()}
	got, err := m.report(t.Context(), Key{"apple", "2026-11-24"})
	const want = `file,identifier,uses,lines
apple/apple.go,apple,3,1 3
apple/apple.go,Bite,2,3 5
apple/apple.go,int,2,3
apple/apple.go,Apple,1,5
apple/apple_test.go,apple,1,1
apple/apple_test.go,tested,1,3
apple/apple_test.go,int,1,3
apple/core/core.go,core,1,1
`
	if err != nil || string(got) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	again, err := m.report(t.Context(), Key{"apple", "2026-11-25"})
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("another time it is another report (%v):\n%s", err, again)
	}
	if n := len(m.drain()); n != 2 {
		t.Errorf("counted %d reports; want 2", n)
	}
	if n := len(m.drain()); n != 0 {
		t.Errorf("counted %d reports a second time", n)
	}
}

func TestReportFails(t *testing.T) {
	m := &maker{sources: fruit()}
	for _, tree := range []string{"nut", "none", "", "../apple", "/apple"} {
		if got, err := m.report(t.Context(), Key{Tree: tree}); err == nil {
			t.Errorf("report of %q = %q; want an error", tree, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.report(ctx, Key{Tree: "apple"}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
	if n := len(m.drain()); n != 0 {
		t.Errorf("counted %d reports; there was none", n)
	}
}

func TestTrees(t *testing.T) {
	got, err := fruit().trees("pear, apple/core")
	if err != nil || strings.Join(got, ";") != "pear;apple/core" {
		t.Errorf("trees = %q, %v", got, err)
	}
	for list, want := range map[string]string{
		"apple,stone":               `no tree "stone"`,
		"apple,":                    `no tree ""`,
		"nut":                       `no tree "nut"`,
		"apple,apple":               `"apple" twice`,
		strings.Repeat("a,", 1000):  "1001 trees",
		"apple/testdata/../../pear": "no tree",
	} {
		var usage usageError
		if _, err := fruit().trees(list); !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("trees(%.40q) gave %v; want a usageError with %s", list, err, want)
		}
	}
}

// TestCopies holds that a machine without sources has reports, too.
func TestCopies(t *testing.T) {
	c := standIn()
	m := &maker{sources: c}
	sizes := map[string]int{}
	for _, tree := range c.trees() {
		report, err := m.report(t.Context(), Key{Tree: tree})
		if err != nil {
			t.Fatal(err)
		}
		sizes[tree] = len(report)
	}
	if small, large := sizes["copies-20"], sizes["copies-40"]; small < 100_000 || large < 19*small/10 {
		t.Errorf("the reports have %d and %d bytes", small, large)
	}
	for _, err := range c.files("copies-20") {
		if err != nil {
			t.Fatal(err)
		}
		break // which must end it
	}
}
