package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"
)

// The envelope is a [Meta] in bytes, for backends that keep one string of bytes
// for a key: the header stands in front of the body. All integers are
// big-endian. The first part has a fixed length, so that a script in the
// backend can read the life and compare contents without parsing, and renew
// an object by writing over that part alone.
//
// The first five bytes are the same in all formats: what begins with the magic
// is ours, of a later format if that is more than 1, and damaged if it is 0.
//
//	offset  bytes
//	     0      4  magic, "advc"
//	     4      1  format, 1
//	     5      1  flags: 1 for Absent
//	     6      2  zero
//	     8      8  version, a random number
//	    16      8  CreatedAt    each in Unix milliseconds; 0: zero
//	    24      8  FreshUntil
//	    32      8  StaleUntil
//	    40      8  HeldUntil
//	    48     32  Hash
//	    80      8  fingerprint of codec, schema, encryption key and tags
//	    88      8  XXH3-64 of the bytes before
//	    96      4  length of the rest of the header, checksum included
//	   100         Encoding, Schema: each 1 byte of length and the text
//	               number of Tags in 2 bytes; of each tag, 2 bytes of length and the text
//	               XXH3-64 of the rest so far, from offset 96 on
const (
	// EnvelopeFixed is the length of the part that [Touch] writes over.
	EnvelopeFixed = 96

	// EnvelopeContent and EnvelopeContentEnd are where the Hash and the
	// fingerprint lie: two objects that have the same there have the same
	// content in the sense of [Meta.SameContent].
	EnvelopeContent    = 48
	EnvelopeContentEnd = 88

	envelopeMagic  = "advc"
	envelopeFormat = 1
	envelopeRest   = EnvelopeFixed + 4
	flagAbsent     = 1

	// maxEnvelope bounds a header: 64 KiB of tags.
	maxEnvelope = 1 << 17
)

// AppendEnvelope appends the header for meta to dst, with a Version that is a
// number. It fails where tags, encoding or schema are too long for it.
func AppendEnvelope(dst []byte, meta *Meta, version uint64) ([]byte, error) {
	start := len(dst)
	dst = AppendEnvelopeFixed(dst, meta, version)
	rest := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for _, s := range []string{meta.Encoding, meta.Schema} {
		if len(s) > 255 {
			return dst[:start], fmt.Errorf("advcache: encoding and schema may have 255 bytes, not the %d of %q", len(s), shorten(s))
		}
		dst = append(append(dst, byte(len(s))), s...)
	}
	if len(meta.Tags) > 1<<16-1 {
		return dst[:start], fmt.Errorf("advcache: an entry may have 65,535 tags, not %d", len(meta.Tags))
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(meta.Tags)))
	for _, tag := range meta.Tags {
		if len(tag) > 1<<16-1 || len(dst)-start+len(tag) > maxEnvelope-64 {
			return dst[:start], errors.New("advcache: the tags of an entry may have 128 KiB together, and 65,535 bytes each")
		}
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(tag))), tag...)
	}
	binary.BigEndian.PutUint32(dst[rest:], uint32(len(dst)+8-rest-4))
	return binary.BigEndian.AppendUint64(dst, xxh3.Hash(dst[rest:])), nil
}

// AppendEnvelopeFixed appends the first part of the header alone, of
// EnvelopeFixed bytes.
func AppendEnvelopeFixed(dst []byte, meta *Meta, version uint64) []byte {
	start := len(dst)
	var flags byte
	if meta.Absent {
		flags |= flagAbsent
	}
	dst = append(dst, envelopeMagic...)
	dst = append(dst, envelopeFormat, flags, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, version)
	dst = binary.BigEndian.AppendUint64(dst, uint64(Millis(meta.CreatedAt)))
	dst = binary.BigEndian.AppendUint64(dst, uint64(Millis(meta.FreshUntil)))
	dst = binary.BigEndian.AppendUint64(dst, uint64(Millis(meta.StaleUntil)))
	dst = binary.BigEndian.AppendUint64(dst, uint64(Millis(meta.HeldUntil)))
	dst = append(dst, meta.Hash[:]...)
	dst = binary.BigEndian.AppendUint64(dst, meta.kind())
	return binary.BigEndian.AppendUint64(dst, xxh3.Hash(dst[start:]))
}
