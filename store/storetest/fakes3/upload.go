package fakes3

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxParts = 10_000

// upload is a multipart upload that is neither completed nor aborted.
type upload struct {
	id        string
	nth       uint64 // in the order in which they began
	key       string
	told      *Object // all but the body
	begun     time.Time
	algorithm string // "": none was named
	kind      string // of the checksum of the whole
	parts     map[int]*part
}

// part is a part of an upload. One that is held does not change.
type part struct {
	data    []byte
	etag    string
	sum     integrity
	written time.Time
}

func (s *Server) createUpload(c *call) (*answer, error) {
	told, err := describe(c)
	if err != nil {
		return nil, err
	}
	u := &upload{key: c.key, told: told, parts: make(map[int]*part)}
	if u.algorithm, u.kind, err = s.uploadChecksum(c.header); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	u.id, u.nth, u.begun = s.nextID(), s.ids, s.now().Truncate(time.Second)
	b.uploads[u.id] = u
	d := newDocument("InitiateMultipartUploadResult")
	d.text("Bucket", c.bucket)
	d.text("Key", c.key)
	d.text("UploadId", u.id)
	h := make(http.Header)
	told.encryptionHeaders(h)
	if u.algorithm != "" {
		h.Set("X-Amz-Checksum-Algorithm", u.algorithm)
		h.Set("X-Amz-Checksum-Type", u.kind)
	}
	return d.answer(h), nil
}

// uploadChecksum reads the checksum that an upload is to have.
func (s *Server) uploadChecksum(h http.Header) (algorithm, kind string, err error) {
	algorithm, kind = h.Get("X-Amz-Checksum-Algorithm"), h.Get("X-Amz-Checksum-Type")
	heed, err := s.heeds(Checksums)
	switch {
	case algorithm == "" || !heed && err == nil:
		return "", fullObject, nil
	case err != nil:
		return "", "", err
	case algorithms[algorithm] == nil:
		return "", "", errInvalidRequest.saying("Checksum algorithm provided is unsupported.")
	}
	isCRC := strings.HasPrefix(algorithm, "CRC")
	switch {
	case kind == "" && algorithm == crc64NVME:
		kind = fullObject
	case kind == "":
		kind = composite
	case kind == composite && algorithm != crc64NVME, kind == fullObject && isCRC:
	default:
		return "", "", errInvalidRequest.saying("The %s checksum type cannot be used with the %s checksum algorithm.", kind, algorithm)
	}
	return algorithm, kind, nil
}

func (s *Server) uploadPart(c *call) (*answer, error) {
	n, err := strconv.Atoi(c.query.Get("partNumber"))
	if err != nil || n < 1 || n > maxParts {
		return nil, errInvalidArgument.saying("Part number must be an integer between 1 and %d, inclusive", maxParts).
			with("ArgumentName", "partNumber")
	}
	body, err := s.receive(c)
	if err != nil {
		return nil, err
	}
	p := &part{data: body.data, etag: md5Hex(body.data), sum: body.integrity}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	if u.algorithm != "" {
		switch p.sum.algorithm {
		case u.algorithm:
		case "":
			if u.kind == composite {
				return nil, errInvalidRequest.saying("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: null", u.algorithm)
			}
			p.sum = integrity{u.algorithm, checksum(u.algorithm, p.data)}
		default:
			return nil, errInvalidRequest.saying("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", u.algorithm, p.sum.algorithm)
		}
	}
	p.written = s.now().Truncate(time.Second)
	u.parts[n] = p
	h := http.Header{"Etag": {quote(p.etag)}}
	if p.sum.algorithm != "" {
		h.Set(checksumPrefix+p.sum.algorithm, p.sum.sum)
	}
	u.told.encryptionHeaders(h)
	return &answer{status: http.StatusOK, header: h}, nil
}

func (s *Server) abortUpload(c *call) (*answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	delete(b.uploads, u.id)
	return &answer{status: http.StatusNoContent}, nil
}

// upload returns the upload that a request is about. The caller holds mu.
func (s *Server) upload(c *call) (*bucket, *upload, error) {
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, nil, err
	}
	id := c.query.Get("uploadId")
	u, ok := b.uploads[id]
	if !ok || u.key != c.key {
		return nil, nil, errNoSuchUpload.with("UploadId", id)
	}
	return b, u, nil
}

// inOrder returns the uploads of a bucket by key, and by their beginning.
func (b *bucket) inOrder() []*upload {
	return slices.SortedFunc(maps.Values(b.uploads), func(a, b *upload) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.nth, b.nth))
	})
}
