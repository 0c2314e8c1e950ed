package s3store

import (
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/advcache/advcache/store"
)

// metadataVersion is the random number of a write, which tells it from others
// with an equal ETag.
const metadataVersion = "ac-version"

// metadataKey is the key of an object that has a shortened name, for Clear, where
// it is not too long for the 2 KiB of metadata that S3 takes.
const (
	metadataKey    = "ac-key"
	maxMetadataKey = 1200
)

// metadataPad is how many bytes at the end of a body are no part of it: blanks
// and tabs at random, so that no other write has its ETag, and so that other
// programs can still read a text or a JSON document.
const (
	metadataPad = "ac-pad"
	padSize     = 128
	padded      = "128"
)

// pad makes the body of an upload unique.
func (u *upload) pad() {
	body := make([]byte, 0, len(u.body)+padSize)
	body = append(body, u.body...)
	for _, b := range nonce() {
		for bit := range 8 {
			body = append(body, " \t"[b>>bit&1])
		}
	}
	u.body, u.unique = body, true
	u.metadata[metadataPad] = padded
}

// field returns one of the metadata, whose names are in any case.
func field(metadata map[string]string, name string) string {
	for n, value := range metadata {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// metadataOf returns the metadata of a write, under the name that key has.
func metadataOf(key, name string, meta *store.Meta, version string) map[string]string {
	m := store.Metadata(meta)
	m[metadataVersion] = version
	if isShortened(name) {
		if escaped := url.QueryEscape(key); len(escaped) <= maxMetadataKey {
			m[metadataKey] = escaped
		}
	}
	return m
}

// held is what is known of an object.
type held struct {
	meta store.Meta
	etag string
	size int64 // of all that is stored
	pad  string
}

// newHeld makes a held of the headers of an answer.
func newHeld(metadata map[string]string, etag *string, size int64, modified *time.Time) held {
	h := held{etag: aws.ToString(etag), size: size, pad: field(metadata, metadataPad)}
	h.meta, _, _ = store.ParseMetadata(metadata) // what is wrong with it stands in the Meta
	h.meta.Size = size
	switch {
	case h.pad == "" || h.meta.Foreign || h.meta.Damaged || h.meta.Encoding == store.LaterFormat:
	case h.pad == padded && size >= padSize:
		h.meta.Size -= padSize
	default:
		h.meta = store.Meta{Damaged: true, Size: size}
	}
	version := field(metadata, metadataVersion)
	if version == "" { // of whomever it is
		version = "@" + aws.ToTime(modified).UTC().Format(time.RFC3339)
	}
	h.meta.Version = store.TextVersion(h.etag + " " + version)
	return h
}

// newVersion returns a number that no other write has.
func newVersion() string {
	return hex.EncodeToString(nonce())
}

// unique gives a body 16 random bytes that its decompressor skips, so that its
// ETag is that of no other write. It reports whether the body is unique now.
func unique(encoding string, body []byte) ([]byte, bool) {
	switch {
	case strings.Contains(encoding, "+aesgcm."): // which has a nonce
		return body, true
	case strings.Contains(encoding, "+gzip") && len(body) > 10 && string(body[:4]) == "\x1f\x8b\x08\x00":
		// RFC 1952: the flag FEXTRA, and behind the 10 bytes of the header the
		// length of a field, its name, its own length, and it.
		out := make([]byte, 0, len(body)+22)
		out = append(out, body[:10]...)
		out[3] = 4
		out = append(out, 20, 0, 'a', 'c', 16, 0)
		return append(append(out, nonce()...), body[10:]...), true
	case strings.Contains(encoding, "+zstd") && len(body) > 4 && string(body[:4]) == "\x28\xb5\x2f\xfd":
		// RFC 8878: a skippable frame, its length, and it.
		out := make([]byte, 0, len(body)+24)
		out = append(out, 0x50, 0x2a, 0x4d, 0x18, 16, 0, 0, 0)
		return append(append(out, nonce()...), body...), true
	default:
		return body, false
	}
}

func nonce() []byte {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // which never fails
	return b
}
