package fakegcs

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// upload is a resumable upload: a body that comes in several requests.
type upload struct {
	w      *writer
	obj    *Object
	r      resource
	begun  time.Time
	length int64 // as announced; -1: not

	data      []byte
	done      []byte // the answer, once there is one
	cancelled bool
}

const (
	uploadLife  = 7 * 24 * time.Hour
	uploadBlock = 256 << 10 // chunks but the last are a multiple of it
)

// startUpload begins a resumable upload, and answers where it goes on.
func (s *Server) startUpload(c *call) (*answer, error) {
	data, err := s.receive(c)
	if err != nil {
		return nil, err
	}
	r, err := parseResource(data)
	if err != nil {
		return nil, err
	}
	if r.ContentType == "" {
		r.ContentType = c.header.Get("X-Upload-Content-Type")
	}
	w, obj, err := s.describe(c, &r)
	if err != nil {
		return nil, err
	}
	length := int64(-1)
	if v := c.header.Get("X-Upload-Content-Length"); v != "" {
		n, err := number(v)
		if err != nil {
			return nil, errInvalid.saying("Invalid X-Upload-Content-Length: %q", v).about("header", "X-Upload-Content-Length")
		}
		length = *n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := w.judge(s); err != nil {
		return nil, err
	}
	s.uploads[c.id] = &upload{w: w, obj: obj, r: r, begun: time.Now(), length: length}
	location := *c.req.URL
	query := c.query
	query.Set("upload_id", c.id)
	location.RawQuery = query.Encode()
	return &answer{status: http.StatusOK, header: http.Header{"Location": {location.String()}}}, nil
}

// uploadChunk goes on with a resumable upload, or answers how far it is.
func (s *Server) uploadChunk(c *call) (*answer, error) {
	data, err := s.receive(c)
	if err != nil {
		return nil, err
	}
	chunk, err := parseChunk(c.header.Get("Content-Range"), len(data))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	if u.done != nil {
		// Who lost the answer asks again.
		return u.finished(), nil
	}
	if err := u.add(chunk, data); err != nil {
		return nil, err
	}
	if chunk.total < 0 || chunk.total != int64(len(u.data)) {
		return u.progress(c), nil
	}
	err = u.obj.fill(u.data, &u.r, c.header)
	if err == nil {
		err = u.w.commit(s, u.obj)
	}
	if err != nil {
		if !errors.Is(err, errTooManyRequests) {
			delete(s.uploads, c.query.Get("upload_id"))
		}
		return nil, err
	}
	u.done = mustJSON(u.obj.resource(u.w.bucket, u.w.name))
	u.data, u.obj = nil, nil
	return u.finished(), nil
}

// cancelUpload ends a resumable upload without an object.
func (s *Server) cancelUpload(c *call) (*answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	if u.done == nil {
		u.cancelled, u.data, u.obj = true, nil, nil
	}
	return nil, errCancelled
}

// upload returns the one that a request is about. The caller holds mu.
func (s *Server) upload(c *call) (*upload, error) {
	u, ok := s.uploads[c.query.Get("upload_id")]
	switch {
	case !ok:
		return nil, errNoUpload
	case u.cancelled:
		return nil, errCancelled
	case time.Since(u.begun) > uploadLife:
		return nil, errGone
	}
	return u, nil
}

// chunk is a part of the body of a resumable upload.
type chunk struct {
	first int64 // where it begins; -1: a question how far the upload is
	total int64 // of the whole body; -1: not known yet
}

// parseChunk reads a Content-Range: "bytes FIRST-LAST/TOTAL", where TOTAL may be
// * and FIRST-LAST too. Without one, the request has all.
func parseChunk(header string, size int) (chunk, error) {
	refused := errInvalid.saying("Failed to parse Content-Range header %q.", header).about("header", "Content-Range")
	if header == "" {
		return chunk{0, int64(size)}, nil
	}
	spec, ok := strings.CutPrefix(header, "bytes ")
	span, of, isRange := strings.Cut(spec, "/")
	if !ok || !isRange {
		return chunk{}, refused
	}
	at := chunk{-1, -1}
	if of != "*" {
		n, err := number(of)
		if err != nil {
			return chunk{}, refused
		}
		at.total = *n
	}
	if span == "*" {
		if size > 0 {
			return chunk{}, refused
		}
		return at, nil
	}
	first, last, isSpan := strings.Cut(span, "-")
	begin, err1 := number(first)
	end, err2 := number(last)
	if !isSpan || err1 != nil || err2 != nil || *end-*begin+1 != int64(size) || at.total >= 0 && *end >= at.total {
		return chunk{}, refused
	}
	at.first = *begin
	if at.total < 0 && size%uploadBlock != 0 {
		return chunk{}, errInvalid.saying("The chunk has %d bytes; all but the last must be a multiple of %d.", size, uploadBlock)
	}
	return at, nil
}

// add appends a chunk. What has come already is taken no notice of.
func (u *upload) add(at chunk, data []byte) error {
	have := int64(len(u.data))
	if at.total >= 0 && u.length >= 0 && at.total != u.length {
		return errInvalid.saying("The body has %d bytes; %d were announced.", at.total, u.length)
	}
	switch {
	case at.first > have:
		return errInvalid.saying("The chunk begins at %d; the upload is at %d.", at.first, have).about("header", "Content-Range")
	case at.first >= 0 && at.first+int64(len(data)) > have:
		u.data = append(u.data, data[have-at.first:]...)
	}
	return nil
}

// progress answers how far the upload is: by 308, or for clients whose HTTP
// library would take that for a redirect, by a header.
func (u *upload) progress(c *call) *answer {
	a := &answer{status: http.StatusPermanentRedirect, header: make(http.Header)}
	if n := len(u.data); n > 0 {
		a.header.Set("Range", fmt.Sprintf("bytes=0-%d", n-1))
	}
	if c.header.Get("X-Guploader-No-308") == "yes" {
		a.status = http.StatusOK
		a.header.Set("X-Http-Status-Code-Override", strconv.Itoa(http.StatusPermanentRedirect))
	}
	return a
}

func (u *upload) finished() *answer {
	return &answer{status: http.StatusOK, header: http.Header{contentType: {jsonType}}, body: u.done}
}
