package gcsstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store/objects"
)

// fanOut is how many objects are deleted at once: there is no request for many.
const fanOut = 32

// Delete implements [store.Store] by one request for each key, 32 at once, which
// is about 1,000 a second. An error names the keys that are not deleted, but for
// those that are not tried any more once ctx is done, which it counts.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	b, err := s.api(ctx)
	if err != nil || len(keys) == 0 {
		return err
	}
	names, keyOf := s.names.All(keys)
	if len(names) == 1 { // whose error the caller gives a key
		defer s.written.Begin(names...)(nil)
		return s.remove(ctx, b, names[0], nil, new(int))
	}
	return s.removeAll(ctx, b, names, func(name string) string { return keyOf[name] })
}

// removeAll deletes objects. An error of one of them names its key; one of the
// bucket as a whole ends all.
func (s *Store) removeAll(ctx context.Context, b *storage.BucketHandle, names []string, keyOf func(name string) string) error {
	defer s.written.Begin(names...)(nil)
	var mu sync.Mutex
	var errs []error
	tried := 0
	ended := objects.Parallel(ctx, len(names), fanOut, func(ctx context.Context, i int) error {
		err := s.remove(ctx, b, names[i], nil, new(int))
		if err != nil && (ctx.Err() != nil || isNoBucket(err)) {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if tried++; err == nil {
			return nil
		}
		errs = append(errs, &advcache.OpError{Op: "delete", Backend: s.info.Name, Key: keyOf(names[i]), Err: err})
		return nil
	})
	if ended != nil && tried < len(names) {
		ended = fmt.Errorf("gcsstore: %d of %d objects of bucket %q were not deleted: %w", len(names)-tried, len(names), s.bucket, ended)
	}
	return errors.Join(append(errs, ended)...)
}

// remove deletes an object, under a condition if there is one. Without, what is
// absent is no error. It adds to sent how many requests there were.
func (s *Store) remove(ctx context.Context, b *storage.BucketHandle, name string, cond *storage.Conditions, sent *int) error {
	o := b.Object(name)
	if cond != nil {
		o = o.If(*cond)
	}
	err := s.try(ctx, func(ctx context.Context) error {
		*sent++
		s.meter.Count(classDelete)
		return o.Delete(ctx)
	})
	switch {
	case err == nil, cond == nil && isMissing(err) && !isNoBucket(err):
		return nil
	case lostRace(err):
		return fmt.Errorf("gcsstore: the object is another one by now: %w", err)
	default:
		return s.explain(opDelete, err)
	}
}
