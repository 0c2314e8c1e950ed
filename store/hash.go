package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"
)

// Hash identifies a content: 24 bytes that two contents never share, and 8 that
// tell whether this one arrived as it was sent, under the key that it was sent
// to. The zero Hash identifies nothing.
//
// Without encryption the first part is that of SHA-256: a write is left out
// because of it, so nobody must be able to make two values of one hash, and the
// values may come from anybody. Reads check the second part alone, which is the
// XXH3-64 of the content and that of the key, and takes 1/30 of the time: who can
// write to the backend can write a hash too, so a stronger check would find no
// more. With
// encryption all of it is an HMAC, and AES-GCM checks what is read.
type Hash [32]byte

const strongHash = 24 // bytes of SHA-256 in a Hash

// sum returns the Hash of an encoded value under a key.
func sum(key string, encoded []byte) (h Hash) {
	strong := sha256.Sum256(encoded)
	copy(h[:strongHash], strong[:])
	binary.BigEndian.PutUint64(h[strongHash:], checksum(key, encoded))
	return h
}

// intact reports whether encoded is what h was made of, as far as transport,
// storage and mistakes are concerned.
func (h *Hash) intact(key string, encoded []byte) bool {
	return binary.BigEndian.Uint64(h[strongHash:]) == checksum(key, encoded)
}

// checksum does without a seed, for which XXH3 would have to make a secret first.
func checksum(key string, encoded []byte) uint64 {
	return xxh3.Hash(encoded) ^ xxh3.HashString(key)
}

// IsZero reports whether h identifies nothing.
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns h in the URL alphabet of base64: 43 characters.
func (h Hash) String() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

// ParseHash is the inverse of [Hash.String].
func ParseHash(s string) (h Hash, err error) {
	var buf [len(h) + 3]byte // what DecodedLen may ask for
	if base64.RawURLEncoding.DecodedLen(len(s)) != len(h) {
		return h, fmt.Errorf("advcache: a hash has 43 characters, not the %d of %q", len(s), shorten(s))
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(buf[:], []byte(s)); err != nil {
		return h, fmt.Errorf("advcache: no hash: %w", err)
	}
	copy(h[:], buf[:])
	return h, nil
}

// shorten returns the beginning of s, for messages.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
