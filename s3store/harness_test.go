package s3store_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

const bucket = "my-bucket"

// newClient returns a client of a server in the process.
func newClient(server *fakes3.Server) *s3.Client {
	return s3.New(s3.Options{
		Region:                     "eu-central-1",
		HTTPClient:                 server.Client(),
		Credentials:                credentials.NewStaticCredentialsProvider("key", "secret", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		DisableLogOutputChecksumValidationSkipped: true,
	})
}

// newStore returns a store on a server of its own.
func newStore(o *s3store.Options, so *fakes3.Options) (*s3store.Store, *fakes3.Server) {
	var own fakes3.Options
	if so != nil {
		own = *so
	}
	own.Buckets = []string{bucket}
	server := fakes3.New(&own)
	return s3store.New(newClient(server), bucket, o), server
}

// harness is that of stores with servers of their own, in bubbles.
func harness(o *s3store.Options, so *fakes3.Options) storetest.Harness {
	return harnessOf(func() (*s3store.Store, *fakes3.Server) { return newStore(o, so) })
}

func harnessOf(newStore func() (*s3store.Store, *fakes3.Server)) storetest.Harness {
	var servers sync.Map // of stores
	serverOf := func(s store.Store) *fakes3.Server {
		server, _ := servers.Load(s)
		return server.(*fakes3.Server)
	}
	return storetest.Harness{
		Around: func(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) },
		New: func(*testing.T) store.Store {
			s, server := newStore()
			servers.Store(s, server)
			return s
		},
		Without: []string{"GetMany", "PutMany", "TouchVersion"},
		Raw: func(_ *testing.T, s store.Store, key string, data []byte) {
			serverOf(s).Plant(bucket, s.(*s3store.Store).Name(key), fakes3.Object{Body: data})
		},
		Corrupt: func(_ *testing.T, s store.Store, key string, damage func(data []byte) []byte) {
			serverOf(s).Edit(bucket, s.(*s3store.Store).Name(key), func(obj *fakes3.Object) {
				obj.Body = damage(obj.Body)
				obj.Checksum, obj.ChecksumAlgorithm = "", ""
			})
		},
		Requests: func(_ *testing.T, s store.Store) int { return serverOf(s).Requests().Total() },
	}
}
