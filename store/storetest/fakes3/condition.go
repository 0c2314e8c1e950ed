package fakes3

import (
	"net/http"
	"strings"
	"time"
)

const (
	ifMatch           = "If-Match"
	ifNoneMatch       = "If-None-Match"
	ifModifiedSince   = "If-Modified-Since"
	ifUnmodifiedSince = "If-Unmodified-Since"
	copySourceIf      = "X-Amz-Copy-Source-"
	anyETag           = "*"
)

// etagListed reports whether a header of ETags names that of obj, or any.
func etagListed(header string, obj *Object) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		if tag == anyETag || tag == obj.ETag {
			return true
		}
	}
	return false
}

// modifiedSince reports whether obj was changed after the instant in a header;
// ok is false if there is none.
func modifiedSince(header string, obj *Object) (modified bool, since time.Time, ok bool) {
	since, err := http.ParseTime(header)
	if err != nil {
		return false, since, false
	}
	return obj.LastModified.Truncate(time.Second).After(since), since, true
}

// judgeRead judges the conditions of a read, in the order of RFC 9110: an ETag
// counts more than an instant, and what was not modified since an instant to come
// may be yet. get returns a header of the request, which arrived at now.
func judgeRead(obj *Object, now time.Time, get func(name string) string) error {
	if v := get(ifMatch); v != "" {
		if !etagListed(v, obj) {
			return failedCondition(ifMatch)
		}
	} else if modified, _, ok := modifiedSince(get(ifUnmodifiedSince), obj); ok && modified {
		return failedCondition(ifUnmodifiedSince)
	}
	if v := get(ifNoneMatch); v != "" {
		if etagListed(v, obj) {
			return errNotModified
		}
	} else if modified, since, ok := modifiedSince(get(ifModifiedSince), obj); ok && !modified && !since.After(now) {
		return errNotModified
	}
	return nil
}

// readCondition returns the conditions of a GetObject or HeadObject that the
// server knows.
func (s *Server) readCondition(c *call) (func(name string) string, error) {
	return s.conditions(c, "", map[string]Feature{ifMatch: GetIfMatch, ifNoneMatch: GetIfNoneMatch})
}

// sourceCondition returns the conditions of a CopyObject on its source.
func (s *Server) sourceCondition(c *call) (func(name string) string, error) {
	return s.conditions(c, copySourceIf, map[string]Feature{
		ifMatch: CopySourceIf, ifNoneMatch: CopySourceIf, ifModifiedSince: CopySourceIf, ifUnmodifiedSince: CopySourceIf,
	})
}

func (s *Server) conditions(c *call, prefix string, known map[string]Feature) (func(name string) string, error) {
	heeded := make(http.Header)
	for _, name := range []string{ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince} {
		v := c.header.Get(prefix + name)
		if v == "" {
			continue
		}
		if f, ok := known[name]; ok {
			heed, err := s.heeds(f)
			if err != nil {
				return nil, err
			}
			if !heed {
				continue
			}
		}
		heeded.Set(name, v)
	}
	return heeded.Get, nil
}

// writeCondition is the condition of a write on what is there.
type writeCondition struct {
	match string // the ETag that must be there; "": none
	none  bool   // nothing must be there
}

// writeCondition reads the condition of a write. What S3 does not know it
// refuses: If-None-Match with an ETag, If-Match with *, and both at once.
func (s *Server) writeCondition(c *call) (cond writeCondition, err error) {
	match, none := c.header.Get(ifMatch), c.header.Get(ifNoneMatch)
	fMatch, fNone := PutIfMatch, PutIfNoneMatch
	if c.op == OpCopyObject {
		fMatch, fNone = CopyIfMatch, CopyIfNoneMatch
	}
	if match != "" {
		heed, err := s.heeds(fMatch)
		switch {
		case err != nil:
			return cond, err
		case !heed:
			match = ""
		case match == anyETag:
			return cond, errNotImplemented.with("Header", ifMatch)
		}
	}
	if none != "" {
		heed, err := s.heeds(fNone)
		switch {
		case err != nil:
			return cond, err
		case !heed:
			none = ""
		case none != anyETag || match != "":
			return cond, errNotImplemented.with("Header", ifNoneMatch)
		}
	}
	if match != "" && !s.may(c, OpGetObject, c.bucket, c.key) {
		return cond, errAccessDenied
	}
	return writeCondition{match: match, none: none != ""}, nil
}

// judge judges the condition on what is held; nil is nothing.
func (cond writeCondition) judge(held *Object, key string) error {
	switch {
	case cond.none && held != nil:
		return failedCondition(ifNoneMatch)
	case cond.match != "" && held == nil:
		return errNoSuchKey.with("Key", key)
	case cond.match != "" && !etagListed(cond.match, held):
		return failedCondition(ifMatch)
	}
	return nil
}
