package fakes3

import (
	"fmt"
	"net/http"
	"slices"
)

// apiError is an error as S3 answers it.
type apiError struct {
	status  int
	code    string
	message string
	details []detail
}

// detail is an element of the XML of an error.
type detail struct{ name, value string }

// Error implements error.
func (e *apiError) Error() string {
	return fmt.Sprintf("fakes3: %d %s: %s", e.status, e.code, e.message)
}

// with returns the error with one more detail.
func (e *apiError) with(name, value string) *apiError {
	more := *e
	more.details = slices.Concat(e.details, []detail{{name, value}})
	return &more
}

// saying returns the error with another message.
func (e *apiError) saying(format string, args ...any) *apiError {
	other := *e
	other.message = fmt.Sprintf(format, args...)
	return &other
}

func refusal(status int, code, message string) *apiError {
	return &apiError{status: status, code: code, message: message}
}

var (
	errAccessDenied    = refusal(http.StatusForbidden, "AccessDenied", "Access Denied")
	errBadDigest       = refusal(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	errBucketExists    = refusal(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	errConflict        = refusal(http.StatusConflict, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation against this resource.")
	errEntityTooLarge  = refusal(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	errEntityTooSmall  = refusal(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	errIncompleteBody  = refusal(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	errInternal        = refusal(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
	errInvalidArgument = refusal(http.StatusBadRequest, "InvalidArgument", "Invalid Argument")
	errInvalidBucket   = refusal(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.")
	errInvalidDigest   = refusal(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
	errInvalidPart     = refusal(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	errPartOrder       = refusal(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
	errInvalidRange    = refusal(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	errInvalidRequest  = refusal(http.StatusBadRequest, "InvalidRequest", "Invalid Request")
	errStorageClass    = refusal(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid")
	errInvalidTag      = refusal(http.StatusBadRequest, "InvalidTag", "The tag provided was not a valid tag.")
	errInvalidURI      = refusal(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	errKeyTooLong      = refusal(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	errMalformedXML    = refusal(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	errMetadataTooBig  = refusal(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	errNoLength        = refusal(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	errNoSuchBucket    = refusal(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	errNoSuchKey       = refusal(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
	errNoSuchUpload    = refusal(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	errNotImplemented  = refusal(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented")
	errNotModified     = refusal(http.StatusNotModified, "NotModified", "Not Modified")
	errPrecondition    = refusal(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	errSkewed          = refusal(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	errSlowDown        = refusal(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	errTooManyRequests = refusal(http.StatusTooManyRequests, "TooManyRequests", "Please reduce your request rate.")
	errSHA256Mismatch  = refusal(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	errArchived        = refusal(http.StatusForbidden, "InvalidObjectState", "The operation is not valid for the object's storage class")
)

// failedCondition is the answer to a condition that does not hold.
func failedCondition(header string) *apiError { return errPrecondition.with("Condition", header) }
