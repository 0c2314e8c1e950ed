package fakegcs

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// getObject answers the metadata of an object, or its body.
func (s *Server) getObject(c *call) (*answer, error) {
	cond, err := s.conditions(c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	obj, err := s.held(c)
	s.mu.Unlock()
	if refused, ok := errors.AsType[*apiError](err); ok && refused.code == errNoObject.code {
		return nil, s.absent(c)
	}
	if err != nil {
		return nil, err
	}
	// Objects that are held do not change, so obj can be read without the lock.
	if err := cond.judge(c, obj); err != nil {
		return nil, err
	}
	if !c.xml && c.op == OpGetObject {
		a := jsonAnswer(http.StatusOK, obj.resource(c.bucket, c.object))
		a.header.Set("Etag", obj.etag())
		return a, nil
	}
	a := &answer{status: http.StatusOK, header: obj.headers(c.xml), body: obj.Body}
	if obj.transcoded(c, a) {
		return a, nil
	}
	if err := obj.cut(c.header.Get("Range"), a); err != nil {
		return nil, err
	}
	a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
	return a, nil
}

// headers returns what the answer with a body says of the object. The XML API
// says more than the JSON API.
func (obj *Object) headers(xml bool) http.Header {
	kind, encoding := obj.ContentType, obj.ContentEncoding
	if kind == "" {
		kind = "application/octet-stream"
	}
	h := http.Header{
		contentType:                    {kind},
		"Accept-Ranges":                {"bytes"},
		"X-Goog-Generation":            {strconv.FormatInt(obj.Generation, 10)},
		"X-Goog-Metageneration":        {strconv.FormatInt(obj.Metageneration, 10)},
		"X-Goog-Hash":                  {"crc32c=" + obj.CRC32C, "md5=" + obj.MD5},
		"X-Goog-Storage-Class":         {obj.class()},
		storedEncoding:                 {encoding},
		"X-Goog-Stored-Content-Length": {strconv.Itoa(len(obj.Body))},
		"Etag":                         {obj.etag()},
		"Cache-Control":                {obj.CacheControl},
		"Content-Language":             {obj.ContentLanguage},
		"Content-Disposition":          {obj.ContentDisposition},
		"Content-Encoding":             {encoding},
	}
	if encoding == "" {
		h.Set(storedEncoding, "identity")
	}
	if obj.CacheControl == "" {
		h.Set("Cache-Control", "private, max-age=0")
		h.Set("Expires", time.Now().UTC().Format(http.TimeFormat))
	}
	if xml {
		obj.xmlHeaders(h)
	}
	for name, values := range h {
		if values[0] == "" {
			delete(h, name)
		}
	}
	return h
}

const storedEncoding = "X-Goog-Stored-Content-Encoding"

// xmlHeaders sets what the XML API alone says. The names of custom metadata lose
// their case on the way, as all names of headers do.
func (obj *Object) xmlHeaders(h http.Header) {
	h.Set("Etag", obj.xmlETag())
	h.Set("Last-Modified", obj.Updated.UTC().Format(http.TimeFormat))
	if !obj.CustomTime.IsZero() {
		h.Set("X-Goog-Custom-Time", obj.CustomTime.UTC().Format(jsonTime))
	}
	for name, value := range obj.Metadata {
		h.Set("X-Goog-Meta-"+name, strings.NewReplacer("\r", " ", "\n", " ").Replace(value))
	}
}

// xmlETag is the ETag of the XML API: the MD5 of the body in hexadecimal.
func (obj *Object) xmlETag() string {
	sum, err := base64.StdEncoding.DecodeString(obj.MD5)
	if err != nil {
		return `"` + obj.MD5 + `"`
	}
	return `"` + hex.EncodeToString(sum) + `"`
}

// cut cuts the answer to a range of bytes. What is not one range is taken no
// notice of.
func (obj *Object) cut(header string, a *answer) error {
	size := int64(len(obj.Body))
	start, end, ok := parseRange(header, size)
	if !ok {
		return nil
	}
	if start >= size {
		refused := errRange.saying("The requested range cannot be satisfied: %s of %d bytes.", header, size)
		refused.header = http.Header{"Content-Range": {fmt.Sprintf("bytes */%d", size)}}
		return refused
	}
	a.status = http.StatusPartialContent
	a.body = obj.Body[start:end]
	a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, size))
	return nil
}

// parseRange reads a Range header of one range of bytes. One of which there is
// nothing begins at size or later.
func parseRange(header string, size int64) (start, end int64, ok bool) {
	spec, isBytes := strings.CutPrefix(header, "bytes=")
	first, last, isRange := strings.Cut(spec, "-")
	if !isBytes || !isRange {
		return 0, 0, false
	}
	if first == "" {
		n, err := number(last)
		if err != nil {
			return 0, 0, false
		}
		return size - min(*n, size), size, true
	}
	begin, err := number(first)
	if err != nil {
		return 0, 0, false
	}
	if last == "" {
		return *begin, size, true
	}
	until, err := number(last)
	if err != nil || *until < *begin {
		return 0, 0, false
	}
	return *begin, min(*until, size-1) + 1, true
}
