package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/filestore"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/store"
)

// onDisk is how long a value is kept in the folder.
const onDisk = 24 * time.Hour

// source is what a Report in the folder is of: it outlives this version of Go.
type source struct{ Go, Package string }

// tiers is a cached function with memory in front and a folder behind it.
type tiers struct {
	files  *filestore.Store
	memory *inmem.Cache[Report]
	front  *advcache.TTL[source, Report]
	back   *advcache.TTL[source, Report]
	stats  *advcache.Stats // of back
	cached func(context.Context, source) (Report, error)
}

func openTiers(dir string, ttl time.Duration, load func(context.Context, string) (Report, error)) (*tiers, error) {
	files, err := filestore.Open(dir, nil)
	if err != nil {
		return nil, err
	}
	t := &tiers{files: files, memory: inmem.New[Report](nil), stats: advcache.NewStats()}
	reports := store.New[Report](files, &store.Options{Codec: codec.JSON, Schema: "1"})
	t.back = advcache.NewTTL[source](reports, onDisk, &advcache.TTLOptions{Observer: t.stats.Observer()})
	t.front = advcache.NewTTL[source](t.memory, ttl, nil)
	const template = "report/{Go}/{Package}"
	t.cached = t.front.Cached(template, t.back.Cached(template, func(ctx context.Context, of source) (Report, error) {
		return load(ctx, of.Package)
	}))
	return t, nil
}

func (t *tiers) close(ctx context.Context) error {
	return errors.Join(t.front.Close(ctx), t.back.Close(ctx), t.memory.Close(), t.files.Close())
}

// disk puts a folder behind memory, and shows that it outlives the program.
func (s *story) disk(ctx context.Context) error {
	first := &step{
		name:      "a folder behind memory",
		situation: fmt.Sprintf("A second cache stands between memory and analyze. It keeps values for a day, in %s.", s.dir),
	}
	again := &step{
		name:      "restart",
		situation: "All is closed and opened again, as when a program starts: memory is empty, the folder is not.",
	}
	for _, st := range []*step{first, again} {
		if err := s.throughTiers(ctx, st); err != nil {
			return err
		}
		s.end(st)
	}
	return nil
}

// throughTiers opens both tiers, calls each package once, and closes them.
func (s *story) throughTiers(ctx context.Context, st *step) (err error) {
	t, err := openTiers(s.dir, s.ttl, s.origin.analyze) //nolint:contextcheck // what Open starts ends with Close
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, t.close(context.WithoutCancel(ctx))) }()
	loads := s.origin.loads.Load()
	for _, name := range s.packages {
		start := time.Now()
		report, err := t.cached(ctx, source{runtime.Version(), name})
		st.add(time.Since(start), err)
		if err == nil && report != s.reports[name] {
			st.fail(fmt.Errorf("the report of %s is not the one that was stored", name))
		}
	}
	st.loads = s.origin.loads.Load() - loads
	st.told = fmt.Sprintf("%s answered from the folder, %s by analyze.", calls(t.stats.Snapshot().Hits), calls(st.loads))
	switch {
	case st.loads == 0 && st.name == "restart":
		st.lesson = "A program that starts need not begin from nothing."
	case st.loads == 0:
		st.lesson = "It was filled by an earlier run of this program."
	}
	return st.err
}

// cacheFolder returns the folder where programs of this user keep what they can
// make again.
func cacheFolder() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "advcache-quickstart")
}
