package s3store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestTooLarge is law 10 for an object that is larger than any value may be: a
// miss that is reported, for which no memory is taken.
func TestTooLarge(t *testing.T) {
	for name, o := range map[string]*s3store.Options{"HeadFirst": nil, "OneRequest": {Freshness: s3store.OneRequest}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(o, nil)
				var reported error
				c := store.New[[]byte](s, &store.Options{
					ReadForeign: true, MaxDecodedSize: mib,
					Observer: &advcache.Observer{BackendError: func(e advcache.Event) { reported = e.Err }},
				})
				server.Plant(bucket, "k", fakes3.Object{Body: make([]byte, 30*mib)})
				server.Reset()
				value, ok, err := c.Get(context.Background(), "k")
				if ok || err != nil || value != nil || !errors.Is(reported, store.ErrTooLarge) {
					t.Errorf("law 10: Get = %d bytes, %v, %v, reported as %v", len(value), ok, err, reported)
				}
				if out := server.Counts().Out; out > 256<<10 {
					t.Errorf("law 12: %d bytes of it were read", out)
				}
				if n := server.OpenBodies(); n != 0 {
					t.Errorf("law 13: %d bodies are open", n)
				}
				if _, there := server.Object(bucket, "k"); !there {
					t.Error("it was removed, although somebody else wrote it")
				}
			})
		})
	}
}
