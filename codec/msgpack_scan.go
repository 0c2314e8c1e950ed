package codec

import (
	"encoding/binary"
	"fmt"
	"io"
)

// maxDepth is how deep values may be nested, as for encoding/json: enough for
// what people write, and little for a stack.
const maxDepth = 10_000

// A msgpackScan looks over data before a decoder does. Decoders believe lengths,
// and allocate for them, and they call themselves for what is nested. After the
// scan, every length is that of something which is there, and the depth is bounded.
type msgpackScan struct {
	exts []int // where the bytes of extensions begin
	open []int // how many values each outer array or map still lacks
}

var errMsgpackEnd = fmt.Errorf("msgpack: the data end within the value: %w", io.ErrUnexpectedEOF)

var errMsgpackDepth = fmt.Errorf("msgpack: the value is nested deeper than %d levels", maxDepth)

// do returns an error unless data is one value, whole and well formed. It may be
// past the end of data until it looks at the next byte, or is done.
func (s *msgpackScan) do(data []byte) error {
	s.exts, s.open = s.exts[:0], s.open[:0]
	// How long the keys of the last map were, as far as they were short strings.
	// Where each byte says where the next one is to be looked for, the processor
	// waits for each in turn, but not for a length that it could foresee: and maps
	// that were structs have the same keys again and again.
	var keys [keysForeseen]uint8
	lacks := 1
	for pos := 0; ; {
		for lacks == 0 {
			if len(s.open) == 0 {
				return msgpackEnd(pos, len(data))
			}
			lacks = s.open[len(s.open)-1]
			s.open = s.open[:len(s.open)-1]
		}
		if uint(pos) >= uint(len(data)) {
			return errMsgpackEnd
		}
		code := data[pos]
		pos++
		lacks--
		// What most of all values are: small integers, and short strings.
		if code <= 0x7f {
			continue
		}
		if isShortString(code) {
			pos += int(code & 0x1f)
			continue
		}
		pairs := int(code & 0x0f)
		if code>>4 != 0x8 { // else a map of few pairs
			f := &msgpackForms[code]
			n := int64(f.fixed)
			if size := int(f.size); size > 0 {
				if len(data)-pos < size {
					return errMsgpackEnd
				}
				n += bigEndian(data[pos : pos+size])
				pos += size
			}
			left := int64(len(data) - pos)
			switch f.kind {
			case msgpackScalar:
				if n > left {
					return errMsgpackEnd
				}
				pos += int(n)
				continue
			case msgpackArray:
				if n > left {
					return errMsgpackEnd
				}
				if len(s.open) == maxDepth {
					return errMsgpackDepth
				}
				s.open = append(s.open, lacks)
				lacks = int(n)
				continue
			case msgpackMap:
				if 2*n > left {
					return errMsgpackEnd
				}
				pairs = int(n)
			case msgpackExt:
				if n+1 > left {
					return errMsgpackEnd
				}
				if err := checkExt(data[pos], n); err != nil {
					return err
				}
				s.exts = append(s.exts, pos+1)
				pos += 1 + int(n)
				continue
			default:
				return fmt.Errorf("msgpack: there is no code %x", code)
			}
		}
		if len(s.open) == maxDepth {
			return errMsgpackDepth
		}
		// As many pairs of a short string and a plain value as there are in a row.
		inner := 2 * pairs
	pairs:
		for i := uint(0); inner > 0; i++ {
			if uint(pos) >= uint(len(data)) {
				return errMsgpackEnd
			}
			at := i % keysForeseen
			switch code := data[pos]; {
			case code^0xa0 == keys[at]: // a short string, or it would not be below 32
				pos += 1 + int(keys[at])
			case isShortString(code):
				keys[at] = code & 0x1f
				pos += 1 + int(code&0x1f)
			default:
				break pairs
			}
			if uint(pos) >= uint(len(data)) {
				return errMsgpackEnd
			}
			switch code := data[pos]; {
			case code <= 0x7f:
				pos++
			case isShortString(code):
				pos += 1 + int(code&0x1f)
			case code == 0xcd, code == 0xd1:
				pos += 3
			case code == 0xcf, code == 0xd3, code == 0xcb:
				pos += 9
			case code == 0xc2, code == 0xc3, code >= 0xe0:
				pos++
			default:
				inner--
				break pairs
			}
			inner -= 2
		}
		if inner > 0 {
			s.open = append(s.open, lacks)
			lacks = inner
		}
	}
}

// keysForeseen is of how many keys a length is kept: a power of two. Further ones
// take the places of the first.
const keysForeseen = 16

func isShortString(code byte) bool { return code>>5 == 0xa0>>5 }

func msgpackEnd(pos, length int) error {
	switch {
	case pos < length:
		return fmt.Errorf("msgpack: %d bytes after the value", length-pos)
	case pos > length:
		return errMsgpackEnd
	default:
		return nil
	}
}

// msgpackInterned is the type of the library's extension for strings that stood
// in the data before.
const msgpackInterned = 0x80

// checkExt refuses extensions that a decoder, where it expects a map, could take
// for what comes in front of one: see msgpackReader.
func checkExt(kind byte, n int64) error {
	if n == 0 || kind == msgpackInterned {
		return fmt.Errorf("msgpack: extensions of type %d with %d bytes are not read", int8(kind), n)
	}
	return nil
}

func bigEndian(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(b[0])
	case 2:
		return int64(binary.BigEndian.Uint16(b))
	default:
		return int64(binary.BigEndian.Uint32(b))
	}
}
