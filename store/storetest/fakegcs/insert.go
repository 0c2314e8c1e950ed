package fakegcs

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// maxObject is the size of an object.
const maxObject = 5 << 40

// receive reads the body of a request.
func (s *Server) receive(c *call) ([]byte, error) { return s.wire.Receive(c.req, maxObject) }

// insertObject writes an object in one request.
func (s *Server) insertObject(c *call) (*answer, error) {
	data, err := s.receive(c)
	if err != nil {
		return nil, err
	}
	r, media, err := payload(c, data)
	if err != nil {
		return nil, err
	}
	w, obj, err := s.describe(c, &r)
	if err != nil {
		return nil, err
	}
	if err := obj.fill(media, &r, c.header); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := w.commit(s, obj); err != nil {
		return nil, err
	}
	return jsonAnswer(http.StatusOK, obj.resource(w.bucket, w.name)), nil
}

// describe reads what a request that writes an object says of it.
func (s *Server) describe(c *call, r *resource) (*writer, *Object, error) {
	name := c.query.Get("name")
	if name == "" {
		name = r.Name
	}
	if v := c.query.Get("contentEncoding"); v != "" {
		r.ContentEncoding = v
	}
	w, err := s.newWriter(c, name)
	if err != nil {
		return nil, nil, err
	}
	obj, err := r.object()
	if err != nil {
		return nil, nil, err
	}
	return w, obj, nil
}

// payload takes the body of a request apart: into a resource and the body of the
// object.
func payload(c *call, data []byte) (r resource, media []byte, err error) {
	kind, params, err := mime.ParseMediaType(c.header.Get(contentType))
	if c.query.Get("uploadType") != "multipart" {
		return resource{ContentType: c.header.Get(contentType)}, data, nil
	}
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		return r, nil, errInvalid.saying("Multipart content type must have a boundary.").about("header", contentType)
	}
	parts := multipart.NewReader(bytes.NewReader(data), params["boundary"])
	first, _, err := part(parts)
	if err != nil {
		return r, nil, err
	}
	media, mediaType, err := part(parts)
	if err != nil {
		return r, nil, err
	}
	if _, err := parts.NextRawPart(); !errors.Is(err, io.EOF) {
		return r, nil, errMultipart
	}
	if r, err = parseResource(first); err != nil {
		return r, nil, err
	}
	if r.ContentType == "" {
		r.ContentType = mediaType
	}
	return r, media, nil
}

var errMultipart = refusal(http.StatusBadRequest, "badContent", "MalformedMultipart", "Malformed multipart body: it must have two parts.")

func part(parts *multipart.Reader) (data []byte, kind string, err error) {
	p, err := parts.NextRawPart()
	if err != nil {
		return nil, "", errMultipart
	}
	if data, err = io.ReadAll(p); err != nil {
		return nil, "", errMultipart
	}
	return data, p.Header.Get(contentType), nil
}

// fill gives the object its body, if it is the one that the checksums of the
// request mean.
func (obj *Object) fill(body []byte, r *resource, h http.Header) error {
	obj.Body, obj.CRC32C, obj.MD5 = body, crc32cOf(body), md5Of(body)
	want := []struct{ name, given, computed string }{
		{"CRC32C", r.CRC32C, obj.CRC32C},
		{"MD5 hash", r.MD5Hash, obj.MD5},
		{"MD5 hash", h.Get("Content-Md5"), obj.MD5},
	}
	for _, header := range h.Values("X-Goog-Hash") {
		for hash := range strings.SplitSeq(header, ",") {
			name, given, _ := strings.Cut(strings.TrimSpace(hash), "=")
			switch name {
			case "crc32c":
				want[0].given = differing(want[0].given, given, obj.CRC32C)
			case "md5":
				want[1].given = differing(want[1].given, given, obj.MD5)
			}
		}
	}
	for _, sum := range want {
		if sum.given != "" && sum.given != sum.computed {
			return errInvalid.saying("Provided %s %q doesn't match calculated %s %q.", sum.name, sum.given, sum.name, sum.computed)
		}
	}
	return nil
}

// differing returns the one of two checksums that is wrong, if one is.
func differing(a, b, right string) string {
	if a != "" && a != right {
		return a
	}
	return b
}
