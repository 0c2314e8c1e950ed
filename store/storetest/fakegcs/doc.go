// Package fakegcs is a Google Cloud Storage server inside the process, for tests:
// a [Server] is the [net/http.RoundTripper] of a GCS client, so that requests
// touch no socket. It starts no goroutine, and time is that of the package time:
// under testing/synctest, latencies, time-outs and retries pass in no time.
//
//	server := fakegcs.New(&fakegcs.Options{Buckets: []string{"my-bucket"}, Latency: 30 * time.Millisecond})
//	client, err := storage.NewClient(ctx,
//		option.WithHTTPClient(server.Client()),
//		option.WithoutAuthentication(),
//		storage.WithXMLReads())
//
// # What it is right about
//
// Generations and preconditions: a generation is the time in microseconds, and
// grows with each write; the metageneration begins at 1 and grows with each
// change of metadata. The preconditions of reads, writes, changes of metadata,
// copies (on the source too) and deletes are judged at the instant of the
// effect, and atomically; for a resumable upload at its start too. Where one does
// not hold, the answer is 412 conditionNotMet, or 304 to a read that asks for a
// change. Without the object, a read, a change and a delete answer 404, whatever
// the condition is, and a write 412, unless the condition is that there is none.
// The XML API knows the two conditions that GCS knows there, and the client sends
// it no other: with storage.WithXMLReads, a read if the generation is another one
// is a read of any. A replaced generation is gone.
//
// Metadata: a patch merges names, null removes; the custom time does not go
// back; 8 KiB is the limit. A read by the XML API has the metadata in headers,
// whose names lose their case on the way, so that ac-hash becomes Ac-Hash; values
// should be ASCII, and line breaks in them become spaces. A read by the
// JSON API has none, and no Last-Modified. Checksums of uploads are verified.
// Names are any UTF-8 that GCS takes, and errors have their form: JSON, XML, or
// where the JSON API was asked for a body, a line of text. Objects that are
// stored with the content encoding gzip are decompressed as GCS and net/http do
// it between them.
//
// It counts requests by operation and by what they cost, and bytes as they are
// really read: see [Counts]. Requests go wrong by [Server.Script] and
// [Server.Rate], rights are missing by [Options].Authorize and [Without], and
// [Server.Plant], [Server.Edit] and [Server.Object] reach the objects without a
// request.
//
// # What it has not
//
// The APIs are JSON, for all that objects need, and XML, for reads; not gRPC.
// What is not there answers 501 notImplemented: compose and move, holds and
// retention, contexts, matchGlob, requests in batches, and buckets but
// buckets.get and buckets.testIamPermissions. ACLs and keys of encryption in a
// request, fields and projection are taken no notice of. A bucket has no
// versions, no soft delete and no lifecycle. Tokens are not checked. A rewrite is
// done in one request. A write whose answer is lost is not recognised when the
// client tries it again (x-goog-gcs-idempotency-token), so that it meets its own
// condition. The service itself was not there to compare with: from documentation
// and the sources of clients are the words of errors, which of two errors comes
// first, and what is charged.
//
// # Hosts
//
// Any host will do. Paths that begin with /storage/v1/, /upload/storage/v1/ and
// /download/storage/v1/ are those of the JSON API, others /BUCKET/OBJECT of the
// XML API, and /OBJECT at the host BUCKET.storage.googleapis.com.
//
// # In a bubble
//
// The client of Google (cloud.google.com/go/storage v1.70.0) starts no goroutine
// of its own and works in a bubble of testing/synctest, made as above, within it
// or before it. Without WithoutAuthentication it looks for credentials, on the
// network too. These variables of the environment have it do more, and must not
// be set: GCP_STORAGE_GO_ENABLE_OTEL_METRICS has it export metrics, which
// storage.WithDisabledClientMetrics forbids, and GO_STORAGE_DEV_OTEL_TRACING has
// it ask for buckets behind the caller's back, which is counted. A Writer has a
// goroutine until its Close returns, or until the context of one that is given up
// ends; a Reader has none, but must be closed: see [Server.OpenBodies].
//
// The client tries again what it thinks is idempotent until its context ends. In
// a bubble that is at once, but it needs a deadline, or
// storage.WithPolicy(storage.RetryNever). Each try is a request. A write in one
// request without a condition is not tried again; the chunks of a larger one are.
package fakegcs
