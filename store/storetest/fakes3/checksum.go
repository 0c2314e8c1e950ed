package fakes3

import (
	"crypto/md5"  //nolint:gosec // what Content-MD5 is
	"crypto/sha1" //nolint:gosec // what x-amz-checksum-sha1 is
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

const (
	checksumPrefix = "X-Amz-Checksum-"
	fullObject     = "FULL_OBJECT"
	composite      = "COMPOSITE"
	crc64NVME      = "CRC64NVME"
)

// algorithms are those of x-amz-checksum headers, by the end of their names.
var algorithms = map[string]func() hash.Hash{
	"CRC32":   func() hash.Hash { return crc32.NewIEEE() },
	"CRC32C":  func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	crc64NVME: func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"SHA1":    sha1.New,
	"SHA256":  sha256.New,
}

// checksum returns the checksum of data in base64.
func checksum(algorithm string, data ...[]byte) string {
	h := algorithms[algorithm]()
	for _, d := range data {
		h.Write(d)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// integrity is what a request says of its body.
type integrity struct {
	algorithm string // "": none
	sum       string
}

// verify judges a body by the headers and the trailer of its request, and
// returns the checksum that it came with.
func (s *Server) verify(h, trailer http.Header, body []byte) (integrity, error) {
	if err := verifyMD5(h.Get("Content-Md5"), body); err != nil {
		return integrity{}, err
	}
	if err := verifySHA256(h.Get("X-Amz-Content-Sha256"), body); err != nil {
		return integrity{}, err
	}
	given := sent(h, trailer)
	if len(given) == 0 {
		return integrity{}, nil
	}
	if heed, err := s.heeds(Checksums); err != nil || !heed {
		return integrity{}, err
	}
	if len(given) > 1 {
		return integrity{}, errInvalidRequest.saying("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	return given[0], given[0].judge(body)
}

// judge judges a body by the checksum that it came with.
func (i integrity) judge(body []byte) error {
	raw, err := base64.StdEncoding.DecodeString(i.sum)
	if err != nil || len(raw) != algorithms[i.algorithm]().Size() {
		return errInvalidRequest.saying("Value for x-amz-checksum-%s header is invalid.", strings.ToLower(i.algorithm))
	}
	if checksum(i.algorithm, body) != i.sum {
		return errBadDigest.saying("The %s you specified did not match the calculated checksum.", i.algorithm)
	}
	return nil
}

// sent returns the checksums that a request came with.
func sent(headers ...http.Header) (all []integrity) {
	for algorithm := range algorithms {
		for _, h := range headers {
			if v := h.Get(checksumPrefix + algorithm); v != "" {
				all = append(all, integrity{algorithm, v})
			}
		}
	}
	return all
}

func verifyMD5(header string, body []byte) error {
	if header == "" {
		return nil
	}
	want, err := base64.StdEncoding.DecodeString(header)
	if err != nil || len(want) != md5.Size {
		return errInvalidDigest
	}
	if sum := md5.Sum(body); string(sum[:]) != string(want) { //nolint:gosec // what Content-MD5 is
		return errBadDigest
	}
	return nil
}

// verifySHA256 judges the hash that belongs to the signature. The other words
// that may stand there are not hashes.
func verifySHA256(header string, body []byte) error {
	want, err := hex.DecodeString(header)
	isHash := err == nil && len(want) == sha256.Size
	if sum := sha256.Sum256(body); isHash && string(sum[:]) != string(want) {
		return errSHA256Mismatch
	}
	return nil
}
