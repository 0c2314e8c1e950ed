package fakegcs

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
)

// apiError is an error as GCS answers it: as JSON with a reason, or as XML with
// a code.
type apiError struct {
	status  int
	reason  string // of the JSON API
	code    string // of the XML API
	message string
	details string // of the XML API; of the JSON API the message, if there are any
	// where the JSON API says that the fault is
	locationType, location string
	domain                 string // "": global
	header                 http.Header
}

// Error implements error.
func (e *apiError) Error() string {
	return fmt.Sprintf("fakegcs: %d %s: %s", e.status, e.reason, e.message)
}

// saying returns the error with details.
func (e *apiError) saying(format string, args ...any) *apiError {
	other := *e
	other.details = fmt.Sprintf(format, args...)
	return &other
}

// about returns the error with a place.
func (e *apiError) about(locationType, location string) *apiError {
	other := *e
	other.locationType, other.location = locationType, location
	return &other
}

func refusal(status int, reason, code, message string) *apiError {
	return &apiError{status: status, reason: reason, code: code, message: message}
}

var (
	errAuth           = refusal(http.StatusUnauthorized, "authError", "AuthenticationRequired", "Invalid Credentials")
	errBackend        = refusal(http.StatusServiceUnavailable, "backendError", "ServiceUnavailable", "Backend Error")
	errCancelled      = refusal(statusCancelled, "clientClosedRequest", "RequestCanceled", "The upload was cancelled.")
	errCondition      = refusal(http.StatusPreconditionFailed, "conditionNotMet", "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	errForbidden      = refusal(http.StatusForbidden, "forbidden", "AccessDenied", "Access denied.")
	errGone           = refusal(http.StatusGone, "uploadExpired", "UploadExpired", "The upload session has expired.")
	errInternal       = refusal(http.StatusInternalServerError, "internalError", "InternalError", "We encountered an internal error. Please try again.")
	errInvalid        = refusal(http.StatusBadRequest, "invalid", "InvalidArgument", "Invalid argument.")
	errNoBucket       = refusal(http.StatusNotFound, "notFound", "NoSuchBucket", "The specified bucket does not exist.")
	errNoObject       = refusal(http.StatusNotFound, "notFound", "NoSuchKey", "The specified key does not exist.")
	errNoUpload       = refusal(http.StatusNotFound, "notFound", "NoSuchUpload", "The requested upload was not found.")
	errNotImplemented = refusal(http.StatusNotImplemented, "notImplemented", "NotImplemented", "A feature that was requested is not implemented.")
	errNotModified    = refusal(http.StatusNotModified, "notModified", "NotModified", "Not Modified")
	errParse          = refusal(http.StatusBadRequest, "parseError", "MalformedRequest", "Parse Error")
	errRange          = refusal(http.StatusRequestedRangeNotSatisfiable, "requestedRangeNotSatisfiable", "InvalidRange", "The requested range cannot be satisfied.")
	errRequired       = refusal(http.StatusBadRequest, "required", "MissingArgument", "Required")
	errUnauthorized   = refusal(http.StatusUnauthorized, "required", "AuthenticationRequired", "Anonymous caller is not allowed.")

	errTooManyRequests = &apiError{
		status: http.StatusTooManyRequests, reason: "rateLimitExceeded", code: "SlowDown", domain: "usageLimits",
		message: "The rate of requests exceeds the limit. Please reduce your request rate.",
	}
)

// statusCancelled is the answer to the cancellation of an upload.
const statusCancelled = 499

func noObject(bucket, name string) *apiError {
	return errNoObject.saying("No such object: %s/%s", bucket, name)
}

// answer returns the error as an answer.
func (e *apiError) answer(c *call) *answer {
	a := &answer{status: e.status, header: e.header.Clone()}
	if a.header == nil {
		a.header = make(http.Header)
	}
	if e.status == http.StatusUnauthorized {
		a.header.Set("Www-Authenticate", `Bearer realm="https://accounts.google.com/"`)
	}
	switch {
	case e.status == http.StatusNotModified:
	case c.xml:
		a.header.Set(contentType, "application/xml; charset=UTF-8")
		a.body = e.xml()
	case c.op == OpReadObject, e.status == statusCancelled:
		// Where a body is expected, an error is a line of text.
		a.header.Set(contentType, "text/html; charset=UTF-8")
		a.body = []byte(e.text())
	default:
		a.header.Set(contentType, jsonType)
		a.body = e.json()
	}
	return a
}

func (e *apiError) text() string {
	if e.details != "" {
		return e.details
	}
	return e.message
}

func (e *apiError) json() []byte {
	type item struct {
		Message      string `json:"message"`
		Domain       string `json:"domain"`
		Reason       string `json:"reason"`
		LocationType string `json:"locationType,omitempty"`
		Location     string `json:"location,omitempty"`
	}
	var doc struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Errors  []item `json:"errors"`
		} `json:"error"`
	}
	domain := e.domain
	if domain == "" {
		domain = "global"
	}
	doc.Error.Code, doc.Error.Message = e.status, e.text()
	doc.Error.Errors = []item{{e.text(), domain, e.reason, e.locationType, e.location}}
	return mustJSON(&doc)
}

func (e *apiError) xml() []byte {
	doc := struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
		Details string `xml:",omitempty"`
	}{Code: e.code, Message: e.message, Details: e.details}
	body, err := xml.Marshal(&doc)
	if err != nil {
		panic(err) // strings only
	}
	return append([]byte(`<?xml version='1.0' encoding='UTF-8'?>`), body...)
}

// mustJSON returns doc as JSON. It is for what is made here of texts and numbers.
func mustJSON(doc any) []byte {
	body, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return append(body, '\n')
}
