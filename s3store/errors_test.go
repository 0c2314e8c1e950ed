package s3store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestMissingBucket holds that a bucket that does not exist is no miss.
func TestMissingBucket(t *testing.T) {
	for name, o := range map[string]*s3store.Options{"HeadFirst": nil, "OneRequest": {Freshness: s3store.OneRequest}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := s3store.New(newClient(fakes3.New(nil)), "no-bucket", o)
				c := store.New[string](s, nil)
				ctx := context.Background()
				_, _, get := c.Get(ctx, "k")
				_, exists := c.Exists(ctx, "k")
				for name, err := range map[string]error{
					"Get": get, "Exists": exists, "Set": c.Set(ctx, "k", "v", time.Hour),
					"Delete": c.Delete(ctx, "k"), "Clear": advcache.Clear(ctx, c, ""),
				} {
					op, ok := errors.AsType[*advcache.OpError](err)
					if !ok || op.Backend != "s3" || !strings.Contains(err.Error(), `there is no bucket "no-bucket"`) {
						t.Errorf("%s = %v; want an OpError that says that there is no bucket", name, err)
					}
				}
			})
		})
	}
}

// TestRights holds that an error names the right that is lacking.
func TestRights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lacks fakes3.Op
		s, _ := newStore(nil, &fakes3.Options{Authorize: func(a fakes3.Access) bool { return a.Op != lacks }})
		c := store.New[string](s, &store.Options{Dedupe: true})
		ctx := context.Background()
		if err := c.Set(ctx, "k", "v", time.Minute); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			op    fakes3.Op
			right string
			do    func() error
		}{
			{fakes3.OpGetObject, "s3:GetObject", func() error { _, _, err := c.Get(ctx, "k"); return err }},
			{fakes3.OpHeadObject, "Options.Forbidden403IsMiss", func() error { _, err := c.Exists(ctx, "k"); return err }},
			{fakes3.OpPutObject, "s3:PutObject", func() error { return c.Set(ctx, "k", "w", time.Minute) }},
			{fakes3.OpCopyObject, "s3:GetObject and s3:PutObject", func() error { return c.Set(ctx, "k", "v", time.Hour) }},
			{fakes3.OpDeleteObject, "s3:DeleteObject", func() error { return c.Delete(ctx, "k") }},
			{fakes3.OpListObjectsV2, "s3:ListBucket", func() error { return advcache.Clear(ctx, c, "") }},
		} {
			lacks = test.op
			err := test.do()
			api, isAPI := errors.AsType[smithy.APIError](err)
			op, isOp := errors.AsType[*advcache.OpError](err)
			if !isOp || !isAPI || api.ErrorFault() != smithy.FaultClient && api.ErrorCode() == "" || op.Backend != "s3" ||
				!strings.Contains(err.Error(), `bucket "my-bucket"`) || !strings.Contains(err.Error(), test.right) {
				t.Errorf("without %v: %v; want an OpError of the SDK's error that names %s", test.op, err, test.right)
			}
		}
	})
}

// TestForbiddenIsMiss is about who may not list a bucket, to whom S3 says 403 of
// what is absent.
func TestForbiddenIsMiss(t *testing.T) {
	for _, miss := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newStore(&s3store.Options{Forbidden403IsMiss: miss}, &fakes3.Options{
				Authorize: func(a fakes3.Access) bool { return a.Op != fakes3.OpListObjectsV2 && a.Op != fakes3.OpHeadBucket },
			})
			_, ok, err := store.New[string](s, nil).Get(context.Background(), "k")
			if ok || (err == nil) != miss {
				t.Errorf("Forbidden403IsMiss: %v: Get = %v, %v", miss, ok, err)
			}
		})
	}
}

// TestLostAnswer is about writes that were done, and whose answer was lost: the
// SDK tries again, and is told 412 of its own write.
func TestLostAnswer(t *testing.T) {
	for _, fault := range []fakes3.Fault{fakes3.LostAnswer, fakes3.Fail, fakes3.Conflict, fakes3.TooManyRequests, fakes3.SlowDown, fakes3.Reset} {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(nil, nil)
			c := store.New[string](s, &store.Options{Timeout: -1})
			ctx := context.Background()
			server.Script(fakes3.OpPutObject, fault)
			if ok, err := c.SetIfAbsent(ctx, "k", "v", time.Hour); !ok || err != nil {
				t.Errorf("%v: SetIfAbsent = %v, %v; want true", fault, ok, err)
			}
			_, entry, err := advcacheEntry(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			server.Script(fakes3.OpPutObject, fault)
			next := advcache.Entry[string]{Value: "w", CreatedAt: time.Now(), FreshUntil: time.Now().Add(time.Hour)}
			if ok, err := c.SetEntryIf(ctx, "k", next, entry.Version); !ok || err != nil {
				t.Errorf("%v: SetEntryIf = %v, %v; want true", fault, ok, err)
			}
			if got, ok, err := c.Get(ctx, "k"); got != "w" || !ok || err != nil {
				t.Errorf("%v: Get = %q, %v, %v", fault, got, ok, err)
			}
		})
	}
}

// TestLostCompletion is about large bodies, whose upload is gone when the SDK
// tries again to complete it.
func TestLostCompletion(t *testing.T) {
	for _, cond := range []store.Cond{{}, {Kind: store.IfGone}} {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(&s3store.Options{PartSize: 5 * mib}, nil)
			ctx := context.Background()
			server.Script(fakes3.OpCompleteMultipartUpload, fakes3.LostAnswer)
			version, ok, err := s.Put(ctx, "k", object(randomBytes(6*mib), time.Hour), cond)
			if !ok || err != nil {
				t.Errorf("%v: Put = %v, %v; want true", cond.Kind, ok, err)
			}
			if meta, ok, err := s.Head(ctx, "k"); !ok || err != nil || meta.Version != version {
				t.Errorf("%v: Head = %v, %v, %v; want %v", cond.Kind, meta.Version, ok, err, version)
			}
			if n := server.OpenUploads(); n != 0 {
				t.Errorf("law 13: %d uploads are open", n)
			}
		})
	}
}

func advcacheEntry(ctx context.Context, c *store.Cache[string]) (bool, advcache.Entry[string], error) {
	e, ok, err := c.GetEntry(ctx, "k")
	return ok, e, err
}

// TestMisuse holds that bad input is refused with what would be right.
func TestMisuse(t *testing.T) {
	for want, do := range map[string]func(){
		"without the name of a bucket":     func() { s3store.New(nil, "", nil) },
		"parts of 5 MiB":                   func() { s3store.New(nil, "b", &s3store.Options{PartSize: 1}) },
		"to 5 GiB":                         func() { s3store.New(nil, "b", &s3store.Options{PartSize: 6 << 30}) },
		"Options.Concurrency is -1":        func() { s3store.New(nil, "b", &s3store.Options{Concurrency: -1}) },
		"Options.KeyShards is 1;":          func() { s3store.New(nil, "b", &s3store.Options{KeyShards: 1}) },
		"Options.KeyShards is 257":         func() { s3store.New(nil, "b", &s3store.Options{KeyShards: 257}) },
		"use HeadFirst or OneRequest":      func() { s3store.New(nil, "b", &s3store.Options{Freshness: 2}) },
		`Options.Prefix is "/a"`:           func() { s3store.New(nil, "b", &s3store.Options{Prefix: "/a"}) },
		`Options.Prefix is "a/../b"`:       func() { s3store.New(nil, "b", &s3store.Options{Prefix: "a/../b"}) },
		"Options.Prefix has 600 bytes":     func() { s3store.New(nil, "b", &s3store.Options{Prefix: strings.Repeat("a", 600)}) },
		`Options.LifetimeTag is "a&b"`:     func() { s3store.New(nil, "b", &s3store.Options{LifetimeTag: "a&b"}) },
		`Options.LifetimeTag is "a\xff"`:   func() { s3store.New(nil, "b", &s3store.Options{LifetimeTag: "a\xff"}) },
		"before it is restored":            func() { s3store.New(nil, "b", &s3store.Options{StorageClass: "GLACIER"}) },
		"the zero Store has no bucket":     func() { _, _, _ = new(s3store.Store).Head(context.Background(), "k") },
		`ServerSideEncryption is "AES256"`: func() { s3store.New(nil, "b", &s3store.Options{SSEKMSKeyID: "k", ServerSideEncryption: "AES256"}) },
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

// TestNoEnvironment is about a nil client, and nothing that one could be made of.
func TestNoEnvironment(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	_, _, err := store.New[string](s3store.New(nil, "b", nil), nil).Get(t.Context(), "k")
	if err == nil || !strings.Contains(err.Error(), "set AWS_REGION") {
		t.Errorf("Get = %v; want to read what to set", err)
	}
}

// TestEndAfterAnswers holds that an end by the context, while a request is tried
// again, says what the service answered.
func TestEndAfterAnswers(t *testing.T) {
	for fault, status := range map[fakes3.Fault]string{fakes3.Fail: "500 Internal", fakes3.SlowDown: "503 Service", fakes3.TooManyRequests: "429 Too Many"} {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(nil, nil)
			server.Rate(fakes3.AnyOp, fault, 1)
			c := store.New[string](s, &store.Options{Timeout: 50 * time.Millisecond})
			err := c.Set(context.Background(), "k", "v", time.Hour)
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), status) {
				t.Errorf("%v: Set = %v; want an end by the context that says %s", fault, err, status)
			}
		})
	}
}
