package gcsstore

import (
	"fmt"
	"log/slog"
	"math"
	"strings"

	"github.com/advcache/advcache/store/objects"
)

// Options are those of a [Store]. The zero value is the default.
type Options struct {
	// Name stands in errors and events. Empty: "gcs".
	Name string

	// Prefix begins the names of all objects, such as "cache/users/". The
	// prefixes of two stores in one bucket must not begin one another.
	Prefix string

	// Freshness is how a read finds out whether an object is of use. The zero
	// value is HeadFirst.
	Freshness Freshness

	// PartSize is how many bytes of a large body are read by one request, 1 MiB
	// at the least. 0: 8 MiB.
	PartSize int64

	// Concurrency is how many parts of one body are read at once. 0: 8.
	Concurrency int

	// ChunkSize is how many bytes of a body are sent by one request, and the
	// memory that a larger body takes on its way, a multiple of 256 KiB. A body
	// that fits takes no more than its size, to the next 256 KiB. 0: 16 MiB.
	ChunkSize int

	// KeyShards spreads the keys over as many prefixes, 2 to 256, so that the
	// load of keys that begin alike spreads over the servers of a bucket. It
	// cannot be changed for a bucket in use. 0: none.
	KeyShards int

	// StorageClass of what is written, such as "NEARLINE". Empty: that of the
	// bucket.
	StorageClass string

	// KMSKeyName is the key of Cloud KMS that what is written is encrypted with,
	// as projects/P/locations/L/keyRings/R/cryptoKeys/K. Empty: that of the bucket.
	KMSKeyName string

	// NoCustomTime leaves the custom time of objects alone. Else it is when an
	// object is gone, rounded up to seconds, for lifecycle rules with
	// daysSinceCustomTime. What never goes has none.
	NoCustomTime bool

	// SoleWriter says that this Store is the only one that writes and deletes its
	// keys, and that objects stay for as long as they live. Then what is written
	// last is remembered, for 10,000 to 20,000 keys, and with [store.Options].Dedupe
	// an unchanged write takes no request while enough of the life is left, one
	// where it is renewed, and one where the content is new.
	SoleWriter bool

	// Logger is told, once, that the client reads by the JSON API, which makes
	// OneRequest two, and of prefixes that begin one another. Nil: slog.Default().
	Logger *slog.Logger

	// Forbidden403IsMiss takes a 403 answer to a read for a miss: what GCS says of
	// an absent key to who lacks the right storage.objects.list. It hides that a
	// right to read is missing.
	Forbidden403IsMiss bool
}

// Freshness is a way to read.
type Freshness uint8

const (
	// HeadFirst asks for the metadata, and for the body only of an object that is
	// of use: two requests, and never a byte too many.
	HeadFirst Freshness = iota

	// OneRequest asks for all, and judges the headers: half the latency of a hit.
	// Of an object that is of no use, up to 256 KiB are read for nothing; over
	// HTTP/1.1 a larger one costs the connection.
	OneRequest
)

const (
	defaultPartSize    = 8 << 20
	minPartSize        = 1 << 20
	defaultConcurrency = 8
	defaultChunkSize   = 16 << 20
	chunkUnit          = 256 << 10 // chunks of the service are multiples of it
)

func (o *Options) complete() Options {
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.Name == "" {
		opt.Name = "gcs"
	}
	if opt.PartSize == 0 {
		opt.PartSize = defaultPartSize
	}
	if opt.Concurrency == 0 {
		opt.Concurrency = defaultConcurrency
	}
	if opt.ChunkSize == 0 {
		opt.ChunkSize = defaultChunkSize
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	switch {
	case opt.PartSize < minPartSize:
		panic(fmt.Sprintf("gcsstore: Options.PartSize is %d; use 0 for 8 MiB, or 1 MiB (%d) or more", opt.PartSize, minPartSize))
	case opt.Concurrency < 0:
		panic(fmt.Sprintf("gcsstore: Options.Concurrency is %d; use 0 for %d, or a number", opt.Concurrency, defaultConcurrency))
	case opt.ChunkSize < 0 || opt.ChunkSize%chunkUnit != 0 || opt.ChunkSize > math.MaxInt32:
		panic(fmt.Sprintf("gcsstore: Options.ChunkSize is %d; use 0 for 16 MiB, or a multiple of 256 KiB (%d) under 2 GiB", opt.ChunkSize, chunkUnit))
	case opt.Freshness > OneRequest:
		panic(fmt.Sprintf("gcsstore: Options.Freshness is %d; use HeadFirst or OneRequest", opt.Freshness))
	case opt.StorageClass != strings.ToUpper(opt.StorageClass):
		panic(fmt.Sprintf("gcsstore: Options.StorageClass is %q; use %q", opt.StorageClass, strings.ToUpper(opt.StorageClass)))
	case opt.KMSKeyName != "" && !isKeyName(opt.KMSKeyName):
		panic(fmt.Sprintf("gcsstore: Options.KMSKeyName is %q; use projects/P/locations/L/keyRings/R/cryptoKeys/K", opt.KMSKeyName))
	}
	if err := opt.names().Check(); err != nil {
		panic("gcsstore: " + err.Error())
	}
	return opt
}

// isKeyName reports whether a name is that of a key of KMS, and not of a version
// of one.
func isKeyName(name string) bool {
	parts := strings.Split(name, "/")
	if len(parts) != 8 {
		return false
	}
	for i, part := range []string{"projects", "locations", "keyRings", "cryptoKeys"} {
		if parts[2*i] != part || parts[2*i+1] == "" {
			return false
		}
	}
	return true
}

func (o *Options) names() objects.Names {
	return objects.Names{Prefix: o.Prefix, Shards: o.KeyShards}
}
