package advcache

import (
	"hash/maphash"
	"math/bits"
	"reflect"
	"unsafe"
)

// hashFactor spreads neighbours over the highest bits (Knuth, The Art of
// Computer Programming 3, 6.4).
const hashFactor = 0x9E3779B97F4A7C15

// hash is where a key has its place: the highest bits of set choose the set of a
// table, and the lowest of tag are its tag there.
type hash struct{ set, tag uint64 }

// hashWord hashes one number. The highest bits of the lower half of the product
// spread numbers in a row more evenly than a random hash would.
func hashWord(x uint64) hash {
	hi, lo := bits.Mul64(x, hashFactor)
	return hash{set: lo, tag: hi}
}

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

// hashPart is one field at offset: an integer of size bytes, or a string, whose
// size is 0.
type hashPart struct {
	offset, size uintptr
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
	case t.Kind() == reflect.Struct:
		for field := range t.Fields() {
			part := hashPart{offset: field.Offset}
			if isInteger(field.Type) {
				part.size = field.Type.Size()
			} else if field.Type.Kind() != reflect.String {
				return h
			}
			h.parts = append(h.parts, part)
		}
		h.kind = hashFields
	}
	return h
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

func (h *keyHasher[K]) hash(k K) hash {
	var sum uint64
	p := unsafe.Pointer(&k)
	switch h.kind {
	case hashWhole:
		return hashWord(*(*uint64)(p))
	case hashString:
		sum = h.text(*(*string)(p))
	case hashFields:
		sum = h.salt
		for i := range h.parts {
			part := &h.parts[i]
			at := unsafe.Add(p, part.offset)
			var x uint64
			switch part.size { // a processor waits for a load that is wider than the store before it
			case 8:
				x = *(*uint64)(at)
			case 4:
				x = uint64(*(*uint32)(at))
			case 2:
				x = uint64(*(*uint16)(at))
			case 1:
				x = uint64(*(*uint8)(at))
			default:
				x = h.text(*(*string)(at))
			}
			sum = (bits.RotateLeft64(sum, 5) ^ x) * hashFactor // as FxHash does
		}
	default:
		sum = maphash.Comparable(h.seed, k)
	}
	return hash{set: sum, tag: sum ^ sum>>32}
}

// text hashes short strings as shortText does: most keys are short, and then
// this costs a third of maphash.
func (h *keyHasher[K]) text(s string) uint64 {
	if len(s) > shortTextMax {
		return maphash.String(h.seed, s)
	}
	x := shortTextOf(s).hash(h.salt)
	return x.set ^ x.tag
}
