package fakes3

import (
	"fmt"
	"time"
)

// Options are the options of [New].
type Options struct {
	// Buckets exist from the start.
	Buckets []string

	// Latency is how long the first byte of an answer takes. The effect of a
	// request is in the middle of it: a request that its client leaves after
	// that has taken effect.
	Latency time.Duration

	// Bandwidth is how many bytes of a body pass in a second, of a request and
	// of an answer; each body has its own. 0: no limit.
	Bandwidth int64

	// RequestRate is how many requests of all kinds are served in a second; one
	// second's worth may come at once. What is above is answered 503 SlowDown.
	// 0: no limit.
	RequestRate float64

	// Authorize says whether a request may be made; others are answered 403
	// AccessDenied. Nil: all may. It is called by many goroutines at once.
	//
	// As in S3, rights have to do with one another: CopyObject needs GetObject
	// of the source, and PutObject; an If-Match with an ETag needs GetObject;
	// and who may not list a bucket is told 403, not 404, of a key that is absent.
	Authorize func(Access) bool

	// Ignores is what the server takes no notice of, as S3-compatible servers
	// do that do not know a header.
	Ignores []Feature

	// Refuses is what the server answers 501 NotImplemented to.
	Refuses []Feature

	// MinPartSize is the least size of parts but the last. 0: 5 MiB, as in S3.
	MinPartSize int64

	// Seed decides what meets a fault by [Server.Rate], and which bit turns.
	Seed uint64

	// FaultLatency is how long [Late] takes. 0: 100 ms.
	FaultLatency time.Duration
}

// Access is a request, as rights see it.
type Access struct {
	AccessKey   string // "": anonymous
	Op          Op
	Bucket, Key string // Key is the prefix of ListObjectsV2; of DeleteObjects each key is asked for
}

// Feature is something that S3 can and not every S3-compatible server can.
type Feature uint8

// The features that a server may be without.
const (
	PutIfNoneMatch      Feature = iota // If-None-Match of PutObject and CompleteMultipartUpload
	PutIfMatch                         // If-Match of the same
	CopyIfNoneMatch                    // If-None-Match of CopyObject, on the destination
	CopyIfMatch                        // If-Match of the same
	CopySourceIf                       // the conditions of CopyObject on the source
	DeleteIfMatch                      // If-Match of DeleteObject, ETag of DeleteObjects
	DeleteIfMatchAbsent                // 404 to an If-Match of an absent key; without it, 204
	GetIfMatch                         // If-Match of GetObject and HeadObject
	GetIfNoneMatch                     // If-None-Match of the same
	GetRange                           // Range of GetObject
	Checksums                          // x-amz-checksum headers; trailers are read and dropped
	MetadataDirective                  // x-amz-metadata-directive: a copy is a copy

	features
)

var featureNames = [features]string{
	"PutIfNoneMatch", "PutIfMatch", "CopyIfNoneMatch", "CopyIfMatch", "CopySourceIf", "DeleteIfMatch",
	"DeleteIfMatchAbsent", "GetIfMatch", "GetIfNoneMatch", "GetRange", "Checksums", "MetadataDirective",
}

// String returns the name of the feature.
func (f Feature) String() string {
	if f < features {
		return featureNames[f]
	}
	return fmt.Sprintf("Feature(%d)", uint8(f))
}

const (
	defaultMinPartSize  = 5 << 20
	defaultFaultLatency = 100 * time.Millisecond
)

// mustBeSound panics if o makes no sense.
func (o *Options) mustBeSound() {
	if o.Latency < 0 || o.FaultLatency < 0 {
		panic(fmt.Sprintf("fakes3: Options.Latency is %v and FaultLatency %v; they must not be negative", o.Latency, o.FaultLatency))
	}
	if o.Bandwidth < 0 || o.MinPartSize < 0 {
		panic(fmt.Sprintf("fakes3: Options.Bandwidth is %d and MinPartSize %d; they must not be negative", o.Bandwidth, o.MinPartSize))
	}
	if !(o.RequestRate >= 0) {
		panic(fmt.Sprintf("fakes3: Options.RequestRate is %v; it must not be negative", o.RequestRate))
	}
	for _, list := range [][]Feature{o.Ignores, o.Refuses} {
		for _, f := range list {
			if f >= features {
				panic(fmt.Sprintf("fakes3: there is no %v", f))
			}
		}
	}
	for _, name := range o.Buckets {
		if !isBucketName(name) {
			panic(fmt.Sprintf("fakes3: %q cannot be the name of a bucket", name))
		}
	}
}
