package filestore

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/advcache/advcache/store"
)

// tempLife is how old a temporary file is whose writer must be dead.
const tempLife = time.Hour

// folder is what the last sweep saw of a folder of files. The folder need not be
// listed again while its modification time is the same: each file that comes or
// goes changes it. What others have renewed in place is not seen so, and is
// found when its turn to be removed has come.
type folder struct {
	mod time.Time // zero: list it
}

// racy is how long a change may leave the modification time as it is: that of
// coarse file systems has two seconds.
const racy = 2 * time.Second

// Sweep does what is done every SweepInterval: it learns what other processes
// have written and removed, removes what is gone and what is too much, and
// temporary files older than an hour. It is for programs that cannot wait, such
// as tests.
func (s *Store) Sweep(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	select {
	case s.sweeping <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.sweeping }()
	ours, first := s.keepMarked()
	if !ours {
		return first
	}
	s.index.begin()
	for fan := range fans {
		first = firstOf(first, s.list(ctx, byte(fan)))
	}
	for fan := range fans {
		for _, e := range s.index.due(byte(fan), time.Now().UnixMilli()) {
			if err := ctx.Err(); err != nil {
				return err
			}
			first = firstOf(first, s.expire(ctx, &e))
		}
	}
	s.evict(ctx)
	return first
}

// sweeper sweeps until ctx is done.
func (s *Store) sweeper(ctx context.Context) {
	ticker := time.NewTicker(s.opt.SweepInterval)
	defer ticker.Stop()
	for {
		s.report(ctx, s.Sweep(ctx))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// report logs that sweeps fail, when they begin to, and for each new reason.
func (s *Store) report(ctx context.Context, err error) {
	if ctx.Err() != nil || s.closed.Load() {
		return
	}
	failing := ""
	if err != nil {
		failing = err.Error()
	}
	if failing != "" && failing != s.failing {
		s.opt.Logger.LogAttrs(ctx, slog.LevelWarn, "filestore: a sweep failed; the folder may pass its bounds",
			slog.String("store", s.opt.Name), slog.String("dir", s.dir), slog.String("error", failing))
	}
	s.failing = failing
}

// list tells the index what is in a folder, if that has changed, and removes old
// temporary files.
func (s *Store) list(ctx context.Context, fan byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path := fanPath(fan)
	info, err := s.disk.lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		s.folders[fan] = folder{}
		s.index.forget(fan)
		return nil
	}
	if err != nil {
		return err
	}
	before := time.Now()
	if info.ModTime().Equal(s.folders[fan].mod) {
		return nil
	}
	files, err := s.readFolder(path)
	if err != nil {
		return absent(err)
	}
	settled := before.Sub(info.ModTime()) > racy
	var first error
	for _, file := range files {
		switch n, ok := parseName(fan, file.Name()); {
		case ok && file.Type().IsRegular():
			first = firstOf(first, s.see(n, file))
		case isTempName(file.Name()) && file.Type().IsRegular():
			settled = false // it will grow old without a change of the folder
			first = firstOf(first, s.sweepTemp(path+"/"+file.Name(), file))
		default: // not ours
		}
	}
	if first != nil {
		return first
	}
	s.index.forget(fan)
	s.folders[fan] = folder{}
	if settled {
		s.folders[fan].mod = info.ModTime()
	}
	return nil
}

// readFolder returns what is in a folder, in no order.
func (s *Store) readFolder(path string) ([]fs.DirEntry, error) {
	f, err := s.disk.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was not written to
	return f.ReadDir(-1)
}

func (s *Store) see(n name, file fs.DirEntry) error {
	info, err := file.Info()
	if err != nil {
		return absent(err)
	}
	s.index.saw(n, inBlocks(info.Size()), info.ModTime())
	return nil
}

func (s *Store) sweepTemp(path string, file fs.DirEntry) error {
	info, err := file.Info()
	if err != nil {
		return absent(err)
	}
	if time.Since(info.ModTime()) < tempLife {
		return nil
	}
	return absent(s.disk.remove(path))
}

// goneMillis returns when an object is gone, as the index keeps it.
func goneMillis(m *store.Meta) int64 { return store.Millis(m.GoesAt()) }

func goneBy(gone int64, now time.Time) bool { return gone > 0 && gone <= now.UnixMilli() }
