package fakes3

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// completion is the body of CompleteMultipartUpload.
type completion struct {
	Parts []completedPart `xml:"Part"`
}

type completedPart struct {
	PartNumber        int
	ETag              string
	ChecksumCRC32     string
	ChecksumCRC32C    string
	ChecksumCRC64NVME string
	ChecksumSHA1      string
	ChecksumSHA256    string
}

func (p *completedPart) checksum(algorithm string) string {
	switch algorithm {
	case "CRC32":
		return p.ChecksumCRC32
	case "CRC32C":
		return p.ChecksumCRC32C
	case crc64NVME:
		return p.ChecksumCRC64NVME
	case "SHA1":
		return p.ChecksumSHA1
	case "SHA256":
		return p.ChecksumSHA256
	default:
		return ""
	}
}

func (s *Server) completeUpload(c *call) (*answer, error) {
	cond, err := s.writeCondition(c)
	if err != nil {
		return nil, err
	}
	body, err := s.completionBody(c)
	if err != nil {
		return nil, err
	}
	var asked completion
	if err := parse(body, &asked); err != nil {
		return nil, err
	}
	if len(asked.Parts) == 0 {
		return nil, errMalformedXML
	}
	if c.fault == FailInside {
		return failInside(c), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, u, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	obj, err := s.assemble(u, asked.Parts)
	if err != nil {
		return nil, err
	}
	if err := judgeWhole(c.header, obj); err != nil {
		return nil, err
	}
	if err := cond.judge(b.objects[c.key], c.key); err != nil {
		return nil, err
	}
	if obj.Encryption != encryptionS3 {
		obj.ETag = md5Hex([]byte(c.id)) + "-" + itoa(len(obj.PartSizes))
	}
	obj.LastModified = s.now().Truncate(time.Second)
	b.put(c.key, obj)
	delete(b.uploads, u.id)
	d := newDocument("CompleteMultipartUploadResult")
	d.text("Location", "https://s3.amazonaws.com/"+c.bucket+"/"+c.key)
	d.text("Bucket", c.bucket)
	d.text("Key", c.key)
	d.text("ETag", quote(obj.ETag))
	d.checksum(obj)
	h := make(http.Header)
	obj.encryptionHeaders(h)
	return d.answer(h), nil
}

// completionBody reads the list of parts. Checksums in the headers are those of
// the object, not of the list.
func (s *Server) completionBody(c *call) ([]byte, error) {
	if c.req.ContentLength > maxPut {
		return nil, errEntityTooLarge
	}
	body, err := s.wire.Receive(c.req, maxPut)
	if err != nil {
		return nil, err
	}
	if err := verifySHA256(c.header.Get("X-Amz-Content-Sha256"), body); err != nil {
		return nil, err
	}
	return body, verifyMD5(c.header.Get("Content-Md5"), body)
}

// assemble makes an object of parts.
func (s *Server) assemble(u *upload, asked []completedPart) (*Object, error) {
	obj := *u.told
	var body, md5s, sums bytes.Buffer
	for i := range asked[1:] {
		if asked[i].PartNumber >= asked[i+1].PartNumber {
			return nil, errPartOrder
		}
	}
	for i := range asked {
		want := &asked[i]
		p, ok := u.parts[want.PartNumber]
		if !ok || strings.Trim(want.ETag, `"`) != p.etag {
			return nil, errInvalidPart.with("PartNumber", itoa(want.PartNumber)).with("ETag", want.ETag)
		}
		if sum := want.checksum(p.sum.algorithm); sum != "" && sum != p.sum.sum {
			return nil, errInvalidPart.with("PartNumber", itoa(want.PartNumber))
		}
		if size := int64(len(p.data)); i < len(asked)-1 && size < s.o.MinPartSize {
			return nil, errEntityTooSmall.with("ProposedSize", strconv.FormatInt(size, 10)).
				with("MinSizeAllowed", strconv.FormatInt(s.o.MinPartSize, 10)).with("PartNumber", itoa(want.PartNumber))
		}
		body.Write(p.data)
		if sum, err := hex.DecodeString(p.etag); err == nil {
			md5s.Write(sum)
		}
		if sum, err := base64.StdEncoding.DecodeString(p.sum.sum); err == nil {
			sums.Write(sum)
		}
		obj.PartSizes = append(obj.PartSizes, int64(len(p.data)))
	}
	obj.Body = body.Bytes()
	n := itoa(len(asked))
	obj.ETag = md5Hex(md5s.Bytes()) + "-" + n
	switch {
	case u.algorithm == "":
		obj.Checksum, obj.ChecksumAlgorithm = s.kept(payload{data: obj.Body})
	case u.kind == composite:
		obj.Checksum, obj.ChecksumAlgorithm = checksum(u.algorithm, sums.Bytes())+"-"+n, u.algorithm
	default:
		obj.Checksum, obj.ChecksumAlgorithm = checksum(u.algorithm, obj.Body), u.algorithm
	}
	return &obj, nil
}

// judgeWhole judges what a completion says of the object.
func judgeWhole(h http.Header, obj *Object) error {
	if v := h.Get("X-Amz-Mp-Object-Size"); v != "" && v != itoa(len(obj.Body)) {
		return errInvalidRequest.saying("The provided 'x-amz-mp-object-size' header value %s does not match what was computed: %d", v, len(obj.Body))
	}
	for _, given := range sent(h) {
		if given.algorithm == obj.ChecksumAlgorithm && given.sum != obj.Checksum {
			return errBadDigest.saying("The %s you specified did not match the calculated checksum.", given.algorithm)
		}
	}
	return nil
}
