package s3store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
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
	tagging      *string
	body         pieces
	unique       bool   // no other write has this ETag
	version      string // of this write
}

func (s *Store) newUpload(key string, obj *store.Object) *upload {
	u := &upload{version: objects.NewVersion()}
	u.bucket, u.name = s.at(key)
	u.body, u.unique = unique(obj.Meta.Encoding, obj.Body)
	u.metadata = objects.Metadata(key, *u.name, &obj.Meta, u.version, maxMetadataKey)
	u.contentType = aws.String(store.ContentType(obj.Meta.Encoding))
	u.tagging = s.tagging(&obj.Meta)
	return u
}

// Put implements [store.Store]: by one PUT, after a HEAD where there is a
// condition.
func (s *Store) Put(ctx context.Context, key string, obj store.Object, cond store.Cond) (store.Version, bool, error) {
	api, err := s.api(ctx)
	if err != nil {
		return store.Version{}, false, err
	}
	u := s.newUpload(key, &obj)
	if err := objects.CheckMetadata(u.metadata, maxMetadata); err != nil {
		return store.Version{}, false, err
	}
	done := s.written.Begin(*u.name)
	var version store.Version
	var ok bool
	if cond.Kind == store.Always {
		version, err = s.put(ctx, api, u, &obj.Meta)
		ok = err == nil
	} else {
		version, ok, err = s.putIf(ctx, api, u, &obj.Meta, cond)
	}
	if ok && !version.IsZero() && u.metadata[metadataPad] == "" { // else it takes a look to renew it
		meta := obj.Meta
		meta.Version, meta.Size = version, u.body.size()
		done(&meta)
	} else {
		done(nil)
	}
	return version, ok, err
}

// put stores an object whatever is held.
func (s *Store) put(ctx context.Context, api *s3.Client, u *upload, meta *store.Meta) (store.Version, error) {
	if meta.GoneAt(time.Now()) {
		return store.Version{}, s.deleteName(ctx, api, *u.name, "")
	}
	etag, err := s.send(ctx, api, u, "", "")
	if isCode(err, "NoSuchUpload") {
		// The SDK tried again to complete an upload, after the answer was lost.
		h, there, failed := s.headName(ctx, api, *u.name)
		if failed == nil && there && h.meta.Version == u.versionOf(h.etag) {
			return h.meta.Version, nil
		}
	}
	if err != nil {
		return store.Version{}, err
	}
	return u.versionOf(etag), nil
}

// putIf stores an object if cond holds.
func (s *Store) putIf(ctx context.Context, api *s3.Client, u *upload, meta *store.Meta, cond store.Cond) (store.Version, bool, error) {
	if cond.Kind == store.IfVersion && cond.Version.Text() == "" {
		return store.Version{}, false, nil
	}
	a, err := s.able(ctx, api)
	if err != nil {
		return store.Version{}, false, err
	}
	if !a.create || !a.replace {
		return store.Version{}, false, fmt.Errorf("s3store: the service at %s does not keep conditions of PUT: %w",
			aws.ToString(api.Options().BaseEndpoint), errors.ErrUnsupported)
	}
	gone := meta.GoneAt(time.Now())
	for range writeTries {
		h, there, err := s.headName(ctx, api, *u.name)
		if err != nil {
			return store.Version{}, false, err
		}
		if there && h.meta.Version == u.versionOf(h.etag) {
			// It was our own write that won: the SDK tried again after its answer
			// was lost.
			return h.meta.Version, true, nil
		}
		var seen *store.Meta
		if there {
			seen = &h.meta
		}
		var version store.Version
		switch {
		case !cond.Holds(seen):
			return store.Version{}, false, nil
		case gone && !there:
			return store.Version{}, true, nil
		case gone && a.removeSeen:
			err = s.deleteName(ctx, api, *u.name, h.etag)
		case gone:
			_, err = s.send(ctx, api, u.tombstone(), h.etag, "")
		default:
			if !u.unique && (cond.Kind == store.IfVacant || cond.Kind == store.IfGone && there && mayBeEqual(&h.meta, meta)) {
				u.pad()
			}
			var etag string
			if there {
				etag, err = s.send(ctx, api, u, h.etag, "")
			} else {
				etag, err = s.send(ctx, api, u, "", "*")
			}
			version = u.versionOf(etag)
		}
		switch {
		case lostRace(err): // look again
		case err != nil:
			return store.Version{}, false, err
		default:
			return version, true, nil
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
	return versionOf(etag, u.version)
}

// tombstone is an object that has never lived, in the place of an upload, with a
// body of its own.
func (u *upload) tombstone() *upload {
	meta := store.Meta{CreatedAt: store.FromMillis(1), FreshUntil: store.FromMillis(1), Absent: true}
	return &upload{bucket: u.bucket, name: u.name, metadata: store.Metadata(&meta), body: pieces{objects.Nonce()}}
}

// send puts an object in its place, over that of an ETag or, with none "*", over
// nothing, and returns its own ETag.
func (s *Store) send(ctx context.Context, api *s3.Client, u *upload, match, none string) (string, error) {
	if u.body.size() > s.opt.PartSize {
		return s.sendParts(ctx, api, u, match, none)
	}
	out, err := api.PutObject(ctx, &s3.PutObjectInput{
		Bucket: u.bucket, Key: u.name, Body: u.body.reader(), ContentLength: aws.Int64(u.body.size()),
		Metadata: u.metadata, ContentType: u.contentType, Tagging: u.tagging, IfMatch: optional(match), IfNoneMatch: optional(none),
		StorageClass: s.opt.StorageClass, ServerSideEncryption: s.opt.ServerSideEncryption, SSEKMSKeyId: optional(s.opt.SSEKMSKeyID),
	}, s.observed)
	if err != nil {
		return "", s.explain("PutObject", err)
	}
	s.seen.Store(true)
	return aws.ToString(out.ETag), nil
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return aws.String(text)
}

// sendParts is send for a body of many parts. What failed leaves none behind.
func (s *Store) sendParts(ctx context.Context, api *s3.Client, u *upload, match, none string) (etag string, err error) {
	algorithm := checksumOf(api)
	begun, err := api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: u.bucket, Key: u.name, Metadata: u.metadata, ContentType: u.contentType, Tagging: u.tagging, ChecksumAlgorithm: algorithm,
		StorageClass: s.opt.StorageClass, ServerSideEncryption: s.opt.ServerSideEncryption, SSEKMSKeyId: optional(s.opt.SSEKMSKeyID),
	}, s.observed)
	if err == nil && begun.UploadId == nil {
		err = errNotS3
	}
	if err != nil {
		return "", s.explain("CreateMultipartUpload", err)
	}
	defer func() {
		if err != nil {
			s.abort(ctx, api, u, begun.UploadId)
		}
	}()
	size := u.body.size()
	part := max(s.opt.PartSize, size/maxParts+1)
	parts := make([]types.CompletedPart, (size+part-1)/part)
	err = objects.Parallel(ctx, len(parts), s.opt.Concurrency, func(ctx context.Context, i int) error {
		from := int64(i) * part
		out, err := api.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: u.bucket, Key: u.name, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), //nolint:gosec // maxParts
			ChecksumAlgorithm: algorithm, Body: u.body.part(from, min(from+part, size)).reader(),
		}, s.observed)
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
	out, err := api.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: u.bucket, Key: u.name, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		IfMatch: optional(match), IfNoneMatch: optional(none),
	}, s.observed)
	if err == nil && out.ETag == nil {
		err = errNotS3
	}
	if err != nil {
		return "", s.explain("CompleteMultipartUpload", err)
	}
	return aws.ToString(out.ETag), nil
}

// checksumOf returns the checksum of the parts of an upload, which is told when it
// begins: services refuse parts with one that they do not expect. The client says
// whether there is one.
func checksumOf(api *s3.Client) types.ChecksumAlgorithm {
	if api.Options().RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported {
		return types.ChecksumAlgorithmCrc32
	}
	return ""
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
	_, _ = api.AbortMultipartUpload(own, &s3.AbortMultipartUploadInput{Bucket: u.bucket, Key: u.name, UploadId: id}, s.observed)
}
