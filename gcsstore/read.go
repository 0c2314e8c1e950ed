package gcsstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store"
)

const (
	// drained is how much of a body nobody wants is read, to keep the connection.
	drained = 256 << 10

	// readTries is how often an object is read that others replace meanwhile, and
	// seenTries how often after a look.
	readTries = 20
	seenTries = 4
)

var errReplaced = errors.New("gcsstore: the object was replaced again and again while it was read")

// What is known of how the client reads.
const (
	readsUnknown int32 = iota
	readsTell          // the metadata too
	readsBlind         // by the JSON API: they do not
)

// Get implements [store.Store]: see the table in the documentation of the package.
func (s *Store) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	b, err := s.api(ctx)
	if err != nil {
		return store.Object{}, false, err
	}
	name := s.names.Of(key)
	for try := range readTries {
		var obj store.Object
		var ok bool
		// The large body of which the reader has a copy may be the same; but in the
		// end it is a read of whatever the object is by then that comes to an end.
		atOnce := s.opt.Freshness == OneRequest && want.Size <= drained || try >= seenTries
		if atOnce && s.reads.Load() != readsBlind {
			obj, ok, err = s.getAtOnce(ctx, b, name, want)
		} else {
			obj, ok, err = s.getSeen(ctx, b, name, want)
		}
		// What is read is a generation: once that is replaced, it is missing.
		forbidden := s.opt.Forbidden403IsMiss && isStatus(err, http.StatusForbidden)
		if !forbidden && !isMissing(err) || isNoBucket(err) {
			return obj, ok, err
		}
	}
	return store.Object{}, false, fmt.Errorf("%w: %w", errReplaced, err)
}

// Head implements [store.Store] by one request for the metadata.
func (s *Store) Head(ctx context.Context, key string) (store.Meta, bool, error) {
	b, err := s.api(ctx)
	if err != nil {
		return store.Meta{}, false, err
	}
	h, there, err := s.head(ctx, b, s.names.Of(key))
	return h.meta, there, err
}

func (s *Store) head(ctx context.Context, b *storage.BucketHandle, name string) (h held, there bool, err error) {
	attrs, err := s.attrs(ctx, b, name)
	if err != nil {
		return held{}, false, s.missing(ctx, b, name, err)
	}
	s.seen.Store(true)
	return heldFrom(attrs), true, nil
}

func (s *Store) attrs(ctx context.Context, b *storage.BucketHandle, name string) (attrs *storage.ObjectAttrs, err error) {
	o := b.Object(name)
	err = s.try(ctx, func(ctx context.Context) error {
		s.meter.Count(classRead)
		attrs, err = o.Attrs(ctx)
		return err
	})
	return attrs, err
}

// getSeen asks for the metadata, and for the body of what is of use.
func (s *Store) getSeen(ctx context.Context, b *storage.BucketHandle, name string, want store.Want) (store.Object, bool, error) {
	h, there, err := s.head(ctx, b, name)
	if err != nil || !there || !want.Useful(&h.meta) {
		return store.Object{}, false, err
	}
	return s.getHeld(ctx, b, name, want, &h)
}

// getHeld returns what was seen, which is of use.
func (s *Store) getHeld(ctx context.Context, b *storage.BucketHandle, name string, want store.Want, h *held) (store.Object, bool, error) {
	obj, body := want.Answer(&h.meta)
	if !body {
		return obj, true, nil
	}
	var err error
	obj.Body, err = s.body(ctx, b.Object(name).Generation(h.at.generation), h, nil)
	return obj, err == nil, err
}

// getAtOnce asks for the object, and judges it on its headers.
func (s *Store) getAtOnce(ctx context.Context, b *storage.BucketHandle, name string, want store.Want) (store.Object, bool, error) {
	o := b.Object(name)
	var r *reader
	err := s.again(ctx, tries, func() (err error) {
		r, err = s.open(ctx, o, 0, -1)
		return err
	})
	if err != nil {
		return store.Object{}, false, s.missing(ctx, b, name, err)
	}
	s.seen.Store(true)
	metadata := r.Metadata()
	if s.reads.Load() != readsTell && (len(metadata) == 0 || r.Attrs.Metageneration == 0) { // others may have found out meanwhile
		r.drop()
		return s.getBlind(ctx, b, name, want)
	}
	s.reads.CompareAndSwap(readsUnknown, readsTell)
	h := held{
		at: revision{r.Attrs.Generation, r.Attrs.Metageneration}, crc: r.Attrs.CRC32C,
		coded: r.Attrs.ContentEncoding != "" || r.Attrs.Decompressed,
	}
	h.meta, h.mark = metaFrom(metadata, r.Attrs.Size, h.at)
	obj, body := want.Answer(&h.meta)
	if useful := want.Useful(&h.meta); !body || !useful {
		r.drop()
		return obj, useful, nil
	}
	obj.Body, err = s.body(ctx, o.Generation(h.at.generation), &h, r)
	return obj, err == nil, err
}

// getBlind is for a read that told no metadata, or not all of what GCS tells:
// there are none, or the client reads by the JSON API, which is found out once.
func (s *Store) getBlind(ctx context.Context, b *storage.BucketHandle, name string, want store.Want) (store.Object, bool, error) {
	h, there, err := s.head(ctx, b, name)
	if err != nil || !there {
		return store.Object{}, false, err
	}
	if !h.meta.Foreign && s.reads.CompareAndSwap(readsUnknown, readsBlind) {
		s.opt.Logger.LogAttrs(ctx, slog.LevelWarn, "gcsstore: a read does not tell the metadata of an object, so that each takes two requests: "+
			"the client reads by the JSON API, make it with storage.WithXMLReads; or an emulator does not send them", slog.String("bucket", s.bucket))
	}
	if !want.Useful(&h.meta) {
		return store.Object{}, false, nil
	}
	return s.getHeld(ctx, b, name, want, &h)
}
