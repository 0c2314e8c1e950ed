package fakes3

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	directiveCopy    = "COPY"
	directiveReplace = "REPLACE"
)

func (s *Server) copyObject(c *call) (*answer, error) {
	bucket, key, err := copySource(c.header.Get("X-Amz-Copy-Source"))
	if err != nil {
		return nil, err
	}
	if !s.may(c, OpGetObject, bucket, key) {
		return nil, errAccessDenied
	}
	cond, err := s.writeCondition(c)
	if err != nil {
		return nil, err
	}
	from, err := s.sourceCondition(c)
	if err != nil {
		return nil, err
	}
	told, err := describe(c)
	if err != nil {
		return nil, err
	}
	replace, err := s.directives(c, bucket == c.bucket && key == c.key)
	if err != nil {
		return nil, err
	}
	if c.fault == FailInside {
		return failInside(c), nil
	}
	visible := s.may(c, OpListObjectsV2, bucket, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	source, err := s.bucket(bucket)
	if err != nil {
		return nil, err
	}
	target, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	src, ok := source.objects[key]
	if !ok && !visible {
		return nil, errAccessDenied
	} else if !ok {
		return nil, errNoSuchKey.with("Key", key)
	}
	if err := judgeRead(src, c.arrived, from); err != nil {
		return nil, errPrecondition.with("Condition", "x-amz-copy-source-If-*")
	}
	if err := cond.judge(target.objects[c.key], c.key); err != nil {
		return nil, err
	}
	obj := copied(src, told, replace)
	if algorithm := c.header.Get("X-Amz-Checksum-Algorithm"); algorithms[algorithm] != nil && algorithm != src.ChecksumAlgorithm {
		obj.ChecksumAlgorithm = algorithm
		obj.Checksum = checksum(algorithm, obj.Body)
	}
	if src.isMultipart() || src.Encryption != obj.Encryption || obj.Encryption != encryptionS3 {
		// One piece, or another key: its own ETag. Else what src has is right.
		obj.setETag(c.id)
	}
	obj.LastModified = s.now().Truncate(time.Second)
	target.put(c.key, obj)
	return obj.copyAnswer(), nil
}

// directive says what a copy takes from the request and not from the source.
type directive struct{ metadata, tags bool }

// directives reads what a copy replaces, and refuses one that changes nothing.
func (s *Server) directives(c *call, onItself bool) (replace directive, err error) {
	read := func(name string) bool {
		v := c.header.Get(name)
		if v != "" && v != directiveCopy && v != directiveReplace {
			err = errInvalidArgument.saying("Unknown %s.", strings.ToLower(name)).with("ArgumentValue", v)
		}
		return v == directiveReplace
	}
	replace.metadata = read("X-Amz-Metadata-Directive")
	replace.tags = read("X-Amz-Tagging-Directive")
	if err != nil {
		return replace, err
	}
	changed := replace.metadata || c.header.Get("X-Amz-Storage-Class") != "" || c.header.Get("X-Amz-Server-Side-Encryption") != ""
	if onItself && !changed {
		return replace, errInvalidRequest.saying("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	if replace.metadata {
		replace.metadata, err = s.heeds(MetadataDirective)
	}
	return replace, err
}

// copied returns a copy of src, with what told says of its place, and of the
// rest what is to be replaced.
func copied(src, told *Object, replace directive) *Object {
	obj := *told
	obj.Body, obj.ETag = src.Body, src.ETag
	obj.Checksum, obj.ChecksumAlgorithm = src.Checksum, src.ChecksumAlgorithm
	if src.isMultipart() && obj.checksumType() == composite {
		obj.Checksum = checksum(obj.ChecksumAlgorithm, obj.Body)
	}
	if !replace.metadata {
		obj.Header, obj.Metadata = src.Header.Clone(), maps.Clone(src.Metadata)
	}
	if !replace.tags {
		obj.Tags = maps.Clone(src.Tags)
	}
	return &obj
}

func (obj *Object) copyAnswer() *answer {
	d := newDocument("CopyObjectResult")
	d.text("LastModified", xmlTime(obj.LastModified))
	d.text("ETag", quote(obj.ETag))
	d.checksum(obj)
	h := make(http.Header)
	obj.encryptionHeaders(h)
	return d.answer(h)
}

// checksum writes the checksum of an object.
func (d *document) checksum(obj *Object) {
	if obj.Checksum != "" {
		d.text("Checksum"+obj.ChecksumAlgorithm, obj.Checksum)
		d.text("ChecksumType", obj.checksumType())
	}
}

// failInside is an error in an answer that has begun with 200.
func failInside(c *call) *answer {
	a := errInternal.answer(c)
	a.status = http.StatusOK
	a.header.Del("Connection")
	return a
}

// copySource reads x-amz-copy-source: bucket and key, percent-encoded, where a
// plus sign is a space.
func copySource(header string) (bucket, key string, err error) {
	if _, version, ok := strings.Cut(header, "?versionId="); ok {
		return "", "", errNotImplemented.with("VersionId", version)
	}
	decoded, err := url.QueryUnescape(header)
	if err != nil {
		return "", "", errInvalidArgument.saying("Copy Source must be URL encoded")
	}
	bucket, key, ok := strings.Cut(strings.TrimPrefix(decoded, "/"), "/")
	if !ok || bucket == "" || key == "" {
		return "", "", errInvalidArgument.saying("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	return bucket, key, nil
}
