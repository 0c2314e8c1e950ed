package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
)

// slowFS is a library that takes loadTime for each analysis.
type slowFS struct{ fs.FS }

const loadTime = 20 * time.Millisecond

func (s slowFS) ReadDir(name string) ([]fs.DirEntry, error) {
	time.Sleep(loadTime)
	return fs.ReadDir(s.FS, name)
}

// TestStory runs the story in a bubble, where time passes only while all wait:
// so all numbers are known.
func TestStory(t *testing.T) {
	const ttl = 300 * time.Millisecond
	type numbers struct {
		calls  int
		loads  int64
		failed int
		counts advcache.CacheStats
		p50    time.Duration
		max    time.Duration
	}
	want := []numbers{
		{calls: 2, loads: 2, counts: advcache.CacheStats{Misses: 2, Loads: 2}, p50: loadTime, max: loadTime},
		{calls: 40_000, counts: advcache.CacheStats{Hits: 40_000}},
		{calls: 1_000, loads: 1, counts: advcache.CacheStats{Misses: 1_000, Loads: 1}, p50: loadTime, max: loadTime},
		{calls: 1_000, loads: 1, counts: advcache.CacheStats{Stale: 1_000, Refreshes: 1}},
		{calls: 100, loads: 1, counts: advcache.CacheStats{Stale: 100, LoadErrors: 1}},
		{calls: 10, loads: 10, failed: 10, counts: advcache.CacheStats{Misses: 10, LoadErrors: 10}},
		{calls: 2, loads: 1, counts: advcache.CacheStats{Misses: 1, Hits: 1, Loads: 1}, max: loadTime},
		{calls: 2, loads: 2, p50: loadTime, max: loadTime},
		{calls: 2},
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := newStory(&origin{sources: slowFS{library()}}, []string{"fruit", "go/list"}, ttl, t.TempDir(), io.Discard)
		if err := s.tell(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.steps) != len(want) {
			t.Fatalf("there were %d steps; want %d", len(s.steps), len(want))
		}
		var loads int64
		for i, st := range s.steps {
			got := numbers{st.calls, st.loads, st.failed, st.counts, st.percentile(50), st.percentile(100)}
			if got != want[i] {
				t.Errorf("%s:\n got %+v\nwant %+v", st.name, got, want[i])
			}
			if st.told == "" { // else behind a cache of its own
				loads += st.loads
			}
		}
		if all := s.stats.Snapshot(); all.Loads+all.Refreshes+all.LoadErrors != loads {
			t.Errorf("the steps count %d loads, the cache %d + %d + %d", loads, all.Loads, all.Refreshes, all.LoadErrors)
		}
		// The ttl, ttl and Stale, and the rest of StaleIfError; seven loads.
		if took, want := time.Since(start), 300*time.Millisecond+600*time.Millisecond+600*time.Millisecond; took < want || took > want+9*loadTime {
			t.Errorf("the story took %v; want about %v", took, want)
		}
		if err := s.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestStoryTellsTheTruth has loads fail from the beginning.
func TestStoryTellsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := newStory(&origin{sources: library()}, []string{"fruit", "rotten"}, time.Second, t.TempDir(), &out)
		if err := s.tell(t.Context()); err == nil || !strings.Contains(err.Error(), "rotten/rotten.go:3") {
			t.Errorf("a load that should not fail did, and the story says %v", err)
		}
		if strings.Contains(out.String(), "1. cold") {
			t.Errorf("the step is shown all the same:\n%s", &out)
		}
		if err := s.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStoryIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, nil)
		defer cancel()
		s := newStory(&origin{sources: library()}, []string{"fruit"}, time.Hour, t.TempDir(), io.Discard)
		start := time.Now()
		if err := s.tell(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the story ended with %v", err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("it ended after %v; want a minute, when its context was done", took)
		}
		if err := s.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestStoryCannotBePrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStory(&origin{sources: library()}, []string{"fruit"}, time.Second, t.TempDir(), fullDisk{})
		if err := s.tell(t.Context()); err == nil || err.Error() != "disk full" {
			t.Errorf("the story ended with %v; want the error of the writer", err)
		}
		if err := s.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestRun runs the program over the true standard library.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), []string{"-packages", "errors,container/list", "-ttl", "1s", "-dir", t.TempDir()}, &out, &errOut); code != 0 {
			t.Fatalf("exit code %d: %s", code, &errOut)
		}
		for _, pattern := range []string{
			`(?m)^1\. cold +2 +2 `,
			`(?m)^2\. warm +40,000 +0 `,
			`(?m)^3\. 1,000 goroutines at once +1,000 +1 `,
			`(?m)^4\. stale-while-revalidate +1,000 +1 `,
			`(?m)^5\. stale-if-error +100 +1 `,
			`(?m)^6\. error +10 +10 `,
			`(?m)^7\. recovery +2 +1 `,
			`(?m)^8\. a folder behind memory +2 +2 `,
			`(?m)^9\. restart +2 +0 `,
			`2 calls answered from the folder, 0 calls by analyze`,
			`(?m)^container/list +1 .* List\.\w+ \(\d+ lines\)$`,
			`(?m)^loads +4$`,
		} {
			if !regexp.MustCompile(pattern).MatchString(out.String()) {
				t.Errorf("the output has no line like %s", pattern)
			}
		}
		if t.Failed() {
			t.Logf("the output:\n%s", &out)
		}
	})
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"-ttl 0s", exitUsage, "-ttl is 0s"},
		{"-ttl -1s", exitUsage, "above 0"},
		{"-ttl 1000h", exitUsage, "1h0m0s at most"},
		{"-ttl soon", exitUsage, "invalid value"},
		{"-packages no/such", exitUsage, `no package "no/such"`},
		{"-packages fmt,fmt", exitUsage, "twice"},
		{"-size 3", exitUsage, "not defined: -size"},
		{"fmt", exitUsage, `"fmt" is no flag`},
		{"-h", 0, "how long a value is fresh"},
	} {
		var out, errOut bytes.Buffer
		code := run(t.Context(), strings.Fields(c.args), &out, &errOut)
		if code != c.code || !strings.Contains(errOut.String(), c.want) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, %q and %q; want %d and %q alone", c.args, code, &out, &errOut, c.code, c.want)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errOut bytes.Buffer
	if code := run(ctx, nil, io.Discard, &errOut); code != exitInterrupted || !strings.Contains(errOut.String(), "interrupted") {
		t.Errorf("interrupted: exit code %d, %q", code, &errOut)
	}
}

func TestRunNeedsTheStandardLibrary(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for root, want := range map[string]string{
		"":          "put go into PATH, or set GOROOT",
		t.TempDir(): "without the sources",
	} {
		t.Setenv("GOROOT", root)
		var errOut bytes.Buffer
		if code := run(t.Context(), nil, io.Discard, &errOut); code != exitFailed || !strings.Contains(errOut.String(), want) {
			t.Errorf("with GOROOT=%q: exit code %d, %q; want %d and %q", root, code, &errOut, exitFailed, want)
		}
	}
}
