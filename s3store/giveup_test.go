package s3store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestAbortHangs is about an upload that goes wrong, and cannot even be aborted:
// whoever waits is told in time. The upload stays, for the rule of the bucket
// that ends incomplete ones.
func TestAbortHangs(t *testing.T) {
	for name, test := range map[string]struct {
		script func(server *fakes3.Server)
		hung   bool // it was the deadline that ended the upload
	}{
		"a part hangs":  {func(s *fakes3.Server) { s.Script(fakes3.OpUploadPart, fakes3.None, fakes3.Hang) }, true},
		"a part fails":  {func(s *fakes3.Server) { s.Script(fakes3.OpUploadPart, fakes3.AccessDenied) }, false},
		"the end hangs": {func(s *fakes3.Server) { s.Script(fakes3.OpCompleteMultipartUpload, fakes3.Hang) }, true},
		"the end fails": {func(s *fakes3.Server) { s.Script(fakes3.OpCompleteMultipartUpload, fakes3.AccessDenied) }, false},
	} {
		for _, aborts := range []bool{false, true} {
			for _, cancels := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					s, server := newStore(&s3store.Options{PartSize: 5 * mib}, &fakes3.Options{Latency: 30 * time.Millisecond})
					test.script(server)
					if !aborts {
						server.Rate(fakes3.OpAbortMultipartUpload, fakes3.Hang, 1)
					}
					ctx, cancel := context.WithCancel(t.Context())
					want := context.Canceled
					if timer := time.AfterFunc(limit, cancel); !cancels {
						timer.Stop()
						ctx, cancel = context.WithTimeout(t.Context(), limit)
						want = context.DeadlineExceeded
					}
					defer cancel()
					began := time.Now()
					_, ok, err := s.Put(ctx, "k", object(make([]byte, 12*mib), time.Hour), store.Cond{})
					took := time.Since(began)
					if ok || err == nil || test.hung && !errors.Is(err, want) || !test.hung && !strings.Contains(err.Error(), "s3:PutObject") || took > limit+slack {
						t.Errorf("law 5: %s, abort answered: %v: Put = %v, %v after %v", name, aborts, ok, err, took)
					}
					synctest.Wait()
					if n := server.OpenUploads(); aborts && n > 0 || server.OpenBodies() > 0 {
						t.Errorf("law 13: %s: %d uploads and %d bodies are open", name, n, server.OpenBodies())
					}
				})
			}
		}
	}
}

// TestBackOffEnds is about servers that answer, but never with success: the waits
// between tries end with the context, whenever that is.
func TestBackOffEnds(t *testing.T) {
	for _, fault := range []fakes3.Fault{fakes3.SlowDown, fakes3.TooManyRequests, fakes3.Conflict, fakes3.Fail, fakes3.Reset, fakes3.LostAnswer, fakes3.Late} {
		for _, limit := range []time.Duration{time.Millisecond, 40 * time.Millisecond, 170 * time.Millisecond, 700 * time.Millisecond} {
			for _, p := range patients() {
				if p.isLarge() && limit < 700*time.Millisecond {
					continue // it takes long, and its requests are those of TestEachRequestHangs
				}
				synctest.Test(t, func(t *testing.T) {
					c, server := made(t, &p, s3store.Options{}, "deadline")
					server.Rate(fakes3.AnyOp, fault, 1)
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					began := time.Now()
					err := p.do(ctx, c)
					if took := time.Since(began); took > limit+slack || took > limit && err == nil {
						t.Errorf("law 5: %s, %v: %v after %v; want an error after %v", p.name, fault, err, took, limit)
					}
					if server.Met(fault) == 0 && fault != fakes3.Conflict && ctx.Err() == nil {
						t.Errorf("%s never met %v", p.name, fault)
					}
					synctest.Wait()
					if n := server.OpenBodies(); n != 0 {
						t.Errorf("law 13: %s, %v: %d bodies are open", p.name, fault, n)
					}
				})
			}
		}
	}
}

// TestSlowBodies is about bodies that come, and go, too slowly.
func TestSlowBodies(t *testing.T) {
	for _, freshness := range []s3store.Freshness{s3store.HeadFirst, s3store.OneRequest} {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(&s3store.Options{PartSize: 5 * mib, Freshness: freshness}, &fakes3.Options{Bandwidth: mib})
			body := object(make([]byte, 12*mib), time.Hour)
			for name, do := range map[string]func(ctx context.Context) error{
				"Put": func(ctx context.Context) error { _, _, err := s.Put(ctx, "k", body, store.Cond{}); return err },
				"Get": func(ctx context.Context) error { _, _, err := s.Get(ctx, "k", store.Want{}); return err },
			} {
				if _, _, err := s.Put(t.Context(), "k", body, store.Cond{}); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				began := time.Now()
				err := do(ctx)
				took := time.Since(began)
				cancel()
				synctest.Wait()
				if !errors.Is(err, context.DeadlineExceeded) || took > limit+slack || server.OpenBodies()+server.OpenUploads() != 0 {
					t.Errorf("law 5: %s: %v after %v, with %d open bodies and %d uploads", name, err, took, server.OpenBodies(), server.OpenUploads())
				}
			}
		})
	}
}
