package servertest

import (
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
				"Race/TouchAndIfVersion": noMetageneration, "Race/NothingTorn": noMetageneration, "Keys/VeryMany": slow,
			},
		})
	})
	// A read does not tell the metageneration, so that each takes two requests here.
	for name, freshness := range map[string]gcsstore.Freshness{"Cache": gcsstore.HeadFirst, "Cache/OneRequest": gcsstore.OneRequest} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, cachetest.Harness{
				New: func(t *testing.T) advcache.Cache[string] {
					t.Helper()
					o := gcsstore.Options{Freshness: freshness, Logger: slog.New(slog.DiscardHandler)}
					return store.New[string](newStore(t, o), nil)
				},
				Around:     around,
				Unit:       500 * time.Millisecond,
				Resolution: time.Millisecond,
				Except:     map[string]string{"SetEntryIf/DeadRemoves": noDelete},
			})
		})
	}
}
