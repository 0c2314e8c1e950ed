package gcsstore

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// Store is a [store.Store] in a bucket. It is safe for concurrent use. It starts
// nothing that outlives a call, but for the making of a client of the environment,
// which ends by itself, and is not to be closed.
type Store struct {
	opt    Options
	bucket string
	info   store.Info
	names  objects.Names

	client *storage.Client // nil: from the environment
	lazy   *objects.Lazy[storage.Client]
	seen   atomic.Bool // the bucket exists
	reads  atomic.Int32

	meter    objects.Meter
	throttle objects.Throttle
	written  *objects.Written // nil without SoleWriter
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Toucher = (*Store)(nil)
	_ store.Clearer = (*Store)(nil)
)

const (
	timeout = 5 * time.Second
	maxSize = 5 << 40 // of an object of GCS
)

// New returns a Store in a bucket that exists. It sends nothing. A nil client is
// made of the environment at the first call, by Application Default Credentials.
// A client of the caller's should be made with [storage.WithXMLReads]: over the
// JSON API a read does not tell the metadata of an object, so that OneRequest
// takes two requests. How the client tries again is no matter: the Store does
// that itself.
//
// It panics where the bucket has no name, or options make no sense.
func New(c *storage.Client, bucket string, o *Options) *Store {
	if bucket == "" {
		panic("gcsstore: New without the name of a bucket")
	}
	opt := o.complete()
	s := &Store{
		opt: opt, bucket: bucket, client: c, names: opt.names(),
		info: store.Info{Name: opt.Name, Timeout: timeout, MaxSize: maxSize, Compress: true},
	}
	s.lazy = objects.NewLazy(clientOfEnvironment)
	if opt.SoleWriter {
		s.written = objects.NewWritten()
	}
	if others := objects.Overlaps(c, bucket, opt.Prefix); len(others) > 0 {
		opt.Logger.Warn("gcsstore: the prefix of a store begins that of another one, or is begun by it; Clear of the shorter one deletes the objects of both",
			slog.String("bucket", bucket), slog.String("prefix", opt.Prefix), slog.Any("others", others))
	}
	return s
}

// Info implements [store.Store].
func (s *Store) Info() store.Info { return s.info }

// api returns the bucket, whose client sends each request once. An error is not
// remembered: the environment may mend.
func (s *Store) api(ctx context.Context) (*storage.BucketHandle, error) {
	c, err := s.clientOf(ctx)
	if err != nil {
		return nil, err
	}
	return c.Bucket(s.bucket).Retryer(storage.WithPolicy(storage.RetryNever)), nil
}

func (s *Store) clientOf(ctx context.Context) (*storage.Client, error) {
	if s.bucket == "" {
		panic("gcsstore: the zero Store has no bucket; make one by New")
	}
	if s.client != nil {
		return s.client, nil
	}
	c, err := s.lazy.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("gcsstore: bucket %q: %w", s.bucket, err)
	}
	return c, nil
}

// clientOfEnvironment makes a client by Application Default Credentials.
func clientOfEnvironment(ctx context.Context) (*storage.Client, error) {
	c, err := storage.NewClient(ctx, storage.WithXMLReads())
	if err != nil {
		return nil, fmt.Errorf("New was given no client, and the environment makes none "+
			"(set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login): %w", err)
	}
	return c, nil
}
