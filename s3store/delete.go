package s3store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache"
)

// batch is how many keys one request deletes, and how many one lists.
const batch = 1000

// Delete implements [store.Store] by one DELETE for 1,000 keys.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	api, err := s.api(ctx)
	if err != nil || len(keys) == 0 {
		return err
	}
	if len(keys) == 1 {
		name := s.names.Of(keys[0])
		defer s.written.Begin(name)(nil)
		return s.deleteName(ctx, api, name, "")
	}
	names, keyOf := s.names.All(keys)
	var errs []error
	for some := range slices.Chunk(names, batch) {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, s.deleteNames(ctx, api, some, func(name string) string { return keyOf[name] }))
	}
	return errors.Join(errs...)
}

// deleteName deletes one object; with an ETag, only if it has that.
func (s *Store) deleteName(ctx context.Context, api *s3.Client, name, etag string) error {
	_, err := api.DeleteObject(ctx, &s3.DeleteObjectInput{
		Bucket: aws.String(s.bucket), Key: aws.String(name), IfMatch: optional(etag),
	}, s.observed)
	return s.explain("DeleteObject", err)
}

// deleteNames deletes up to 1,000 objects. An error of one of them names its key.
func (s *Store) deleteNames(ctx context.Context, api *s3.Client, names []string, keyOf func(name string) string) error {
	defer s.written.Begin(names...)(nil)
	objects := make([]types.ObjectIdentifier, 0, len(names))
	for _, name := range names {
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(name)})
	}
	out, err := api.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: aws.String(s.bucket), Delete: &types.Delete{Objects: objects},
	}, s.observed)
	if err == nil && len(out.Deleted)+len(out.Errors) < len(names) { // that is why it is not quiet
		err = errNotS3
	}
	if err != nil {
		return s.explain("DeleteObjects", err)
	}
	var errs []error
	for _, e := range out.Errors {
		needs := ""
		if aws.ToString(e.Code) == "AccessDenied" {
			needs = ", it needs " + rights["DeleteObjects"]
		}
		errs = append(errs, &advcache.OpError{
			Op: "delete", Backend: s.info.Name, Key: keyOf(aws.ToString(e.Key)),
			Err: fmt.Errorf("s3store: bucket %q answers %s: %s%s", s.bucket, aws.ToString(e.Code), aws.ToString(e.Message), needs),
		})
	}
	return errors.Join(errs...)
}
