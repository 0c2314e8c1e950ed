package s3store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
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

// operations are all that a cache asks of a bucket.
var operations = []struct {
	name string
	keys int
	do   func(ctx context.Context, c *store.Cache[string]) error
}{
	{"Get", 1, func(ctx context.Context, c *store.Cache[string]) error { _, _, err := c.Get(ctx, "k"); return err }},
	{"GetEntry", 1, func(ctx context.Context, c *store.Cache[string]) error { _, _, err := c.GetEntry(ctx, "k"); return err }},
	{"Exists", 1, func(ctx context.Context, c *store.Cache[string]) error { _, err := c.Exists(ctx, "k"); return err }},
	{"GetMany", 1, func(ctx context.Context, c *store.Cache[string]) error {
		_, err := c.GetMany(ctx, []string{"k"})
		return err
	}},
	{"Set", 1, func(ctx context.Context, c *store.Cache[string]) error { return c.Set(ctx, "k", "v", time.Hour) }},
	{"Set of a large one", 1, func(ctx context.Context, c *store.Cache[string]) error {
		return c.Set(ctx, "k", string(randomBytes(6*mib)), time.Hour)
	}},
	{"SetMany", 1, func(ctx context.Context, c *store.Cache[string]) error {
		return c.SetMany(ctx, map[string]string{"k": "v"}, time.Hour)
	}},
	{"SetIfAbsent", 1, func(ctx context.Context, c *store.Cache[string]) error {
		_, err := c.SetIfAbsent(ctx, "k", "v", time.Hour)
		return err
	}},
	{"Delete", 1, func(ctx context.Context, c *store.Cache[string]) error { return c.Delete(ctx, "k") }},
	{"Delete of two", 2, func(ctx context.Context, c *store.Cache[string]) error { return c.Delete(ctx, "k", "l") }},
	{"Clear", 1, func(ctx context.Context, c *store.Cache[string]) error { return advcache.Clear(ctx, c, "k") }},
}

// always answers each request the same.
type always struct {
	status int
	header http.Header
	body   string
}

// RoundTrip implements [http.RoundTripper].
func (a always) RoundTrip(req *http.Request) (*http.Response, error) {
	body := a.body
	if req.Method == http.MethodHead {
		body = ""
	}
	header := a.header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	return &http.Response{Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req}, nil
}

func refusal(status int, code string) always {
	return always{status: status, body: "<Error><Code>" + code + "</Code><Message>so it is</Message></Error>"}
}

// TestRefused is about clients that no bucket answers as they wish: each operation
// says which bucket and which key it was about, and what is lacking. What is not
// about rights names none.
func TestRefused(t *testing.T) {
	noCredentials := errors.New("there is no file of credentials")
	for _, test := range []struct {
		name   string
		client func(so *s3.Options)
		says   string // of each error
	}{
		{"no credentials", func(so *s3.Options) {
			so.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, noCredentials })
		}, noCredentials.Error()},
		{"anonymous", func(so *s3.Options) { so.Credentials = aws.AnonymousCredentials{} }, "s3:"},
		{"nil credentials", func(so *s3.Options) { so.Credentials = nil }, "s3:"},
		{"another region", func(so *s3.Options) {
			answer := refusal(http.StatusMovedPermanently, "PermanentRedirect")
			answer.header = http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}
			so.HTTPClient = &http.Client{Transport: answer}
		}, "another region"},
		{"a wrong key", func(so *s3.Options) {
			so.HTTPClient = &http.Client{Transport: refusal(http.StatusForbidden, "InvalidAccessKeyId")}
		}, ""},
		{"a wrong clock", func(so *s3.Options) {
			so.HTTPClient = &http.Client{Transport: refusal(http.StatusForbidden, "RequestTimeTooSkewed")}
		}, ""},
		{"no bucket", func(so *s3.Options) {
			so.HTTPClient = &http.Client{Transport: refusal(http.StatusNotFound, "NoSuchBucket")}
		}, "there is no bucket"},
	} {
		for name, freshness := range map[string]s3store.Freshness{"HeadFirst": s3store.HeadFirst, "OneRequest": s3store.OneRequest} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := fakes3.New(&fakes3.Options{Buckets: []string{bucket}, Authorize: func(a fakes3.Access) bool { return a.AccessKey != "" }})
					c := store.New[string](s3store.New(s3.New(newClient(server).Options(), test.client), bucket, &s3store.Options{PartSize: 5 * mib, Freshness: freshness}), nil)
					for _, op := range operations {
						err := op.do(t.Context(), c)
						oe, ok := errors.AsType[*advcache.OpError](err)
						if !ok || oe.Backend != "s3" || oe.Key != "k" && op.keys == 1 || !strings.Contains(err.Error(), `bucket "my-bucket"`) ||
							!strings.Contains(err.Error(), test.says) {
							t.Errorf("%s: %s = %v; want an OpError that names bucket, key, and %q", test.name, op.name, err, test.says)
						}
					}
				})
			})
		}
	}
}

// TestNotAboutRights holds that nobody is sent to look at rights for a wrong clock or
// a wrong key, where the answer tells.
func TestNotAboutRights(t *testing.T) {
	for _, code := range []string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"} {
		synctest.Test(t, func(t *testing.T) {
			client := s3.New(newClient(fakes3.New(nil)).Options(), func(so *s3.Options) {
				so.HTTPClient = &http.Client{Transport: refusal(http.StatusForbidden, code)}
			})
			c := store.New[string](s3store.New(client, bucket, nil), nil)
			if err := c.Set(t.Context(), "k", "v", time.Hour); err == nil || !strings.Contains(err.Error(), code) || strings.Contains(err.Error(), "s3:PutObject") {
				t.Errorf("%s: Set = %v; want to read the code, and of no right", code, err)
			}
		})
	}
}

// TestSkewedServer is about a server whose clock is far from ours, which the SDK
// makes up for: instants of entries are ours alone.
func TestSkewedServer(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour, 48 * time.Hour} {
		for name, freshness := range map[string]s3store.Freshness{"HeadFirst": s3store.HeadFirst, "OneRequest": s3store.OneRequest} {
			t.Run(ahead.String()+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, server := newStore(&s3store.Options{PartSize: 5 * mib, Freshness: freshness}, nil)
					server.SetClockSkew(ahead)
					c := store.New[string](s, &store.Options{Dedupe: true})
					for _, op := range operations {
						if err := op.do(t.Context(), c); err != nil {
							t.Errorf("%s = %v", op.name, err)
						}
					}
					set("v", time.Minute)(t, c)
					time.Sleep(time.Minute - time.Millisecond)
					if got, ok, err := c.Get(t.Context(), "k"); got != "v" || !ok || err != nil {
						t.Errorf("law 1: Get = %q, %v, %v, a millisecond before its end", got, ok, err)
					}
					time.Sleep(time.Millisecond)
					if got, ok, err := c.Get(t.Context(), "k"); ok || err != nil {
						t.Errorf("law 1: Get = %q, %v, %v, at its end", got, ok, err)
					}
				})
			})
		}
	}
}

// TestSkewedWriter is about entries of a process whose clock is wrong: they are
// fresh until the instant that it says, and what others write replaces them.
func TestSkewedWriter(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newStore(nil, nil)
			c := store.New[string](s, &store.Options{Dedupe: true})
			there := time.Now().Add(ahead) // on its clock
			if err := c.SetEntry(t.Context(), "k", advcache.Entry[string]{Value: "theirs", CreatedAt: there, FreshUntil: there.Add(time.Minute)}); err != nil {
				t.Fatal(err)
			}
			_, ok, err := c.Get(t.Context(), "k")
			if want := ahead > 0; ok != want || err != nil {
				t.Errorf("%v ahead: Get = %v, %v; want %v", ahead, ok, err, want)
			}
			won, err := c.SetIfAbsent(t.Context(), "k", "mine", time.Minute)
			if want := ahead < 0; won != want || err != nil {
				t.Errorf("%v ahead: SetIfAbsent = %v, %v; want %v", ahead, won, err, want)
			}
			set("theirs", time.Minute)(t, c) // which is shorter
			time.Sleep(time.Minute)
			if _, ok, err := c.Get(t.Context(), "k"); ok || err != nil {
				t.Errorf("law 1: %v ahead: it lives on beyond the minute of its last write: %v", ahead, err)
			}
		})
	}
}
