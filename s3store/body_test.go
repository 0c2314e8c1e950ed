package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// mib is the smallest part.
const mib = 1 << 20

func randomBytes(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = random.Read(b)
	return b
}

func object(body []byte, life time.Duration) store.Object {
	now := time.Now()
	return store.Object{Meta: store.Meta{CreatedAt: now, FreshUntil: now.Add(life), Hash: store.Hash{1}, Encoding: "raw"}, Body: body}
}

// TestLargeBodies is about bodies of many parts, in both ways.
func TestLargeBodies(t *testing.T) {
	for _, freshness := range []s3store.Freshness{s3store.HeadFirst, s3store.OneRequest} {
		for _, size := range []int{0, 1, 5*mib - 1, 5 * mib, 5*mib + 1, 23 * mib} {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				s, server := newStore(&s3store.Options{PartSize: 5 * mib, Concurrency: 3, Freshness: freshness}, &fakes3.Options{Latency: time.Millisecond})
				body := randomBytes(size)
				if _, _, err := s.Put(ctx, "k", object(body, time.Hour), store.Cond{Kind: store.IfGone}); err != nil {
					t.Fatal(err)
				}
				obj, ok, err := s.Get(ctx, "k", store.Want{})
				if !ok || err != nil || !bytes.Equal(obj.Body, body) || obj.Meta.Size != int64(size) {
					t.Errorf("%d bytes: Get = %d bytes, %v, %v", size, len(obj.Body), ok, err)
				}
				if peak := server.Counts().Peak; peak > 3 {
					t.Errorf("%d bytes: %d requests at once; Concurrency is 3", size, peak)
				}
				if n := server.OpenUploads() + server.OpenBodies(); n != 0 {
					t.Errorf("%d bytes: %d uploads or bodies are open", size, n)
				}
			})
		}
	}
}

// TestLargeBodiesTakeTwoRoundTrips holds that no part waits for another one.
func TestLargeBodiesTakeTwoRoundTrips(t *testing.T) {
	for _, freshness := range []s3store.Freshness{s3store.HeadFirst, s3store.OneRequest} {
		synctest.Test(t, func(t *testing.T) {
			ctx := context.Background()
			const latency = 30 * time.Millisecond
			s, _ := newStore(&s3store.Options{PartSize: 5 * mib, Freshness: freshness}, &fakes3.Options{Latency: latency})
			if _, _, err := s.Put(ctx, "k", object(randomBytes(40*mib), time.Hour), store.Cond{}); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			if _, ok, err := s.Get(ctx, "k", store.Want{}); !ok || err != nil {
				t.Fatalf("Get = %v, %v", ok, err)
			}
			if took := time.Since(begin); took != 2*latency {
				t.Errorf("a read of 8 parts takes %v; want 2 times %v", took, latency)
			}
		})
	}
}

// TestLargeBodiesGoWrong is about parts that fail: an error, nothing open, nothing
// mixed.
func TestLargeBodiesGoWrong(t *testing.T) {
	for _, fault := range []struct {
		name string
		set  func(server *fakes3.Server)
		put  bool // it is the write that fails
	}{
		{"upload of a part", func(s *fakes3.Server) {
			s.Script(fakes3.OpUploadPart, fakes3.None, fakes3.AccessDenied)
		}, true},
		{"completion", func(s *fakes3.Server) { s.Rate(fakes3.OpCompleteMultipartUpload, fakes3.AccessDenied, 1) }, true},
		{"read of a part", func(s *fakes3.Server) {
			s.Script(fakes3.OpGetObject, fakes3.None, fakes3.AccessDenied)
		}, false},
		{"each body is cut", func(s *fakes3.Server) { s.Rate(fakes3.OpGetObject, fakes3.Truncate, 1) }, false},
	} {
		t.Run(fault.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				s, server := newStore(&s3store.Options{PartSize: 5 * mib}, nil)
				if fault.put {
					fault.set(server)
				}
				_, ok, err := s.Put(ctx, "k", object(randomBytes(6*mib), time.Hour), store.Cond{})
				if fault.put == (err == nil) || ok != (err == nil) {
					t.Fatalf("Put = %v, %v", ok, err)
				}
				if !fault.put {
					fault.set(server)
					if obj, ok, err := s.Get(ctx, "k", store.Want{}); ok || err == nil {
						t.Errorf("law 10: Get = %d bytes, %v, %v; want an error", len(obj.Body), ok, err)
					}
				} else if _, there := server.Object(bucket, "k"); there {
					t.Error("an upload that failed is there")
				}
				if n := server.OpenUploads() + server.OpenBodies(); n != 0 {
					t.Errorf("law 13: %d uploads or bodies are open", n)
				}
			})
		})
	}
}

// TestCutBodies is about connections that are lost within a body, or change it:
// it is read on from there, or once more.
func TestCutBodies(t *testing.T) {
	for _, freshness := range []s3store.Freshness{s3store.HeadFirst, s3store.OneRequest} {
		for _, faults := range [][]fakes3.Fault{
			{fakes3.Truncate}, {fakes3.None, fakes3.Truncate}, {fakes3.Truncate, fakes3.Truncate, fakes3.Truncate}, {fakes3.FlipBody},
		} {
			for _, size := range []int{0, 1, 1000, 5 * mib, 12 * mib} {
				if faults[len(faults)-1] == fakes3.FlipBody && size > 5*mib {
					continue // the checksum is that of the whole body, and seen where it is read as a whole
				}
				synctest.Test(t, func(t *testing.T) {
					ctx := context.Background()
					s, server := newStore(&s3store.Options{PartSize: 5 * mib, Freshness: freshness}, nil)
					body := randomBytes(size)
					if _, _, err := s.Put(ctx, "k", object(body, time.Hour), store.Cond{}); err != nil {
						t.Fatal(err)
					}
					server.Reset()
					server.Script(fakes3.OpGetObject, faults...)
					obj, ok, err := s.Get(ctx, "k", store.Want{})
					if err != nil || !ok || !bytes.Equal(obj.Body, body) {
						t.Errorf("%v of %d bytes: Get = %d bytes, %v, %v", faults, size, len(obj.Body), ok, err)
					}
					// What came before the cut is not asked for again.
					if out := server.Counts().Out; faults[0] != fakes3.FlipBody && out > int64(size)+10 && size < 5*mib {
						t.Errorf("%v of %d bytes: %d were read", faults, size, out)
					}
					if n := server.OpenBodies(); n != 0 {
						t.Errorf("law 13: %d bodies are open", n)
					}
				})
			}
		}
	}
}

// TestReplacedWhileRead holds that a read gives one object or the other, whole.
func TestReplacedWhileRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server := newStore(&s3store.Options{PartSize: 5 * mib}, &fakes3.Options{Latency: 10 * time.Millisecond})
		old, next := bytes.Repeat([]byte("a"), 17*mib), bytes.Repeat([]byte("b"), 17*mib)
		if _, _, err := s.Put(ctx, "k", object(old, time.Hour), store.Cond{}); err != nil {
			t.Fatal(err)
		}
		for delay := range 30 {
			server.Edit(bucket, "k", func(obj *fakes3.Object) { obj.Body, obj.ETag = old, "old" })
			go func() {
				time.Sleep(time.Duration(delay) * time.Millisecond)
				server.Edit(bucket, "k", func(obj *fakes3.Object) {
					obj.Body, obj.ETag, obj.Checksum, obj.ChecksumAlgorithm = next, "next", "", ""
				})
			}()
			obj, ok, err := s.Get(ctx, "k", store.Want{})
			if err == nil && (!ok || !bytes.Equal(obj.Body, old) && !bytes.Equal(obj.Body, next)) {
				t.Errorf("law 10: replaced after %d ms, Get = %d bytes, %v, mixed of two objects", delay, len(obj.Body), ok)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
	})
}

// TestEndsWithContext holds that a deadline and a cancellation end what waits for
// the service, and leave nothing behind.
func TestEndsWithContext(t *testing.T) {
	for name, o := range map[string]*s3store.Options{"HeadFirst": nil, "OneRequest": {Freshness: s3store.OneRequest}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(o, nil)
				if _, _, err := s.Put(context.Background(), "k", object([]byte("v"), time.Hour), store.Cond{}); err != nil {
					t.Fatal(err)
				}
				server.Rate(fakes3.AnyOp, fakes3.Hang, 1)
				for name, do := range map[string]func(ctx context.Context) error{
					"Get":    func(ctx context.Context) error { _, _, err := s.Get(ctx, "k", store.Want{}); return err },
					"Head":   func(ctx context.Context) error { _, _, err := s.Head(ctx, "k"); return err },
					"Delete": func(ctx context.Context) error { return s.Delete(ctx, "k") },
					"Clear":  func(ctx context.Context) error { return s.Clear(ctx, "k") },
					"Put": func(ctx context.Context) error {
						_, _, err := s.Put(ctx, "k", object([]byte("w"), time.Hour), store.Cond{})
						return err
					},
					"large Put": func(ctx context.Context) error {
						_, _, err := s.Put(ctx, "k", object(make([]byte, 20*mib), time.Hour), store.Cond{})
						return err
					},
					"Touch": func(ctx context.Context) error {
						_, err := s.Touch(ctx, "k", object(nil, 9*time.Hour).Meta, store.Cond{})
						return err
					},
				} {
					ctx, cancel := context.WithTimeout(context.Background(), time.Second)
					began := time.Now()
					err := do(ctx)
					cancel()
					if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 1100*time.Millisecond {
						t.Errorf("%s: %v after %v; want a deadline exceeded, after a second", name, err, time.Since(began))
					}
				}
			})
		})
	}
}
