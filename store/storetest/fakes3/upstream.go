package fakes3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxPut is the size of a body of one request.
const maxPut = 5 << 30

// payload is the body of a request, verified.
type payload struct {
	data []byte
	integrity
}

// receive reads and verifies the body of a request. Errors that S3 answers are
// of type *apiError; others are of the transport.
func (s *Server) receive(c *call) (payload, error) {
	length, chunked, err := announced(c)
	if err != nil {
		return payload{}, err
	}
	raw, err := s.wire.Receive(c.req, maxPut)
	if err != nil {
		return payload{}, err
	}
	if c.req.ContentLength <= 0 && !chunked && len(raw) > 0 {
		return payload{}, errNoLength
	}
	data, trailer := raw, http.Header(nil)
	if chunked {
		if data, trailer, err = dechunk(raw); err != nil {
			return payload{}, err
		}
		if int64(len(data)) != length {
			return payload{}, errIncompleteBody
		}
		if name := c.header.Get("X-Amz-Trailer"); name != "" && trailer.Get(name) == "" {
			return payload{}, refusal(http.StatusBadRequest, "MalformedTrailerError",
				"The request contained trailing data that was not well-formed or did not conform to our published schema.")
		}
	}
	i, err := s.verify(c.header, trailer, data)
	return payload{data, i}, err
}

// announced returns how many bytes a request says that it writes, and whether
// they are framed as aws-chunked.
func announced(c *call) (length int64, chunked bool, err error) {
	length = c.req.ContentLength
	if strings.HasPrefix(c.header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		decoded := c.header.Get("X-Amz-Decoded-Content-Length")
		length, err = strconv.ParseInt(decoded, 10, 64)
		if err != nil || length < 0 {
			return 0, true, errNoLength
		}
		chunked = true
	}
	if length > maxPut {
		return length, chunked, errEntityTooLarge.with("ProposedSize", strconv.FormatInt(length, 10)).
			with("MaxSizeAllowed", strconv.FormatInt(maxPut, 10))
	}
	return length, chunked, nil
}

// dechunk takes the frames of aws-chunked off a body: a line with the length in
// hexadecimal, and perhaps a signature, before each chunk, one of length 0 at
// the end, then the trailer.
func dechunk(raw []byte) ([]byte, http.Header, error) {
	r := bufio.NewReader(bytes.NewReader(raw))
	var data bytes.Buffer
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, nil, errIncompleteBody
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseUint(size, 16, 40)
		if err != nil {
			return nil, nil, errIncompleteBody
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&data, r, int64(n)); err != nil { //nolint:gosec // 40 bits
			return nil, nil, errIncompleteBody
		}
		if line, err := r.ReadString('\n'); err != nil || strings.TrimSpace(line) != "" {
			return nil, nil, errIncompleteBody
		}
	}
	trailer := make(http.Header)
	for {
		line, err := r.ReadString('\n')
		if name, value, ok := strings.Cut(line, ":"); ok {
			trailer.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
		if errors.Is(err, io.EOF) {
			return data.Bytes(), trailer, nil
		}
	}
}
