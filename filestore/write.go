package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/advcache/advcache/store"
)

// oneWrite is how large a file may be to be put together in memory: copying
// more takes longer than a second system call.
const oneWrite = 16 << 10

var fronts = sync.Pool{New: func() any { return new([]byte) }}

// Put implements [store.Store].
func (s *Store) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (v store.Version, ok bool, err error) {
	if err := s.readyFor(ctx, key); err != nil {
		return v, false, err
	}
	if cond.Kind != store.Always {
		if !locksProcesses {
			return v, false, fmt.Errorf("filestore: conditions between processes: %w", errors.ErrUnsupported)
		}
		// Most conditions that do not hold are found out before anything is
		// written.
		if ok, err := s.holds(ctx, key, &cond); !ok || err != nil {
			return v, false, err
		}
	}
	buf := fronts.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= 4*oneWrite {
			fronts.Put(buf)
		}
	}()
	content, err := appendFront((*buf)[:0], key, &obj)
	if err != nil {
		return v, false, err
	}
	w := write{name: nameOf(key), key: key, content: content, cond: &cond, gone: store.Millis(obj.Meta.GoesAt())}
	v, size := versionIn(content), int64(len(content)+len(obj.Body))
	if w.blocks = inBlocks(size); w.blocks > s.opt.MaxBytes {
		return store.Version{}, false, fmt.Errorf("filestore: the object takes %d bytes, and MaxBytes is %d: %w", w.blocks, s.opt.MaxBytes, store.ErrTooLarge)
	}
	if obj.Meta.GoneAt(time.Now()) {
		ok, err := s.putGone(ctx, &w)
		return store.Version{}, ok, err
	}
	if size <= oneWrite {
		w.content = append(w.content, obj.Body...)
	} else {
		w.body = obj.Body
	}
	*buf = w.content
	ok, err = s.put(ctx, &w)
	if errors.Is(err, fs.ErrNotExist) { // the first file of its folder, or that was removed
		if err = s.makeFolder(w.name.fan()); err == nil {
			ok, err = s.put(ctx, &w)
		}
	}
	if !ok || err != nil {
		return store.Version{}, false, err
	}
	s.evict(ctx)
	return v, true, nil
}

// putGone removes what is held if the condition holds: an object that nobody would
// be served from needs no file.
func (s *Store) putGone(ctx context.Context, w *write) (ok bool, err error) {
	lock, err := s.lock(ctx, w.name.fan())
	if errors.Is(err, fs.ErrNotExist) { // no folder, and so no file in it
		return w.cond.Holds(nil), nil
	}
	if err != nil {
		return false, err
	}
	defer lock.release()
	if w.cond.Kind != store.Always {
		if ok, err := s.holdsLocked(w.key, w.cond); !ok || err != nil {
			return false, err
		}
	}
	err = s.removeLocked(w.name)
	return err == nil, err
}

// PutMany implements [store.ManyPutter].
func (s *Store) PutMany(ctx context.Context, objs map[string]store.Object) error {
	keys := make([]string, 0, len(objs))
	for key := range objs {
		keys = append(keys, key)
	}
	return each(len(keys), func(i int) error {
		_, _, err := s.Put(ctx, keys[i], objs[keys[i]], store.Cond{})
		return err
	})
}

// Touch implements [store.Toucher]. It writes over the first part of the
// envelope where it stands: 96 bytes, where a copy would read and write the
// whole object and make a file for it. A reader that sees half of them notices
// by their checksum, and looks again under the lock.
func (s *Store) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (ok bool, err error) {
	if err := s.readyFor(ctx, key); err != nil {
		return false, err
	}
	n := nameOf(key)
	lock, err := s.lock(ctx, n.fan())
	if err != nil {
		return false, absent(err)
	}
	defer lock.release()
	r, err := s.openFile(n, os.O_RDWR)
	if err != nil {
		return false, absent(err)
	}
	defer r.done()
	if err := r.look(key); err != nil {
		return false, err
	}
	now := r.front.meta
	if !cond.Holds(&now) || !now.SameContent(&meta) {
		return false, nil
	}
	now.CreatedAt, now.FreshUntil, now.StaleUntil, now.HeldUntil = meta.CreatedAt, meta.FreshUntil, meta.StaleUntil, meta.HeldUntil
	f := r.file
	defer func() { err = firstOf(err, f.Close()) }()
	var fixed [store.EnvelopeFixed]byte
	if _, err := f.WriteAt(store.AppendEnvelopeFixed(fixed[:0], &now, newVersion()), headLen); err != nil {
		return false, err
	}
	if s.opt.Fsync {
		if err := f.Sync(); err != nil {
			return false, err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	s.index.put(n, inBlocks(r.size), info.ModTime(), store.Millis(now.GoesAt()))
	return true, nil
}

// Delete implements [store.Store]. All keys are tried; the error is the first.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	var first error
	for _, key := range keys {
		if err := s.readyFor(ctx, key); err != nil {
			return firstOf(first, err)
		}
		first = firstOf(first, s.remove(ctx, nameOf(key)))
	}
	return first
}

// remove removes a file.
func (s *Store) remove(ctx context.Context, n name) error {
	lock, err := s.lock(ctx, n.fan())
	if err != nil {
		return absent(err)
	}
	defer lock.release()
	return s.removeLocked(n)
}

// removeLocked is remove for who has the lock.
func (s *Store) removeLocked(n name) error {
	if err := absent(s.disk.remove(n.path())); err != nil {
		return err
	}
	s.index.drop(n)
	if s.opt.Fsync {
		return s.disk.syncFolder(fanPath(n.fan()))
	}
	return nil
}

// absent turns the error for what is not there into none.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// firstOf returns the first error as it is: the others follow from it, mostly.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// write is a file that is to be.
type write struct {
	name    name
	key     string
	content []byte // the front, and the body if it is small
	body    []byte // or else here
	cond    *store.Cond
	blocks  int64
	gone    int64 // Unix milliseconds; 0: never
}

// put writes a temporary file, and gives it its name if the condition holds.
func (s *Store) put(ctx context.Context, w *write) (ok bool, err error) {
	folder := fanPath(w.name.fan())
	temp := folder + "/" + tempName()
	made, mod, err := s.writeFile(temp, w)
	defer func() {
		if made && !ok {
			err = firstOf(err, absent(s.disk.remove(temp)))
		}
	}()
	if err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	lock, err := s.lock(ctx, w.name.fan())
	if err != nil {
		return false, err
	}
	defer lock.release()
	if w.cond.Kind != store.Always {
		if ok, err := s.holdsLocked(w.key, w.cond); !ok || err != nil {
			return false, err
		}
	}
	if err := s.disk.rename(temp, w.name.path()); err != nil {
		return false, err
	}
	s.index.put(w.name, w.blocks, mod, w.gone)
	if s.opt.Fsync {
		return true, s.disk.syncFolder(folder)
	}
	return true, nil
}

// writeFile makes a file, and returns when it was written. Made says that there
// is one, though it be incomplete.
func (s *Store) writeFile(path string, w *write) (made bool, mod time.Time, err error) {
	f, err := s.disk.openFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, s.opt.FileMode)
	if err != nil {
		return false, mod, err
	}
	_, err = f.Write(w.content)
	if err == nil && len(w.body) > 0 {
		_, err = f.Write(w.body)
	}
	if err == nil && s.opt.Fsync {
		err = f.Sync()
	}
	if err == nil {
		var info fs.FileInfo
		if info, err = f.Stat(); err == nil {
			mod = info.ModTime()
		}
	}
	return true, mod, firstOf(err, f.Close())
}

// makeFolder makes the folder of some files, and that of the store if it was
// removed.
func (s *Store) makeFolder(fan byte) error {
	if err := os.MkdirAll(s.dir, s.opt.DirMode); err != nil {
		return err
	}
	if err := s.remark(); err != nil {
		return err
	}
	if err := s.disk.mkdir(fanPath(fan), s.opt.DirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if s.opt.Fsync {
		return s.disk.syncFolder(".")
	}
	return nil
}

// holds reports whether cond holds for key at this moment.
func (s *Store) holds(ctx context.Context, key string, cond *store.Cond) (bool, error) {
	ok := cond.Holds(nil)
	err := s.read(ctx, key, func(r *reading) error {
		ok = cond.Holds(&r.front.meta)
		return nil
	})
	return ok, err
}

// holdsLocked is holds for who has the lock.
func (s *Store) holdsLocked(key string, cond *store.Cond) (bool, error) {
	r, err := s.openFile(nameOf(key), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return cond.Holds(nil), nil
	}
	if err != nil {
		return false, err
	}
	defer r.done()
	if err := r.look(key); err != nil {
		return false, err
	}
	return cond.Holds(&r.front.meta), nil
}

// inBlocks returns what a file of some bytes takes of the disk.
func inBlocks(size int64) int64 { return max(1, (size+block-1)/block) * block }
