// Package gcsstore keeps the bytes of a cache in a bucket of Google Cloud Storage.
//
//	bucket := gcsstore.New(client, "my-bucket", &gcsstore.Options{Prefix: "cache/"})
//	reports := store.New[Report](bucket, &store.Options{Codec: codec.JSON, Dedupe: true})
//
// Each key is one object: the body is the encoded value and nothing else, what is
// known of it stands in custom metadata named ac-…. So other programs can read a
// JSON object as it is.
//
// # Requests
//
// What each operation asks of the service, and what is counted in tests. Class A
// (insert, patch, list) costs 12.5 times as much as class B (attrs, read), and a
// delete nothing.
//
//	Get, HeadFirst       attrs, and a read where the object is of use: none of the body of one that is not
//	Get, OneRequest      read, judged on its headers
//	Get, hash held       attrs, and a read if the content is another; OneRequest: read, whose body is left out if it is the same (attrs first for a large one)
//	Head                 attrs
//	Put                  insert
//	Put, IfVersion       insert
//	Put, IfGone IfVacant attrs, and an insert where the condition may hold
//	Touch                attrs, and a patch where the life that is left makes it worth that
//	Touch, SoleWriter    nothing, or a patch
//	Delete               one request for each key, 32 at once
//	Clear                list for 1,000 keys, and one request to delete each, 32 at once
//	Sweep                list for 1,000 keys, and one request to delete each that is dead
//
// A body over Options.PartSize is read by a request for each part of that size,
// Concurrency at once, and one over Options.ChunkSize is sent by one for each
// chunk, and one before. Bodies are compared with their CRC32C in both ways. With
// OneRequest, the first miss of a Store takes an attrs too, since the client does
// not tell a missing bucket from a missing key.
//
// A request that fails in a way that another try may mend is sent up to five
// times, with pauses that make 3 seconds at the most. A read that is cut is read on
// from there. Where a fifth of the answers are 429, all requests of the Store are
// held back for a while.
//
// OneRequest needs a client that reads by the XML API: see [New].
//
// # Conditions
//
// The [store.Version] of an object is its generation and its metageneration, of
// which each change makes new ones: the service keeps the condition of a change,
// exactly. Each change has a random ac-version too, by which a writer whose answer
// was lost knows that the object is its own.
//
// # Limits
//
// GCS takes one write and one change of metadata in a second for each object, and
// answers 429 to more: a write waits until it may, and a renewal becomes a write.
// Custom metadata may have 8 KiB with their names.
//
// The custom time of an object is when it is gone, unless Options.NoCustomTime is
// set, for lifecycle rules with daysSinceCustomTime. GCS does not let it go back:
// where a life is shortened, it stays as it was until the next write. An object
// that was to go and is renewed to stay for ever is copied over itself, since a
// custom time cannot be removed.
//
// # Keys
//
// The object of a key is named Options.Prefix and the key, so that slashes make
// folders. What makes trouble on the way is escaped as !XX, in hexadecimal: control
// characters, bytes that are not UTF-8, '!' itself, slashes at the beginning, at
// the end and behind another one, and the last dot of the segments "." and "..". A
// name of more than 1,024 bytes ends in "!~" and a SHA-256 of the key.
//
// # Rights
//
// storage.objects.get to read; storage.objects.create and storage.objects.delete to
// write; storage.objects.update for renewals, with [store.Options].Dedupe;
// storage.objects.list for Clear and Sweep. roles/storage.objectUser has them all.
// Without storage.objects.list GCS answers 403 to a read of what is absent, which
// is an error unless Options.Forbidden403IsMiss is set.
package gcsstore
