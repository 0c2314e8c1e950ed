package advcache

import "strings"

// Why keys are injective (law 9). A key is
//
//	L0 E1 L1 E2 L2 … En Ln
//
// with the template's texts L and the written values E. Reading it back is
// possible, and has one answer only:
//
//   - L0 is known, and dropped. So is Ln, at the other end.
//   - For 0 < i < n, Li = u b v, where b is the first of its bytes that Ei
//     cannot contain; checkKeySeparators has made sure that there is one. Both
//     Ei and u consist of bytes that Ei may contain. So the first byte of the
//     rest that Ei cannot contain is this b, Ei ends len(u) bytes before it,
//     and the rest goes on after v.
//   - En is what remains.
//   - Each written value has one original. Integers and bools: by their decimal
//     digits and their names. Strings and texts: '%' is written %25 and so
//     begins an escape wherever it stands; %XX is one byte, and others stand
//     for themselves. The three exceptions collide with nothing: "." and ".."
//     are written %2E and %2E%2E, where the rule never escapes a dot, and ""
//     is written %~, where the rule only has hex digits after '%'.
//   - A text has one original value, as MarshalText promises.
//
// As each field of K appears, two values of K that differ have some Ei that
// differs, and so do their keys. A key that Limit has hashed contains "%#",
// which no other key does: a template's text has no '%', and in a value '%' is
// followed by a hex digit or '~'. Two hashed keys differ as SHA-256 does.

const keyHex = "0123456789ABCDEF"

// keyPlain holds the bytes that stay as they are.
var keyPlain = func() (plain [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~@") {
		plain[c] = true
	}
	return plain
}()

func appendKeyEscaped[T string | []byte](dst []byte, value T) []byte {
	switch string(value) {
	case "":
		return append(dst, "%~"...)
	case ".":
		return append(dst, "%2E"...)
	case "..":
		return append(dst, "%2E%2E"...)
	}
	done := 0
	for i := range len(value) {
		if c := value[i]; !keyPlain[c] {
			dst = append(dst, value[done:i]...)
			dst = append(dst, '%', keyHex[c>>4], keyHex[c&15])
			done = i + 1
		}
	}
	return append(dst, value[done:]...)
}

// mayContain reports whether a written value of kind k may contain c.
func (k keyKind) mayContain(c byte) bool {
	digit := '0' <= c && c <= '9'
	switch k {
	case keyBool:
		return strings.IndexByte("truefalse", c) >= 0
	case keyInt, keyInt8, keyInt16, keyInt32, keyInt64:
		return digit || c == '-'
	case keyUint, keyUint8, keyUint16, keyUint32, keyUint64, keyUintptr:
		return digit
	case keyString, keyText, keyRefused:
	}
	return keyPlain[c] || c == '%'
}
