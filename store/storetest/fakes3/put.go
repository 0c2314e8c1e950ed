package fakes3

import (
	"net/http"
	"time"
)

func (s *Server) putObject(c *call) (*answer, error) {
	cond, err := s.writeCondition(c)
	if err != nil {
		return nil, err
	}
	obj, err := describe(c)
	if err != nil {
		return nil, err
	}
	body, err := s.receive(c)
	if err != nil {
		return nil, err
	}
	obj.Body = body.data
	obj.Checksum, obj.ChecksumAlgorithm = s.kept(body)
	obj.setETag(c.id)
	if err := s.commit(c, cond, obj); err != nil {
		return nil, err
	}
	h := http.Header{"Etag": {quote(obj.ETag)}}
	obj.checksumHeaders(h)
	obj.encryptionHeaders(h)
	return &answer{status: http.StatusOK, header: h}, nil
}

// kept returns the checksum that is kept of a body: the one that it came with,
// else a CRC64NVME, as S3 computes it.
func (s *Server) kept(body payload) (sum, algorithm string) {
	if body.algorithm != "" {
		return body.sum, body.algorithm
	}
	if heed, err := s.heeds(Checksums); err != nil || !heed {
		return "", ""
	}
	return checksum(crc64NVME, body.data), crc64NVME
}

// commit holds obj if the condition holds.
func (s *Server) commit(c *call, cond writeCondition, obj *Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return err
	}
	if err := cond.judge(b.objects[c.key], c.key); err != nil {
		return err
	}
	obj.LastModified = s.now().Truncate(time.Second)
	b.put(c.key, obj)
	return nil
}
