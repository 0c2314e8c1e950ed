package gcsstore_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestMissingBucket holds that a bucket that does not exist is no miss.
func TestMissingBucket(t *testing.T) {
	for name, freshness := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := gcsstore.New(newClient(fakegcs.New(nil)), "no-bucket", &gcsstore.Options{Freshness: freshness})
				c := store.New[string](s, nil)
				ctx := context.Background()
				_, _, get := c.Get(ctx, "k")
				_, exists := c.Exists(ctx, "k")
				_, absent := c.SetIfAbsent(ctx, "k", "v", time.Hour)
				_, sweep := s.Sweep(ctx, nil)
				for name, err := range map[string]error{
					"Get": get, "Exists": exists, "Set": c.Set(ctx, "k", "v", time.Hour), "SetIfAbsent": absent,
					"large Set": c.Set(ctx, "k", string(randomBytes(17*mib)), time.Hour),
					"Delete":    c.Delete(ctx, "k"), "Delete of many": c.Delete(ctx, "k", "l"), "Clear": advcache.Clear(ctx, c, ""), "Sweep": sweep,
				} {
					op, ok := errors.AsType[*advcache.OpError](err)
					if !ok || op.Backend != "gcs" || !strings.Contains(err.Error(), `there is no bucket "no-bucket"`) ||
						!errors.Is(err, storage.ErrBucketNotExist) || errors.Is(err, storage.ErrObjectNotExist) {
						t.Errorf("%s = %v; want an OpError that says that there is no bucket", name, err)
					}
				}
			})
		})
	}
}

// TestBucketIsKnown holds that no request is made twice to learn whether there is
// a bucket, and none where the answer tells.
func TestBucketIsKnown(t *testing.T) {
	for name, want := range map[string]string{"HeadFirst": "3 GetObject", "OneRequest": "1 GetObject, 3 ReadObject"} {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(&gcsstore.Options{Freshness: ways[name]}, &fakegcs.Options{Authorize: fakegcs.Without(fakegcs.PermBucketsGet)})
			for range 3 {
				if _, ok, err := s.Get(context.Background(), "k", store.Want{}); ok || err != nil {
					t.Errorf("%s: Get = %v, %v", name, ok, err)
				}
			}
			if asked := server.Requests().String(); asked != want {
				t.Errorf("law 12, %s: 3 misses took %s; want %s", name, asked, want)
			}
		})
	}
}

// TestRights holds that an error names the right that is lacking, and a role that
// has it.
func TestRights(t *testing.T) {
	for _, anonymous := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var lacks string
			s, _ := newStore(nil, &fakegcs.Options{Anonymous: anonymous, Authorize: func(a fakegcs.Access) bool { return a.Permission != lacks }})
			c := store.New[string](s, &store.Options{Dedupe: true})
			ctx := context.Background()
			if err := c.Set(ctx, "k", "v", time.Minute); err != nil {
				t.Fatal(err)
			}
			one := gcsstore.New(s.Client(), bucket, &gcsstore.Options{Freshness: gcsstore.OneRequest})
			for _, test := range []struct {
				right, role string
				do          func() error
			}{
				{fakegcs.PermObjectsGet, "roles/storage.objectViewer", func() error { _, _, err := c.Get(ctx, "k"); return err }},
				{fakegcs.PermObjectsGet, "roles/storage.objectViewer", func() error { _, _, err := store.New[string](one, nil).Get(ctx, "k"); return err }},
				{fakegcs.PermObjectsCreate, "roles/storage.objectUser", func() error { return c.Set(ctx, "other", "w", time.Minute) }},
				{fakegcs.PermObjectsDelete, "roles/storage.objectUser", func() error { return c.Set(ctx, "k", "w", time.Minute) }},
				{fakegcs.PermObjectsUpdate, "roles/storage.objectUser", func() error { return c.Set(ctx, "k", "v", time.Hour) }},
				{fakegcs.PermObjectsDelete, "roles/storage.objectUser", func() error { return c.Delete(ctx, "k") }},
				{fakegcs.PermObjectsDelete, "roles/storage.objectUser", func() error { return c.Delete(ctx, "k", "l") }},
				{fakegcs.PermObjectsList, "roles/storage.objectViewer", func() error { return advcache.Clear(ctx, c, "") }},
				{fakegcs.PermObjectsList, "roles/storage.objectViewer", func() error { _, err := s.Sweep(ctx, nil); return err }},
				{fakegcs.PermObjectsList, "Options.Forbidden403IsMiss", func() error { _, _, err := c.Get(ctx, "none"); return err }},
			} {
				lacks = test.right
				err := test.do()
				api, isAPI := errors.AsType[*googleapi.Error](err)
				op, isOp := errors.AsType[*advcache.OpError](err)
				status, says := http.StatusForbidden, test.role
				if anonymous {
					status, says = http.StatusUnauthorized, "credentials"
				}
				if lacks == fakegcs.PermObjectsDelete && errors.Is(err, storage.ErrObjectNotExist) {
					continue // of l
				}
				if !isOp || !isAPI || api.Code != status || op.Backend != "gcs" || !strings.Contains(err.Error(), `bucket "my-bucket"`) ||
					!strings.Contains(err.Error(), test.right) || !strings.Contains(err.Error(), says) {
					t.Errorf("without %s: %v; want an OpError of the client's error that names it, and %s", test.right, err, says)
				}
			}
		})
	}
}

// TestForbiddenIsMiss is about who may not list a bucket, to whom GCS says 403 of
// what is absent.
func TestForbiddenIsMiss(t *testing.T) {
	for _, miss := range []bool{false, true} {
		for name, freshness := range ways {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newStore(&gcsstore.Options{Forbidden403IsMiss: miss, Freshness: freshness}, &fakegcs.Options{Authorize: fakegcs.Without(fakegcs.PermObjectsList)})
				_, ok, err := store.New[string](s, nil).Get(context.Background(), "k")
				if ok || (err == nil) != miss {
					t.Errorf("%s, Forbidden403IsMiss: %v: Get = %v, %v", name, miss, ok, err)
				}
			})
		}
	}
}

// TestMisuse holds that bad input is refused with what would be right.
func TestMisuse(t *testing.T) {
	for want, do := range map[string]func(){
		"without the name of a bucket": func() { gcsstore.New(nil, "", nil) },
		"use 0 for 8 MiB, or 1 MiB":    func() { gcsstore.New(nil, "b", &gcsstore.Options{PartSize: 1}) },
		"Options.PartSize is -1":       func() { gcsstore.New(nil, "b", &gcsstore.Options{PartSize: -1}) },
		"Options.Concurrency is -1":    func() { gcsstore.New(nil, "b", &gcsstore.Options{Concurrency: -1}) },
		"a multiple of 256 KiB":        func() { gcsstore.New(nil, "b", &gcsstore.Options{ChunkSize: 1000}) },
		"Options.ChunkSize is -262144": func() { gcsstore.New(nil, "b", &gcsstore.Options{ChunkSize: -256 * kib}) },
		"Options.KeyShards is 1;":      func() { gcsstore.New(nil, "b", &gcsstore.Options{KeyShards: 1}) },
		"Options.KeyShards is 257":     func() { gcsstore.New(nil, "b", &gcsstore.Options{KeyShards: 257}) },
		"use HeadFirst or OneRequest":  func() { gcsstore.New(nil, "b", &gcsstore.Options{Freshness: 2}) },
		`Options.Prefix is "/a"`:       func() { gcsstore.New(nil, "b", &gcsstore.Options{Prefix: "/a"}) },
		`Options.Prefix is "a/../b"`:   func() { gcsstore.New(nil, "b", &gcsstore.Options{Prefix: "a/../b"}) },
		"Options.Prefix has 600 bytes": func() { gcsstore.New(nil, "b", &gcsstore.Options{Prefix: strings.Repeat("a", 600)}) },
		`use "NEARLINE"`:               func() { gcsstore.New(nil, "b", &gcsstore.Options{StorageClass: "nearline"}) },
		`Options.KMSKeyName is "k"`:    func() { gcsstore.New(nil, "b", &gcsstore.Options{KMSKeyName: "k"}) },
		"keyRings/R/cryptoKeys/K": func() {
			gcsstore.New(nil, "b", &gcsstore.Options{KMSKeyName: "projects/p/locations/l/keyRings/r/cryptoKeys/"})
		},
		"SweepOptions.DeadFor is -1ns":      func() { _, _ = someStore().Sweep(context.Background(), &gcsstore.SweepOptions{DeadFor: -1}) },
		"use 0 for 24 hours and 50 a secon": func() { _, _ = someStore().Sweep(context.Background(), &gcsstore.SweepOptions{Rate: -1}) },
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, want) {
					t.Errorf("it panics with %q; want to read %q", said, want)
				}
			}()
			do()
		}()
	}
}

func someStore() *gcsstore.Store {
	s, _ := newStore(nil, nil)
	return s
}

// TestNoEnvironment is about a nil client, and nothing that one could be made of.
func TestNoEnvironment(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", t.TempDir()+"/none")
	s := gcsstore.New(nil, "b", nil)
	for range 2 { // an error is not remembered
		_, _, err := store.New[string](s, nil).Get(t.Context(), "k")
		if err == nil || !strings.Contains(err.Error(), "set GOOGLE_APPLICATION_CREDENTIALS") {
			t.Errorf("Get = %v; want to read what to set", err)
		}
	}
}

// TestEnvironment is about a nil client, and one that the environment names.
func TestEnvironment(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:1") // where nobody is
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _, err := gcsstore.New(nil, "b", nil).Get(ctx, "k", store.Want{})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("Get = %v; want to read who was asked", err)
	}
}
