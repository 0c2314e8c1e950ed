package redisstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

// A message on the channel of a Bus:
//
//	"advb"              4 bytes
//	format              1 byte: 1
//	flags               1 byte: 1 for All; others are not known
//	seconds             8 bytes, big endian: At, since 1970, in UTC
//	nanoseconds         4 bytes, big endian: of the second
//	Cache, Origin       strings
//	Prefix              string
//	Keys, Tags          each their number, and so many strings
//
// A string is its length in bytes, and these. Lengths and numbers are uvarints, as
// those of encoding/binary. Nothing follows. A message of more than 64 KiB has one
// key or tag at the most, and none has more than 4 MiB.
//
// What is not like that was lost, for all that the reader knows: it may be of a
// later format, which has a meaning.
const (
	magic  = "advb"
	format = 1

	flagAll = 1

	fixedSize = len(magic) + 1 + 1 + 8 + 4

	// partSize bounds the messages of a long list, so that one of another sender
	// need not wait for all of it, and buffers stay small.
	partSize = 64 << 10

	// maxMessage is far below what a server holds for one subscriber, which is
	// 8 MiB for a minute: above, it ends the connection.
	maxMessage = 4 << 20
)

// parts yields m in messages of partSize at the most, unless a single key is
// larger. All and Prefix are in the first.
func parts(m advcache.Invalidation) iter.Seq[[]byte] {
	return func(yield func(part []byte) bool) {
		for first := true; first || len(m.Keys)+len(m.Tags) > 0; first = false {
			room := partSize - fixedSize - sizeOf(m.Cache) - sizeOf(m.Origin) - sizeOf(m.Prefix) - 2*binary.MaxVarintLen32
			keys := fit(m.Keys, &room, true)
			tags := fit(m.Tags, &room, keys == 0)
			part := m
			part.Keys, part.Tags = m.Keys[:keys], m.Tags[:tags]
			if !yield(encode(part)) {
				return
			}
			m.All, m.Prefix = false, ""
			m.Keys, m.Tags = m.Keys[keys:], m.Tags[tags:]
		}
	}
}

// fit returns how many of words have room, of which it takes them: one at the
// least, if it must be.
func fit(words []string, room *int, one bool) int {
	for i, word := range words {
		size := sizeOf(word)
		if size > *room && (i > 0 || !one) {
			return i
		}
		*room -= size
	}
	return len(words)
}

// sizeOf returns the most that a string takes.
func sizeOf(s string) int { return binary.MaxVarintLen32 + len(s) }

func encode(m advcache.Invalidation) []byte {
	size := fixedSize + sizeOf(m.Cache) + sizeOf(m.Origin) + sizeOf(m.Prefix) + 2*binary.MaxVarintLen32
	for _, words := range [][]string{m.Keys, m.Tags} {
		for _, word := range words {
			size += sizeOf(word)
		}
	}
	b := append(make([]byte, 0, size), magic...)
	var flags byte
	if m.All {
		flags |= flagAll
	}
	b = append(b, format, flags)
	b = binary.BigEndian.AppendUint64(b, uint64(m.At.Unix()))       //nolint:gosec // and back again
	b = binary.BigEndian.AppendUint32(b, uint32(m.At.Nanosecond())) //nolint:gosec // below 1e9
	for _, word := range []string{m.Cache, m.Origin, m.Prefix} {
		b = appendString(b, word)
	}
	for _, words := range [][]string{m.Keys, m.Tags} {
		b = binary.AppendUvarint(b, uint64(len(words)))
		for _, word := range words {
			b = appendString(b, word)
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// parse reads a message. What it returns shares no memory with it: somebody may
// keep one key of many.
func parse(message string) (m advcache.Invalidation, err error) {
	r := reader{rest: message}
	if len(message) > maxMessage {
		return m, fmt.Errorf("%d bytes, of at most %d", len(message), maxMessage)
	}
	fixed := r.take(uint64(fixedSize))
	if r.short {
		return m, errors.New("shorter than any message")
	}
	if !strings.HasPrefix(fixed, magic) {
		return m, errors.New("not one of ours")
	}
	fixed = fixed[len(magic):]
	if fixed[0] != format {
		return m, fmt.Errorf("format %d, of which nothing is known here", fixed[0])
	}
	if flags := fixed[1]; flags&^flagAll != 0 {
		return m, fmt.Errorf("flags %#x, of which nothing is known here", flags)
	}
	m.All = fixed[1]&flagAll != 0
	seconds := binary.BigEndian.Uint64([]byte(fixed[2:10]))
	nanoseconds := binary.BigEndian.Uint32([]byte(fixed[10:14]))
	m.At = time.Unix(int64(seconds), int64(nanoseconds)) //nolint:gosec // as it was written
	m.Cache, m.Origin, m.Prefix = r.string(), r.string(), r.string()
	m.Keys, m.Tags = r.strings(), r.strings()
	switch {
	case r.short:
		return advcache.Invalidation{}, errors.New("cut off")
	case r.rest != "":
		return advcache.Invalidation{}, fmt.Errorf("%d bytes too many", len(r.rest))
	case nanoseconds >= uint32(time.Second):
		return advcache.Invalidation{}, errors.New("no such instant")
	case len(message) > partSize && len(m.Keys)+len(m.Tags) > 1:
		return advcache.Invalidation{}, fmt.Errorf("%d bytes for more than one key", len(message))
	}
	return m, nil
}

// reader reads what is left of a message; what is missing is empty, and short says so.
type reader struct {
	rest  string
	short bool
}

func (r *reader) take(n uint64) (taken string) {
	if n > uint64(len(r.rest)) {
		r.rest, r.short = "", true
		return ""
	}
	taken, r.rest = r.rest[:n], r.rest[n:]
	return taken
}

func (r *reader) number() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.take(1)
		if r.short {
			return 0
		}
		n |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			return n
		}
	}
	r.rest, r.short = "", true
	return 0
}

func (r *reader) string() string { return strings.Clone(r.take(r.number())) }

func (r *reader) strings() []string {
	n := r.number()
	if n > uint64(len(r.rest)) { // each takes a byte
		r.rest, r.short = "", true
	}
	if n == 0 || r.short || n > partSize { // no more of them have room in one that may have many
		r.short = r.short || n > 0
		return nil
	}
	all := make([]string, 0, n)
	for range n {
		all = append(all, r.string())
	}
	return all
}
