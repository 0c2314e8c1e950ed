package s3store

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/advcache/advcache/store/objects"
)

// Options are those of a [Store]. The zero value is the default.
type Options struct {
	// Name stands in errors and events. Empty: "s3".
	Name string

	// Prefix begins the names of all objects, such as "cache/users/". The
	// prefixes of two stores in one bucket must not begin one another.
	Prefix string

	// Freshness is how a read finds out whether an object is of use. The zero
	// value is HeadFirst.
	Freshness Freshness

	// PartSize is how many bytes of a large body move in one request, 5 MiB to
	// 5 GiB. 0: 8 MiB.
	PartSize int64

	// Concurrency is how many parts of one body move at once. 0: 8.
	Concurrency int

	// KeyShards spreads the keys over as many prefixes, 2 to 256, for a rate of
	// requests over the 5,500 reads a second that S3 promises for one. It cannot
	// be changed for a bucket in use. 0: none.
	KeyShards int

	// StorageClass of what is written. Empty: that of the bucket, STANDARD.
	StorageClass types.StorageClass

	// ServerSideEncryption of what is written, with SSEKMSKeyID where it is by a
	// key of KMS. Empty: that of the bucket.
	ServerSideEncryption types.ServerSideEncryption
	SSEKMSKeyID          string

	// LifetimeTag is the key of a tag that tells for how long an object is of use,
	// for lifecycle rules: its value is the least of 1d, 3d, 7d, 14d, 30d, 90d,
	// 180d and 365d that is not shorter than the life of what is written, or long.
	// It takes the right s3:PutObjectTagging, and S3 has a price for tags. Empty:
	// no tag.
	LifetimeTag string

	// SoleWriter says that this Store is the only one that writes and deletes its
	// keys, and that objects stay for as long as they live. Then what is written
	// last is remembered, for 10,000 to 20,000 keys, and with [store.Options].Dedupe
	// an unchanged write takes no request while enough of the life is left, one
	// where it is renewed, and one where the content is new.
	SoleWriter bool

	// Logger is told what a service that is not AWS cannot do, once for each client,
	// and of prefixes that begin one another. Nil: slog.Default().
	Logger *slog.Logger

	// Forbidden403IsMiss takes a 403 answer to a read for a miss: what S3 says of
	// an absent key to who lacks the right s3:ListBucket. It hides that a right
	// to read is missing.
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
	minPartSize        = 5 << 20
	maxPartSize        = 5 << 30
	defaultConcurrency = 8
	maxTag             = 128
)

func (o *Options) complete() Options {
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.Name == "" {
		opt.Name = "s3"
	}
	if opt.PartSize == 0 {
		opt.PartSize = defaultPartSize
	}
	if opt.Concurrency == 0 {
		opt.Concurrency = defaultConcurrency
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	switch {
	case opt.PartSize < minPartSize || opt.PartSize > maxPartSize:
		panic(fmt.Sprintf("s3store: Options.PartSize is %d; S3 takes parts of 5 MiB (%d) to 5 GiB", opt.PartSize, minPartSize))
	case opt.Concurrency < 0:
		panic(fmt.Sprintf("s3store: Options.Concurrency is %d; use 0 for %d, or a number", opt.Concurrency, defaultConcurrency))
	case opt.Freshness > OneRequest:
		panic(fmt.Sprintf("s3store: Options.Freshness is %d; use HeadFirst or OneRequest", opt.Freshness))
	case opt.SSEKMSKeyID != "" && !strings.HasPrefix(string(opt.ServerSideEncryption), "aws:kms"):
		panic(fmt.Sprintf("s3store: Options.SSEKMSKeyID is set, but ServerSideEncryption is %q; use aws:kms", opt.ServerSideEncryption))
	}
	if len(opt.LifetimeTag) > maxTag || strings.HasPrefix(opt.LifetimeTag, "aws:") || strings.ContainsFunc(opt.LifetimeTag, isNotOfTag) {
		panic(fmt.Sprintf("s3store: Options.LifetimeTag is %q; use %d letters, digits, blanks and +-=._:/@ at the most, which do not begin with aws:", opt.LifetimeTag, maxTag))
	}
	switch opt.StorageClass {
	case types.StorageClassGlacier, types.StorageClassDeepArchive:
		panic(fmt.Sprintf("s3store: Options.StorageClass is %s, of which nothing is read before it is restored; use %s, or another class", opt.StorageClass, types.StorageClassGlacierIr))
	default:
	}
	if err := opt.names().Check(); err != nil {
		panic("s3store: " + err.Error())
	}
	return opt
}

func isNotOfTag(r rune) bool {
	return r == unicode.ReplacementChar || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" +-=._:/@", r)
}

func (o *Options) names() objects.Names {
	return objects.Names{Prefix: o.Prefix, Shards: o.KeyShards}
}
