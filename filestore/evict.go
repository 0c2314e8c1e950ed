package filestore

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/advcache/advcache"
)

// evict removes the oldest files while there are too many. Each write that
// passes a bound does so itself: that costs it one removal, mostly, where making
// room from time to time would cost it nothing and then a pause.
func (s *Store) evict(ctx context.Context) {
	for {
		e, ok := s.index.overflow(s.opt.MaxBytes, s.opt.MaxEntries)
		if !ok {
			return
		}
		if err := s.evictOne(ctx, &e); err != nil {
			// It is still there, and next again. If it is not ctx that hinders,
			// the next sweep says what.
			s.index.keep(e)
			return
		}
	}
}

// evictOne removes the oldest file, unless somebody else has just written it.
func (s *Store) evictOne(ctx context.Context, e *entry) error {
	lock, err := s.lock(ctx, e.name.fan())
	if err != nil {
		return absent(err)
	}
	info, err := s.disk.lstat(e.name.path())
	if err != nil {
		lock.release()
		return absent(err)
	}
	if size := inBlocks(info.Size()); info.ModTime().UnixNano() != e.mod || size != e.size {
		s.index.saw(e.name, size, info.ModTime())
		lock.release()
		return nil
	}
	key := ""
	if s.opt.observed() {
		key, _, _ = s.glance(e.name) // what cannot be read is evicted without its key
	}
	err = s.removeLocked(e.name)
	lock.release()
	if err == nil {
		s.tell(ctx, key)
	}
	return err
}

// expire removes a file that is gone, or learns when it will be.
func (s *Store) expire(ctx context.Context, e *entry) error {
	if e.gone == unknown { // mostly it is not: read without the lock
		key, gone, err := s.glance(e.name)
		if err != nil {
			return absent(err)
		}
		if key != "" && !goneBy(gone, time.Now()) {
			s.index.learn(e, gone)
			return nil
		}
	}
	lock, err := s.lock(ctx, e.name.fan())
	if err != nil {
		return absent(err)
	}
	key, gone, err := s.glance(e.name) // what it is now
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.index.drop(e.name)
		err = nil
	case err != nil:
	case !goneBy(gone, time.Now()):
		s.index.learn(e, gone)
	default:
		if err = s.removeLocked(e.name); err == nil {
			lock.release()
			s.tell(ctx, key)
			return nil
		}
	}
	lock.release()
	return err
}

// glance reads what a file says of itself. Of a damaged one it returns nothing:
// it stays until its key is read or written, or it is the oldest.
func (s *Store) glance(n name) (key string, gone int64, err error) {
	r, err := s.openFile(n, os.O_RDONLY)
	if err != nil {
		return "", 0, err
	}
	defer r.done()
	if err := r.look(""); err != nil {
		return "", 0, err
	}
	return string(r.front.key), goneMillis(&r.front.meta), nil
}

// tell tells the Observer of an eviction.
func (s *Store) tell(ctx context.Context, key string) {
	if !s.opt.observed() {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			s.opt.Logger.LogAttrs(ctx, slog.LevelError, "filestore: Observer.Evict panicked",
				slog.String("store", s.opt.Name), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
	}()
	s.opt.Observer.Evict(advcache.Event{Cache: s.opt.Name, Key: key})
}
