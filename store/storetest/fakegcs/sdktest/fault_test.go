package sdktest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store/storetest/fakegcs"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// The client tries again what is idempotent, for as long as its context lasts.
func TestFaultsThatTheClientRetries(t *testing.T) {
	for _, fault := range []fakegcs.Fault{
		fakegcs.Fail, fakegcs.Unavailable, fakegcs.TooManyRequests, fakegcs.Reset, fakegcs.LostAnswer, fakegcs.FailAfter, fakegcs.Truncate,
	} {
		for api, reads := range readAPIs {
			over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
				s.Plant(bucket, "k", fakegcs.Object{Body: []byte(strings.Repeat("x", 1000))})
				s.Script(fakegcs.OpReadObject, fault)
				body, _, err := read(t.Context(), b.Object("k"))
				if err != nil || len(body) != 1000 {
					t.Errorf("%s with %v read %d bytes, %v", api, fault, len(body), err)
				}
				want(t, "requests", s.Requests(), fakegcs.Requests{ReadObject: 2})
				want(t, "met", s.Met(fault), 1)
			}, reads)
		}
	}
}

// A write whose answer is lost is tried again, and its own success is in its way.
func TestLostAnswerOfCreate(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Script(fakegcs.OpInsertObject, fakegcs.LostAnswer)
		_, err := write(t.Context(), b.Object("k").If(storage.Conditions{DoesNotExist: true}), []byte("mine"))
		wantStatus(t, "the second try", err, http.StatusPreconditionFailed)
		held, _ := s.Object(bucket, "k")
		want(t, "body", string(held.Body), "mine")
		want(t, "requests", s.Requests(), fakegcs.Requests{InsertObject: 2})
	})
}

// A write in one request is idempotent for the client if it has a condition.
func TestRetriesOfWrites(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Script(fakegcs.OpInsertObject, fakegcs.Unavailable, fakegcs.Unavailable)
		_, err := write(t.Context(), b.Object("k"), []byte("x"))
		wantStatus(t, "a write without a condition", err, http.StatusServiceUnavailable)
		_, err = write(t.Context(), b.Object("k").If(storage.Conditions{DoesNotExist: true}), []byte("x"))
		check(t, "a write with a condition", err, 0)
		want(t, "requests", s.Requests(), fakegcs.Requests{InsertObject: 3})
	})
}

func TestFaultsThatTheClientReports(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Plant(bucket, "k", fakegcs.Object{Body: []byte("hello")})
		s.Script(fakegcs.AnyOp, fakegcs.Unauthorized, fakegcs.AccessDenied)
		_, _, err := read(t.Context(), b.Object("k"))
		wantStatus(t, "Unauthorized", err, http.StatusUnauthorized)
		_, err = b.Object("k").Attrs(t.Context())
		wantStatus(t, "AccessDenied", err, http.StatusForbidden)

		s.Script(fakegcs.OpReadObject, fakegcs.FlipBody)
		if _, _, err := read(t.Context(), b.Object("k")); err == nil || !strings.Contains(err.Error(), "bad CRC") {
			t.Errorf("a bit that is flipped gave %v", err)
		}
		s.Edit(bucket, "k", func(obj *fakegcs.Object) { obj.Body[0] = 'j' })
		if body, _, err := read(t.Context(), b.Object("k")); err == nil || string(body) != "jello" {
			t.Errorf("a body that was damaged is %q, %v", body, err)
		}
	})
}

func TestHang(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Plant(bucket, "k", fakegcs.Object{Body: make([]byte, 1000)})
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		s.Script(fakegcs.OpGetObject, fakegcs.Hang)
		if _, err := b.Object("k").Attrs(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Hang gave %v", err)
		}
		want(t, "time", time.Since(began), 5*time.Second)

		s.Script(fakegcs.OpReadObject, fakegcs.HangBody)
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r, err := b.Object("k").NewReader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := io.ReadAll(r); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("HangBody gave %v", err)
		}
		want(t, "time", time.Since(began), 10*time.Second)
	})
}

// Without a deadline the client goes on for ever; a minute is enough here.
func TestOutage(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Rate(fakegcs.AnyOp, fakegcs.Unavailable, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := b.Object("k").Attrs(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || status(err) != http.StatusServiceUnavailable {
			t.Errorf("an outage gave %v", err)
		}
		if n := s.Met(fakegcs.Unavailable); n < 2 || n != s.Requests().GetObject {
			t.Errorf("there were %d tries, %v", n, s.Requests())
		}
		s.Heal()
		if _, err := b.Object("k").Attrs(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
			t.Errorf("after it: %v", err)
		}
	})
}

func TestLatencyAndBandwidth(t *testing.T) {
	over(t, fakegcs.Options{Latency: 30 * time.Millisecond, Bandwidth: 1000}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Plant(bucket, "k", fakegcs.Object{Body: make([]byte, 2000)})
		began := time.Now()
		r, err := b.Object("k").NewReader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "time to the first byte", time.Since(began), 30*time.Millisecond)
		if _, err := io.CopyN(io.Discard, r, 1000); err != nil {
			t.Fatal(err)
		}
		want(t, "time", time.Since(began), 1030*time.Millisecond)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		want(t, "out", s.Counts().Out, 1000)
		want(t, "closed early", s.Counts().ClosedEarly, 1)
	})
}

func TestMutationLimit(t *testing.T) {
	over(t, fakegcs.Options{LimitMutations: true}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		obj := b.Object("k")
		once := storage.WithPolicy(storage.RetryNever)
		mustWrite(t, obj, nil)
		update := func() error {
			_, err := obj.Retryer(once).Update(t.Context(), storage.ObjectAttrsToUpdate{Metadata: map[string]string{"a": "b"}})
			return err
		}
		check(t, "an update after a write", update(), 0)
		wantStatus(t, "an update after an update", update(), http.StatusTooManyRequests)
		wantStatus(t, "a delete after a write", obj.Retryer(once).Delete(t.Context()), http.StatusTooManyRequests)
		_, err := write(t.Context(), b.Object("other"), nil)
		check(t, "a write of another object", err, 0)
		pass(time.Second)
		check(t, "an update a second later", update(), 0)
		check(t, "a delete a second later", obj.Delete(t.Context()), 0)

		// The client waits until it may.
		began := time.Now()
		_, err = write(t.Context(), obj.If(storage.Conditions{DoesNotExist: true}), nil)
		check(t, "a write after a delete", err, 0)
		want(t, "has waited", time.Since(began) >= time.Second, true)
	})
}

func TestRights(t *testing.T) {
	tries := map[string]func(t *testing.T, b *storage.BucketHandle) error{
		"read": func(t *testing.T, b *storage.BucketHandle) error {
			_, _, err := read(t.Context(), b.Object("k"))
			return err
		},
		"read absent": func(t *testing.T, b *storage.BucketHandle) error {
			_, _, err := read(t.Context(), b.Object("none"))
			return err
		},
		"create": func(t *testing.T, b *storage.BucketHandle) error {
			_, err := write(t.Context(), b.Object("new"), nil)
			return err
		},
		"replace": func(t *testing.T, b *storage.BucketHandle) error {
			_, err := write(t.Context(), b.Object("k"), nil)
			return err
		},
		"update": func(t *testing.T, b *storage.BucketHandle) error {
			_, err := b.Object("k").Update(t.Context(), storage.ObjectAttrsToUpdate{ContentType: "a/b"})
			return err
		},
		"copy": func(t *testing.T, b *storage.BucketHandle) error {
			_, err := b.Object("new").CopierFrom(b.Object("k")).Run(t.Context())
			return err
		},
		"list": func(t *testing.T, b *storage.BucketHandle) error {
			_, err := b.Objects(t.Context(), nil).Next()
			return err
		},
		"bucket": func(t *testing.T, b *storage.BucketHandle) error {
			_, err := b.Attrs(t.Context())
			return err
		},
		"delete": func(t *testing.T, b *storage.BucketHandle) error { return b.Object("k").Delete(t.Context()) },
	}
	for permission, refused := range map[string]string{
		fakegcs.PermObjectsGet:    "read,read absent,update,copy",
		fakegcs.PermObjectsList:   "list,read absent",
		fakegcs.PermObjectsCreate: "create,replace,copy",
		fakegcs.PermObjectsUpdate: "update",
		fakegcs.PermObjectsDelete: "delete,replace",
		fakegcs.PermBucketsGet:    "bucket",
	} {
		for anonymous, wanted := range map[bool]int{false: http.StatusForbidden, true: http.StatusUnauthorized} {
			o := fakegcs.Options{Authorize: fakegcs.Without(permission), Anonymous: anonymous}
			over(t, o, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
				for name, try := range tries {
					s.Plant(bucket, "k", fakegcs.Object{})
					s.Remove(bucket, "new")
					err := try(t, b)
					if !contains(refused, name) {
						if err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
							t.Errorf("%s without %s gave %v", name, permission, err)
						}
						continue
					}
					wantStatus(t, name+" without "+permission, err, wanted)
					if !strings.Contains(err.Error(), permission) {
						t.Errorf("%s: the error does not name %s: %v", name, permission, err)
					}
				}
			})
		}
	}
}

func contains(list, name string) bool { return strings.Contains(","+list+",", ","+name+",") }
