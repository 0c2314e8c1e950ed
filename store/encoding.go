package store

import (
	"strings"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"github.com/advcache/advcache/codec"
)

// sealed begins the part of an encoding that names the key of an encryption.
const sealed = "aesgcm."

// encoding is the parts of [Meta.Encoding].
type encoding struct {
	codec       string
	compression string // empty: none
	keyID       string // of the encryption; empty: none
}

// parseEncoding splits an encoding; ok is false where it is none of ours.
func parseEncoding(s string) (e encoding, ok bool) {
	e.codec, s, _ = strings.Cut(s, "+")
	if s != "" && !strings.HasPrefix(s, sealed) {
		e.compression, s, _ = strings.Cut(s, "+")
	}
	if s != "" {
		e.keyID, ok = strings.CutPrefix(s, sealed)
		if !ok || e.keyID == "" {
			return e, false
		}
	}
	return e, e.codec != ""
}

func (e encoding) String() string {
	s := e.codec
	if e.compression != "" {
		s += "+" + e.compression
	}
	if e.keyID != "" {
		s += "+" + sealed + e.keyID
	}
	return s
}

// ContentType returns the media type of the codec of an encoding: what an object
// store is told of a body, compressed or not. It is that of any bytes where the
// codec is not one of package codec.
func ContentType(enc string) string {
	name, _, _ := strings.Cut(enc, "+")
	for _, c := range []codec.Codec{codec.JSON, codec.Msgpack} {
		if c.Name() == name {
			return codec.ContentType(c)
		}
	}
	return codec.ContentType(nil)
}

// SameContent reports whether an object with this Meta has the content of next,
// and differs in no more than its instants and its compression: so that
// [Touch] can renew it.
func (m *Meta) SameContent(next *Meta) bool {
	return !m.Foreign && !m.Damaged && !m.Absent && !next.Absent && !next.Hash.IsZero() && m.Hash == next.Hash && m.kind() == next.kind()
}

// kind is a fingerprint of what decides, beside the content, how an object is
// read: the codec, the schema, the key of the encryption, and the tags.
func (m *Meta) kind() uint64 {
	if len(m.Tags) > 0 {
		return m.computeKind()
	}
	// Most objects have no tags, and a program has few kinds of them.
	if last := lastKind.Load(); last != nil && last.encoding == m.Encoding && last.schema == m.Schema {
		return last.kind
	}
	kind := m.computeKind()
	lastKind.Store(&kindOf{m.Encoding, m.Schema, kind})
	return kind
}

type kindOf struct {
	encoding, schema string
	kind             uint64
}

var lastKind atomic.Pointer[kindOf]

func (m *Meta) computeKind() uint64 {
	e, _ := parseEncoding(m.Encoding)
	var buf [128]byte
	b := append(buf[:0], e.codec...)
	b = append(append(b, 0), e.keyID...)
	b = append(append(b, 0), m.Schema...)
	for _, tag := range m.Tags {
		b = append(append(b, 0), tag...)
	}
	return xxh3.Hash(b)
}
