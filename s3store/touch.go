package s3store

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store"
)

// maxCopy is how large an object S3 copies in one request.
const maxCopy = 5 << 30

// Touch implements [store.Toucher]: by a HEAD, and by a copy of the object to
// itself where the life that is left makes it worth the price of a PUT. What is
// gone is put, not touched: others may be replacing it.
func (s *Store) Touch(ctx context.Context, key string, meta store.Meta, cond store.Cond) (bool, error) {
	api, err := s.api(ctx)
	if err != nil {
		return false, err
	}
	h, there, err := s.head(ctx, key)
	now := time.Now()
	switch {
	case err != nil:
		return false, err
	case !there, h.meta.GoneAt(now), h.size > maxCopy, !cond.Holds(&h.meta), !h.meta.SameContent(&meta):
		return false, nil
	case !h.meta.DueAt(now, &meta):
		return true, nil
	}
	bucket, name := s.at(key)
	meta.Encoding = h.meta.Encoding // the body stays
	metadata := metadataOf(key, *name, &meta, newVersion())
	if h.pad != "" {
		metadata[metadataPad] = h.pad
	}
	in := &s3.CopyObjectInput{
		Bucket: bucket, Key: name, CopySource: aws.String(source(s.bucket, *name)),
		CopySourceIfMatch: aws.String(h.etag), IfMatch: aws.String(h.etag),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: metadata,
		ContentType:  aws.String(store.ContentType(meta.Encoding)),
		StorageClass: s.opt.StorageClass, ServerSideEncryption: s.opt.ServerSideEncryption, SSEKMSKeyId: optional(s.opt.SSEKMSKeyID),
	}
	err = again(ctx, func() error {
		_, err := api.CopyObject(ctx, in)
		return s.explain("CopyObject", err)
	})
	if lostRace(err) {
		return false, nil
	}
	return err == nil, err
}

// source names an object in a header: each byte is escaped but for slashes, and a
// space is no plus.
func source(bucket, name string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return bucket + "/" + strings.ReplaceAll(escaped, "%2F", "/")
}
