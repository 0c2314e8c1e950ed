package s3store

import (
	"slices"
	"strings"

	"github.com/advcache/advcache/store/objects"
)

// metadataPad is how many bytes at the end of a body are no part of it: blanks
// and tabs at random, so that no other write has its ETag, and so that other
// programs can still read a text or a JSON document.
const (
	metadataPad = "ac-pad"
	padSize     = 128
	padded      = "128"
)

// unique gives a body 16 random bytes that its decompressor skips, so that its
// ETag is that of no other write. It reports whether the body is unique now.
func unique(encoding string, body []byte) (pieces, bool) {
	switch {
	case strings.Contains(encoding, "+aesgcm."): // which has a nonce
		return pieces{body}, true
	case strings.Contains(encoding, "+gzip") && len(body) > 10 && string(body[:4]) == "\x1f\x8b\x08\x00":
		// RFC 1952: the flag FEXTRA, and behind the 10 bytes of the header the
		// length of a field, its name, its own length, and it.
		head := slices.Concat(body[:10], []byte{20, 0, 'a', 'c', 16, 0}, objects.Nonce())
		head[3] = 4
		return pieces{head, body[10:]}, true
	case strings.Contains(encoding, "+zstd") && len(body) > 4 && string(body[:4]) == "\x28\xb5\x2f\xfd":
		// RFC 8878: a skippable frame, its length, and it.
		return pieces{append([]byte{0x50, 0x2a, 0x4d, 0x18, 16, 0, 0, 0}, objects.Nonce()...), body}, true
	default:
		return pieces{body}, false
	}
}

// pad makes the body of an upload unique where unique has no way.
func (u *upload) pad() {
	blanks := make([]byte, 0, padSize)
	for _, b := range objects.Nonce() {
		for bit := range 8 {
			blanks = append(blanks, " \t"[b>>bit&1])
		}
	}
	u.body, u.unique = append(u.body, blanks), true
	u.metadata[metadataPad] = padded
}
