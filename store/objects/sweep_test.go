package objects

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/store"
)

// bucket is a service in memory, whose listings tell of metadata.
type bucket struct {
	objects map[string]store.Meta
	since   time.Time
	heads   int
}

func (b *bucket) Pages(context.Context, string) iter.Seq2[[]Listed, error] {
	return func(yield func([]Listed, error) bool) {
		for name, meta := range b.objects {
			if !yield([]Listed{{Name: name, Size: 10, Modified: b.since, Meta: &meta}}, nil) {
				return
			}
		}
	}
}

func (b *bucket) HeadNamed(_ context.Context, name string) (store.Meta, bool, error) {
	b.heads++
	meta, ok := b.objects[name]
	return meta, ok, nil
}

func (b *bucket) DeleteNamed(_ context.Context, name string, _ *store.Meta) (bool, error) {
	delete(b.objects, name)
	return true, nil
}

// TestSweepOfListing holds that what a listing tells is not asked for again, and
// what goes by DeadFor.
func TestSweepOfListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		now := time.Now()
		b := &bucket{since: now, objects: map[string]store.Meta{
			"dies in a minute":      {FreshUntil: now.Add(time.Minute)},
			"is stale for an hour":  {FreshUntil: now.Add(time.Minute), StaleUntil: now.Add(time.Hour)},
			"is held for an hour":   {FreshUntil: now.Add(100 * time.Hour), HeldUntil: now.Add(time.Hour)},
			"never dies":            {},
			"is of a later format":  {Encoding: store.LaterFormat, FreshUntil: now},
			"is foreign":            {Foreign: true},
			"is damaged":            {Damaged: true},
			"is negative, and dead": {Absent: true, FreshUntil: now.Add(time.Second)},
		}}
		for _, step := range []struct {
			after, deadFor time.Duration
			deleted, left  int
		}{
			{time.Minute, 2 * time.Minute, 0, 8},    // too young to be looked at
			{59 * time.Minute, time.Hour, 0, 8},     // the first died 59 minutes ago
			{time.Minute - 59*time.Second, 0, 0, 8}, // 24 hours are the default
			{time.Minute, time.Hour, 2, 6},
			{24 * time.Hour, 0, 2, 4},
		} {
			time.Sleep(step.after)
			report, err := Sweep(ctx, b, &SweepOptions{DeadFor: step.deadFor, Rate: 1e6})
			if err != nil || report.Deleted != step.deleted || report.Bytes != int64(10*step.deleted) || len(b.objects) != step.left {
				t.Errorf("after %v: %v, %v, and %d are left; want %d deleted and %d left", time.Since(now), report, err, len(b.objects), step.deleted, step.left)
			}
		}
		if b.heads != 0 {
			t.Errorf("law 12: it asked for %d objects", b.heads)
		}
	})
}
