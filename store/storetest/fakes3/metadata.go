package fakes3

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	metaPrefix   = "X-Amz-Meta-"
	defaultType  = "binary/octet-stream"
	encryptionS3 = "AES256"
	standard     = "STANDARD"
	maxMetadata  = 2 << 10
	maxTags      = 10
)

// representation are the headers that belong to an object.
var representation = []string{
	"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires",
}

var storageClasses = []string{
	standard, "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "OUTPOSTS",
	"GLACIER_IR", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS",
}

// describe reads what a request says of the object that it writes: all but its
// body.
func describe(c *call) (*Object, error) {
	obj := &Object{}
	if err := obj.setRepresentation(c.header); err != nil {
		return nil, err
	}
	if err := obj.setTags(c.header.Get("X-Amz-Tagging")); err != nil {
		return nil, err
	}
	if err := obj.setPlacement(c.header); err != nil {
		return nil, err
	}
	return obj, nil
}

// setRepresentation sets headers and user metadata.
func (obj *Object) setRepresentation(h http.Header) error {
	obj.Header = make(http.Header)
	for _, name := range representation {
		if v := h.Get(name); v != "" {
			obj.Header.Set(name, v)
		}
	}
	if v := withoutChunked(h.Get("Content-Encoding")); v != "" {
		obj.Header.Set("Content-Encoding", v)
	} else {
		obj.Header.Del("Content-Encoding")
	}
	if obj.Header.Get("Content-Type") == "" {
		obj.Header.Set("Content-Type", defaultType)
	}
	obj.Metadata = make(map[string]string)
	size := 0
	for name, values := range h {
		name, ok := strings.CutPrefix(name, metaPrefix)
		if !ok {
			continue
		}
		value := values[0]
		if decoded, err := new(mime.WordDecoder).DecodeHeader(value); err == nil {
			value = decoded
		}
		obj.Metadata[strings.ToLower(name)] = value
		size += len(name) + len(value)
	}
	if size > maxMetadata {
		return errMetadataTooBig.with("Size", itoa(size)).with("MaxSizeAllowed", itoa(maxMetadata))
	}
	return nil
}

// withoutChunked returns a Content-Encoding without what belongs to the transfer.
func withoutChunked(encoding string) string {
	var kept []string
	for part := range strings.SplitSeq(encoding, ",") {
		if part = strings.TrimSpace(part); part != "" && part != "aws-chunked" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ",")
}

func (obj *Object) setTags(header string) error {
	if header == "" {
		return nil
	}
	tags, err := url.ParseQuery(header)
	if err != nil {
		return errInvalidArgument.saying("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	if len(tags) > maxTags {
		return refusal(http.StatusBadRequest, "BadRequest", "Object tags cannot be greater than 10")
	}
	obj.Tags = make(map[string]string)
	for name, values := range tags {
		if len(values) != 1 || name == "" || len([]rune(name)) > 128 || len([]rune(values[0])) > 256 {
			return errInvalidTag
		}
		obj.Tags[name] = values[0]
	}
	return nil
}

// setPlacement sets storage class and encryption.
func (obj *Object) setPlacement(h http.Header) error {
	obj.StorageClass = h.Get("X-Amz-Storage-Class")
	if obj.StorageClass != "" && !slices.Contains(storageClasses, obj.StorageClass) {
		return errStorageClass.with("StorageClassRequested", obj.StorageClass)
	}
	for name := range h {
		if strings.HasPrefix(name, "X-Amz-Server-Side-Encryption-Customer-") {
			return errNotImplemented.with("Header", name)
		}
	}
	switch obj.Encryption = h.Get("X-Amz-Server-Side-Encryption"); obj.Encryption {
	case "":
		// S3 encrypts all objects.
		obj.Encryption = encryptionS3
	case encryptionS3:
	case "aws:kms", "aws:kms:dsse":
		obj.KMSKey = h.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
	default:
		return errInvalidArgument.saying("The encryption method specified is not supported")
	}
	return nil
}

// headers returns what an answer says of the object, without its length.
func (obj *Object) headers() http.Header {
	h := obj.validators()
	for name, values := range obj.Header {
		h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	for name, value := range obj.Metadata {
		if strings.ContainsFunc(value, func(r rune) bool { return r > 126 || r < ' ' && r != '\t' }) {
			value = mime.BEncoding.Encode("UTF-8", value)
		}
		h.Set(metaPrefix+name, value)
	}
	if n := len(obj.Tags); n > 0 {
		h.Set("X-Amz-Tagging-Count", itoa(n))
	}
	if obj.StorageClass != "" && obj.StorageClass != standard {
		h.Set("X-Amz-Storage-Class", obj.StorageClass)
	}
	obj.encryptionHeaders(h)
	h.Set("Accept-Ranges", "bytes")
	return h
}

// validators returns the headers that a 304 answer has.
func (obj *Object) validators() http.Header {
	return http.Header{
		"Etag":          {quote(obj.ETag)},
		"Last-Modified": {obj.LastModified.UTC().Format(http.TimeFormat)},
	}
}

func (obj *Object) encryptionHeaders(h http.Header) {
	if obj.Encryption != "" {
		h.Set("X-Amz-Server-Side-Encryption", obj.Encryption)
	}
	if obj.KMSKey != "" {
		h.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", obj.KMSKey)
	}
}

// checksumHeaders sets the checksum of the whole object.
func (obj *Object) checksumHeaders(h http.Header) {
	if obj.Checksum == "" {
		return
	}
	h.Set(checksumPrefix+obj.ChecksumAlgorithm, obj.Checksum)
	h.Set("X-Amz-Checksum-Type", obj.checksumType())
}

func (obj *Object) checksumType() string {
	if strings.Contains(obj.Checksum, "-") {
		return composite
	}
	return fullObject
}

func quote(etag string) string { return `"` + etag + `"` }

// xmlTime is how listings write an instant.
func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
