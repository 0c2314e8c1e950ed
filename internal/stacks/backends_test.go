package stacks

import (
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"google.golang.org/api/option"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/filestore"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/inmem"
	"github.com/advcache/advcache/redisstore"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

const bucket = "my-bucket"

// backend is one that levels are made of.
type backend struct {
	name string
	// real says that its time is that of the world, so that it cannot be in a
	// bubble.
	real  bool
	cache func(t *testing.T) advcache.Cache[string]
}

// backends are all there are, by what they promise: some of them have many keys
// in one request, some renew by metadata alone, and each has versions of its own
// kind.
var backends = []backend{
	{name: "inmem", cache: func(t *testing.T) advcache.Cache[string] { return memory(t) }},
	{name: "file", cache: func(t *testing.T) advcache.Cache[string] { return patient(file(t)) }},
	{name: "redis", real: true, cache: func(t *testing.T) advcache.Cache[string] { return patient(redisOf(t, shared(t))) }},
	{name: "s3", cache: func(*testing.T) advcache.Cache[string] { s, _ := s3Store(); return patient(s) }},
	{name: "gcs", cache: func(t *testing.T) advcache.Cache[string] { return patient(gcs(t)) }},
}

// patient returns a cache that waits for as long as it takes, since all servers
// share the processors with all tests.
func patient(s store.Store) *store.Cache[string] {
	return store.New[string](s, &store.Options{Timeout: patience})
}

func memory(t *testing.T) *inmem.Cache[string] {
	m := inmem.New[string](nil)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// file is in memory where the system has a folder for that: what a disk adds is
// time.
func file(t *testing.T) *filestore.Store {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "advcache-stacks-test-") //nolint:usetesting // not in the usual place
	if err != nil {
		dir = t.TempDir()
	} else {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	s, err := filestore.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var prefixes atomic.Int64

// redisOf returns a store under a prefix that no other one has, nor begins with.
func redisOf(t *testing.T, s *server) *redisstore.Store {
	return redisstore.New(s.client(t), &redisstore.Options{Prefix: fmt.Sprintf("%d:", prefixes.Add(1))})
}

func s3Store() (*s3store.Store, *fakes3.Server) {
	server := fakes3.New(&fakes3.Options{Buckets: []string{bucket}})
	client := s3.New(s3.Options{
		Region:                     "eu-central-1",
		HTTPClient:                 server.Client(),
		Credentials:                credentials.NewStaticCredentialsProvider("key", "secret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		DisableLogOutputChecksumValidationSkipped: true,
	})
	return s3store.New(client, bucket, nil), server
}

func gcs(t *testing.T) *gcsstore.Store {
	t.Helper()
	server := fakegcs.New(&fakegcs.Options{Buckets: []string{bucket}})
	// It has nothing that is to be closed.
	client, err := storage.NewClient(t.Context(), option.WithHTTPClient(server.Client()), option.WithoutAuthentication(),
		storage.WithDisabledClientMetrics(), storage.WithXMLReads())
	if err != nil {
		t.Fatal(err)
	}
	return gcsstore.New(client, bucket, &gcsstore.Options{Logger: slog.New(slog.DiscardHandler)})
}
