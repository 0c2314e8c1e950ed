package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// maxCopy is how large an object S3 copies in one request.
const maxCopy = 5 << 30

// Touch implements [store.Toucher]: by a HEAD, and by a copy of the object to
// itself where the life that is left makes it worth the price of a PUT. With
// SoleWriter what was written last takes the place of the HEAD. What is gone is
// put, not touched: others may be replacing it.
func (s *Store) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	api, err := s.api(ctx)
	if err != nil {
		return false, err
	}
	name := s.names.Of(key)
	recalled, there := s.written.Recall(name)
	h := held{meta: recalled, etag: etagOf(&recalled), size: recalled.Size}
	done := s.written.Begin(name)
	if !there {
		if h, there, err = s.headName(ctx, api, name); err != nil {
			done(nil)
			return false, err
		}
	}
	now := time.Now()
	switch {
	case !there, h.meta.GoneAt(now), h.size > maxCopy, !cond.Holds(&h.meta), !h.meta.SameContent(&meta):
		done(nil) // it is put next
		return false, nil
	case h.meta.DueAt(now, &meta):
		if ok, err := s.renew(ctx, api, key, &h, &meta, cond); !ok || err != nil {
			done(nil)
			return false, err
		}
	}
	if h.pad == "" {
		done(&h.meta)
	} else {
		done(nil) // it takes a look to renew it again
	}
	return true, nil
}

// renew copies an object to itself, with the life of next, which it notes in h.
// On a service without a condition on the destination it may take the place of
// what is written meanwhile: as a write of the same content may, but for one with
// a condition.
func (s *Store) renew(ctx context.Context, api *s3.Client, key string, h *held, next *store.Meta, cond store.Cond) (bool, error) {
	a, err := s.able(ctx, api)
	if err != nil {
		return false, err
	}
	if !a.renew {
		return false, fmt.Errorf("s3store: the service at %s cannot renew an object: %w", aws.ToString(api.Options().BaseEndpoint), errors.ErrUnsupported)
	}
	if !a.renewOnto && cond.Kind != store.Always {
		return false, nil // it is put, which has a condition
	}
	bucket, name := s.at(key)
	meta, version := *next, objects.NewVersion()
	meta.Encoding, meta.Size = h.meta.Encoding, h.meta.Size // the body stays
	metadata := objects.Metadata(key, *name, &meta, version, maxMetadataKey)
	if h.pad != "" {
		metadata[metadataPad] = h.pad
	}
	in := &s3.CopyObjectInput{
		Bucket: bucket, Key: name, CopySource: aws.String(source(s.bucket, *name)), CopySourceIfMatch: aws.String(h.etag),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: metadata,
		ContentType:  aws.String(store.ContentType(meta.Encoding)),
		StorageClass: s.opt.StorageClass, ServerSideEncryption: s.opt.ServerSideEncryption, SSEKMSKeyId: optional(s.opt.SSEKMSKeyID),
	}
	if a.renewOnto {
		in.IfMatch = aws.String(h.etag)
	}
	if in.Tagging = s.tagging(&meta); in.Tagging != nil {
		in.TaggingDirective = types.TaggingDirectiveReplace
	}
	etag, err := s.copyObject(ctx, api, in)
	switch {
	case lostRace(err):
		return false, nil
	case err != nil:
		return false, err
	}
	h.etag = etag
	h.meta = meta
	h.meta.Version = versionOf(h.etag, version)
	return true, nil
}

// copyObject returns the ETag of the copy.
func (s *Store) copyObject(ctx context.Context, api *s3.Client, in *s3.CopyObjectInput) (string, error) {
	out, err := api.CopyObject(ctx, in, s.observed)
	if err == nil && (out.CopyObjectResult == nil || out.CopyObjectResult.ETag == nil) {
		err = errNotS3
	}
	if err != nil {
		return "", s.explain("CopyObject", err)
	}
	return *out.CopyObjectResult.ETag, nil
}

// source names an object in a header: each byte is escaped but for slashes, and a
// space is no plus.
func source(bucket, name string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return bucket + "/" + strings.ReplaceAll(escaped, "%2F", "/")
}
