package servertest

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"google.golang.org/api/option"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/cachetest"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
)

const bucket = "my-bucket"

// What the server does not do.
const (
	noMetageneration = "fake-gcs-server counts no metagenerations, and takes no notice of conditions of a patch: a renewal gives no new Version"
	noDelete         = "fake-gcs-server takes no notice of conditions of a delete"
	slow             = "fake-gcs-server looks through all objects for each request: it takes a minute"
)

// newClient starts a server in the process, and returns a client of it.
func newClient(t *testing.T) *storage.Client {
	t.Helper()
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true})
	if err != nil {
		t.Fatal(err)
	}
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	client, err := storage.NewClient(t.Context(), option.WithHTTPClient(server.HTTPClient()), option.WithoutAuthentication(), storage.WithXMLReads())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return client
}

// TestConformance runs the suites over fake-gcs-server.
func TestConformance(t *testing.T) {
	// A server for each: it looks through all that it has for each request.
	newStore := func(t *testing.T, o gcsstore.Options) *gcsstore.Store {
		t.Helper()
		return gcsstore.New(newClient(t), bucket, &o)
	}
	around := func(t *testing.T, test func(t *testing.T)) {
		t.Parallel()
		test(t)
	}
	t.Run("Store", func(t *testing.T) {
		storetest.Run(t, storetest.Harness{
			New:     func(t *testing.T) store.Store { return newStore(t, gcsstore.Options{}) },
			Around:  around,
			Unit:    500 * time.Millisecond,
			Without: []string{"GetMany", "PutMany"},
			Except: map[string]string{
				"Touch": noMetageneration, "Keys/Touch": noMetageneration, "Memory/TouchKeepsNothing": noMetageneration,
				"Race/TouchAndIfVersion": noMetageneration, "Race/TouchAndPut": noMetageneration, "Race/NothingTorn": noMetageneration,
				"Keys/VeryMany": slow, "Clear/Many": slow,
			},
		})
	})
	t.Run("Cache", func(t *testing.T) {
		cachetest.Run(t, cachetest.Harness{
			New: func(t *testing.T) advcache.Cache[string] {
				t.Helper()
				return store.New[string](newStore(t, gcsstore.Options{}), nil)
			},
			Around:     around,
			Unit:       time.Second,
			Resolution: time.Millisecond,
			Except:     map[string]string{"SetEntryIf/DeadRemoves": noDelete},
		})
	})
}

// TestOneRequest is about reads that do not tell the metageneration: they take two
// requests, and the log says so.
func TestOneRequest(t *testing.T) {
	var said bytes.Buffer
	s := gcsstore.New(newClient(t), bucket, &gcsstore.Options{
		Freshness: gcsstore.OneRequest, Logger: slog.New(slog.NewTextHandler(&said, nil)),
	})
	c := store.New[string](s, nil)
	if err := c.Set(t.Context(), "k", "v", time.Hour); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got, ok, err := c.Get(t.Context(), "k"); got != "v" || !ok || err != nil {
			t.Errorf("Get = %q, %v, %v", got, ok, err)
		}
	}
	if used := s.Usage(); used.ClassB != 3+2+2 {
		t.Errorf("a write and 3 reads took %v", used)
	}
	if n := bytes.Count(said.Bytes(), []byte("an emulator does not send them")); n != 1 {
		t.Errorf("the log says so %d times; want once", n)
	}
}
