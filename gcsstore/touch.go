package gcsstore

import (
	"context"
	"maps"
	"net/http"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// touchTries is how often a change of metadata is sent at the most: after that a
// put does as well.
const touchTries = 3

// Touch implements [store.Toucher]: by a look at the metadata, and by a change of
// them where the life that is left makes it worth the price of a write. With
// SoleWriter what was written last takes the place of the look. What is gone is
// put, not touched: others may be replacing it. So is what the service does not
// let change, since its metadata have changed within the last second.
func (s *Store) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	b, err := s.api(ctx)
	if err != nil {
		return false, err
	}
	name := s.names.Of(key)
	var h held
	var there bool
	if h.meta, there = s.written.Recall(name); there {
		h.at, _ = revisionOf(h.meta.Version)
		h.custom = s.customTime(&h.meta)
	}
	done := s.written.Begin(name)
	if !there {
		if h, there, err = s.head(ctx, b, name); err != nil {
			done(nil)
			return false, err
		}
	}
	now := time.Now()
	switch {
	case !there, h.meta.GoneAt(now), !cond.Holds(&h.meta), !h.meta.SameContent(&meta):
		done(nil) // it is put next
		return false, nil
	case !h.meta.DueAt(now, &meta):
		s.remember(done, &h)
		return true, nil
	}
	next := held{meta: meta}
	next.meta.Encoding, next.meta.Size = h.meta.Encoding, h.meta.Size // the body stays
	ok, err := s.renew(ctx, b, key, name, &h, &next)
	if err != nil || !ok {
		done(nil)
		return false, err
	}
	next.meta.Version = next.at.version()
	s.remember(done, &next)
	return true, nil
}

// remember remembers what is held, if the custom time is the one that it would be
// given: it cannot go back.
func (s *Store) remember(done func(*store.Meta), h *held) {
	if h.custom.Equal(s.customTime(&h.meta)) {
		done(&h.meta)
	} else {
		done(nil)
	}
}

// renew gives what is held the metadata of next, of which it learns the rest.
func (s *Store) renew(ctx context.Context, b *storage.BucketHandle, key, name string, h, next *held) (bool, error) {
	next.mark = objects.NewVersion()
	metadata := objects.Metadata(key, name, &next.meta, next.mark, maxMetadataKey)
	if next.custom = s.customTime(&next.meta); !h.custom.IsZero() { // a rule may look at it, whatever this store writes
		next.custom = customTimeOf(&next.meta)
	}
	o, op, sent := b.Object(name), opPatch, 0
	err := s.tryFor(ctx, touchTries, 0, func(ctx context.Context) error {
		sent++
		s.meter.Count(classWrite)
		var attrs *storage.ObjectAttrs
		var err error
		if next.meta.GoesAt().IsZero() && !h.custom.IsZero() {
			op = opCopy
			attrs, err = s.copyOver(ctx, o, h, next, metadata)
		} else {
			attrs, err = s.patch(ctx, o, h, next, metadata)
		}
		if err == nil {
			next.at = revision{attrs.Generation, attrs.Metageneration}
		}
		return err
	})
	switch {
	case err == nil:
		return true, nil
	case isStatus(err, http.StatusTooManyRequests):
		return false, nil
	case !lostRace(err):
		return false, s.explain(op, err)
	case sent == 1:
		return false, nil
	}
	// It may be that the change was made by a try whose answer was lost.
	seen, there, err := s.head(ctx, b, name)
	if err != nil || !there || seen.mark != next.mark {
		return false, err
	}
	next.at, next.custom = seen.at, seen.custom
	return true, nil
}

// patch changes the metadata in their place.
func (s *Store) patch(ctx context.Context, o *storage.ObjectHandle, h, next *held, metadata map[string]string) (*storage.ObjectAttrs, error) {
	// The client cannot remove a name alone: an empty value stands for that.
	metadata = maps.Clone(metadata)
	for name := range store.Metadata(&h.meta) {
		if _, stays := metadata[name]; !stays {
			metadata[name] = ""
		}
	}
	update := storage.ObjectAttrsToUpdate{Metadata: metadata}
	switch {
	case next.custom.Before(h.custom):
		next.custom = h.custom // it cannot go back
	case !next.custom.Equal(h.custom):
		update.CustomTime = next.custom
	}
	return o.If(*h.at.is()).Update(ctx, update)
}

// copyOver copies an object over itself: a custom time cannot be removed in any
// other way, and by it what never goes would be deleted.
func (s *Store) copyOver(ctx context.Context, o *storage.ObjectHandle, h, next *held, metadata map[string]string) (*storage.ObjectAttrs, error) {
	c := o.If(*h.at.is()).CopierFrom(o.Generation(h.at.generation).If(*h.at.is()))
	c.Metadata, c.ContentType = metadata, store.ContentType(next.meta.Encoding)
	c.StorageClass, c.DestinationKMSKeyName = s.opt.StorageClass, s.opt.KMSKeyName
	return c.Run(ctx)
}
