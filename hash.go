package advcache

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"reflect"
	"unsafe"
)

// hashFactor spreads neighbours over the highest bits (Knuth, The Art of
// Computer Programming 3, 6.4).
const hashFactor = 0x9E3779B97F4A7C15

// keyHasher hashes values of K for a table in which a collision costs time, but
// no more. It is chosen by the kind of K: integers, strings and small structs of
// both cost a few instructions a field, anything else is left to
// maphash.Comparable.
type keyHasher[K comparable] struct {
	seed  maphash.Seed
	salt  uint64
	kind  hashKind
	parts []hashPart // of hashFields
}

type hashKind uint8

const (
	hashAny    hashKind = iota
	hashWhole           // K is one integer of 8 bytes
	hashString          // K is one string
	hashFields          // K is made of integers and strings
)

// hashPart is one field: an integer as some bits of the 8 bytes at offset, or a
// string at offset where mask is 0.
type hashPart struct {
	offset uintptr
	shift  uint8
	mask   uint64
}

func newKeyHasher[K comparable]() keyHasher[K] {
	h := keyHasher[K]{seed: maphash.MakeSeed()}
	h.salt = maphash.Comparable(h.seed, 0)
	t := reflect.TypeFor[K]()
	switch {
	case t.Kind() == reflect.String:
		h.kind = hashString
	case isInteger(t) && t.Size() == 8:
		h.kind = hashWhole
	case t.Kind() == reflect.Struct && t.Size() >= 8:
		for field := range t.Fields() {
			part, ok := newHashPart(t, field)
			if !ok {
				return h
			}
			h.parts = append(h.parts, part)
		}
		h.kind = hashFields
	}
	return h
}

func newHashPart(whole reflect.Type, field reflect.StructField) (p hashPart, ok bool) {
	if field.Type.Kind() == reflect.String {
		return hashPart{offset: field.Offset}, true
	}
	if !isInteger(field.Type) {
		return p, false
	}
	// The 8 bytes must not reach beyond K.
	p.offset = min(field.Offset, whole.Size()-8)
	p.mask = ^uint64(0) >> (64 - 8*field.Type.Size())
	p.shift = uint8(8 * (field.Offset - p.offset))
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 { // big-endian
		p.shift = uint8(64 - 8*field.Type.Size() - uintptr(p.shift))
	}
	return p, true
}

func isInteger(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	default:
		return false
	}
}

func (h *keyHasher[K]) hash(k K) uint64 {
	p := unsafe.Pointer(&k)
	switch h.kind {
	case hashWhole:
		return hashWord(*(*uint64)(p))
	case hashString:
		return h.text(*(*string)(p))
	case hashFields:
		sum := h.salt
		for i := range h.parts {
			part := &h.parts[i]
			at := unsafe.Add(p, part.offset)
			var x uint64
			if part.mask != 0 {
				x = word(at) >> (part.shift & 63) & part.mask
			} else {
				x = h.text(*(*string)(at))
			}
			sum = (bits.RotateLeft64(sum, 5) ^ x) * hashFactor // as FxHash does
		}
		return sum ^ sum>>32
	default:
		return maphash.Comparable(h.seed, k)
	}
}

func hashWord(x uint64) uint64 {
	x *= hashFactor
	return x ^ x>>32
}

// text hashes short strings as wyhash does: most keys are short, and then this
// costs a third of maphash.
func (h *keyHasher[K]) text(s string) uint64 {
	p := unsafe.Pointer(unsafe.StringData(s))
	n := len(s)
	var a, b uint64
	switch {
	case n > 16:
		return maphash.String(h.seed, s)
	case n >= 8:
		a, b = word(p), word(unsafe.Add(p, n-8))
	case n >= 4:
		a, b = half(p), half(unsafe.Add(p, n-4))
	case n > 0:
		a = uint64(s[0])<<16 | uint64(s[n>>1])<<8 | uint64(s[n-1])
	}
	hi, lo := bits.Mul64(a^h.salt, b^uint64(n)^hashFactor)
	return hi ^ lo
}

// word and half read memory that need not be aligned.
func word(p unsafe.Pointer) uint64 { return binary.NativeEndian.Uint64((*[8]byte)(p)[:]) }

func half(p unsafe.Pointer) uint64 { return uint64(binary.NativeEndian.Uint32((*[4]byte)(p)[:])) }
