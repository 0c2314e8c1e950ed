// Package store makes a typed cache of any byte store. [New] is the one place
// of codec, compression, encryption, envelope, integrity check and write dedupe;
// a backend is a [Store], which moves bytes with their metadata and knows nothing
// of values.
//
//	files, err := filestore.Open(dir, nil)
//	users := store.New[User](files, &store.Options{Codec: codec.JSON, Dedupe: true})
//
// What is read back is what was written, or a miss (law 10): the metadata, the
// hash of the content, the encoding and the schema are checked, and what does
// not fit is told to the Observer and never served.
//
// A [Cache] gives the errors of its backend as [*advcache.OpError], after
// Options.Timeout at the latest; a function wrapped by advcache.TTL then serves
// what its loader gives (law 7). What each call asks of the backend is counted
// (law 12): docs/stores.md has the table. The functions of this package such as
// [GetMany] and [Clear] are about backends; those of package advcache with the
// same names are about caches.
package store
