package s3store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// portal is the way to a server, on which there may be somebody who answers all
// requests alike.
type portal struct {
	http.RoundTripper

	status atomic.Int64 // 0: nobody is there
	body   string
}

func (p *portal) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.status.Load() == 0 {
		return p.RoundTripper.RoundTrip(r)
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return &http.Response{
		StatusCode: int(p.status.Load()), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader(p.body)), ContentLength: int64(len(p.body)),
	}, nil
}

// TestPortal holds that the answer of somebody who is not S3 is no success: what
// was not deleted is told, and what the service can do is not learned from it.
func TestPortal(t *testing.T) {
	for _, body := range []string{"<html>log in</html>", "", "{}", `<?xml version="1.0"?><other/>`} {
		synctest.Test(t, func(t *testing.T) {
			ctx := context.Background()
			server := fakes3.New(&fakes3.Options{Buckets: []string{bucket}})
			way := &portal{RoundTripper: server, body: body}
			client := s3.New(newClient(server).Options(), func(o *s3.Options) {
				o.BaseEndpoint, o.UsePathStyle, o.HTTPClient = aws.String("http://storage.test"), true, &http.Client{Transport: way}
			})
			s := s3store.New(client, bucket, &s3store.Options{PartSize: 5 * mib})
			c := store.New[string](s, nil)
			if err := c.Set(ctx, "k", "v", time.Hour); err != nil {
				t.Fatal(err)
			}
			way.status.Store(http.StatusOK)
			large := strings.Repeat("x", 11*mib)
			for name, do := range map[string]func() error{
				"Get":           func() error { _, _, err := c.Get(ctx, "k"); return err },
				"Set":           func() error { return c.Set(ctx, "k", "w", time.Hour) },
				"Set, parts":    func() error { _, _, err := s.Put(ctx, "l", object([]byte(large), time.Hour), store.Cond{}); return err },
				"SetIfAbsent":   func() error { _, err := c.SetIfAbsent(ctx, "n", "w", time.Hour); return err },
				"Delete":        func() error { return c.Delete(ctx, "k") },
				"Delete of two": func() error { return c.Delete(ctx, "k", "l") },
				"Clear":         func() error { return advcache.Clear(ctx, c, "") },
				"Sweep":         func() error { _, err := s.Sweep(ctx, nil); return err },
			} {
				if err := do(); err == nil || errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("%q: %s = %v; want an error", body, name, err)
				}
			}
			way.status.Store(0)
			if v, ok, err := c.Get(ctx, "k"); v != "v" || !ok || err != nil {
				t.Errorf("%q: afterwards Get = %q, %v, %v", body, v, ok, err)
			}
			if ok, err := c.SetIfAbsent(ctx, "n", "w", time.Hour); !ok || err != nil {
				t.Errorf("%q: afterwards SetIfAbsent = %v, %v", body, ok, err)
			}
		})
	}
}
