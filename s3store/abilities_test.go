package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// newCompatible returns a store on a server that is not AWS, and what it logs.
func newCompatible(o s3store.Options, so fakes3.Options) (*s3store.Store, *fakes3.Server, *bytes.Buffer) {
	so.Buckets = []string{bucket}
	server := fakes3.New(&so)
	client := newClient(server)
	compatible := s3.New(client.Options(), func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = aws.String("http://storage.test"), true
	})
	logged := new(bytes.Buffer)
	o.Logger = slog.New(slog.NewTextHandler(logged, nil))
	return s3store.New(compatible, bucket, &o), server, logged
}

// TestAbilities holds that a service which does not keep a condition is found
// out at the first conditional use, loudly, and that nothing is left to luck.
func TestAbilities(t *testing.T) {
	for _, test := range []struct {
		name        string
		ignores     []fakes3.Feature
		refuses     []fakes3.Feature
		says        string
		unsupported bool // conditional writes
		noTouch     bool
	}{
		{name: "all"},
		{name: "no create", ignores: []fakes3.Feature{fakes3.PutIfNoneMatch}, says: "If-None-Match of PUT", unsupported: true},
		{name: "create refused", refuses: []fakes3.Feature{fakes3.PutIfNoneMatch}, says: "If-None-Match of PUT", unsupported: true},
		{name: "no replace", ignores: []fakes3.Feature{fakes3.PutIfMatch}, says: "If-Match of PUT", unsupported: true},
		{name: "replace refused", refuses: []fakes3.Feature{fakes3.PutIfMatch}, says: "If-Match of PUT", unsupported: true},
		{name: "no condition of copies", ignores: []fakes3.Feature{fakes3.CopySourceIf}, says: "a COPY of an object to itself", noTouch: true},
		{name: "copies refused", refuses: []fakes3.Feature{fakes3.CopySourceIf}, says: "a COPY of an object to itself", noTouch: true},
		{name: "copies as they are", ignores: []fakes3.Feature{fakes3.MetadataDirective}, says: "a COPY of an object to itself", noTouch: true},
		{name: "no condition of destinations", ignores: []fakes3.Feature{fakes3.CopyIfMatch}, says: "If-Match of COPY"},
		{name: "destinations refused", refuses: []fakes3.Feature{fakes3.CopyIfMatch}, says: "If-Match of COPY"},
		{name: "no conditional delete", ignores: []fakes3.Feature{fakes3.DeleteIfMatch}, says: "If-Match of DELETE"},
		{name: "conditional delete refused", refuses: []fakes3.Feature{fakes3.DeleteIfMatch}, says: "If-Match of DELETE"},
		{name: "old", ignores: []fakes3.Feature{fakes3.PutIfMatch, fakes3.PutIfNoneMatch, fakes3.CopyIfMatch, fakes3.DeleteIfMatch, fakes3.GetIfMatch}, says: "If-Match of PUT", unsupported: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				s, server, logged := newCompatible(s3store.Options{Prefix: "p/"}, fakes3.Options{Ignores: test.ignores, Refuses: test.refuses})
				c := store.New[string](s, &store.Options{Dedupe: true})

				ok, err := c.SetIfAbsent(ctx, "k", "v", time.Hour)
				if ok == test.unsupported || errors.Is(err, errors.ErrUnsupported) != test.unsupported || !test.unsupported && err != nil {
					t.Fatalf("SetIfAbsent = %v, %v; want errors.ErrUnsupported: %v", ok, err, test.unsupported)
				}
				if said := logged.String(); !strings.Contains(said, test.says) || strings.Count(said, "\n") != min(1, len(test.says)) {
					t.Errorf("it logs %q; want one line about %q", said, test.says)
				}
				if keys := server.Keys(bucket); len(keys) > 1 {
					t.Errorf("law 13: the bucket has %q", keys)
				}
				if err := c.Set(ctx, "k", "w", time.Minute); err != nil {
					t.Fatal(err)
				}
				if ok, err := c.SetIfAbsent(ctx, "k", "x", time.Hour); ok || errors.Is(err, errors.ErrUnsupported) != test.unsupported {
					t.Errorf("SetIfAbsent over what is fresh = %v, %v", ok, err)
				}
				// A longer life, one way or another.
				server.Reset()
				if err := c.Set(ctx, "k", "w", time.Hour); err != nil {
					t.Fatal(err)
				}
				if puts := server.Requests().PutObject; (puts == 1) != test.noTouch {
					t.Errorf("a renewal takes %d PUTs", puts)
				}
				e, ok, err := c.GetEntry(ctx, "k")
				if err != nil || !ok || e.Value != "w" || time.Until(e.FreshUntil) < time.Hour-time.Second {
					t.Errorf("GetEntry = %+v, %v, %v; want w for an hour", e, ok, err)
				}
				// What is removed is not served, and what another wrote is not removed.
				if !test.unsupported {
					if err := c.Set(ctx, "k", "y", time.Hour); err != nil {
						t.Fatal(err)
					}
					dead := advcache.Entry[string]{CreatedAt: time.Now(), FreshUntil: time.Now()}
					if ok, err := c.SetEntryIf(ctx, "k", dead, e.Version); ok || err != nil {
						t.Errorf("SetEntryIf of what was seen before = %v, %v", ok, err)
					}
					if e, _, err = c.GetEntry(ctx, "k"); err != nil || e.Value != "y" {
						t.Fatalf("GetEntry = %v, %v", e.Value, err)
					}
					if ok, err := c.SetEntryIf(ctx, "k", dead, e.Version); !ok || err != nil {
						t.Errorf("SetEntryIf of a dead entry = %v, %v", ok, err)
					}
					if _, ok, err := c.GetEntry(ctx, "k"); ok || err != nil {
						t.Errorf("law 1: GetEntry of a removed entry = %v, %v", ok, err)
					}
				}
			})
		})
	}
}

// TestAbilitiesAreToldOnce holds that many stores of a client say a thing once.
func TestAbilitiesAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakes3.New(&fakes3.Options{Buckets: []string{bucket}, Ignores: []fakes3.Feature{fakes3.DeleteIfMatch}})
		client := s3.New(newClient(server).Options(), func(o *s3.Options) {
			o.BaseEndpoint, o.UsePathStyle = aws.String("http://storage.test"), true
		})
		logged := new(bytes.Buffer)
		for _, prefix := range []string{"a/", "b/", "c/"} {
			s := s3store.New(client, bucket, &s3store.Options{Prefix: prefix, Logger: slog.New(slog.NewTextHandler(logged, nil))})
			if ok, err := store.New[string](s, nil).SetIfAbsent(t.Context(), "k", "v", time.Hour); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if n := strings.Count(logged.String(), "\n"); n != 1 {
			t.Errorf("it logs %d lines: %q", n, logged)
		}
	})
}

// TestProbeFails holds that a service which does not answer is asked again, and
// that rights which are lacking are named.
func TestProbeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server, logged := newCompatible(s3store.Options{}, fakes3.Options{})
		c := store.New[string](s, nil)
		for n := range 12 { // wherever it fails
			faults := make([]fakes3.Fault, n+1)
			faults[n] = fakes3.AccessDenied
			server.Script(fakes3.AnyOp, faults...)
			ok, err := c.SetIfAbsent(ctx, "k", "v", time.Hour)
			if ok {
				if n < 8 {
					t.Errorf("after %d requests it is content", n)
				}
				break
			}
			if err == nil || errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "s3:") {
				t.Fatalf("request %d of the probe is refused: %v; want the right that is lacking", n, err)
			}
			server.Script(fakes3.AnyOp)
		}
		if logged.Len() > 0 {
			t.Errorf("it logs %q", logged)
		}
	})
}

// TestConformanceOfCompatible runs the suite where much is missing, and what is
// left must do.
func TestConformanceOfCompatible(t *testing.T) {
	ignores := []fakes3.Feature{fakes3.CopyIfMatch, fakes3.DeleteIfMatch, fakes3.GetIfMatch, fakes3.GetRange}
	h := harnessOf(func() (*s3store.Store, *fakes3.Server) {
		s, server, _ := newCompatible(s3store.Options{}, fakes3.Options{Ignores: ignores})
		return s, server
	})
	h.Except = map[string]string{"Touch/IfVersion": "without a condition on the destination of a copy, the object is put"}
	storetest.Run(t, h)
}
