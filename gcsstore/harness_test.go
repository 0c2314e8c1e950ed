package gcsstore_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

const bucket = "my-bucket"

// newClient returns a client of a server in the process. It has nothing that is
// to be closed.
func newClient(server *fakegcs.Server, more ...option.ClientOption) *storage.Client {
	options := []option.ClientOption{option.WithHTTPClient(server.Client()), option.WithoutAuthentication(), storage.WithDisabledClientMetrics()}
	if len(more) == 0 {
		more = []option.ClientOption{storage.WithXMLReads()}
	}
	client, err := storage.NewClient(context.Background(), append(options, more...)...)
	if err != nil {
		panic(err)
	}
	return client
}

// newStore returns a store on a server of its own.
func newStore(o *gcsstore.Options, so *fakegcs.Options) (*gcsstore.Store, *fakegcs.Server) {
	var own fakegcs.Options
	if so != nil {
		own = *so
	}
	own.Buckets = []string{bucket}
	server := fakegcs.New(&own)
	return gcsstore.New(newClient(server), bucket, o), server
}

// harness is that of stores with servers of their own, in bubbles.
func harness(o *gcsstore.Options, so *fakegcs.Options, reads ...option.ClientOption) storetest.Harness {
	var servers sync.Map // of stores
	serverOf := func(s store.Store) *fakegcs.Server {
		server, _ := servers.Load(s)
		return server.(*fakegcs.Server)
	}
	if o != nil { // what a client by the JSON API makes it say is for another test
		own := *o
		own.Logger = slog.New(slog.DiscardHandler)
		o = &own
	}
	return storetest.Harness{
		Around: func(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) },
		New: func(*testing.T) store.Store {
			_, server := newStore(o, so)
			s := gcsstore.New(newClient(server, reads...), bucket, o)
			servers.Store(s, server)
			return s
		},
		Without: []string{"GetMany", "PutMany"},
		Raw: func(_ *testing.T, s store.Store, key string, data []byte) {
			serverOf(s).Plant(bucket, s.(*gcsstore.Store).Name(key), fakegcs.Object{Body: data})
		},
		Corrupt: func(_ *testing.T, s store.Store, key string, damage func(data []byte) []byte) {
			serverOf(s).Edit(bucket, s.(*gcsstore.Store).Name(key), func(obj *fakegcs.Object) {
				obj.Body = damage(obj.Body)
				obj.CRC32C, obj.MD5 = "", ""
			})
		},
		Requests: func(_ *testing.T, s store.Store) int { return serverOf(s).Requests().Total() },
	}
}

// logger returns one that writes to w.
func logger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
