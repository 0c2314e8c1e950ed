package gcsstore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestTooLarge is law 10 for an object that is larger than any value may be: a
// miss that is reported, for which no memory is taken.
func TestTooLarge(t *testing.T) {
	for name, o := range map[string]*gcsstore.Options{"HeadFirst": nil, "OneRequest": {Freshness: gcsstore.OneRequest}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(o, nil)
				var reported error
				c := store.New[[]byte](s, &store.Options{
					ReadForeign: true, MaxDecodedSize: 1 << 20,
					Observer: &advcache.Observer{BackendError: func(e advcache.Event) { reported = e.Err }},
				})
				server.Plant(bucket, "k", fakegcs.Object{Body: make([]byte, 30<<20)})
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

// TestPrefixes is law 9: where a prefix begins another one in a bucket, the log
// says so.
func TestPrefixes(t *testing.T) {
	client := newClient(fakegcs.New(nil))
	said := new(bytes.Buffer)
	logger := slog.New(slog.NewTextHandler(said, nil))
	for _, prefix := range []string{"users/", "reports/", "users/"} {
		gcsstore.New(client, bucket, &gcsstore.Options{Prefix: prefix, Logger: logger})
	}
	if said.Len() > 0 {
		t.Errorf("law 9: of prefixes that are apart, it says %q", said)
	}
	gcsstore.New(client, bucket, &gcsstore.Options{Prefix: "users/old/", Logger: logger})
	if text := said.String(); !strings.Contains(text, "users/old/") || !strings.Contains(text, "[users/]") || strings.Count(text, "\n") != 1 {
		t.Errorf("law 9: it says %q; want one line with both prefixes", text)
	}
}
