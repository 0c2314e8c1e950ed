package codec

import (
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// Msgpack encodes as MessagePack, by vmihailenco/msgpack/v5: structs as maps by
// field name, or by the name in the tag "msgpack", or "json" where there is no
// such tag.
//
// Where V, or what V points to, has the methods MarshalMsg and UnmarshalMsg that
// tinylib/msgp generates, these are used, which is several times as fast. Within
// other types they are not: a []T is encoded by the structure of T. They have
// field names of their own, so that generating them for a type of which values are
// stored already is a change of the schema. They believe the lengths in the data,
// which therefore are looked over first: that takes about a sixth of what
// UnmarshalMsg takes.
//
// Msgpack is deterministic for types whose maps the library sorts:
// map[string]string and map[string]bool; other maps and interfaces, which may hold
// any map, are not. Generated methods sort no map.
//
// CheckType refuses types of which the library would lose a part: two fields of
// one name; an embedded pointer, whose nil would come back as a pointer to a zero
// struct (it does not where a field has the option "omitempty"); what embeds a
// type with methods of its own, beside other fields. The tag option "intern" is
// refused too.
//
// Msgpack does not say what type was in an interface: what comes back is the
// smallest that holds it, so an int may be an int8, and maps are map[string]any.
// With "omitempty", a zero in an interface comes back as nil. Times come back in
// the local zone. Errors come back as their text, so that V cannot be error itself.
// A decoder that the program registered for an extension is to read the bytes of it,
// one at least, and cannot decode values from them by the msgpack.Decoder that it is
// given.
//
// Values that contain themselves, or are nested deeper than 10,000 levels, are
// refused. For that, values of a type that leads to itself or to an interface are
// looked over before they are encoded, without what methods of their own encode.
// MarshalMsg counts as generated, and to follow every exported field that has
// not the tag `msg:"-"`.
var Msgpack Codec = msgpackCodec{}

type msgpackCodec struct{}

func (msgpackCodec) Name() string        { return "msgpack" }
func (msgpackCodec) ContentType() string { return "application/vnd.msgpack" }

type msgpackEncoder struct {
	to  sliceWriter
	enc *msgpack.Encoder
}

var msgpackEncoders = sync.Pool{New: func() any {
	e := new(msgpackEncoder)
	e.enc = msgpack.NewEncoder(&e.to)
	e.enc.SetSortMapKeys(true)
	e.enc.SetCustomStructTag("json")
	return e
}}

func (c msgpackCodec) Append(dst []byte, v any) ([]byte, error) {
	facts, err := c.factsOf(v)
	if err != nil {
		return dst, err
	}
	if facts.nests != nil {
		if err := facts.nests.check(reflect.ValueOf(v).Elem()); err != nil {
			return dst, err
		}
	}
	if facts.msgp != noMsgp {
		return facts.msgp.append(dst, v)
	}
	return appendVia(dst, goodRoom, func(dst []byte) ([]byte, error) {
		e := msgpackEncoders.Get().(*msgpackEncoder)
		e.to.b = dst
		err := e.enc.Encode(v)
		dst, e.to.b = e.to.b, nil
		msgpackEncoders.Put(e)
		return dst, err
	})
}

type msgpackDecoder struct {
	scan msgpackScan
	from msgpackReader
	dec  *msgpack.Decoder
}

var msgpackDecoders = sync.Pool{New: func() any {
	d := new(msgpackDecoder)
	d.dec = msgpack.NewDecoder(&d.from)
	return d
}}

func (c msgpackCodec) Decode(data []byte, v any) error {
	return decode(c, v, func() error {
		facts, err := c.factsOf(v)
		if err != nil {
			return err
		}
		d := msgpackDecoders.Get().(*msgpackDecoder)
		if err := d.scan.do(data); err != nil {
			return err
		}
		if facts.msgp != noMsgp {
			msgpackDecoders.Put(d)
			return facts.msgp.decode(data, v)
		}
		d.from = msgpackReader{data: data, exts: d.scan.exts}
		d.dec.Reset(&d.from)
		d.dec.SetCustomStructTag("json")
		err = d.dec.Decode(v)
		if err == nil {
			err = d.from.end()
		}
		d.from = msgpackReader{}
		if len(data) <= maxScratch { // the decoder keeps a buffer of its own
			msgpackDecoders.Put(d)
		}
		return err
	})
}

// msgpackFacts is what has to be known of a type.
type msgpackFacts struct {
	msgp  msgpKind
	nests *nesting // what looks for values that contain themselves; nil if none can
	err   error    // why its values cannot be kept
}

var msgpackNesting = nesting{codec: "msgpack", skip: skipMsgpack, own: func(t reflect.Type) bool {
	return t == reflect.TypeFor[error]() || encodedBy(t) >= 0 || t.Kind() != reflect.Pointer && encodedBy(reflect.PointerTo(t)) >= 0
}}

// msgpNesting is for generated methods, which follow the structure, whatever other
// methods there are.
var msgpNesting = nesting{codec: "msgpack", skip: skipMsgp, own: func(reflect.Type) bool { return false }}

var msgpackTypes sync.Map // of *msgpackFacts by reflect.Type

// factsOf returns the facts of what v points to. To a type that cannot be
// kept, the library could recurse without end.
func (c msgpackCodec) factsOf(v any) (*msgpackFacts, error) {
	p, err := pointed(c, v)
	if err != nil {
		return nil, err
	}
	t := p.Type()
	if known, ok := msgpackTypes.Load(t); ok {
		facts := known.(*msgpackFacts)
		return facts, facts.err
	}
	facts := &msgpackFacts{msgp: msgpKindOf(t), err: c.CheckType(t)}
	nests := &msgpackNesting
	if facts.msgp != noMsgp {
		nests = &msgpNesting
	}
	if nests.unbound(t) {
		facts.nests = nests
	}
	msgpackTypes.Store(t, facts)
	return facts, facts.err
}
