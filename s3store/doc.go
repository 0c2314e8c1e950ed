// Package s3store keeps the bytes of a cache in a bucket of S3, or of a service
// that speaks its protocol.
//
//	bucket := s3store.New(client, "my-bucket", &s3store.Options{Prefix: "cache/"})
//	reports := store.New[Report](bucket, &store.Options{Codec: codec.JSON, Dedupe: true})
//
// Each key is one object: the body is the encoded value and nothing else, what is
// known of it stands in user metadata named ac-…. So other programs can read a
// JSON object as it is.
//
// # Requests
//
// What each operation asks of the service, and what is counted in tests. HEAD and
// GET cost the same; PUT, COPY and LIST 12.5 times as much; DELETE nothing.
//
//	Get, HeadFirst     HEAD, and GET where the object is of use: none of the body of one that is not
//	Get, OneRequest    GET, judged on its headers
//	Get, hash held     HEAD, and GET if the content is another; OneRequest: GET, whose body is left out if it is the same (HEAD first for a large one)
//	Head               HEAD
//	Put                PUT
//	Put, conditional   HEAD, and PUT where the condition may hold
//	Touch              HEAD, and a COPY of the object to itself where the life that is left makes it worth that
//	Touch, SoleWriter  nothing, or a COPY
//	Delete             DELETE; one request for 1,000 keys
//	Clear              LIST for 1,000 keys, and one request to delete them
//	Sweep              LIST for 1,000 keys, HEAD for each that is old, DELETE for each that is dead
//
// Bodies over Options.PartSize move in parts of that size, Concurrency at a time: a
// read takes a GET for each part, a write a POST before and after them. The first
// miss of a Store takes a HEAD of the bucket too, since a missing bucket looks
// like a missing key.
//
// A read that is cut is read on from there. 409, 429 and 503 are tried again, up to
// five times, and where a fifth of the answers are the latter two, all requests of
// the Store are held back for a while. [Store.Usage] counts each try, and [Store.Cost] says what they cost.
//
// # Conditions
//
// The ETag of an object is that of its body: it does not tell two writes of equal
// bodies apart, nor an object from itself with a longer life. So each write has a
// random ac-version beside it, which a conditional write compares first, and the
// ETag is the condition of the write itself. Compressed bodies carry 16 random
// bytes where decompressors skip them, and encrypted ones a nonce, so that their
// ETag is their own. To an uncompressed body, SetIfAbsent appends 128 blanks and
// tabs at random, which reads leave out; so does a conditional write over what is
// gone and has the same content. Other equal bodies that are uncompressed, written
// to one key by two processes at the same instant, may both seem to replace a
// third. And a conditional write may replace what was renewed after it looked, by a
// copy or by an unconditional write of an equal uncompressed body.
//
// S3 keeps conditions since November 2024. A service at another endpoint is asked
// what it keeps at the first conditional use, by some ten requests on an object of
// no key. What it does not is said to Options.Logger: without conditions of PUT,
// conditional writes give errors.ErrUnsupported; other things are done in a way
// that costs more.
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
// s3:GetObject, s3:PutObject, s3:DeleteObject, and s3:ListBucket for Clear and
// Sweep; s3:PutObjectTagging for Options.LifetimeTag. Without s3:ListBucket S3
// answers 403 to a read of what is absent, which is an error unless
// Options.Forbidden403IsMiss is set.
package s3store
