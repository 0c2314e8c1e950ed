package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// JSON encodes as encoding/json does: maps sorted, and what a value's own
// MarshalJSON or MarshalText says. It is deterministic, if those methods are, and
// can keep what encoding/json can, which CheckType tells. Of fields with one name
// those that hide the others are kept, as in Go. Numbers that come back
// in an interface are float64, which holds integers up to 2^53. Values nested
// deeper than 10,000 levels cannot be read back. A string that is not UTF-8 is
// refused, where encoding/json would replace a part of it; so is what a
// MarshalJSON writes with the escape \ufffd, which cannot be told from it.
var JSON Codec = jsonCodec{}

type jsonCodec struct{}

func (jsonCodec) Name() string        { return "json" }
func (jsonCodec) ContentType() string { return "application/json" }

// A jsonEncoder writes straight to where the bytes are wanted; json.Marshal
// would copy them once more.
type jsonEncoder struct {
	to  sliceWriter
	enc *json.Encoder
}

var jsonEncoders = sync.Pool{New: func() any {
	e := new(jsonEncoder)
	e.enc = json.NewEncoder(&e.to)
	return e
}}

func (jsonCodec) Append(dst []byte, v any) ([]byte, error) {
	e := jsonEncoders.Get().(*jsonEncoder)
	e.to.b = dst
	err := e.enc.Encode(v)
	out := e.to.b
	e.to.b = nil
	jsonEncoders.Put(e) // not after a panic of the user's
	if err != nil {
		return dst, err
	}
	if i := replacedRune(out[len(dst):]); i >= 0 {
		return dst, fmt.Errorf("advcache: JSON cannot keep a string that is not UTF-8 (at byte %d of the encoding): use a []byte, or another codec", i)
	}
	return out[:len(out)-1], nil // without the line end, as json.Marshal
}

// replacedRune returns where encoding/json has put U+FFFD in place of bytes that
// are not UTF-8, or -1: it writes that one as an escape, and one of the value's
// own as it is. A value that comes back as another one is no value at all.
func replacedRune(b []byte) int {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(`\ufffd`))
		if i < 0 {
			return -1
		}
		i += from
		slashes := 0
		for slashes < i && b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 { // else the first of two, and no escape
			return i
		}
		from = i + 1
	}
}

func (c jsonCodec) Decode(data []byte, v any) error {
	return decode(c, v, func() error { return json.Unmarshal(data, v) })
}
