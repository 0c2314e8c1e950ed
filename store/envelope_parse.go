package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zeebo/xxh3"
)

// ErrEnvelope says that bytes are no envelope of ours, or a damaged one.
var ErrEnvelope = errors.New("advcache: no envelope")

// ShortEnvelopeError says that a header has more bytes than were read of it.
type ShortEnvelopeError struct {
	Need int // how many bytes the header has
}

// Error implements error.
func (e *ShortEnvelopeError) Error() string {
	return fmt.Sprintf("advcache: the envelope has %d bytes, and was cut", e.Need)
}

// Unwrap returns ErrEnvelope: whoever has no more bytes has no envelope.
func (e *ShortEnvelopeError) Unwrap() error { return ErrEnvelope }

// ParseEnvelope reads the header in front of data, and returns the body that
// follows it, which shares the memory of data; meta shares none. Size is that of
// the body.
//
// The error wraps [ErrEnvelope]; it is a [*ShortEnvelopeError] where data ends
// within a header that is well so far. With an error, there is no body, and
// meta says whose the data is, and no more: it is Damaged where data begins as
// an envelope does, of [LaterFormat], or else Foreign.
func ParseEnvelope(data []byte) (meta Meta, body []byte, err error) {
	meta, body, err = parseEnvelope(data)
	switch {
	case err == nil:
		return meta, body, nil
	case !bytes.HasPrefix(data, []byte(envelopeMagic)):
		return Meta{Foreign: true}, nil, err
	case len(data) > len(envelopeMagic) && data[4] > envelopeFormat:
		return Meta{Encoding: LaterFormat}, nil, err
	}
	return Meta{Damaged: true}, nil, err
}

func parseEnvelope(data []byte) (meta Meta, body []byte, err error) {
	if !bytes.HasPrefix(data, []byte(envelopeMagic)) {
		return Meta{}, nil, damaged("it does not begin as one")
	}
	if len(data) > len(envelopeMagic) && data[4] != envelopeFormat {
		return Meta{}, nil, fmt.Errorf("%w of format %d: it is %d that can be read here", ErrEnvelope, data[4], envelopeFormat)
	}
	if len(data) < envelopeRest {
		return Meta{}, nil, damaged("it was cut")
	}
	if binary.BigEndian.Uint64(data[88:]) != xxh3.Hash(data[:88]) {
		return Meta{}, nil, damaged("the checksum of its first part is wrong")
	}
	length := binary.BigEndian.Uint32(data[EnvelopeFixed:])
	if length < 1+1+2+8 || length > maxEnvelope {
		return Meta{}, nil, damaged("its length makes no sense")
	}
	end := envelopeRest + int(length)
	if end > len(data) {
		return Meta{}, nil, &ShortEnvelopeError{end}
	}
	if binary.BigEndian.Uint64(data[end-8:]) != xxh3.Hash(data[EnvelopeFixed:end-8]) {
		return Meta{}, nil, damaged("the checksum of its second part is wrong")
	}
	meta = Meta{
		CreatedAt:  instantAt(data, 16),
		FreshUntil: instantAt(data, 24),
		StaleUntil: instantAt(data, 32),
		HeldUntil:  instantAt(data, 40),
		Absent:     data[5]&flagAbsent != 0,
		Hash:       Hash(data[EnvelopeContent:]),
		Size:       int64(len(data) - end),
		Version:    NumberVersion(binary.BigEndian.Uint64(data[8:])),
	}
	rest := fields(data[envelopeRest : end-8])
	ok := rest.word(1, &meta.Encoding) && rest.word(1, &meta.Schema) && rest.tags(&meta.Tags) && len(rest) == 0
	if !ok || meta.kind() != binary.BigEndian.Uint64(data[80:]) {
		return Meta{}, nil, damaged("its parts do not fit together")
	}
	return meta, data[end:], nil
}

func damaged(why string) error { return fmt.Errorf("%w: %s", ErrEnvelope, why) }

func instantAt(data []byte, offset int) time.Time {
	return FromMillis(int64(binary.BigEndian.Uint64(data[offset:]))) //nolint:gosec // the inverse of what AppendEnvelope does
}

// fields is what is left to read of the second part.
type fields []byte

// take cuts off a length of the given number of bytes, and as many bytes as it
// says.
func (f *fields) take(size int) (b []byte, ok bool) {
	length, ok := f.number(size)
	if !ok || length > len(*f) {
		return nil, false
	}
	b, *f = (*f)[:length], (*f)[length:]
	return b, true
}

func (f *fields) number(size int) (n int, ok bool) {
	if len(*f) < size {
		return 0, false
	}
	for _, b := range (*f)[:size] {
		n = n<<8 | int(b)
	}
	*f = (*f)[size:]
	return n, true
}

func (f *fields) word(size int, to *string) bool {
	b, ok := f.take(size)
	*to = word(b)
	return ok
}

func (f *fields) tags(to *[]string) bool {
	n, ok := f.number(2)
	if !ok || 2*n > len(*f) {
		return false
	}
	for range n {
		tag, ok := f.take(2)
		if !ok {
			return false
		}
		*to = append(*to, string(tag))
	}
	return true
}

// words are encodings and schemas that were read before: a program has few, and
// need not allocate one for each object. Foreign data cannot fill the memory.
var words atomic.Pointer[map[string]string]

const maxWords = 256

func word(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	known := words.Load()
	if known != nil {
		if s, ok := (*known)[string(b)]; ok {
			return s
		}
	}
	s := string(b)
	next := map[string]string{s: s}
	if known != nil {
		if len(*known) >= maxWords {
			return s
		}
		for k := range *known {
			next[k] = k
		}
	}
	words.CompareAndSwap(known, &next) // or somebody else's is remembered
	return s
}
