package sdktest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestConditions tries each precondition on each operation, holding and not, on
// an object that is there and on one that is not.
func TestConditions(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, _ *storage.BucketHandle) {
		b := newClient(t, s, storage.WithJSONReads()).Bucket(bucket)
		operations := []struct {
			name  string
			reads bool
			makes bool // an object where there is none
			do    func(ctx context.Context, obj *storage.ObjectHandle) error
		}{
			{"Attrs", true, false, func(ctx context.Context, obj *storage.ObjectHandle) error {
				_, err := obj.Attrs(ctx)
				return err
			}},
			{"NewReader", true, false, func(ctx context.Context, obj *storage.ObjectHandle) error {
				_, _, err := read(ctx, obj)
				return err
			}},
			{"Write", false, true, func(ctx context.Context, obj *storage.ObjectHandle) error {
				_, err := write(ctx, obj, []byte("new"))
				return err
			}},
			{"Write in chunks", false, true, func(ctx context.Context, obj *storage.ObjectHandle) error {
				_, err := write(ctx, obj, make([]byte, 600<<10))
				return err
			}},
			{"Update", false, false, func(ctx context.Context, obj *storage.ObjectHandle) error {
				_, err := obj.Update(ctx, storage.ObjectAttrsToUpdate{Metadata: map[string]string{"a": "b"}})
				return err
			}},
			{"Delete", false, false, func(ctx context.Context, obj *storage.ObjectHandle) error { return obj.Delete(ctx) }},
			{"Copy", false, true, func(ctx context.Context, obj *storage.ObjectHandle) error {
				_, err := obj.CopierFrom(b.Object("source")).Run(ctx)
				return err
			}},
		}
		for _, op := range operations {
			for _, c := range []struct {
				name          string
				cond          func(generation, metageneration int64) storage.Conditions
				there, absent int // status; 0: done
			}{
				{"this generation", func(g, _ int64) storage.Conditions { return storage.Conditions{GenerationMatch: g} }, 0, 412},
				{"another generation", func(g, _ int64) storage.Conditions { return storage.Conditions{GenerationMatch: g + 1} }, 412, 412},
				{"not this generation", func(g, _ int64) storage.Conditions { return storage.Conditions{GenerationNotMatch: g} }, 304, 412},
				{"not another generation", func(g, _ int64) storage.Conditions { return storage.Conditions{GenerationNotMatch: g + 1} }, 0, 412},
				{"absent", func(_, _ int64) storage.Conditions { return storage.Conditions{DoesNotExist: true} }, 412, 0},
				{"this metageneration", func(_, m int64) storage.Conditions { return storage.Conditions{MetagenerationMatch: m} }, 0, 412},
				{"another metageneration", func(_, m int64) storage.Conditions { return storage.Conditions{MetagenerationMatch: m + 1} }, 412, 412},
				{"not this metageneration", func(_, m int64) storage.Conditions { return storage.Conditions{MetagenerationNotMatch: m} }, 304, 412},
				{"not another metageneration", func(_, m int64) storage.Conditions { return storage.Conditions{MetagenerationNotMatch: m + 1} }, 0, 412},
				{"this generation and another metageneration", func(g, m int64) storage.Conditions {
					return storage.Conditions{GenerationMatch: g, MetagenerationMatch: m + 1}
				}, 412, 412},
			} {
				s.Plant(bucket, "source", fakegcs.Object{Body: []byte("source")})
				s.Plant(bucket, "there", fakegcs.Object{Body: []byte("old"), Metageneration: 7})
				s.Remove(bucket, "absent")
				held, _ := s.Object(bucket, "there")
				cond := c.cond(held.Generation, held.Metageneration)

				wanted := c.there
				if wanted == http.StatusNotModified && !op.reads {
					wanted = http.StatusPreconditionFailed
				}
				check(t, op.name+" if "+c.name, op.do(t.Context(), b.Object("there").If(cond)), wanted)
				now, ok := s.Object(bucket, "there")
				untouched := ok && now.Generation == held.Generation && now.Metageneration == held.Metageneration
				if untouched != (op.reads || wanted != 0) {
					t.Errorf("%s if %s left generation %d.%d, after %d.%d", op.name, c.name,
						now.Generation, now.Metageneration, held.Generation, held.Metageneration)
				}

				wanted = c.absent
				if !op.makes {
					wanted = http.StatusNotFound
				}
				check(t, op.name+" of nothing if "+c.name, op.do(t.Context(), b.Object("absent").If(cond)), wanted)
				if _, ok := s.Object(bucket, "absent"); ok != (wanted == 0) {
					t.Errorf("%s of nothing if %s: there is an object: %v", op.name, c.name, ok)
				}
			}
		}
	})
}

func check(t *testing.T, what string, err error, want int) {
	t.Helper()
	switch {
	case want == 0 && err != nil:
		t.Errorf("%s gave %v", what, err)
	case want == http.StatusNotFound && errors.Is(err, storage.ErrObjectNotExist):
		// Of a body, that is all it says.
	case want != 0:
		wantStatus(t, what, err, want)
	}
}

// Reads by XML know two conditions, and not that the generation has changed.
func TestConditionsOfXMLReads(t *testing.T) {
	over(t, fakegcs.Options{}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Plant(bucket, "k", fakegcs.Object{Body: []byte("x")})
		held, _ := s.Object(bucket, "k")
		g, obj := held.Generation, b.Object("k")
		for _, c := range []struct {
			cond storage.Conditions
			want int
		}{
			{storage.Conditions{GenerationMatch: g}, 0},
			{storage.Conditions{GenerationMatch: g + 1}, 412},
			{storage.Conditions{DoesNotExist: true}, 412},
			{storage.Conditions{MetagenerationMatch: 1}, 0},
			{storage.Conditions{MetagenerationMatch: 2}, 412},
			{storage.Conditions{GenerationNotMatch: g}, 0},
		} {
			_, _, err := read(t.Context(), obj.If(c.cond))
			check(t, fmt.Sprintf("a read if %+v", c.cond), err, c.want)
		}
		_, _, err := read(t.Context(), obj.Generation(g))
		check(t, "a read of the generation", err, 0)
		_, _, err = read(t.Context(), obj.Generation(g-1))
		check(t, "a read of a former generation", err, http.StatusNotFound)
	})
}

func TestIgnores(t *testing.T) {
	over(t, fakegcs.Options{Ignores: []fakegcs.Op{fakegcs.OpDeleteObject}}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		s.Plant(bucket, "k", fakegcs.Object{})
		obj := b.Object("k").If(storage.Conditions{GenerationMatch: 1})
		_, err := obj.Attrs(t.Context())
		check(t, "attributes", err, http.StatusPreconditionFailed)
		check(t, "delete", obj.Delete(t.Context()), 0)
	})
}

// Of writers that race, each generation has one.
func TestCompareAndSwap(t *testing.T) {
	over(t, fakegcs.Options{Latency: 10 * time.Millisecond}, func(t *testing.T, s *fakegcs.Server, b *storage.BucketHandle) {
		obj := b.Object("k")
		const writers = 20
		var (
			mu   sync.Mutex // guards won
			won  []int64
			wait sync.WaitGroup
		)
		for range writers {
			wait.Go(func() {
				cond := storage.Conditions{DoesNotExist: true}
				for {
					attrs, err := write(t.Context(), obj.If(cond), []byte("x"))
					if err == nil {
						mu.Lock()
						won = append(won, attrs.Generation)
						mu.Unlock()
						return
					}
					if status(err) != http.StatusPreconditionFailed {
						t.Error(err)
						return
					}
					if attrs, err = obj.Attrs(t.Context()); err != nil {
						t.Error(err)
						return
					}
					cond = storage.Conditions{GenerationMatch: attrs.Generation}
				}
			})
		}
		wait.Wait()
		want(t, "number of writes", len(won), writers)
		slices.Sort(won)
		want(t, "number of generations", len(slices.Compact(won)), writers)
		held, _ := s.Object(bucket, "k")
		want(t, "last generation", held.Generation, won[writers-1])
	})
}
