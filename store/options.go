package store

import (
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
)

// Options of [New]. The zero value is the documented default.
type Options struct {
	// Name is the cache's name in events and errors. Empty: that of the
	// backend, such as "redis".
	Name string

	// Codec turns values into bytes. Nil: codec.Raw for []byte and string, else
	// codec.Msgpack. An object that was written by another codec is a miss.
	Codec codec.Codec

	// Compression makes bodies smaller that have 512 bytes or more, where it
	// saves 5 % or more. Nil: that of the backend, which is codec.Gzip(6) for
	// object stores and none for others. codec.None turns it off. Objects are
	// read whatever compression they were written with.
	Compression codec.Compression

	// Encryption encrypts bodies, and refuses those that are not encrypted by
	// a key of the ring. Nil: none.
	Encryption *codec.KeyRing

	// Dedupe leaves out the write of a content that the backend holds already:
	// the object only gets its new life. Where the backend cannot renew a life,
	// nothing is written while 75 % of the new one remain, and else the whole
	// object. In return a content that is new takes a request more, and SetMany
	// one or two for each key. It takes a Codec that encodes equal values to equal
	// bytes, and New panics if it does not for V: where V has maps, codec.JSON
	// always does.
	Dedupe bool

	// Tombstones is how long a Delete is remembered in the backend, by a small
	// object in the place of the one that is deleted: a load of the key that
	// another process has begun before that, and a promotion, is then not stored,
	// which a backend that holds nothing could not refuse. Let it be longer than
	// any load and its write take, such as TTLOptions.LoadTimeout and Timeout
	// together. In return a Delete is a write for each key, as many in one request
	// as for SetMany, and over object storage a conditional write after it takes a
	// request more. Clear leaves none. 0: a Delete removes the object.
	Tombstones time.Duration

	// Schema names the shape of the values: change it whenever V changes so
	// that old objects would be decoded wrongly. An object with another Schema
	// is a miss. At most 255 bytes.
	Schema string

	// MaxSize is how many bytes a body may have, as it is stored. A write of a
	// larger one removes what the key holds and gives [ErrTooLarge]. 0: what
	// the backend takes.
	MaxSize int64

	// MaxDecodedSize is how many bytes a body may have after decompression. A
	// larger one is no value of ours: reads miss, and writes give
	// [ErrTooLarge]. 0: 256 MiB.
	MaxDecodedSize int64

	// ReadForeign makes objects that have no metadata of ours count as fresh
	// for ever, decoded with Codec: for objects that other programs write. It
	// excludes Encryption.
	ReadForeign bool

	// Timeout ends a call, with all its requests and its wait for other writes of
	// the key, within the time that the caller's context leaves it. Where GetMany
	// and SetMany make a call for each key, each has that time, and once one is
	// over, no more are begun. The removal of a damaged object takes a Timeout of
	// its own. [Cache.Clear] has none. 0: that of the backend, which is 250 ms for
	// Redis and none for files. Below 0: none.
	Timeout time.Duration

	// Observer is told of writes and deletes, and as BackendError of each
	// object that could not be made sense of. Nil costs nothing.
	Observer *advcache.Observer

	// Logger is told what no Observer is told: objects that make no sense, and
	// hooks that panic; at most a line a second. Nil: slog.Default().
	Logger *slog.Logger
}

// DefaultMaxDecodedSize is MaxDecodedSize where none is set.
const DefaultMaxDecodedSize = 256 << 20

// maxTombstones bounds Options.Tombstones, since what is deleted is to be gone one
// day.
const maxTombstones = 24 * time.Hour

// complete returns o with its defaults, for values of type t over a backend. It
// panics where o makes no sense.
func (o *Options) complete(t reflect.Type, info Info) Options {
	opt := Options{}
	if o != nil {
		opt = *o
	}
	if opt.Name == "" {
		opt.Name = info.Name
	}
	if opt.Codec == nil {
		opt.Codec = codec.Msgpack
		if codec.CheckType(codec.Raw, t) == nil {
			opt.Codec = codec.Raw
		}
	}
	if opt.Compression == nil {
		opt.Compression = codec.None
		if info.Compress {
			opt.Compression = codec.Gzip(0)
		}
	}
	if opt.Timeout == 0 {
		opt.Timeout = info.Timeout
	}
	if opt.MaxDecodedSize == 0 {
		opt.MaxDecodedSize = DefaultMaxDecodedSize
	}
	if opt.MaxSize == 0 {
		opt.MaxSize = info.MaxSize
	}
	opt.check(t, info)
	return opt
}

func (o *Options) check(t reflect.Type, info Info) {
	switch {
	case o.Tombstones < 0 || o.Tombstones > maxTombstones:
		panic(fmt.Sprintf("store: Options.Tombstones is %v; use 0 for none, or how long a load may take, up to %v", o.Tombstones, maxTombstones))
	case o.MaxSize < 0:
		panic("store: Options.MaxSize is negative; use 0 for what the backend takes, or a number of bytes")
	case info.MaxSize > 0 && o.MaxSize > info.MaxSize:
		panic(fmt.Sprintf("store: Options.MaxSize is %d, but %s takes %d bytes at the most; use 0 for that, or less", o.MaxSize, info.Name, info.MaxSize))
	case o.MaxDecodedSize < 0:
		panic("store: Options.MaxDecodedSize is negative; use 0 for 256 MiB, or a number of bytes")
	case len(o.Schema) > 255:
		panic(fmt.Sprintf("store: Options.Schema has %d bytes; use a short name or a number, of 255 bytes at the most", len(o.Schema)))
	case o.Encryption != nil && o.Encryption.Current() == "":
		panic("store: Options.Encryption has no keys; make one by codec.NewKeyRing")
	case o.ReadForeign && o.Encryption != nil:
		panic("store: Options.ReadForeign and Encryption are both set; what others write is not encrypted, so choose one")
	}
	if name := o.Codec.Name(); !isWord(name) {
		panic(fmt.Sprintf("store: the codec %T is called %q; a name has lower-case letters, digits and '-' alone", o.Codec, name))
	}
	if err := codec.CheckType(o.Codec, t); err != nil {
		panic(fmt.Sprintf("store: the codec %s cannot keep values of type %s: %v", o.Codec.Name(), t, err))
	}
	if o.Dedupe {
		if err := codec.Deterministic(o.Codec, t); err != nil {
			panic(fmt.Sprintf("store: Options.Dedupe compares what values are encoded to, but %v", err))
		}
	}
}

// isWord reports whether s can be a part of an encoding.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
