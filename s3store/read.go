package s3store

import (
	"context"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store"
)

const (
	// drained is how much of a body nobody wants is read, to keep the connection.
	drained = 256 << 10

	// readTries is how often an object is read that others replace meanwhile.
	readTries = 4
)

// Get implements [store.Store]: see the table in the documentation of the package.
func (s *Store) Get(ctx context.Context, key string, want store.Want) (store.Object, bool, error) {
	if s.opt.Freshness == OneRequest {
		return s.get(ctx, key, want, nil)
	}
	for range readTries {
		h, there, err := s.head(ctx, key)
		if err != nil || !there || !want.Useful(&h.meta) {
			return store.Object{}, false, err
		}
		if obj, ok := bodiless(&h.meta, &want); ok {
			return obj, true, nil
		}
		obj, ok, err := s.get(ctx, key, want, &h)
		if !isStatus(err, statusPreconditionFailed) {
			return obj, ok, err
		}
	}
	return s.get(ctx, key, want, nil) // whatever it is by now
}

// Head implements [store.Store] by one HEAD.
func (s *Store) Head(ctx context.Context, key string) (store.Meta, bool, error) {
	h, there, err := s.head(ctx, key)
	return h.meta, there, err
}

func (s *Store) head(ctx context.Context, key string) (h held, there bool, err error) {
	api, err := s.api(ctx)
	if err != nil {
		return held{}, false, err
	}
	bucket, name := s.at(key)
	in := &s3.HeadObjectInput{Bucket: bucket, Key: name}
	out, err := api.HeadObject(ctx, in)
	if isStatus(err, http.StatusForbidden) && isSkewed(err) {
		// The SDK knows the clock of the service by now. It tries again by itself
		// where an answer says why it is a refusal, but that to a HEAD does not.
		out, err = api.HeadObject(ctx, in)
	}
	if err != nil {
		return held{}, false, s.missing(ctx, api, "HeadObject", err)
	}
	s.seen.Store(true)
	return newHeld(out.Metadata, out.ETag, aws.ToInt64(out.ContentLength), out.LastModified), true, nil
}

// bodiless returns the object where no body is to be moved for it.
func bodiless(m *store.Meta, want *store.Want) (obj store.Object, ok bool) {
	obj.Meta = *m
	obj.NotModified = !want.Hash.IsZero() && m.Hash == want.Hash && !m.Absent
	switch {
	case obj.NotModified, m.Absent, m.Damaged, m.Encoding == store.LaterFormat, m.Foreign && !want.Foreign:
		return obj, true
	default:
		return obj, false
	}
}

// get asks for the object itself; for the one that was seen, if there is one.
func (s *Store) get(ctx context.Context, key string, want store.Want, seen *held) (store.Object, bool, error) {
	api, err := s.api(ctx)
	if err != nil {
		return store.Object{}, false, err
	}
	bucket, name := s.at(key)
	in := &s3.GetObjectInput{Bucket: bucket, Key: name}
	if seen != nil {
		in.IfMatch = aws.String(seen.etag)
		if seen.size > s.opt.PartSize {
			in.Range = span{0, s.opt.PartSize}.header()
		}
	}
	out, err := api.GetObject(ctx, in)
	if err != nil {
		return store.Object{}, false, s.missing(ctx, api, "GetObject", err)
	}
	defer out.Body.Close() //nolint:errcheck // what was read was read, and the rest is not wanted
	s.seen.Store(true)
	size := aws.ToInt64(out.ContentLength)
	if in.Range != nil {
		size = seen.size
	}
	h := newHeld(out.Metadata, out.ETag, size, out.LastModified)
	obj, none := bodiless(&h.meta, &want)
	if useful := want.Useful(&h.meta); none || !useful {
		if size <= drained {
			_, _ = io.Copy(io.Discard, out.Body) // else the connection is lost, and that is all
		}
		return obj, useful, nil
	}
	if obj.Body, err = s.body(ctx, api, in, out, size); err != nil {
		return obj, false, err
	}
	obj.Body = obj.Body[:h.meta.Size] // without a pad
	return obj, true, nil
}
