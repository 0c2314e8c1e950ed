// Package codec turns values into bytes, and bytes into fewer or secret ones.
//
// A [Codec] encodes values: [JSON], [Msgpack], [Gob] and [Raw] are here; that of
// Protocol Buffers is in package protocodec, so that only its users link them.
// A [Compression] makes bytes fewer: [Gzip], [Zstd]. A [KeyRing] encrypts and
// authenticates them.
//
// What comes back is what was encoded, as far as the library beneath a codec keeps
// it. A type of which it surely would not keep all is refused by [CheckType], which
// whoever makes a cache asks; what remains is said at each codec.
//
// What is read may come from anybody. Nothing here panics because of what it
// decodes, overflows the stack, or allocates for more elements than are there
// (empty ones take a byte each, and as much memory as V gives an element); a
// Compression never produces more than it was allowed to.
//
// Package codec knows no cache. Everything in it is safe for concurrent use.
package codec
