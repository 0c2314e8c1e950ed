package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/advcache/advcache"
)

const (
	statusPreconditionFailed = http.StatusPreconditionFailed
	statusNotFound           = http.StatusNotFound
)

// rights are what operations need, for messages.
var rights = map[string]string{
	"HeadObject": "s3:GetObject", "GetObject": "s3:GetObject", "PutObject": "s3:PutObject",
	"CopyObject": "s3:GetObject and s3:PutObject", "DeleteObject": "s3:DeleteObject", "DeleteObjects": "s3:DeleteObject",
	"ListObjectsV2": "s3:ListBucket", "CreateMultipartUpload": "s3:PutObject", "UploadPart": "s3:PutObject", "CompleteMultipartUpload": "s3:PutObject",
}

// isStatus reports whether an answer had a status.
func isStatus(err error, status int) bool {
	r, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && r.HTTPStatusCode() == status
}

func isCode(err error, code string) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && e.ErrorCode() == code
}

// maxSkew is how far a request may be dated from the clock of the service.
const maxSkew = 15 * time.Minute

// isSkewed reports whether the service that answered has another clock than ours.
func isSkewed(err error) bool {
	r, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || r.Response == nil {
		return false
	}
	date, err := http.ParseTime(r.Response.Header.Get("Date"))
	return err == nil && time.Since(date).Abs() >= maxSkew-time.Second // which a Date has not
}

// missing returns the error of a read that failed: none where there is no object.
func (s *Store) missing(ctx context.Context, api *s3.Client, op string, err error) error {
	switch {
	case isStatus(err, http.StatusForbidden) && s.opt.Forbidden403IsMiss:
		return nil
	case !isStatus(err, statusNotFound):
		return s.explain(op, err)
	case isCode(err, "NoSuchBucket"):
		return s.noBucket(err)
	case s.seen.Load():
		return nil
	}
	// A HEAD has no body that tells which of them is missing.
	_, none := api.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(s.bucket)}, s.observed)
	switch {
	case none == nil, isStatus(none, http.StatusForbidden): // who may not list cannot know
		s.seen.Store(true)
		return nil
	case isStatus(none, statusNotFound):
		return s.noBucket(none)
	default:
		return s.explain("HeadBucket", none)
	}
}

func (s *Store) noBucket(err error) error {
	return fmt.Errorf("s3store: there is no bucket %q: %w", s.bucket, err)
}

// explain says what the SDK does not.
func (s *Store) explain(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case isCode(err, "NoSuchBucket"):
		return s.noBucket(err)
	case isStatus(err, http.StatusForbidden) && aboutRights(err):
		return fmt.Errorf("s3store: bucket %q refused %s, which needs %s%s: %w", s.bucket, op, rights[op], absentToo(op), err)
	case op == "HeadObject" && isStatus(err, http.StatusBadRequest):
		return fmt.Errorf("s3store: bucket %q refused HeadObject, and the answer to a HEAD does not say why: are the region and the credentials right? %w", s.bucket, err)
	case isStatus(err, http.StatusMovedPermanently):
		return fmt.Errorf("s3store: bucket %q is in another region than the client: %w", s.bucket, err)
	default:
		return fmt.Errorf("s3store: bucket %q: %w", s.bucket, err)
	}
}

// aboutRights reports whether a 403 answer is about rights, and not about the
// credentials or the clock of who asks. That to a HEAD has no code that tells.
func aboutRights(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return !ok || e.ErrorCode() == "AccessDenied" || e.ErrorCode() == "Forbidden" || e.ErrorCode() == ""
}

func absentToo(op string) string {
	switch op {
	case "HeadObject":
		return ", or wrong credentials, which the answer to a HEAD does not tell (without s3:ListBucket an absent key is answered so too: see Options.Forbidden403IsMiss)"
	case "GetObject":
		return " (without s3:ListBucket an absent key is answered so too: see Options.Forbidden403IsMiss)"
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
