package fakegcs

import (
	"net/http"
	"net/url"
	"strings"
)

const (
	contentType = "Content-Type"
	jsonType    = "application/json; charset=UTF-8"
)

// call is a request that is being answered.
type call struct {
	req            *http.Request
	header         http.Header
	query          url.Values
	op             Op
	bucket, object string // of a copy, the destination
	source         *place // of a copy
	xml            bool   // asked by the XML API
	id             string
	fault          Fault
}

// place is where an object is.
type place struct{ bucket, object string }

const (
	jsonRoot     = "/storage/v1/"
	uploadRoot   = "/upload/storage/v1/"
	downloadRoot = "/download/storage/v1/"
)

// newCall reads what a request wants. It returns a call even if that cannot be
// done; then with an error to answer.
func newCall(req *http.Request) (*call, error) {
	c := &call{req: req, header: arriving(req.Header), op: OpOther}
	var err error
	if c.query, err = url.ParseQuery(req.URL.RawQuery); err != nil {
		return c, errParse
	}
	path := req.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, uploadRoot); ok {
		return c, c.upload(rest)
	}
	if rest, ok := strings.CutPrefix(path, downloadRoot); ok {
		c.query.Set("alt", "media")
		return c, c.json(rest)
	}
	if rest, ok := strings.CutPrefix(path, jsonRoot); ok {
		return c, c.json(rest)
	}
	return c, c.plain(path)
}

// arriving returns headers as a server sees them: under canonical names. It is a
// copy, since clients use theirs again.
func arriving(sent http.Header) http.Header {
	h := make(http.Header, len(sent))
	for name, values := range sent {
		for _, value := range values {
			h.Add(name, strings.Trim(value, " \t"))
		}
	}
	return h
}

// segments unescapes a path of the JSON API, in which names are escaped, slashes
// too: so each segment is a name.
func segments(path string) ([]string, error) {
	all := strings.Split(path, "/")
	for i, segment := range all {
		name, err := url.PathUnescape(segment)
		if err != nil {
			return nil, errParse
		}
		all[i] = name
	}
	return all, nil
}

// json reads b/BUCKET, b/BUCKET/o/OBJECT and the like.
func (c *call) json(path string) error {
	at, err := segments(path)
	if err != nil {
		return err
	}
	if len(at) < 2 || at[0] != "b" || at[1] == "" {
		return errNotImplemented
	}
	c.bucket = at[1]
	shape := c.req.Method
	switch {
	case len(at) == 2:
		shape += " bucket"
	case len(at) == 3 && at[2] == "o":
		shape += " objects"
	case len(at) == 4 && at[2] == "iam":
		shape += " iam " + at[3]
	case len(at) == 4 && at[2] == "o":
		shape += " object"
		c.object = at[3]
	case len(at) == 9 && at[2] == "o" && at[5] == "b" && at[7] == "o":
		shape += " object " + at[4]
		c.source = &place{at[1], at[3]}
		c.bucket, c.object = at[6], at[8]
	}
	media := c.query.Get("alt") == "media"
	switch {
	case shape == "GET bucket":
		c.op = OpGetBucket
	case shape == "GET iam testPermissions":
		c.op = OpTestPermissions
	case shape == "GET objects":
		c.op = OpListObjects
	case shape == "GET object" && media:
		c.op = OpReadObject
	case shape == "GET object":
		c.op = OpGetObject
	case shape == "PATCH object":
		c.op = OpPatchObject
	case shape == "PUT object":
		c.op = OpUpdateObject
	case shape == "DELETE object":
		c.op = OpDeleteObject
	case shape == "POST object rewriteTo":
		c.op = OpRewriteObject
	case shape == "POST object copyTo":
		c.op = OpCopyObject
	default:
		return errNotImplemented
	}
	return nil
}

// upload reads b/BUCKET/o below the root of uploads.
func (c *call) upload(path string) error {
	at, err := segments(path)
	if err != nil {
		return err
	}
	if len(at) != 3 || at[0] != "b" || at[2] != "o" {
		return errNotImplemented
	}
	c.bucket, c.object = at[1], c.query.Get("name")
	session := c.query.Has("upload_id")
	switch method := c.req.Method; {
	case session && (method == http.MethodPut || method == http.MethodPost):
		c.op = OpUploadChunk
	case session && method == http.MethodDelete:
		c.op = OpCancelUpload
	case method != http.MethodPost:
		return errNotImplemented
	case c.query.Get("uploadType") == "resumable":
		c.op = OpStartUpload
	case c.query.Get("uploadType") == "multipart", c.query.Get("uploadType") == "media":
		c.op = OpInsertObject
	default:
		return errInvalid.saying("Invalid value for parameter uploadType: %q", c.query.Get("uploadType")).about("parameter", "uploadType")
	}
	return nil
}

// xmlHost is the host of the XML API; in the virtual-hosted style, the bucket
// stands before it.
const xmlHost = ".storage.googleapis.com"

// plain reads the path of the XML API: /BUCKET/OBJECT.
func (c *call) plain(path string) error {
	c.xml = true
	host := c.req.Host
	if host == "" {
		host = c.req.URL.Host
	}
	host, _, _ = strings.Cut(host, ":")
	path = strings.TrimPrefix(path, "/")
	escaped := path
	if bucket, ok := strings.CutSuffix(host, xmlHost); ok {
		c.bucket = bucket
	} else {
		c.bucket, escaped, _ = strings.Cut(path, "/")
	}
	var err error
	if c.object, err = url.PathUnescape(escaped); err != nil {
		return errParse
	}
	switch method := c.req.Method; {
	case c.object == "":
		return errNotImplemented
	case method == http.MethodGet, method == "":
		c.op = OpReadObject
	case method == http.MethodHead:
		c.op = OpGetObject
	default:
		return errNotImplemented
	}
	return nil
}
