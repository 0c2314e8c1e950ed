package gcsstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/advcache/advcache"
)

// operation is a kind of request, for messages.
type operation struct{ does, needs, role string }

var (
	opRead   = operation{"a read", "storage.objects.get", "roles/storage.objectViewer"}
	opWrite  = operation{"a write", "storage.objects.create, and storage.objects.delete to replace an object", "roles/storage.objectUser"}
	opPatch  = operation{"a change of metadata", "storage.objects.get and storage.objects.update", "roles/storage.objectUser"}
	opCopy   = operation{"a copy", "storage.objects.get, storage.objects.create and storage.objects.delete", "roles/storage.objectUser"}
	opDelete = operation{"a delete", "storage.objects.delete", "roles/storage.objectUser"}
	opList   = operation{"a listing", "storage.objects.list", "roles/storage.objectViewer"}
	opBucket = operation{"a look at it", "storage.buckets.get", "roles/storage.bucketViewer"}
)

// The words by which the JSON API tells what is missing. A read by the XML API
// loses them in the client.
const (
	saysNoObject = "No such object"
	saysNoBucket = "bucket does not exist"
)

// isMissing reports whether something is not there: the object, or its bucket.
func isMissing(err error) bool {
	return errors.Is(err, storage.ErrObjectNotExist) || isStatus(err, http.StatusNotFound)
}

func isNoBucket(err error) bool {
	return errors.Is(err, storage.ErrBucketNotExist) || isStatus(err, http.StatusNotFound) && says(err, saysNoBucket)
}

// lostRace reports whether what was looked at is there no more.
func lostRace(err error) bool {
	return isStatus(err, http.StatusPreconditionFailed) || isMissing(err) && !isNoBucket(err)
}

// missing returns the error of a read that failed: none where there is no object.
func (s *Store) missing(ctx context.Context, b *storage.BucketHandle, name string, err error) error {
	switch {
	case isStatus(err, http.StatusForbidden) && s.opt.Forbidden403IsMiss:
		return nil
	case isNoBucket(err), !isMissing(err):
		return s.explain(opRead, err)
	case s.seen.Load():
		return nil
	case says(err, saysNoObject):
		s.seen.Store(true)
		return nil
	}
	// The client has lost the words. Those of the JSON API need no right but
	// that to read.
	_, err = s.attrs(ctx, b, name)
	switch {
	case err == nil, says(err, saysNoObject):
		s.seen.Store(true)
		return nil
	case isNoBucket(err), !isMissing(err):
		return s.explain(opRead, err)
	}
	// Not all servers have the same words.
	err = s.try(ctx, func(ctx context.Context) error {
		s.meter.Count(classRead)
		_, err := b.Attrs(ctx)
		return err
	})
	if err == nil || isStatus(err, http.StatusForbidden) { // who may not look cannot know
		s.seen.Store(true)
		return nil
	}
	return s.explain(opBucket, err)
}

// explain says what the client does not.
func (s *Store) explain(op operation, err error) error {
	switch {
	case err == nil:
		return nil
	case isNoBucket(err):
		if e, ok := errors.AsType[*googleapi.Error](err); ok {
			err = e // the client takes it for a missing object
		}
		return fmt.Errorf("gcsstore: there is no bucket %q: %w: %w", s.bucket, storage.ErrBucketNotExist, err)
	case isStatus(err, http.StatusForbidden):
		return fmt.Errorf("gcsstore: bucket %q refused %s, which needs %s (%s has that)%s: %w", s.bucket, op.does, op.needs, op.role, op.absentToo(), err)
	case isStatus(err, http.StatusUnauthorized):
		return fmt.Errorf("gcsstore: bucket %q refused %s, which needs %s: the credentials of the client are not valid, or there are none: %w",
			s.bucket, op.does, op.needs, err)
	default:
		return fmt.Errorf("gcsstore: bucket %q: %w", s.bucket, err)
	}
}

func (op *operation) absentToo() string {
	if *op == opRead {
		return "; without storage.objects.list an absent key is answered so too: see Options.Forbidden403IsMiss"
	}
	return ""
}

// opError is for what a cache does not call, which would add it.
func (s *Store) opError(op string, err error) error {
	if err == nil {
		return nil
	}
	return &advcache.OpError{Op: op, Backend: s.info.Name, Err: err}
}
