package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// slots serialise the writers of each folder of files: a channel those of this
// Store, and an advisory lock on the file "lock" in the folder all others. The
// lock file is opened each time: 256 that stay open would be many of the files
// that a process may have, and would not notice that a folder was removed.
type slots [fans]chan struct{}

func (s *slots) init() {
	for i := range s {
		s[i] = make(chan struct{}, 1)
	}
}

// held is a lock. Release it.
type held struct {
	slot chan struct{}
	file *os.File
}

// lock waits for the lock of a folder, as long as ctx lasts. The error is
// fs.ErrNotExist where the folder is not there, and so no file in it.
func (s *Store) lock(ctx context.Context, fan byte) (held, error) {
	slot := s.slots[fan]
	select {
	case slot <- struct{}{}:
	default:
		select {
		case slot <- struct{}{}:
		case <-ctx.Done():
			return held{}, ctx.Err()
		}
	}
	f, err := s.openLock(fan)
	if err != nil {
		<-slot
		return held{}, err
	}
	if err := waitForLock(ctx, f); err != nil {
		<-slot
		f.Close() //nolint:errcheck // it was not written to
		return held{}, err
	}
	return held{slot, f}, nil
}

// openLock opens a lock file, or says what is in its place: what some systems
// lock, and others do not, excludes nobody for sure.
func (s *Store) openLock(fan byte) (*os.File, error) {
	f, err := s.disk.openFile(fanPath(fan)+"/"+lockFile, os.O_RDWR|os.O_CREATE, s.opt.FileMode) // opened for both, no FIFO waits
	if err == nil {
		// There is no seeking in a FIFO, and unlike a stat this allocates nothing.
		if _, err = f.Seek(0, io.SeekCurrent); err == nil {
			return f, nil
		}
		f.Close() //nolint:errcheck // it was not written to
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	path := filepath.Join(s.dir, fanPath(fan), lockFile)
	if info, failed := os.Stat(path); failed == nil && !info.Mode().IsRegular() {
		return nil, irregularError(path, info)
	}
	return nil, err
}

// release gives the lock back. That it cannot fail is the system's business: a
// file that was only locked has nothing to lose.
func (h held) release() {
	h.file.Close() //nolint:errcheck // see above
	<-h.slot
}

// lockPatience bounds the wait for a process that holds a lock and was stopped.
const lockPatience = 10 * time.Second

// waitForLock asks again and again: a call that waits in the kernel could not be
// cancelled. Locks are held for some microseconds.
func waitForLock(ctx context.Context, f *os.File) error {
	var timer *time.Timer
	var deadline time.Time
	for pause := 20 * time.Microsecond; ; pause = min(2*pause, 2*time.Millisecond) {
		ok, err := tryLock(f)
		if ok || err != nil {
			return err
		}
		if timer == nil {
			deadline = time.Now().Add(lockPatience)
			timer = time.NewTimer(pause)
			defer timer.Stop()
		} else {
			timer.Reset(pause)
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("filestore: another process has held the lock %s for %v: was it stopped?", f.Name(), lockPatience)
		}
	}
}
