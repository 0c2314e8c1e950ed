package s3store

import (
	"context"
	"errors"
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
	for range readTries {
		var seen *held
		if s.opt.Freshness == HeadFirst || want.Size > drained { // of the copy that the reader has
			h, there, err := s.head(ctx, key)
			if err != nil || !there || !want.Useful(&h.meta) {
				return store.Object{}, false, err
			}
			if obj, body := want.Answer(&h.meta); !body {
				return obj, true, nil
			}
			seen = &h
		}
		obj, ok, err := s.get(ctx, key, want, seen)
		if !errors.Is(err, errReplaced) && !lostRace(err) {
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
	return s.headName(ctx, api, s.names.Of(key))
}

func (s *Store) headName(ctx context.Context, api *s3.Client, name string) (h held, there bool, err error) {
	out, err := s.headObject(ctx, api, name)
	if err != nil || out == nil {
		return held{}, false, err
	}
	return newHeld(out.Metadata, out.ETag, aws.ToInt64(out.ContentLength), out.LastModified), true, nil
}

// headObject returns nil where there is no object.
func (s *Store) headObject(ctx context.Context, api *s3.Client, name string) (*s3.HeadObjectOutput, error) {
	in := &s3.HeadObjectInput{Bucket: aws.String(s.bucket), Key: aws.String(name)}
	out, err := api.HeadObject(ctx, in, s.observed)
	if isStatus(err, http.StatusForbidden) && isSkewed(err) {
		// The SDK knows the clock of the service by now. It tries again by itself
		// where an answer says why it is a refusal, but that to a HEAD does not.
		out, err = api.HeadObject(ctx, in, s.observed)
	}
	if err != nil {
		return nil, s.missing(ctx, api, "HeadObject", err)
	}
	s.seen.Store(true)
	return out, nil
}

// get asks for the object itself; for the one that was seen, if there is one.
func (s *Store) get(ctx context.Context, key string, want store.Want, seen *held) (store.Object, bool, error) {
	api, err := s.api(ctx)
	if err != nil {
		return store.Object{}, false, err
	}
	bucket, name := s.at(key)
	if seen != nil && seen.size > s.opt.PartSize {
		// All parts at once: none has to tell first how many there are.
		d := download{store: s, api: api, bucket: bucket, name: name, etag: aws.String(seen.etag)}
		if err := d.read(ctx, seen.size, nil); err != nil {
			return store.Object{}, false, err
		}
		return store.Object{Meta: seen.meta, Body: d.body[:seen.meta.Size]}, true, nil
	}
	in := &s3.GetObjectInput{Bucket: bucket, Key: name}
	if seen != nil {
		in.IfMatch = aws.String(seen.etag)
	}
	out, err := api.GetObject(ctx, in, s.observed)
	if err != nil {
		return store.Object{}, false, s.missing(ctx, api, "GetObject", err)
	}
	s.seen.Store(true)
	if seen != nil && aws.ToString(out.ETag) != seen.etag { // not each service keeps If-Match
		_ = out.Body.Close() // of no use
		return store.Object{}, false, errReplaced
	}
	size := aws.ToInt64(out.ContentLength)
	h := newHeld(out.Metadata, out.ETag, size, out.LastModified)
	obj, body := want.Answer(&h.meta)
	if useful := want.Useful(&h.meta); !body || !useful {
		if size <= drained {
			_, _ = io.Copy(io.Discard, out.Body) // else the connection is lost, and that is all
		}
		_ = out.Body.Close() // what is left is not wanted
		return obj, useful, nil
	}
	d := download{store: s, api: api, bucket: bucket, name: name, etag: out.ETag}
	if err := d.read(ctx, size, out.Body); err != nil {
		return store.Object{}, false, err
	}
	obj.Body = d.body[:h.meta.Size] // without a pad
	return obj, true, nil
}
