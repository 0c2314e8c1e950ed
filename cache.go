package advcache

import (
	"context"
	"time"
)

// Cache is one typed cache, such as inmem.Cache, or a wrapper of one. Package
// cachetest holds the suite that an implementation must pass.
//
// A miss is ok == false with a nil error. An error means that the cache could
// not say. Keys are any non-empty strings, though a backend may refuse those
// that are longer than it takes. The empty key is either refused with an error,
// as byte stores do, or a key like any other, as in memory; key templates make
// none. All methods are safe for concurrent use, and may panic where the context
// is nil. What a caller hands in (values, tags) must not be changed afterwards,
// and what it is handed must not be changed either, unless the implementation
// says that it copies.
//
// What else an implementation can do is asked through the functions
// [SetIfAbsent], [SetEntryIf], [GetMany], [SetMany], [GetEntries], [SetEntries],
// [HeadEntry], [Clear] and [Revalidate].
type Cache[V any] interface {
	// Get returns the value of a fresh entry. Stale, negative and absent
	// entries are misses.
	Get(ctx context.Context, key string) (value V, ok bool, err error)

	// GetEntry returns what is held for key, fresh or stale, negative entries
	// ([Entry.Absent]) too, with its instants. On a miss, the entry is zero
	// but for its Version, which identifies the miss for [SetEntryIf].
	GetEntry(ctx context.Context, key string) (entry Entry[V], ok bool, err error)

	// Set stores value as made now and fresh for ttl. A ttl of 0 means no
	// expiry; below 0 is [ErrInvalidTTL].
	Set(ctx context.Context, key string, value V, ttl time.Duration) error

	// SetEntry stores entry with the instants it carries, which is how a copy
	// of an entry keeps the life of its original. A zero CreatedAt means now.
	// Version is ignored. Setting an entry that is dead already removes what
	// the key holds.
	SetEntry(ctx context.Context, key string, entry Entry[V]) error

	// Delete removes keys. Keys that are absent are no error. With an error,
	// some may be removed.
	Delete(ctx context.Context, keys ...string) error

	// Exists reports whether Get would be a hit, without moving the value.
	Exists(ctx context.Context, key string) (bool, error)
}

// Entry is a value with its life, as a level holds it. At any time it is
//
//   - fresh while now < FreshUntil, or for ever where FreshUntil is zero;
//   - then stale while now < StaleUntil;
//   - then dead, and nothing returns it any more.
type Entry[V any] struct {
	// Value is what was stored; the zero V where Absent is set.
	Value V

	// CreatedAt is when the load that made Value began, or when Set was
	// called.
	CreatedAt time.Time

	// FreshUntil ends the fresh part of the life. Zero: never stale.
	FreshUntil time.Time

	// StaleUntil ends the part in which the entry may be served stale. Zero,
	// or before FreshUntil: not at all.
	StaleUntil time.Time

	// HeldUntil is a level's limit on this copy: past it the level no longer
	// answers with the copy, whatever life the original has left. Zero: none.
	HeldUntil time.Time

	// Absent marks a negative entry: the origin said that there is no value.
	Absent bool

	// Tags name the groups that the entry belongs to.
	Tags []string

	// Version identifies what the level held when the entry was read. Levels
	// set it; SetEntry ignores it.
	Version Version
}

// IsFresh reports whether e is fresh at now. It does not look at HeldUntil.
func (e *Entry[V]) IsFresh(now time.Time) bool {
	return e.FreshUntil.IsZero() || now.Before(e.FreshUntil)
}

// IsDead reports whether e is neither fresh nor stale at now. It does not look
// at HeldUntil.
func (e *Entry[V]) IsDead(now time.Time) bool {
	return !e.IsFresh(now) && !now.Before(e.StaleUntil)
}

// DiesAt returns the instant at which e is dead: the later of FreshUntil and
// StaleUntil. Zero: never.
func (e *Entry[V]) DiesAt() time.Time {
	if e.FreshUntil.IsZero() || e.FreshUntil.After(e.StaleUntil) {
		return e.FreshUntil
	}
	return e.StaleUntil
}

// Version identifies what a level held for a key when it was asked, a miss
// too. It is opaque and comparable; hand it to [SetEntryIf]. The zero Version
// identifies nothing.
type Version struct {
	token any
	seq   uint64
}

// NewVersion makes the Version that a level hands out. The pair must tell
// apart whatever the level can hold for one key over time. The token must be
// comparable, such as an ETag or a pointer; it may be nil where seq says it all.
func NewVersion(token any, seq uint64) Version { return Version{token, seq} }

// Parts returns what NewVersion was given: for the level that made v.
func (v Version) Parts() (token any, seq uint64) { return v.token, v.seq }

// IsZero reports whether v identifies nothing.
func (v Version) IsZero() bool { return v.token == nil && v.seq == 0 }
