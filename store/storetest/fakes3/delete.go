package fakes3

import (
	"net/http"
	"slices"
)

const maxDeletes = 1000

func (s *Server) deleteObject(c *call) (*answer, error) {
	match := c.header.Get(ifMatch)
	match, err := s.deleteCondition(c, c.key, match)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	if err := s.removeIf(b, c.key, match); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

// deleteCondition returns the ETag that must be there, "" for none.
func (s *Server) deleteCondition(c *call, key, match string) (string, error) {
	if match == "" {
		return "", nil
	}
	heed, err := s.heeds(DeleteIfMatch)
	if err != nil || !heed {
		return "", err
	}
	if match != anyETag && !s.may(c, OpGetObject, c.bucket, key) {
		return "", errAccessDenied
	}
	return match, nil
}

// removeIf removes what is held for key if the ETag matches. Without a condition
// there need not be anything.
func (s *Server) removeIf(b *bucket, key, match string) error {
	held, ok := b.objects[key]
	if match != "" && !ok {
		if heed, err := s.heeds(DeleteIfMatchAbsent); err != nil || !heed {
			return err
		}
		return errNoSuchKey.with("Key", key)
	}
	if match != "" && !etagListed(match, held) {
		return failedCondition(ifMatch)
	}
	b.remove(key)
	return nil
}

// deletion is the body of DeleteObjects.
type deletion struct {
	Quiet   bool
	Objects []struct {
		Key       string
		ETag      string
		VersionID string `xml:"VersionId"`
	} `xml:"Object"`
}

func (s *Server) deleteObjects(c *call) (*answer, error) {
	body, err := s.receive(c)
	if err != nil {
		return nil, err
	}
	if body.algorithm == "" && c.header.Get("Content-Md5") == "" && !slices.Contains(s.o.Ignores, Checksums) {
		return nil, errInvalidRequest.saying("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	var asked deletion
	if err := parse(body.data, &asked); err != nil {
		return nil, err
	}
	if n := len(asked.Objects); n == 0 || n > maxDeletes {
		return nil, errMalformedXML
	}
	matches := make([]string, len(asked.Objects))
	refused := make([]error, len(asked.Objects))
	for i, o := range asked.Objects {
		switch {
		case o.VersionID != "":
			refused[i] = errNotImplemented
		case o.Key == "" || len(o.Key) > maxKey:
			return nil, errMalformedXML
		case c.fault == Half && i%2 == 1:
			refused[i] = errInternal
		case !s.may(c, OpDeleteObjects, c.bucket, o.Key):
			refused[i] = errAccessDenied
		default:
			matches[i], refused[i] = s.deleteCondition(c, o.Key, o.ETag)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		return nil, err
	}
	d := newDocument("DeleteResult")
	for i, o := range asked.Objects {
		err := refused[i]
		if err == nil {
			err = s.removeIf(b, o.Key, matches[i])
		}
		if err != nil {
			d.refusal(o.Key, err)
		} else if !asked.Quiet {
			d.start("Deleted")
			d.text("Key", o.Key)
			d.end()
		}
	}
	return d.answer(nil), nil
}

// refusal writes that a key was not deleted.
func (d *document) refusal(key string, err error) {
	e, ok := err.(*apiError) //nolint:errorlint // not wrapped
	if !ok {
		e = errInternal
	}
	d.start("Error")
	d.text("Key", key)
	d.text("Code", e.code)
	d.text("Message", e.message)
	d.end()
}
