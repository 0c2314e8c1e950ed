package s3store

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store"
)

// writeTries is how often a conditional write looks again at what is held, since
// it changed after the look.
const writeTries = 8

var errChanges = errors.New("s3store: the object changed again and again while a conditional write looked at it")

// upload is an object on its way.
type upload struct {
	bucket, name *string
	metadata     map[string]string
	contentType  *string
	body         []byte
	unique       bool   // no other write has this ETag
	version      string // of this write
}

func (s *Store) newUpload(key string, obj *store.Object) *upload {
	u := &upload{version: newVersion()}
	u.bucket, u.name = s.at(key)
	u.body, u.unique = unique(obj.Meta.Encoding, obj.Body)
	u.metadata = metadataOf(key, *u.name, &obj.Meta, u.version)
	u.contentType = aws.String(store.ContentType(obj.Meta.Encoding))
	return u
}

// Put implements [store.Store]: by one PUT, after a HEAD where there is a
// condition.
func (s *Store) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	api, err := s.api(ctx)
	if err != nil {
		return store.Version{}, false, err
	}
	gone := obj.Meta.GoneAt(time.Now())
	if cond.Kind == store.Always {
		if gone {
			return store.Version{}, true, s.Delete(ctx, key)
		}
		u := s.newUpload(key, &obj)
		etag, err := s.send(ctx, api, u, "", "")
		return u.versionOf(etag), err == nil, err
	}
	if cond.Kind == store.IfVersion && cond.Version.Text() == "" {
		return store.Version{}, false, nil
	}
	var u *upload // made once it is clear that something is to be sent
	for range writeTries {
		h, there, err := s.head(ctx, key)
		if err != nil {
			return store.Version{}, false, err
		}
		if u != nil && there && h.meta.Version == u.versionOf(h.etag) {
			// It was our own write that won: the SDK tried again after its answer
			// was lost.
			return h.meta.Version, true, nil
		}
		var seen *store.Meta
		if there {
			seen = &h.meta
		}
		if !cond.Holds(seen) {
			return store.Version{}, false, nil
		}
		if u == nil && !gone {
			u = s.newUpload(key, &obj)
		}
		if u != nil && !u.unique && (cond.Kind == store.IfVacant || cond.Kind == store.IfGone && there && mayBeEqual(&h.meta, &obj.Meta)) {
			u.pad()
		}
		var etag string
		switch {
		case gone && !there:
			return store.Version{}, true, nil
		case gone:
			err = s.remove(ctx, api, key, h.etag)
		case there:
			etag, err = s.send(ctx, api, u, h.etag, "")
		default:
			etag, err = s.send(ctx, api, u, "", "*")
		}
		switch {
		case lostRace(err):
		case gone:
			return store.Version{}, err == nil, err
		default:
			return u.versionOf(etag), err == nil, err
		}
	}
	return store.Version{}, false, errChanges
}

// mayBeEqual reports whether the body of what is held may be that of next.
func mayBeEqual(held, next *store.Meta) bool {
	return held.Hash == next.Hash || held.Foreign || held.Damaged
}

// lostRace reports whether what was looked at is there no more.
func lostRace(err error) bool {
	return isStatus(err, statusPreconditionFailed) || isStatus(err, statusNotFound) && !isCode(err, "NoSuchBucket")
}

func (u *upload) versionOf(etag string) store.Version {
	return store.TextVersion(etag + " " + u.version)
}

// remove deletes an object; with an ETag, that one alone.
func (s *Store) remove(ctx context.Context, api *s3.Client, key, etag string) error {
	bucket, name := s.at(key)
	return again(ctx, func() error {
		_, err := api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: name, IfMatch: optional(etag)})
		return s.explain("DeleteObject", err)
	})
}

// send puts an object in its place, over that of an ETag or, with none "*", over
// nothing, and returns its own ETag.
func (s *Store) send(ctx context.Context, api *s3.Client, u *upload, match, none string) (string, error) {
	if int64(len(u.body)) > s.opt.PartSize {
		return s.sendParts(ctx, api, u, match, none)
	}
	var etag string
	err := again(ctx, func() error {
		out, err := api.PutObject(ctx, &s3.PutObjectInput{
			Bucket: u.bucket, Key: u.name, Body: bytes.NewReader(u.body), ContentLength: aws.Int64(int64(len(u.body))),
			Metadata: u.metadata, ContentType: u.contentType, IfMatch: optional(match), IfNoneMatch: optional(none),
			StorageClass: s.opt.StorageClass, ServerSideEncryption: s.opt.ServerSideEncryption, SSEKMSKeyId: optional(s.opt.SSEKMSKeyID),
		})
		if err != nil {
			return s.explain("PutObject", err)
		}
		etag = aws.ToString(out.ETag)
		return nil
	})
	if err == nil {
		s.seen.Store(true)
	}
	return etag, err
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return aws.String(text)
}

// sendParts is send for a body of many parts. What failed leaves none behind.
func (s *Store) sendParts(ctx context.Context, api *s3.Client, u *upload, match, none string) (etag string, err error) {
	begun, err := api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: u.bucket, Key: u.name, Metadata: u.metadata, ContentType: u.contentType,
		StorageClass: s.opt.StorageClass, ServerSideEncryption: s.opt.ServerSideEncryption, SSEKMSKeyId: optional(s.opt.SSEKMSKeyID),
	})
	if err != nil {
		return "", s.explain("CreateMultipartUpload", err)
	}
	defer func() {
		if err != nil {
			s.abort(ctx, api, u, begun.UploadId)
		}
	}()
	size, part := int64(len(u.body)), max(s.opt.PartSize, int64(len(u.body))/maxParts+1)
	parts := make([]types.CompletedPart, (size+part-1)/part)
	err = s.parallel(ctx, len(parts), func(ctx context.Context, i int) error {
		from := int64(i) * part
		out, err := api.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: u.bucket, Key: u.name, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), //nolint:gosec // maxParts
			Body: bytes.NewReader(u.body[from:min(from+part, size)]),
		})
		if err != nil {
			return s.explain("UploadPart", err)
		}
		parts[i] = types.CompletedPart{
			ETag: out.ETag, PartNumber: aws.Int32(int32(i + 1)), //nolint:gosec // maxParts
			ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C, ChecksumCRC64NVME: out.ChecksumCRC64NVME,
			ChecksumSHA1: out.ChecksumSHA1, ChecksumSHA256: out.ChecksumSHA256,
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	err = again(ctx, func() error {
		out, err := api.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: u.bucket, Key: u.name, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
			IfMatch: optional(match), IfNoneMatch: optional(none),
		})
		if err != nil {
			return s.explain("CompleteMultipartUpload", err)
		}
		etag = aws.ToString(out.ETag)
		return nil
	})
	return etag, err
}

const (
	maxParts     = 10_000 // of an upload, as S3 has it
	abortTimeout = 5 * time.Second
	abortGrace   = 80 * time.Millisecond // once the caller has given up
)

// abort gives up an upload, whose parts would be paid for until somebody does:
// when the caller has given up, too, who waits for that no longer than can be borne.
func (s *Store) abort(ctx context.Context, api *s3.Client, u *upload, id *string) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(abortGrace, cancel) })()
	// The caller has the error of the write. A rule for the lifecycle of
	// incomplete uploads sees to those that cannot be aborted either.
	_, _ = api.AbortMultipartUpload(own, &s3.AbortMultipartUploadInput{Bucket: u.bucket, Key: u.name, UploadId: id})
}
