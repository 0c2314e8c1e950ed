package filestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"

	"github.com/advcache/advcache/store"
)

// A file is a head, the envelope of package store, the key and the body.
// Integers are big-endian.
//
//	offset  bytes
//	     0      4  magic, "acfs"
//	     4      1  format, 1
//	     5      3  zero
//	     8      8  length of the body
//	    16      4  length of the key
//	    20      4  CRC-32C of the bytes before
//	    24         the envelope (see [store.AppendEnvelope])
//	               the key
//	               the body
//
// The first part of the envelope, which Touch writes over, ends at offset 120:
// within the first sector of any disk, and the first page of any cache, so that
// neither a loss of power nor kill -9 can tear it. The lengths must add up to
// that of the file, so a file that was cut is told without reading it.
const (
	magic   = "acfs"
	format  = 1
	headLen = 24

	maxKey = 1<<16 - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFront appends all that stands before the body of obj.
func appendFront(dst []byte, key string, obj *store.Object) ([]byte, error) {
	start := len(dst)
	dst = append(dst, magic...)
	dst = append(dst, format, 0, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(len(obj.Body)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(key))) //nolint:gosec // at most maxKey
	dst = binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
	dst, err := store.AppendEnvelope(dst, &obj.Meta, newVersion())
	if err != nil {
		return dst[:start], err
	}
	return append(dst, key...), nil
}

// newVersion returns a number that no other write has.
func newVersion() uint64 { return max(1, rand.Uint64()) }

// versionIn returns the Version in a front.
func versionIn(front []byte) store.Version {
	return store.NumberVersion(binary.BigEndian.Uint64(front[headLen+8:]))
}

// front is what was found before the body.
type front struct {
	meta store.Meta
	key  []byte // shares the memory of what was read
	body int64  // offset of the body
}

var (
	// errForeign says that a file was not written by this package.
	errForeign = errors.New("filestore: a foreign file")

	// errDamaged says that it was, and is not any more what was written.
	errDamaged = errors.New("filestore: a damaged file")

	// errLater says that it was, by a later version.
	errLater = errors.New("filestore: a file of a later format")
)

// cutError says how many bytes of a file it takes to read its front.
type cutError int64

func (e cutError) Error() string {
	return fmt.Sprintf("filestore: the front has %d bytes or more", int64(e))
}

// parseFront reads the front of a file of the given size that begins with data.
// The error wraps errForeign, errDamaged or errLater, or is a cutError, which
// asks for no more than the file has. Files that are empty or begin with zeros are
// what a loss of power leaves of ours; nobody else writes such under our names.
func parseFront(data []byte, size int64) (f front, err error) {
	switch {
	case len(data) < len(magic) && strings.HasPrefix(magic, string(data)): // of no length, too
		return f, fmt.Errorf("%w: it is cut", errDamaged)
	case bytes.HasPrefix(data, []byte("\x00\x00\x00\x00")):
		return f, fmt.Errorf("%w: it holds zeros", errDamaged)
	case !bytes.HasPrefix(data, []byte(magic)):
		return f, errForeign
	case len(data) > len(magic) && data[4] > format:
		return f, fmt.Errorf("%w: %d, and it is %d that can be read here", errLater, data[4], format)
	case len(data) < headLen:
		return f, fmt.Errorf("%w: it is cut", errDamaged)
	}
	if binary.BigEndian.Uint32(data[20:]) != crc32.Checksum(data[:20], castagnoli) {
		return f, fmt.Errorf("%w: the checksum of its head is wrong", errDamaged)
	}
	if data[4] != format {
		return f, fmt.Errorf("%w: its format is %d", errDamaged, data[4])
	}
	body, keyLen := binary.BigEndian.Uint64(data[8:]), binary.BigEndian.Uint32(data[16:])
	if keyLen == 0 || keyLen > maxKey || body > uint64(size) { //nolint:gosec // a size is not negative
		return f, fmt.Errorf("%w: its lengths make no sense", errDamaged)
	}
	meta, rest, err := store.ParseEnvelope(data[headLen:])
	if short, ok := errors.AsType[*store.ShortEnvelopeError](err); ok {
		return f, cutOf(int64(headLen+short.Need)+int64(keyLen), size)
	}
	switch {
	case meta.Encoding == store.LaterFormat && err != nil:
		return f, fmt.Errorf("%w: %w", errLater, err)
	case err != nil:
		return f, fmt.Errorf("%w: %w", errDamaged, err)
	}
	begin := int64(len(data) - len(rest))
	f.body = begin + int64(keyLen)
	if f.body+int64(body) != size { //nolint:gosec // at most size
		return f, fmt.Errorf("%w: it has %d bytes, not the %d that were written", errDamaged, size, f.body+int64(body)) //nolint:gosec // at most size
	}
	if f.body > int64(len(data)) {
		return f, cutOf(f.body, size)
	}
	f.meta, f.key = meta, data[begin:f.body]
	f.meta.Size = int64(body) //nolint:gosec // at most size
	return f, nil
}

func cutOf(need, size int64) error {
	if need > size {
		return fmt.Errorf("%w: it is cut", errDamaged)
	}
	return cutError(need)
}
