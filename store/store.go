package store

import (
	"context"
	"time"
)

// Store is what a backend implements: it moves bytes with their [Meta], and
// knows nothing of values. [New] makes a cache of it. Package storetest holds
// the suite that an implementation must pass.
//
// A miss is ok == false with a nil error; an error means that the backend could
// not say, and is that of its SDK, as it is: New adds what was tried and where.
// Keys are any non-empty strings, and are kept apart whatever they contain. All
// methods are safe for concurrent use, and obey the deadline and the
// cancellation of their context.
//
// What else a backend can do is asked through the functions [Touch], [GetMany],
// [PutMany] and [Clear].
type Store interface {
	// Get returns what is held for key, if it is of use to the caller as want
	// says. It judges the Meta before it moves the body, where the backend has
	// a way. A foreign object is a hit in any case, with its Body only if want
	// asks for that; so is a damaged one, without a Body. The caller may keep
	// the Body and the Tags, and must not change them.
	Get(ctx context.Context, key string, want Want) (obj Object, ok bool, err error)

	// Head returns the Meta of what is held for key, whatever its life, without
	// moving the body.
	Head(ctx context.Context, key string) (meta Meta, ok bool, err error)

	// Put stores obj under key if cond holds, atomically, and reports whether it
	// did. It keeps neither Body nor Tags. It ignores Version, Size, Foreign and
	// Damaged of the Meta, and returns the Version that the key has now. What is gone
	// (see [Meta.GoneAt]) need not be kept any longer: to put such an object
	// removes what is held, and has no Version. What never goes must be kept
	// until it is deleted or the backend runs out of room. Encoding and Schema
	// may have 255 bytes; a backend refuses what does not fit, keys and bodies
	// too, with an error.
	//
	// After an error that is no refusal, the object may be stored or not.
	Put(ctx context.Context, key string, obj Object, cond Cond) (version Version, ok bool, err error)

	// Delete removes keys. Keys that are absent are no error. With an error,
	// some may be removed.
	Delete(ctx context.Context, keys ...string) error

	// Info tells what the backend is. It is constant and cheap.
	Info() Info
}

// Want says what is of use to a reader.
type Want struct {
	// Now is the instant at which life is judged. Zero: the present.
	Now time.Time

	// Stale says that a stale object will do.
	Stale bool

	// Hash is that of the content which the reader already has. If the object
	// has the same, [Object.NotModified] is set and no body is moved, where the
	// backend has a way. Zero: the reader has none.
	Hash Hash

	// Size is how many bytes the body with that Hash had, where the reader knows: of
	// a large one it pays to ask for the metadata first. 0: it does not know.
	Size int64

	// Foreign says that the body of an object without metadata of ours will do.
	Foreign bool

	// MaxBody is how many bytes a body may have to be of use: a larger one is left
	// out, where the backend has a way, and the Meta tells of it. 0: any number.
	MaxBody int64
}

// Object is what is stored under a key.
type Object struct {
	Meta Meta

	// Body is the encoded value, as it is stored: compressed, encrypted. Nil
	// where Meta.Absent is set.
	Body []byte

	// NotModified says that the content is that of Want.Hash: Body is left out.
	NotModified bool
}

// Useful reports whether an object with this Meta is what want asks for: what a
// backend asks itself before it moves the body.
func (w *Want) Useful(m *Meta) bool {
	if m.Foreign || m.Damaged {
		return true // whoever asked must know that there is one
	}
	now := w.Now
	if now.IsZero() {
		now = time.Now()
	}
	return !m.GoneAt(now) && (w.Stale || m.FreshAt(now))
}

// Answer returns what Get answers for an object with this Meta, which is Useful,
// and whether its body is to be moved too: what a backend asks itself next.
func (w *Want) Answer(m *Meta) (obj Object, body bool) {
	obj.Meta = *m
	switch {
	case m.Absent, m.Damaged, m.Encoding == LaterFormat, m.Foreign && !w.Foreign:
		return obj, false
	case !w.Hash.IsZero() && m.Hash == w.Hash:
		obj.NotModified = true
		return obj, false
	default:
		return obj, w.MaxBody <= 0 || m.Size <= w.MaxBody
	}
}

// Cond is the condition of a Put. The zero Cond is none.
type Cond struct {
	Kind CondKind

	// Version is what the key must have, with IfVersion.
	Version Version

	// Now is the instant at which the life of what is held is judged. Zero: the
	// present.
	Now time.Time

	// Foreign says that an object without metadata of ours counts as a fresh
	// one; else it counts as none, as one that is damaged does in any case.
	// IfVersion asks for the Version alone.
	Foreign bool
}

// CondKind says what must be so for a Put to happen.
type CondKind uint8

const (
	// Always stores whatever is held.
	Always CondKind = iota

	// IfVacant stores where nothing fresh is held but a negative object: over
	// nothing, and over what is gone, stale, foreign, damaged or Absent.
	IfVacant

	// IfGone stores where nothing is held that is not gone, foreign or damaged.
	IfGone

	// IfVersion stores where what is held has the Version.
	IfVersion
)

// String returns the name of the kind.
func (k CondKind) String() string {
	switch k {
	case Always:
		return "Always"
	case IfVacant:
		return "IfVacant"
	case IfGone:
		return "IfGone"
	case IfVersion:
		return "IfVersion"
	default:
		return "unknown"
	}
}

// Holds reports whether c holds for what is held: for backends that look and
// store in one step, under a lock. Held is nil where there is nothing.
func (c *Cond) Holds(held *Meta) bool {
	switch c.Kind {
	case Always:
		return true
	case IfVersion: // of whomever it is
		return held != nil && held.Version == c.Version && !c.Version.IsZero()
	default:
	}
	if held == nil || held.Damaged || held.Foreign && !c.Foreign {
		return true
	}
	now := c.Now
	if now.IsZero() {
		now = time.Now()
	}
	if c.Kind == IfGone {
		return held.GoneAt(now)
	}
	return held.Absent || held.GoneAt(now) || !held.FreshAt(now)
}

// Version identifies what a backend holds for a key: an ETag, a generation, a
// random number. Each write gives a key one that it never had. It is comparable;
// the zero Version identifies nothing.
type Version struct {
	text   string
	number uint64
}

// TextVersion returns the Version that is s.
func TextVersion(s string) Version { return Version{text: s} }

// NumberVersion returns the Version that is n. NumberVersion(0) is zero.
func NumberVersion(n uint64) Version { return Version{number: n} }

// Text returns what TextVersion was given.
func (v Version) Text() string { return v.text }

// Number returns what NumberVersion was given.
func (v Version) Number() uint64 { return v.number }

// IsZero reports whether v identifies nothing.
func (v Version) IsZero() bool { return v == Version{} }

// Info is what a backend is.
type Info struct {
	// Name stands in errors and events, such as "redis".
	Name string

	// Timeout ends a request of the cache, unless its Options say otherwise. 0:
	// none.
	Timeout time.Duration

	// MaxKey is how many bytes a key may have. 0: any number.
	MaxKey int

	// MaxSize is how many bytes a body may have. 0: any number.
	MaxSize int64

	// Compress says that bodies are compressed, unless the Options of the cache
	// say otherwise: for backends that are paid by size.
	Compress bool
}
