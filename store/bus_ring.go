package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/advcache/advcache"
)

// The body of the object of a [Bus], format 1. Numbers are uvarints, or varints
// where they may be negative; a text is its length and its bytes.
//
//	"acb1"
//	number   of the last message that is no longer kept; 0: none was ever dropped
//	8 bytes  its id, at random; without one, that of the ring
//	number   of messages that follow, the oldest first, each one more than the last
//	  number   of bytes of the message
//	  8 bytes  its id, at random
//	  1 byte   flags: 1 All, 2 At is set
//	  varint, number   At: seconds since 1970, nanoseconds; 0, 0 if it is not set
//	  text     Cache, Origin, Prefix
//	  number   of Keys, and a text for each
//	  number   of Tags, and a text for each
//
// A reader that has seen message n, of id i, has missed nothing if the ring still
// tells the id of n, and it is i: the object may have been deleted, made anew or
// put back from a copy meanwhile. Ids make each body one of its own, too, which is
// what conditions of S3 need.
const (
	busMagic    = "acb"
	busFormat   = '1'
	busEncoding = "bus"

	idSize       = 8
	mostMessages = 1024 // of a ring
	flagAll      = 1
	flagAt       = 2
)

var (
	errBusCut   = errors.New("the messages of the bus are cut or changed")
	errBusLater = errors.New("the messages of the bus are of a later format")
)

// place is that of a message, of any ring.
type place struct{ seq, id uint64 }

// message is one as it is kept.
type message struct {
	id  uint64
	raw []byte // without its length
	m   advcache.Invalidation
}

// ring is what the object of a bus says. It is not changed once it is made.
type ring struct {
	base    place // before the first message
	entries []message
}

// newRing returns an empty ring that no other one is like.
func newRing() *ring { return &ring{base: place{id: rand.Uint64()}} } //nolint:gosec // no secret

// end returns the place of the last message.
func (r *ring) end() place {
	if n := len(r.entries); n > 0 {
		return place{r.base.seq + uint64(n), r.entries[n-1].id}
	}
	return r.base
}

// after returns the messages after a place. ok is false where some may be lost.
func (r *ring) after(p place) (entries []message, ok bool) {
	if p == r.base {
		return r.entries, true
	}
	n := p.seq - r.base.seq // wraps where the place is before
	if p.seq <= r.base.seq || n > uint64(len(r.entries)) || r.entries[n-1].id != p.id {
		return nil, false
	}
	return r.entries[n:], true
}

// has reports whether a message is in the ring, or is the last that was.
func (r *ring) has(id uint64) bool {
	return r.base.id == id || slices.ContainsFunc(r.entries, func(e message) bool { return e.id == id })
}

// with returns a ring with more messages, without those that do not fit any
// longer into a body of a size.
func (r *ring) with(more []message, maxSize int) *ring {
	next := &ring{base: r.base, entries: slices.Concat(r.entries, more)}
	size := len(busMagic) + 1 + idSize + 2*binary.MaxVarintLen64
	for i := range next.entries {
		size += next.entries[i].size()
	}
	drop := 0
	for drop < len(next.entries) && (size > maxSize || len(next.entries)-drop > mostMessages) {
		size -= next.entries[drop].size()
		drop++
	}
	if drop > 0 {
		next.base = place{r.base.seq + uint64(drop), next.entries[drop-1].id} //nolint:gosec // positive
		next.entries = next.entries[drop:]
	}
	return next
}

// size is how many bytes a message takes at the most.
func (e *message) size() int { return binary.MaxVarintLen32 + len(e.raw) }

// encode returns the body of an object.
func (r *ring) encode() []byte {
	b := append([]byte(busMagic), busFormat)
	b = binary.AppendUvarint(b, r.base.seq)
	b = binary.BigEndian.AppendUint64(b, r.base.id)
	b = binary.AppendUvarint(b, uint64(len(r.entries)))
	for i := range r.entries {
		b = binary.AppendUvarint(b, uint64(len(r.entries[i].raw)))
		b = append(b, r.entries[i].raw...)
	}
	return b
}

// newMessage returns a message with an id of its own. It keeps nothing of m.
func newMessage(m *advcache.Invalidation) message {
	id := rand.Uint64() //nolint:gosec // no secret
	b := binary.BigEndian.AppendUint64(nil, id)
	var flags byte
	if m.All {
		flags |= flagAll
	}
	var seconds int64
	var nanos uint64
	if !m.At.IsZero() {
		flags |= flagAt
		seconds, nanos = m.At.Unix(), uint64(m.At.Nanosecond()) //nolint:gosec // positive
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, seconds)
	b = binary.AppendUvarint(b, nanos)
	for _, text := range []string{m.Cache, m.Origin, m.Prefix} {
		b = appendText(b, text)
	}
	for _, texts := range [][]string{m.Keys, m.Tags} {
		b = binary.AppendUvarint(b, uint64(len(texts)))
		for _, text := range texts {
			b = appendText(b, text)
		}
	}
	own := *m
	own.At = m.At.Round(0) // as others see it
	own.Keys, own.Tags = slices.Clone(m.Keys), slices.Clone(m.Tags)
	return message{id: id, raw: b, m: own}
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// parseRing is the inverse of [ring.encode]. It keeps body.
func parseRing(body []byte) (*ring, error) {
	if len(body) <= len(busMagic) || string(body[:len(busMagic)]) != busMagic {
		return nil, errBusCut
	}
	if format := body[len(busMagic)]; format != busFormat {
		return nil, fmt.Errorf("%w, %q", errBusLater, format)
	}
	p := busParser{left: body[len(busMagic)+1:]}
	r := &ring{base: place{p.number(), p.id()}}
	for range p.count() {
		raw := p.bytes()
		e, err := parseMessage(raw)
		if p.bad || err != nil {
			return nil, errBusCut
		}
		r.entries = append(r.entries, e)
	}
	if p.bad || len(p.left) > 0 || r.end().seq < r.base.seq {
		return nil, errBusCut
	}
	return r, nil
}

func parseMessage(raw []byte) (message, error) {
	p := busParser{left: raw}
	e := message{id: p.id(), raw: raw}
	flags := p.flags()
	seconds, nanos := p.signed(), p.number()
	e.m.Cache, e.m.Origin, e.m.Prefix = p.text(), p.text(), p.text()
	e.m.Keys, e.m.Tags = p.texts(), p.texts()
	e.m.All = flags&flagAll != 0
	if flags&flagAt != 0 {
		e.m.At = time.Unix(seconds, int64(nanos)) //nolint:gosec // below
	}
	if p.bad || len(p.left) > 0 || nanos >= uint64(time.Second) {
		return message{}, errBusCut
	}
	return e, nil
}

// busParser reads what is left. It goes bad once, and gives zeroes from then on.
type busParser struct {
	left []byte
	bad  bool
}

// take returns the next n bytes.
func (p *busParser) take(n uint64) []byte {
	if p.bad || n > uint64(len(p.left)) {
		p.bad = true
		return nil
	}
	taken := p.left[:n:n]
	p.left = p.left[n:]
	return taken
}

func (p *busParser) id() uint64 {
	b := p.take(idSize)
	if p.bad {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (p *busParser) flags() byte {
	b := p.take(1)
	if p.bad || b[0]&^(flagAll|flagAt) != 0 {
		p.bad = true
		return 0
	}
	return b[0]
}

func (p *busParser) number() uint64 {
	v, n := binary.Uvarint(p.left)
	return v * p.read(n)
}

func (p *busParser) signed() int64 {
	v, n := binary.Varint(p.left)
	return v * int64(p.read(n)) //nolint:gosec // 0 or 1
}

// read takes the bytes of a number: 1 if there was one, else 0.
func (p *busParser) read(n int) uint64 {
	if p.bad || n <= 0 {
		p.bad = true
		return 0
	}
	p.left = p.left[n:]
	return 1
}

// count returns a number of things of a byte or more, which are no more than
// there are bytes: nothing is made room for that did not arrive.
func (p *busParser) count() uint64 {
	n := p.number()
	if n > uint64(len(p.left)) {
		p.bad = true
		return 0
	}
	return n
}

func (p *busParser) bytes() []byte { return p.take(p.number()) }
func (p *busParser) text() string  { return string(p.bytes()) }

func (p *busParser) texts() []string {
	n := p.count()
	if n == 0 {
		return nil
	}
	texts := make([]string, 0, n)
	for range n {
		texts = append(texts, p.text())
	}
	if p.bad {
		return nil
	}
	return texts
}
