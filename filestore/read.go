package filestore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/advcache/advcache/store"
)

// firstRead is how much of a file is read at once: its front, and all of it
// where it is small.
const firstRead = 4 << 10

var firstReads = sync.Pool{New: func() any { return new([firstRead]byte) }}

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, key string, want store.Want) (obj store.Object, ok bool, err error) {
	if err := s.readyFor(ctx, key); err != nil {
		return obj, false, err
	}
	err = s.read(ctx, key, func(r *reading) error {
		if !want.Useful(&r.front.meta) {
			return nil
		}
		obj, ok, err = r.object(&want)
		return err
	})
	return obj, ok, err
}

// Head implements [store.Store].
func (s *Store) Head(ctx context.Context, key string) (meta store.Meta, ok bool, err error) {
	if err := s.readyFor(ctx, key); err != nil {
		return meta, false, err
	}
	err = s.read(ctx, key, func(r *reading) error {
		meta, ok = r.front.meta, true
		return nil
	})
	return meta, ok, err
}

// GetMany implements [store.ManyGetter].
func (s *Store) GetMany(ctx context.Context, keys []string, want store.Want) ([]*store.Object, error) {
	objs := make([]*store.Object, len(keys))
	err := each(len(keys), func(i int) error {
		obj, ok, err := s.Get(ctx, keys[i], want)
		if ok {
			objs[i] = &obj
		}
		return err
	})
	return objs, err
}

// each calls do with 0 to n-1, 8 at a time, and returns one of the errors. All
// are tried.
func each(n int, do func(i int) error) error {
	var group sync.WaitGroup
	const together = 8
	errs := make([]error, min(n, together))
	for worker := range errs {
		group.Go(func() {
			for i := worker; i < n; i += together {
				errs[worker] = firstOf(errs[worker], do(i))
			}
		})
	}
	group.Wait()
	return firstOf(errs...)
}

// read calls use with what is found for key, if there is something. What use
// keeps of it must be its own.
func (s *Store) read(ctx context.Context, key string, use func(*reading) error) error {
	n := nameOf(key)
	r, err := s.openFile(n, os.O_RDONLY)
	if err != nil {
		return absent(err)
	}
	defer r.done()
	err = r.look(key)
	if err == nil && r.front.meta.Damaged {
		err = s.settle(ctx, n, key, &r)
	}
	if err != nil {
		return err
	}
	return use(&r)
}

// settle looks again at a file that seems damaged, under the lock: it may have
// been read while a Touch wrote, and is then well.
func (s *Store) settle(ctx context.Context, n name, key string, r *reading) error {
	lock, err := s.lock(ctx, n.fan())
	if err != nil {
		return ctx.Err() // without the right to lock, what was seen holds
	}
	defer lock.release()
	return r.look(key)
}

// errIrregular says that there is something that is no file: a folder, a device, a
// FIFO. It is foreign, and is not read as a value, since that might never end.
var errIrregular = errors.New("it is no regular file, and is not read")

// openFile opens the file of an object.
func (s *Store) openFile(n name, flag int) (reading, error) {
	f, err := s.disk.openThere(n.path(), flag)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return reading{file: f}, err
	}
	// Some of these cannot be opened at all, such as a socket.
	var r reading
	if info, failed := s.disk.lstat(n.path()); failed == nil && r.isIrregular(info) {
		return r, nil
	}
	return r, err
}

// reading is a file that is read.
type reading struct {
	file      *os.File
	irregular fs.FileInfo // what is there instead of a file, or nil

	front  front
	data   []byte // the beginning of the file, which has the front in it
	size   int64  // of the file
	pooled *[firstRead]byte
}

// done closes the file, and gives back what the reading borrowed.
func (r *reading) done() {
	if r.file != nil {
		r.file.Close() //nolint:errcheck // who has written to it has closed it already
	}
	if r.pooled != nil {
		firstReads.Put(r.pooled)
	}
}

// look reads the front of the file, and judges it. A file of another key counts
// as damaged; key is empty where any will do. It is an error only if the system
// says so.
func (r *reading) look(key string) error {
	if r.irregular != nil {
		return nil
	}
	if r.pooled == nil {
		r.pooled = firstReads.Get().(*[firstRead]byte)
	}
	if err := r.fill(r.pooled[:0], firstRead); err != nil {
		if info, failed := r.file.Stat(); failed == nil && r.isIrregular(info) {
			return nil
		}
		return err
	}
	front, err := parseFront(r.data, r.size)
	for more, ok := errors.AsType[cutError](err); ok; more, ok = errors.AsType[cutError](err) {
		if err := r.fill(make([]byte, 0, more), int(more)); err != nil {
			return err
		}
		front, err = parseFront(r.data, r.size)
	}
	if err == nil && (key == "" || key == string(front.key)) {
		r.front = front
		return nil
	}
	r.front = unreadable(err)
	r.front.meta.Size = r.size
	return r.identify()
}

// unreadable returns the front of a file that cannot be parsed, or is of another
// key.
func unreadable(err error) front {
	switch {
	case errors.Is(err, errForeign):
		return front{meta: store.Meta{Foreign: true}}
	case errors.Is(err, errLater):
		return front{meta: store.Meta{Encoding: store.LaterFormat}}
	default:
		return front{meta: store.Meta{Damaged: true}}
	}
}

// fill reads the first n bytes of the file into the memory of buf, and learns
// how many there are.
func (r *reading) fill(buf []byte, n int) error {
	got, err := r.file.ReadAt(buf[:n], 0)
	r.data, r.size = buf[:got], int64(got)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	r.size = max(info.Size(), r.size)
	return nil
}

// isIrregular reports whether what is there is no file, and remembers that.
func (r *reading) isIrregular(info fs.FileInfo) bool {
	if info.Mode().IsRegular() {
		return false
	}
	r.irregular = info
	r.front = front{meta: store.Meta{Foreign: true, Size: -1, Version: versionAt(info)}}
	return true
}

// identify gives a foreign or damaged file a Version that changes when it is
// written.
func (r *reading) identify() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if !r.isIrregular(info) {
		r.front.meta.Version = versionAt(info)
	}
	return nil
}

func versionAt(info fs.FileInfo) store.Version {
	return store.NumberVersion(uint64(max(1, info.ModTime().UnixNano()))) //nolint:gosec // positive
}

// object returns what was found, with the body if it is wanted.
func (r *reading) object(want *store.Want) (obj store.Object, ok bool, err error) {
	obj, body := want.Answer(&r.front.meta)
	if !body {
		return obj, true, nil // what was not written must not be read
	}
	if r.irregular != nil {
		return store.Object{}, false, &fs.PathError{Op: "read", Path: r.irregular.Name(), Err: errIrregular}
	}
	from := r.front.body
	obj.Body = make([]byte, obj.Meta.Size)
	have := copy(obj.Body, r.data[from:])
	if have < len(obj.Body) {
		_, err = r.file.ReadAt(obj.Body[have:], from+int64(have))
	}
	if errors.Is(err, io.EOF) { // somebody has cut it meanwhile
		if obj.Meta.Foreign {
			return store.Object{}, false, nil // and may be writing
		}
		r.front.meta = store.Meta{Damaged: true, Size: r.size}
		err = r.identify()
		return store.Object{Meta: r.front.meta}, err == nil, err
	}
	return obj, err == nil, err
}
