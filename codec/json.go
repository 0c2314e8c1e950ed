package codec

import (
	"encoding/json"
	"sync"
)

// JSON encodes as encoding/json does: maps sorted, and what a value's own
// MarshalJSON or MarshalText says. It is deterministic, if those methods are, and
// can keep what encoding/json can, which CheckType tells. Numbers that come back
// in an interface are float64, which holds integers up to 2^53. Values nested
// deeper than 10,000 levels cannot be read back.
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
	return out[:len(out)-1], nil // without the line end, as json.Marshal
}

func (c jsonCodec) Decode(data []byte, v any) error {
	return decode(c, v, func() error { return json.Unmarshal(data, v) })
}
