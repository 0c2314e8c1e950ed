package s3store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// Store is a [store.Store] in a bucket. It is safe for concurrent use. It starts
// nothing that outlives a call, and is not to be closed.
type Store struct {
	opt    Options
	bucket string
	info   store.Info
	names  objects.Names

	client *s3.Client // nil: from the environment
	lazy   *objects.Lazy[s3.Client]
	seen   atomic.Bool // the bucket exists

	meter    objects.Meter
	throttle objects.Throttle
	probed   probed
	written  *objects.Written // nil without SoleWriter
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Toucher = (*Store)(nil)
	_ store.Clearer = (*Store)(nil)
)

const (
	timeout = 5 * time.Second
	maxSize = 5 << 40 // of an object of S3
)

// New returns a Store in a bucket that exists. It sends nothing. A nil client is
// made of the environment at the first call, as the AWS SDK does: variables,
// shared configuration, role of the machine.
//
// It panics where the bucket has no name, or options make no sense.
func New(c *s3.Client, bucket string, o *Options) *Store {
	if bucket == "" {
		panic("s3store: New without the name of a bucket")
	}
	opt := o.complete()
	s := &Store{
		opt: opt, bucket: bucket, client: c, names: opt.names(),
		info: store.Info{Name: opt.Name, Timeout: timeout, MaxSize: maxSize, Compress: true},
	}
	s.lazy, s.probed.lock = objects.NewLazy(clientOfEnvironment), make(chan struct{}, 1)
	if opt.SoleWriter {
		s.written = objects.NewWritten()
	}
	if others := objects.Overlaps(c, bucket, opt.Prefix); len(others) > 0 {
		opt.Logger.Warn("s3store: the prefix of a store begins that of another one, or is begun by it; Clear of the shorter one deletes the objects of both",
			slog.String("bucket", bucket), slog.String("prefix", opt.Prefix), slog.Any("others", others))
	}
	return s
}

// Info implements [store.Store].
func (s *Store) Info() store.Info { return s.info }

// api returns the client.
func (s *Store) api(ctx context.Context) (*s3.Client, error) {
	if s.bucket == "" {
		panic("s3store: the zero Store has no bucket; make one by New")
	}
	if s.client != nil {
		return s.client, nil
	}
	c, err := s.lazy.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("s3store: bucket %q: %w", s.bucket, err)
	}
	return c, nil
}

// clientOfEnvironment makes a client as the AWS SDK does.
func clientOfEnvironment(ctx context.Context) (*s3.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("New was given no client, and the environment makes none: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("New was given no client, and the environment names no region: set AWS_REGION")
	}
	c := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.DisableLogOutputChecksumValidationSkipped = true // of what others wrote
		if b, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
			o.HTTPClient = b.WithTransportOptions(func(t *http.Transport) {
				t.MaxIdleConnsPerHost = max(t.MaxIdleConnsPerHost, idleConns) // else fan-out dials again and again
			})
		}
	})
	return c, nil
}

// idleConns is about as many requests as one cache and its batches make at once.
const idleConns = 64

func (s *Store) at(key string) (bucket, name *string) {
	return aws.String(s.bucket), aws.String(s.names.Of(key))
}
