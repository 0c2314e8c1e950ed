package gcsstore_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestLostAnswer is about changes that were made, and whose answer was lost: the
// next try is told 412 of its own change.
func TestLostAnswer(t *testing.T) {
	for _, fault := range []fakegcs.Fault{
		fakegcs.LostAnswer, fakegcs.FailAfter, fakegcs.Fail, fakegcs.Unavailable, fakegcs.TooManyRequests, fakegcs.Reset,
	} {
		for size, op := range map[int]fakegcs.Op{1: fakegcs.OpInsertObject, 2 * mib: fakegcs.OpUploadChunk} {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(&gcsstore.Options{ChunkSize: mib}, nil)
				c := store.New[string](s, &store.Options{Timeout: -1, Dedupe: true})
				ctx := context.Background()
				fail := func(op fakegcs.Op) {
					if op == fakegcs.OpUploadChunk {
						server.Script(op, fakegcs.None, fakegcs.None, fault) // the last chunk
					} else {
						server.Script(op, fault)
					}
				}
				first, second := string(randomBytes(size)), string(randomBytes(size+1))
				fail(op)
				if ok, err := c.SetIfAbsent(ctx, "k", first, time.Hour); !ok || err != nil {
					t.Errorf("%v: SetIfAbsent = %v, %v; want true", fault, ok, err)
				}
				entry, _, err := c.GetEntry(ctx, "k")
				if err != nil {
					t.Fatal(err)
				}
				fail(op)
				next := advcache.Entry[string]{Value: second, CreatedAt: time.Now(), FreshUntil: time.Now().Add(time.Hour)}
				if ok, err := c.SetEntryIf(ctx, "k", next, entry.Version); !ok || err != nil {
					t.Errorf("%v: SetEntryIf = %v, %v; want true", fault, ok, err)
				}
				if entry, _, err = c.GetEntry(ctx, "k"); entry.Value != second || err != nil {
					t.Errorf("%v: GetEntry = %d bytes, %v", fault, len(entry.Value), err)
				}
				// The same content: a patch, then a copy.
				for ttl, op := range map[time.Duration]fakegcs.Op{9 * time.Hour: fakegcs.OpPatchObject, 0: fakegcs.OpRewriteObject} {
					server.Script(op, fault)
					server.Reset()
					next.FreshUntil = time.Time{}
					if ttl > 0 {
						next.FreshUntil = time.Now().Add(ttl)
					}
					if ok, err := c.SetEntryIf(ctx, "k", next, entry.Version); !ok || err != nil || server.Requests().InsertObject > 0 {
						t.Errorf("%v of a renewal to %v: SetEntryIf = %v, %v, with %v; want true", fault, ttl, ok, err, server.Requests())
					}
					if entry, _, err = c.GetEntry(ctx, "k"); err != nil {
						t.Fatal(err)
					}
				}
				server.Script(fakegcs.OpDeleteObject, fault)
				next.FreshUntil = time.Now().Add(-time.Hour)
				if ok, err := c.SetEntryIf(ctx, "k", next, entry.Version); !ok || err != nil {
					t.Errorf("%v: SetEntryIf with a life that is over = %v, %v; want true", fault, ok, err)
				}
				if _, there := server.Object(bucket, "k"); there {
					t.Errorf("%v: what was replaced by a life that is over is there", fault)
				}
				if err := c.Set(ctx, "k", first, time.Hour); err != nil {
					t.Error(err)
				}
				server.Script(fakegcs.OpDeleteObject, fault)
				if err := c.Delete(ctx, "k"); err != nil {
					t.Errorf("%v: Delete = %v", fault, err)
				}
			})
		}
	}
}

// TestBounded holds that an outage ends each operation, without a deadline too,
// after a few requests.
func TestBounded(t *testing.T) {
	for _, fault := range []fakegcs.Fault{fakegcs.Unavailable, fakegcs.TooManyRequests, fakegcs.Reset, fakegcs.Hang, fakegcs.Truncate, fakegcs.HangBody} {
		for way, freshness := range ways {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(&gcsstore.Options{ChunkSize: mib, PartSize: mib, Freshness: freshness}, &fakegcs.Options{Latency: 10 * time.Millisecond})
				put(t, s, "k", object(randomBytes(100*kib), time.Hour))
				put(t, s, "large", object(randomBytes(3*mib), time.Hour))
				server.Rate(fakegcs.AnyOp, fault, 1)
				for name, do := range operations(s) {
					if !name.reads && (fault == fakegcs.Truncate || fault == fakegcs.HangBody) {
						continue
					}
					began, before := time.Now(), server.Requests().Total()
					err := do(context.Background())
					took, asked := time.Since(began), server.Requests().Total()-before
					if err == nil || took > 5*time.Minute || asked > 40 && fault != fakegcs.Truncate {
						t.Errorf("%v, %s, %s: %v after %v and %d requests; want an error", fault, way, name.string, err, took, asked)
					}
				}
				if n := server.OpenBodies(); n != 0 {
					t.Errorf("law 13, %v, %s: %d bodies are open", fault, way, n)
				}
			})
		}
	}
}

// operation is the name of one, and whether it reads bodies.
type operation struct {
	string
	reads bool
}

// operations are all that a store can do.
func operations(s *gcsstore.Store) map[operation]func(ctx context.Context) error {
	return map[operation]func(ctx context.Context) error{
		{"Get", true}:       func(ctx context.Context) error { _, _, err := s.Get(ctx, "k", store.Want{}); return err },
		{"large Get", true}: func(ctx context.Context) error { _, _, err := s.Get(ctx, "large", store.Want{}); return err },
		{"Head", true}:      func(ctx context.Context) error { _, _, err := s.Head(ctx, "k"); return err },
		{"Delete", false}:   func(ctx context.Context) error { return s.Delete(ctx, "k") },
		{"Delete of many", false}: func(ctx context.Context) error {
			return s.Delete(ctx, "k", "l", "m")
		},
		{"Clear", true}: func(ctx context.Context) error { return s.Clear(ctx, "k") },
		{"Sweep", true}: func(ctx context.Context) error { _, err := s.Sweep(ctx, nil); return err },
		{"Put", false}: func(ctx context.Context) error {
			_, _, err := s.Put(ctx, "k", object([]byte("w"), time.Hour), store.Cond{})
			return err
		},
		{"Put if gone", false}: func(ctx context.Context) error {
			_, _, err := s.Put(ctx, "new", object([]byte("w"), time.Hour), store.Cond{Kind: store.IfGone})
			return err
		},
		{"large Put", false}: func(ctx context.Context) error {
			_, _, err := s.Put(ctx, "k", object(make([]byte, 5*mib), time.Hour), store.Cond{})
			return err
		},
		{"Touch", false}: func(ctx context.Context) error {
			_, err := s.Touch(ctx, "k", object(nil, 9*time.Hour).Meta, store.Cond{})
			return err
		},
	}
}

// TestEndsWithContext holds that a deadline and a cancellation end what waits for
// the service, within 100 ms, and leave nothing behind.
func TestEndsWithContext(t *testing.T) {
	for way, freshness := range ways {
		for _, fault := range []fakegcs.Fault{fakegcs.Hang, fakegcs.HangBody, fakegcs.TooManyRequests, fakegcs.Unavailable} {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(&gcsstore.Options{ChunkSize: mib, PartSize: mib, Freshness: freshness}, nil)
				put(t, s, "k", object([]byte("v"), time.Hour))
				put(t, s, "large", object(randomBytes(3*mib), time.Hour))
				server.Rate(fakegcs.AnyOp, fault, 1)
				const limit = 50 * time.Millisecond // shorter than the first pause
				for name, do := range operations(s) {
					if !name.reads && fault == fakegcs.HangBody {
						continue
					}
					for want, begin := range map[error]func() (context.Context, context.CancelFunc){
						context.DeadlineExceeded: func() (context.Context, context.CancelFunc) {
							return context.WithTimeout(context.Background(), limit)
						},
						context.Canceled: func() (context.Context, context.CancelFunc) {
							ctx, cancel := context.WithCancel(context.Background())
							time.AfterFunc(limit, cancel)
							return ctx, cancel
						},
					} {
						ctx, cancel := begin()
						began := time.Now()
						err := do(ctx)
						cancel()
						if took := time.Since(began); !errors.Is(err, want) || took > limit+100*time.Millisecond {
							t.Errorf("%v, %s, %s: %v after %v; want %v", fault, way, name.string, err, took, want)
						}
					}
				}
				if n := server.OpenBodies(); n != 0 {
					t.Errorf("law 13, %v, %s: %d bodies are open", fault, way, n)
				}
			})
		}
	}
}
