package fakes3

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// overrides are the parameters by which a GetObject changes headers of its
// answer.
var overrides = map[string]string{
	"response-cache-control":       "Cache-Control",
	"response-content-disposition": "Content-Disposition",
	"response-content-encoding":    "Content-Encoding",
	"response-content-language":    "Content-Language",
	"response-content-type":        "Content-Type",
	"response-expires":             "Expires",
}

// getObject answers HeadObject too: what differs is that the body stays.
func (s *Server) getObject(c *call) (*answer, error) {
	condition, err := s.readCondition(c)
	if err != nil {
		return nil, err
	}
	obj, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if err := judgeRead(obj, c.arrived, condition); err != nil {
		if err == errNotModified { //nolint:errorlint // as judgeRead returns it
			return &answer{status: http.StatusNotModified, header: obj.validators()}, nil
		}
		return nil, err
	}
	if c.op == OpGetObject && (obj.StorageClass == "GLACIER" || obj.StorageClass == "DEEP_ARCHIVE") {
		return nil, errArchived.with("StorageClass", obj.StorageClass)
	}
	a := &answer{status: http.StatusOK, header: obj.headers(), body: obj.Body}
	part, err := s.part(c, obj, a)
	if err != nil {
		return nil, err
	}
	if !part && strings.EqualFold(c.header.Get("X-Amz-Checksum-Mode"), "ENABLED") {
		obj.checksumHeaders(a.header)
	}
	for parameter, name := range overrides {
		if v := c.query.Get(parameter); v != "" {
			a.header.Set(name, v)
		}
	}
	a.header.Set("Content-Length", itoa(len(a.body)))
	return a, nil
}

// find returns the object that a read is about. Objects that are held do not
// change, so that it can be read without the lock.
func (s *Server) find(c *call) (*Object, error) {
	s.mu.Lock()
	b, err := s.bucket(c.bucket)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	obj, ok := b.objects[c.key]
	s.mu.Unlock()
	if !ok {
		return nil, s.absent(c, c.bucket, c.key)
	}
	return obj, nil
}

// absent is the answer to a read of a key that there is not: that is told only
// to those who could see it in a listing.
func (s *Server) absent(c *call, bucket, key string) error {
	if !s.may(c, OpListObjectsV2, bucket, key) {
		return errAccessDenied
	}
	return errNoSuchKey.with("Key", key)
}

// part cuts the answer to the part that is asked for, and reports whether it
// is one.
func (s *Server) part(c *call, obj *Object, a *answer) (bool, error) {
	size := int64(len(obj.Body))
	start, end := int64(0), size
	header := c.header.Get("Range")
	if header != "" {
		heed, err := s.heeds(GetRange)
		if err != nil {
			return false, err
		}
		if !heed {
			header = ""
		}
	}
	switch number := c.query.Get("partNumber"); {
	case number != "" && header != "":
		return false, errInvalidRequest.saying("Cannot specify both Range header and partNumber query parameter")
	case number != "":
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > maxParts {
			return false, errInvalidArgument.saying("Part number must be an integer between 1 and %d, inclusive", maxParts)
		}
		if !obj.isMultipart() && n == 1 {
			// In one piece: the whole, as a part.
			break
		}
		if n > len(obj.PartSizes) {
			return false, refusal(http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable")
		}
		for _, before := range obj.PartSizes[:n-1] {
			start += before
		}
		start = min(start, size)
		end = min(start+obj.PartSizes[n-1], size)
		a.header.Set("X-Amz-Mp-Parts-Count", itoa(len(obj.PartSizes)))
	case header != "":
		var ok, met bool
		if start, end, ok, met = parseRange(header, size); !ok {
			return false, nil
		} else if !met {
			return false, errInvalidRange.with("ActualObjectSize", strconv.FormatInt(size, 10)).with("RangeRequested", header)
		}
	default:
		return false, nil
	}
	a.status = http.StatusPartialContent
	a.body = obj.Body[start:end]
	if size > 0 {
		a.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, end-1, size))
	}
	return true, nil
}

// parseRange reads a Range header. What is not one range of bytes is not ok, and
// taken no notice of; one of which there is nothing is not met.
func parseRange(header string, size int64) (start, end int64, ok, met bool) {
	spec, isBytes := strings.CutPrefix(header, "bytes=")
	first, last, isRange := strings.Cut(spec, "-")
	if !isBytes || !isRange || strings.Contains(spec, ",") {
		return 0, 0, false, false
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false, false
		}
		return max(size-n, 0), size, true, n > 0 && size > 0
	}
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 {
		return 0, 0, false, false
	}
	end = size
	if last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < start {
			return 0, 0, false, false
		}
		if n < size {
			end = n + 1
		}
	}
	return start, end, true, start < size
}
