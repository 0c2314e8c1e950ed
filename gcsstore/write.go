package gcsstore

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// writeTries is how often a conditional write looks again at what is held, since
// it changed after the look.
const writeTries = 8

var errChanges = errors.New("gcsstore: the object changed again and again while a conditional write looked at it")

// Put implements [store.Store]: by one insert, after a look at the metadata where
// the condition is about a life.
func (s *Store) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	b, err := s.api(ctx)
	if err != nil {
		return store.Version{}, false, err
	}
	if !isPlain(obj.Meta.Encoding) {
		return store.Version{}, false, fmt.Errorf("gcsstore: the encoding is %q; metadata take printable ASCII, without a space at an end", obj.Meta.Encoding)
	}
	w := write{s: s, b: b, name: s.names.Of(key), mark: objects.NewVersion(), obj: &obj, gone: obj.Meta.GoneAt(time.Now())}
	w.metadata = objects.Metadata(key, w.name, &obj.Meta, w.mark, maxMetadataKey)
	if err := objects.CheckMetadata(w.metadata, maxMetadata); err != nil {
		return store.Version{}, false, err
	}
	done := s.written.Begin(w.name)
	var ok bool
	switch cond.Kind {
	case store.Always:
		ok, err = true, w.change(ctx, nil)
	case store.IfVersion:
		ok, err = w.ifVersion(ctx, cond.Version)
	default:
		ok, err = w.ifHeld(ctx, cond)
	}
	if err != nil || !ok || w.gone {
		done(nil)
		return store.Version{}, ok && err == nil, err
	}
	meta := obj.Meta
	meta.Version, meta.Size = w.now.version(), int64(len(obj.Body))
	done(&meta)
	return meta.Version, true, nil
}

// write is an object that is to take the place of another, or to go.
type write struct {
	s          *Store
	b          *storage.BucketHandle
	name, mark string
	metadata   map[string]string
	obj        *store.Object
	gone       bool // then what is held is deleted

	u    *upload // made once it is clear that something is to be sent, since it is summed up
	sent int     // requests so far
	now  revision
}

// change makes the change, under a condition if there is one.
func (w *write) change(ctx context.Context, cond *storage.Conditions) error {
	if w.gone {
		return w.s.remove(ctx, w.b, w.name, cond, &w.sent)
	}
	if w.u == nil {
		w.u = w.newUpload()
	}
	var err error
	w.now, err = w.s.send(ctx, w.b, w.u, cond, &w.sent)
	return err
}

// ifVersion changes what has a version, which is a condition that the service
// knows.
func (w *write) ifVersion(ctx context.Context, version store.Version) (bool, error) {
	seen, ok := revisionOf(version)
	if !ok {
		return false, nil
	}
	before := w.sent
	err := w.change(ctx, seen.is())
	switch {
	case err == nil:
		return true, nil
	case !lostRace(err):
		return false, err
	case w.sent == before+1:
		return false, nil
	case w.gone:
		return isMissing(err), nil // by the try whose answer was lost, or by others at the same time
	}
	_, err = w.ours(ctx)
	return w.now != revision{}, err
}

// ours looks at what is held, and whether it is what a try has sent whose answer
// was lost.
func (w *write) ours(ctx context.Context) (*store.Meta, error) {
	h, there, err := w.s.head(ctx, w.b, w.name)
	if err != nil || !there {
		return nil, err
	}
	if h.mark == w.mark {
		w.now = h.at
	}
	return &h.meta, nil
}

// ifHeld looks at what is held, and changes that.
func (w *write) ifHeld(ctx context.Context, cond store.Cond) (bool, error) {
	for range writeTries {
		held, err := w.ours(ctx)
		if err != nil {
			return false, err
		}
		switch {
		case w.now != revision{}:
			return true, nil
		case !cond.Holds(held):
			return false, nil
		case held == nil && w.gone:
			return true, nil
		}
		is := &storage.Conditions{DoesNotExist: true}
		if held != nil {
			seen, _ := revisionOf(held.Version)
			is = seen.is()
		}
		if err = w.change(ctx, is); !lostRace(err) {
			return err == nil, err
		}
	}
	return false, errChanges
}

// upload is an object on its way.
type upload struct {
	name  string
	attrs storage.ObjectAttrs
	body  []byte
}

func (w *write) newUpload() *upload {
	meta, opt := &w.obj.Meta, &w.s.opt
	return &upload{name: w.name, body: w.obj.Body, attrs: storage.ObjectAttrs{
		Name: w.name, Metadata: w.metadata, ContentType: store.ContentType(meta.Encoding),
		CustomTime: w.s.customTime(meta), StorageClass: opt.StorageClass, KMSKeyName: opt.KMSKeyName,
		CRC32C: crc32.Checksum(w.obj.Body, castagnoli),
	}}
}

// send puts an object in its place, under a condition if there is one, and returns
// what it is now. It adds to sent how many requests there were.
func (s *Store) send(ctx context.Context, b *storage.BucketHandle, u *upload, cond *storage.Conditions, sent *int) (now revision, err error) {
	if len(u.body) > s.opt.ChunkSize {
		return s.sendChunks(ctx, b, u, cond, sent)
	}
	o := b.Object(u.name)
	if cond != nil {
		o = o.If(*cond)
	}
	err = s.tryFor(ctx, tries, int64(len(u.body)), func(ctx context.Context) error {
		*sent++
		s.meter.Count(classWrite)
		now, err = s.insert(ctx, o, u, (len(u.body)/chunkUnit+1)*chunkUnit, nil)
		return err
	})
	return now, s.explain(opWrite, err)
}

// insert is one upload. A chunk must be larger than a body that is to go in one
// request.
func (s *Store) insert(ctx context.Context, o *storage.ObjectHandle, u *upload, chunk int, progress func(int64)) (revision, error) {
	// The context ends what the writer has begun, if it is given up.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := o.NewWriter(ctx)
	w.ObjectAttrs, w.ChunkSize, w.ProgressFunc = u.attrs, chunk, progress
	w.SendCRC32C = true // so that a body that was damaged on its way is refused
	n, err := w.Write(u.body)
	s.meter.Sent(int64(n))
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return revision{}, err
	}
	s.seen.Store(true)
	attrs := w.Attrs()
	return revision{attrs.Generation, attrs.Metageneration}, nil
}

// sendChunks is send for a body of many chunks. The client tries again with a
// chunk, and goes on from where the service is. An upload that fails leaves
// nothing that costs, and the service forgets it within a week.
func (s *Store) sendChunks(ctx context.Context, b *storage.BucketHandle, u *upload, cond *storage.Conditions, sent *int) (now revision, err error) {
	failed := 0 // since the last progress; the writer's goroutine alone looks at it
	more := 0
	o := b.Object(u.name).Retryer(storage.WithPolicy(storage.RetryAlways), storage.WithErrorFunc(func(err error) bool {
		if failed++; failed >= tries || !storage.ShouldRetry(err) {
			return false
		}
		more++
		s.meter.Count(classDelete)
		return true
	}))
	if cond != nil {
		o = o.If(*cond)
	}
	err = s.tryFor(ctx, 1, int64(len(u.body)), func(ctx context.Context) error {
		*sent++
		s.meter.Count(classWrite)
		for range len(u.body)/s.opt.ChunkSize + 1 {
			s.meter.Count(classDelete)
		}
		now, err = s.insert(ctx, o, u, s.opt.ChunkSize, func(int64) { failed = 0 })
		return err
	})
	*sent += more
	return now, s.explain(opWrite, err)
}
