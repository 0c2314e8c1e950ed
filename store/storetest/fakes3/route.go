package fakes3

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// call is a request that is being answered.
type call struct {
	req         *http.Request
	header      http.Header // as it arrives
	query       url.Values
	op          Op
	bucket, key string
	accessKey   string
	id          string
	arrived     time.Time // by the clock of the server
	fault       Fault
}

const maxKey = 1024

// newCall reads what a request wants. It returns a call even if that cannot be
// done; then with an error to answer.
func newCall(req *http.Request) (*call, error) {
	c := &call{req: req, header: arriving(req.Header), op: OpOther}
	c.bucket, c.key = address(req)
	var err error
	if c.query, err = url.ParseQuery(req.URL.RawQuery); err != nil {
		return c, errInvalidURI
	}
	c.accessKey = accessKey(c)
	if c.op = operation(c); c.op == OpOther {
		return c, errNotImplemented
	}
	switch {
	case len(c.key) > maxKey:
		return c, errKeyTooLong.with("Size", itoa(len(c.key))).with("MaxSizeAllowed", itoa(maxKey))
	case !utf8.ValidString(c.key):
		return c, errInvalidURI
	}
	return c, nil
}

// arriving returns headers as a server sees them: under canonical names, in one
// line each, without space around.
func arriving(sent http.Header) http.Header {
	h := make(http.Header, len(sent))
	for name, values := range sent {
		name = http.CanonicalHeaderKey(name)
		for _, v := range values {
			v = strings.Trim(v, " \t")
			if before, ok := h[name]; ok {
				v = before[0] + "," + v
			}
			h[name] = []string{v}
		}
	}
	return h
}

// address returns the bucket and key of a request, as the package comment says.
func address(req *http.Request) (bucket, key string) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	host, _, _ = strings.Cut(host, ":")
	path := strings.TrimPrefix(req.URL.Path, "/")
	labels := strings.Split(host, ".")
	for i, label := range slices.Backward(labels) {
		if i > 0 && (label == "s3" || strings.HasPrefix(label, "s3-")) {
			return strings.Join(labels[:i], "."), path
		}
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

// accessKey returns the access key that a request is signed with, if it is.
func accessKey(c *call) string {
	credential := c.query.Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(c.header.Get("Authorization"), "Credential="); ok {
		credential = after
	}
	key, _, _ := strings.Cut(credential, "/")
	return key
}

// Parameters that do not say which operation is meant.
var plainParameters = []string{
	"x-id", "partNumber", "list-type", "prefix", "delimiter", "continuation-token", "start-after", "max-keys", "encoding-type",
	"fetch-owner", "key-marker", "upload-id-marker", "max-uploads", "part-number-marker", "max-parts",
}

func operation(c *call) Op {
	sub := ""
	for name := range c.query {
		switch {
		case slices.Contains(plainParameters, name), strings.HasPrefix(name, "X-Amz-"), strings.HasPrefix(name, "response-"):
		case sub != "":
			return OpOther
		default:
			sub = name
		}
	}
	target := "object"
	if c.key == "" {
		target = "bucket"
	}
	if c.bucket == "" {
		target = "service"
	}
	if c.query.Has("list-type") && target == "bucket" {
		sub += "list-type=" + c.query.Get("list-type")
	}
	if c.header.Get("X-Amz-Copy-Source") != "" && c.req.Method == http.MethodPut {
		sub += "copy"
	}
	switch cmp.Or(c.req.Method, http.MethodGet) + " " + target + " " + sub {
	case "HEAD bucket ":
		return OpHeadBucket
	case "PUT bucket ":
		return OpCreateBucket
	case "GET bucket list-type=2":
		return OpListObjectsV2
	case "GET bucket uploads":
		return OpListMultipartUploads
	case "POST bucket delete":
		return OpDeleteObjects
	case "HEAD object ":
		return OpHeadObject
	case "GET object ":
		return OpGetObject
	case "PUT object ":
		return OpPutObject
	case "PUT object copy":
		return OpCopyObject
	case "DELETE object ":
		return OpDeleteObject
	case "POST object uploads":
		return OpCreateMultipartUpload
	case "PUT object uploadId":
		return OpUploadPart
	case "POST object uploadId":
		return OpCompleteMultipartUpload
	case "DELETE object uploadId":
		return OpAbortMultipartUpload
	case "GET object uploadId":
		return OpListParts
	default:
		return OpOther
	}
}
