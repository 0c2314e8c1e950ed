package s3store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

const (
	limit = time.Second            // of a call
	slack = 100 * time.Millisecond // by which a call may miss it
)

// patient is an operation, and what the bucket holds before it.
type patient struct {
	name  string
	setup func(c *store.Cache[string]) error
	do    func(ctx context.Context, c *store.Cache[string]) error
}

// isLarge reports whether an operation moves megabytes.
func (p *patient) isLarge() bool { return p.name == "Get" || strings.Contains(p.name, "large") }

// patients returns all that a cache asks of a bucket, in all ways that take other
// requests.
func patients() []patient {
	ctx := context.Background()
	large, small := string(randomBytes(6*mib)), "v"
	holds := func(value string) func(c *store.Cache[string]) error {
		return func(c *store.Cache[string]) error { return c.Set(ctx, "k", value, time.Minute) }
	}
	nothing := func(*store.Cache[string]) error { return nil }
	all := []patient{
		{"Get of nothing", nothing, func(ctx context.Context, c *store.Cache[string]) error { _, _, err := c.Get(ctx, "k"); return err }},
		{"Set that renews", holds(small), func(ctx context.Context, c *store.Cache[string]) error { return c.Set(ctx, "k", small, time.Hour) }},
		{"SetIfAbsent over nothing", nothing, func(ctx context.Context, c *store.Cache[string]) error {
			_, err := c.SetIfAbsent(ctx, "k", small, time.Hour)
			return err
		}},
		{"SetIfAbsent of a large one", nothing, func(ctx context.Context, c *store.Cache[string]) error {
			_, err := c.SetIfAbsent(ctx, "k", large, time.Hour)
			return err
		}},
		{"SetEntryIf", holds(small), func(ctx context.Context, c *store.Cache[string]) error {
			e, _, err := c.GetEntry(ctx, "k")
			if err == nil {
				e.Value = "w"
				_, err = c.SetEntryIf(ctx, "k", e, e.Version)
			}
			return err
		}},
		{"Revalidate", holds(small), func(ctx context.Context, c *store.Cache[string]) error {
			_, _, err := c.Revalidate(ctx, "k", advcache.Entry[string]{})
			return err
		}},
		{
			"Clear of long keys", func(c *store.Cache[string]) error { return c.Set(ctx, strings.Repeat("k", 1100), small, time.Hour) },
			func(ctx context.Context, c *store.Cache[string]) error {
				return c.Clear(ctx, strings.Repeat("k", 1090))
			},
		},
	}
	for _, op := range operations {
		holding := holds(small)
		if op.name == "Get" {
			holding = holds(large)
		}
		all = append(all, patient{op.name, holding, op.do})
	}
	return all
}

// inTime runs an operation with a limit of its context or of the cache, and wants
// it to end in time, to say why, and to leave nothing open but uploads.
func inTime(t *testing.T, p *patient, c *store.Cache[string], server *fakes3.Server, kind, what string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	want := context.DeadlineExceeded
	switch kind {
	case "deadline":
		ctx, cancel = context.WithTimeout(ctx, limit)
	case "cancel":
		want = context.Canceled
		timer := time.AfterFunc(limit, cancel)
		defer timer.Stop()
	}
	began := time.Now()
	err := p.do(ctx, c)
	took := time.Since(began)
	cancel()
	synctest.Wait()
	// An answer without a body that could hang is one that came.
	answered := server.Met(fakes3.Hang) == 0 && err == nil && took < limit
	if met := server.Met(fakes3.Hang) + server.Met(fakes3.HangBody); met > 0 && !errors.Is(err, want) && !answered || took > limit+slack {
		t.Errorf("law 5: %s, %s, by %s: %v after %v; want %v after %v", p.name, what, kind, err, took, want, limit)
	}
	if op, ok := errors.AsType[*advcache.OpError](err); err != nil && (!ok || op.Backend != "s3") {
		t.Errorf("%s, %s: %v is no OpError", p.name, what, err)
	}
	if n := server.OpenBodies(); n != 0 {
		t.Errorf("law 13: %s, %s: %d bodies are open", p.name, what, n)
	}
}

// made returns a cache that has been set up for an operation.
func made(t *testing.T, p *patient, o s3store.Options, kind string) (*store.Cache[string], *fakes3.Server) {
	o.PartSize, o.Concurrency = 5*mib, 1 // so that the order of requests is the same
	s, server := newStore(&o, &fakes3.Options{Latency: time.Millisecond})
	so := &store.Options{Dedupe: true, Compression: codec.None, Timeout: -1}
	if kind == "Options.Timeout" {
		so.Timeout = limit
	}
	c := store.New[string](s, so)
	if err := p.setup(c); err != nil {
		t.Fatal(err)
	}
	return c, server
}

// TestEachRequestHangs has each request of each operation hang, one at a time, at
// its beginning and within its answer.
func TestEachRequestHangs(t *testing.T) {
	for _, fault := range []fakes3.Fault{fakes3.Hang, fakes3.HangBody} {
		for _, o := range []s3store.Options{{}, {Freshness: s3store.OneRequest}, {KeyShards: 2}} {
			for _, kind := range []string{"deadline", "cancel", "Options.Timeout"} {
				if fault == fakes3.HangBody && kind != "deadline" {
					continue // it is the same end of the same context
				}
				t.Run(fmt.Sprintf("%v,Freshness=%d,KeyShards=%d,%s", fault, o.Freshness, o.KeyShards, kind), func(t *testing.T) {
					hung := 0
					for _, p := range patients() {
						if strings.HasPrefix(p.name, "Clear") && kind == "Options.Timeout" {
							continue // which it has not
						}
						asBefore := kind != "deadline" || p.name != "Get" && (fault != fakes3.Hang || o.Freshness != s3store.HeadFirst)
						if asBefore && p.isLarge() {
							continue // it takes long, and is the same end of the same context
						}
						if o.KeyShards > 0 && !strings.HasPrefix(p.name, "Clear") {
							continue // which asks for the same as without
						}
						for nth, requests := 0, 1; nth < requests; nth++ {
							synctest.Test(t, func(t *testing.T) {
								c, server := made(t, &p, o, kind)
								server.Reset()
								server.Script(fakes3.AnyOp, append(slices.Repeat([]fakes3.Fault{fakes3.None}, nth), fault)...)
								inTime(t, &p, c, server, kind, fmt.Sprintf("request %d", nth))
								requests = server.Requests().Total()
								if met := server.Met(fault); met > 0 {
									hung, requests = hung+met, max(requests, nth+2) // others would have followed
								}
								if server.OpenUploads() != 0 {
									t.Errorf("law 13: %s, request %d: an upload is open", p.name, nth)
								}
								server.Heal()
								if err := p.do(context.Background(), c); err != nil {
									t.Errorf("%s, once more: %v", p.name, err)
								}
							})
						}
					}
					if hung == 0 && kind == "deadline" {
						t.Error("no request hung")
					}
				})
			}
		}
	}
}
