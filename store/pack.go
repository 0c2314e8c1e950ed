package store

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
)

// packer turns values into bodies and back.
type packer struct {
	codec       codec.Codec
	compression codec.Compression
	ring        *codec.KeyRing // nil: no encryption
	schema      string
	maxSize     int64 // of a body; 0: any
	maxDecoded  int64
	foreign     bool // what has no metadata of ours is read

	plain, small string   // encodings: of what is not compressed, and of what is
	parts        encoding // of plain
}

func newPacker(o *Options) packer {
	p := packer{
		codec: o.Codec, compression: o.Compression, ring: o.Encryption, schema: o.Schema,
		maxSize: o.MaxSize, maxDecoded: o.MaxDecodedSize, foreign: o.ReadForeign,
	}
	e := encoding{codec: p.codec.Name()}
	if p.ring != nil {
		e.keyID = p.ring.Current()
	}
	p.plain, p.parts = e.String(), e
	e.compression = p.compression.Name()
	p.small = e.String()
	return p
}

// buffers are what a value goes through on its way. They are used again: a
// codec and a backend keep nothing of what they are handed.
type buffers struct {
	encoded, packed, sealed []byte
	content                 []byte // encoded, or the caller's own value
}

var pool = sync.Pool{New: func() any { return new(buffers) }}

// maxPooled keeps a rare large value from holding memory for good.
const maxPooled = 1 << 20

func (b *buffers) free() {
	b.content = nil
	if cap(b.encoded)+cap(b.packed)+cap(b.sealed) <= maxPooled {
		pool.Put(b)
	}
}

// encode encodes *v, a pointer to the value, and notes in m what identifies the
// content.
func (p *packer) encode(key string, v any, m *Meta, b *buffers) (err error) {
	if own, ok := v.(*[]byte); ok && p.codec == codec.Raw {
		b.content = *own // gigabytes are not copied to be looked at
	} else {
		if err = guard(func() (err error) {
			b.encoded, err = p.codec.Append(b.encoded[:0], v)
			return err
		}); err != nil {
			return refusal{fmt.Errorf("the codec %s failed: %w", p.codec.Name(), err)}
		}
		b.content = b.encoded
	}
	if n := int64(len(b.content)); n > p.maxDecoded {
		return fmt.Errorf("%w: it is encoded to %d bytes, and MaxDecodedSize is %d", ErrTooLarge, n, p.maxDecoded)
	}
	m.Encoding, m.Schema = p.plain, p.schema
	m.Hash, err = p.sum(key, b.content)
	return err
}

// negative notes in m what a negative entry has in place of a content.
func (p *packer) negative(key string, m *Meta) (err error) {
	m.Encoding, m.Schema = p.plain, p.schema
	if p.ring != nil {
		m.Hash, err = p.ring.MAC(p.ring.Current(), absentLabel, []byte(key))
	}
	return err
}

var (
	absentLabel = []byte("absent")
	valueLabel  = []byte("value")
)

func (p *packer) sum(key string, encoded []byte) (Hash, error) {
	if p.ring == nil {
		return sum(key, encoded), nil
	}
	mac, err := p.ring.MAC(p.ring.Current(), valueLabel, []byte(key), encoded)
	return mac, err
}

// body makes the body of what encode encoded, compressed where that pays, and
// encrypted.
func (p *packer) body(key string, m *Meta, b *buffers) ([]byte, error) {
	body := b.content
	packed, smaller, err := codec.Shrink(p.compression, b.packed[:0], body)
	if err != nil {
		return nil, fmt.Errorf("compression with %s failed: %w", p.compression.Name(), err)
	}
	if smaller {
		b.packed, body, m.Encoding = packed, packed, p.small
	}
	if p.ring != nil {
		if b.sealed, err = p.ring.Seal(b.sealed[:0], body, p.additional(key, m)); err != nil {
			return nil, fmt.Errorf("encryption failed: %w", err)
		}
		body = b.sealed
	}
	if p.maxSize > 0 && int64(len(body)) > p.maxSize {
		return nil, fmt.Errorf("%w: it takes %d bytes, and %d are allowed", ErrTooLarge, len(body), p.maxSize)
	}
	return body, nil
}

// reads returns why objects with this Meta cannot be read here, nil if they can.
func (p *packer) reads(m *Meta) error {
	_, _, err := p.kind(m)
	return err
}

func (p *packer) kind(m *Meta) (e encoding, c codec.Compression, err error) {
	if m.Encoding == p.plain && m.Schema == p.schema { // as most are
		return p.parts, nil, nil
	}
	e, ok := parseEncoding(m.Encoding)
	switch {
	case !ok:
		return e, nil, fmt.Errorf("%w: its encoding is %q", ErrMismatch, shorten(m.Encoding))
	case e.codec != p.codec.Name():
		return e, nil, fmt.Errorf("%w: it is encoded as %s, and here as %s", ErrMismatch, shorten(e.codec), p.codec.Name())
	case m.Schema != p.schema:
		return e, nil, fmt.Errorf("%w: its schema is %q, and here %q", ErrMismatch, shorten(m.Schema), p.schema)
	case e.keyID == "" && p.ring != nil:
		return e, nil, fmt.Errorf("%w: it is not encrypted", ErrMismatch)
	case e.keyID != "" && p.ring == nil:
		return e, nil, fmt.Errorf("%w: it is encrypted by key %s, and Options.Encryption is not set", ErrMismatch, shorten(e.keyID))
	}
	if e.compression != "" {
		if c, ok = codec.ByName(e.compression); !ok && e.compression == p.compression.Name() {
			c, ok = p.compression, true
		}
		if !ok {
			return e, nil, fmt.Errorf("%w: it is compressed by %s", ErrMismatch, shorten(e.compression))
		}
	}
	return e, c, nil
}

// verify checks a negative entry, for which there is no body to decrypt.
func (p *packer) verify(key string, m *Meta) error {
	if p.ring == nil {
		return nil
	}
	e, ok := parseEncoding(m.Encoding)
	if !ok || e.keyID == "" {
		return fmt.Errorf("%w: it is a negative entry without a key", ErrMismatch)
	}
	mac, err := p.ring.MAC(e.keyID, absentLabel, []byte(key))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrMismatch, err)
	case !hmac.Equal(mac[:], m.Hash[:]):
		return fmt.Errorf("%w: it is a negative entry that is not ours", ErrCorrupt)
	}
	return nil
}

// open decodes the body of obj into to, a pointer to a zero value.
func (p *packer) open(key string, obj *Object, to any) error {
	m := &obj.Meta
	switch {
	case m.Damaged:
		return fmt.Errorf("%w: its metadata makes no sense", ErrCorrupt)
	case m.Foreign:
		return p.openForeign(obj, to)
	}
	e, compression, err := p.kind(m)
	if err != nil {
		return err
	}
	if m.Size > p.maxBody() { // it was left out
		return fmt.Errorf("%w: %w: it has %d bytes, and MaxDecodedSize is %d", ErrCorrupt, ErrTooLarge, m.Size, p.maxDecoded)
	}
	body := obj.Body
	var b *buffers
	if e.keyID != "" || compression != nil {
		b = pool.Get().(*buffers)
		defer b.free()
	}
	if e.keyID != "" {
		if b.sealed, err = p.ring.Open(b.sealed[:0], body, e.keyID, p.additional(key, m)); err != nil {
			return p.sealError(e.keyID, err)
		}
		body = b.sealed
	}
	if compression != nil {
		if b.packed, err = compression.Decompress(b.packed[:0], body, p.maxDecoded); err != nil {
			if errors.Is(err, codec.ErrTooLarge) {
				err = fmt.Errorf("%w: %w", ErrTooLarge, err)
			}
			return fmt.Errorf("%w: %s: %w", ErrCorrupt, e.compression, err)
		}
		body = b.packed
	}
	switch {
	case int64(len(body)) > p.maxDecoded:
		return fmt.Errorf("%w: %w: it has %d bytes, and MaxDecodedSize is %d", ErrCorrupt, ErrTooLarge, len(body), p.maxDecoded)
	case e.keyID == "" && !m.Hash.intact(key, body):
		return fmt.Errorf("%w: its content is not that of its hash and key", ErrCorrupt)
	}
	if into, ok := to.(*[]byte); ok && b != nil && cap(body) > maxPooled && p.codec == codec.Raw {
		*into = slices.Clip(body) // of a buffer that is not used again
		return nil
	}
	if err := p.decode(body, to); err != nil {
		// The content is what was written, so it is V that has changed.
		return fmt.Errorf("%w: the codec %s cannot decode it, has V changed without Options.Schema? %w", ErrMismatch, e.codec, err)
	}
	return nil
}

// maxBody is how many bytes a body may have whose content is not too large:
// compression is left out where it does not make it smaller, and encryption adds
// less than a KiB.
func (p *packer) maxBody() int64 { return p.maxDecoded + 1<<10 }

func (p *packer) openForeign(obj *Object, to any) error {
	switch size := max(obj.Meta.Size, int64(len(obj.Body))); { // the body may have been left out
	case !p.foreign:
		return fmt.Errorf("%w: somebody else wrote it, and Options.ReadForeign is not set", ErrForeign)
	case size > p.maxDecoded:
		return fmt.Errorf("%w: %w: it has %d bytes, and MaxDecodedSize is %d", ErrForeign, ErrTooLarge, size, p.maxDecoded)
	}
	if err := p.decode(obj.Body, to); err != nil {
		return fmt.Errorf("%w: the codec %s cannot decode it: %w", ErrForeign, p.codec.Name(), err)
	}
	return nil
}

func (p *packer) decode(body []byte, to any) error {
	return guard(func() error { return p.codec.Decode(body, to) })
}

// sealError tells a key that is not here from a body that was changed.
func (p *packer) sealError(keyID string, err error) error {
	if _, missing := p.ring.MAC(keyID); missing != nil {
		return fmt.Errorf("%w: %w", ErrMismatch, missing)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// additional is what the encryption binds a body to.
func (p *packer) additional(key string, m *Meta) []byte {
	return codec.AdditionalData(key, m.Hash[:], m.Encoding)
}

// guard calls fn, and makes an error of a panic: codecs call methods of the
// user's values.
func guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &advcache.PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return fn()
}
