// Package fakes3 is an S3 server inside the process, for tests: a [Server] is
// the [net/http.RoundTripper] of an S3 client, so that requests touch no
// socket. It starts no goroutine, and time is that of the package time: under
// testing/synctest, latencies, time-outs and retries pass in no time.
//
//	server := fakes3.New(&fakes3.Options{Buckets: []string{"my-bucket"}, Latency: 30 * time.Millisecond})
//	client := s3.New(s3.Options{
//		Region:      "us-east-1",
//		HTTPClient:  server.Client(),
//		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
//		// As in a configuration that is loaded. Options made by hand have no checksums.
//		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
//		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
//	})
//
// Make the client in the bubble in which it is used.
//
// # What it is right about
//
// Conditions: If-Match and If-None-Match of reads, writes, copies, deletes and
// completed uploads are judged at the instant of the effect, and atomically. A
// 304 answer has no user metadata. The ETag of a plain write is the MD5 of the
// body alone, so that two writes of equal bodies have equal ETags; that of a
// multipart upload has the number of parts; with aws:kms it is random. Last-Modified
// has whole seconds. Checksums, in headers and in trailers of aws-chunked
// bodies, are verified. Keys are any UTF-8: those with characters that XML does
// not have, such as \x01, need encoding-type=url in listings, and what names
// them in an error or a DeleteObjects no parser takes.
//
// It counts requests by operation and by what they cost, and bytes as they are
// really read: see [Counts]. Requests go wrong by [Server.Script] and
// [Server.Rate], servers of less ability are made by [Options], and
// [Server.Plant], [Server.Edit] and [Server.Object] reach the objects without a
// request.
//
// # What it has not
//
// Signatures are not checked; [Options].Authorize refuses requests by access key
// and operation. A bucket has no versions, policies, ACLs, object locks or
// lifecycles, and GetObjectTagging and the like are missing: what is not there
// answers 501 NotImplemented, and so does a condition that S3 does not know.
// Each region is the right one.
//
// # Hosts
//
// Any host will do. One with the label s3, or a label that begins with s3-, is
// asked in the virtual-hosted style if there is something before that label, as
// in my-bucket.s3.us-east-1.amazonaws.com and my-bucket.s3.test; others are
// asked in the path style.
package fakes3
