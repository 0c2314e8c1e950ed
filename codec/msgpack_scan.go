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

// do returns an error unless data is one value, whole and well formed.
func (s *msgpackScan) do(data []byte) error {
	s.exts, s.open = s.exts[:0], s.open[:0]
	lacks := 1
	for pos := 0; ; {
		for lacks == 0 {
			if len(s.open) == 0 {
				if pos < len(data) {
					return fmt.Errorf("msgpack: %d bytes after the value", len(data)-pos)
				}
				return nil
			}
			lacks = s.open[len(s.open)-1]
			s.open = s.open[:len(s.open)-1]
		}
		if pos == len(data) {
			return errMsgpackEnd
		}
		code := data[pos]
		pos++
		lacks--
		// What most of all values are: small integers, and short strings.
		if code <= 0x7f {
			continue
		}
		if code>>5 == 0xa0>>5 {
			if pos += int(code & 0x1f); pos > len(data) {
				return errMsgpackEnd
			}
			continue
		}
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
		case msgpackArray, msgpackMap:
			if f.kind == msgpackMap {
				n *= 2
			}
			if n > left {
				return errMsgpackEnd
			}
			if len(s.open) == maxDepth {
				return fmt.Errorf("msgpack: the value is nested deeper than %d levels", maxDepth)
			}
			s.open = append(s.open, lacks)
			lacks = int(n)
		case msgpackExt:
			if n+1 > left {
				return errMsgpackEnd
			}
			if err := checkExt(data[pos], n); err != nil {
				return err
			}
			s.exts = append(s.exts, pos+1)
			pos += 1 + int(n)
		default:
			return fmt.Errorf("msgpack: there is no code %x", code)
		}
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
