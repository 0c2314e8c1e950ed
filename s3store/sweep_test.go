package s3store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestSweep holds that what has been dead for long is deleted, at a bounded rate,
// and nothing else is.
func TestSweep(t *testing.T) {
	for _, shards := range []int{0, 3} {
		synctest.Test(t, func(t *testing.T) {
			ctx := context.Background()
			s, server := newStore(&s3store.Options{Prefix: "p/", KeyShards: shards}, nil)
			c := store.New[string](s, nil)
			sets := func(name string, ttl time.Duration) {
				if err := c.Set(ctx, name, "value", ttl); err != nil {
					t.Fatal(err)
				}
			}
			for i := range 40 {
				sets(fmt.Sprint("dead", i), time.Minute)
			}
			sets("dead/"+strings.Repeat("long", 400), time.Minute)
			sets("immortal", 0)
			sets("alive", 100*time.Hour)
			sets("just dead", 20*time.Hour)
			server.Plant(bucket, "p/foreign", fakes3.Object{Body: []byte("x")})
			server.Plant(bucket, "other", fakes3.Object{Body: []byte("x")})
			time.Sleep(30 * time.Hour)
			sets("new", time.Minute)
			time.Sleep(time.Minute)

			server.Reset()
			began := time.Now()
			var told []s3store.SweepReport
			report, err := s.Sweep(ctx, &s3store.SweepOptions{Rate: 10, Progress: func(r s3store.SweepReport) { told = append(told, r) }})
			took := time.Since(began)
			foreign := 1
			if shards > 0 {
				foreign = 0 // it is in no shard
			}
			want := s3store.SweepReport{Listed: 45 + foreign, Asked: 44 + foreign, Deleted: 41, Bytes: report.Bytes, Foreign: foreign}
			if report != want || err != nil || report.Bytes == 0 {
				t.Errorf("Sweep = %v, %v; want %v", report, err, want)
			}
			if len(told) == 0 || told[len(told)-1] != report {
				t.Errorf("Progress was told %v", told)
			}
			if n := server.Requests(); n.HeadObject != want.Asked || n.DeleteObject != 41 || n.ListObjectsV2 != max(1, shards) {
				t.Errorf("law 12: it took %v", n)
			}
			if rate := float64(server.Requests().Total()) / took.Seconds(); rate > 10.5 {
				t.Errorf("%v requests in %v: %.1f a second; want 10", server.Requests(), took, rate)
			}
			for _, name := range []string{"immortal", "alive", "just dead", "new"} {
				if _, there, err := s.Head(ctx, name); !there || err != nil {
					t.Errorf("%s: Head = %v, %v", name, there, err)
				}
			}
			if keys := server.Keys(bucket); len(keys) != 6 {
				t.Errorf("what is left: %q", keys)
			}
		})
	}
}

// TestSweepLeavesWhatIsWritten holds that an object that is written anew between
// the look and the delete stays.
func TestSweepLeavesWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, _ := newStore(nil, &fakes3.Options{Latency: 10 * time.Millisecond})
		c := store.New[string](s, nil)
		value := strings.Repeat("value", 1000)
		if err := c.Set(ctx, "k", value, time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(48 * time.Hour)
		go func() {
			time.Sleep(26 * time.Millisecond) // its DELETE is under way
			if err := c.Set(ctx, "k", value, time.Hour); err != nil {
				t.Error(err)
			}
		}()
		began := time.Now()
		report, err := s.Sweep(ctx, &s3store.SweepOptions{Rate: 50})
		if report.Asked != 1 || report.Deleted != 0 || err != nil {
			t.Errorf("Sweep = %v, %v, after %v", report, err, time.Since(began))
		}
		if _, ok, err := c.Get(ctx, "k"); !ok || err != nil {
			t.Errorf("Get = %v, %v", ok, err)
		}
	})
}

// TestSweepFails holds that a sweep ends with an error that names what is lacking,
// and with its context.
func TestSweepFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server := newStore(nil, &fakes3.Options{Authorize: func(a fakes3.Access) bool { return a.Op != fakes3.OpDeleteObject }})
		c := store.New[string](s, nil)
		for i := range 20 {
			if err := c.Set(ctx, fmt.Sprint(i), "v", time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(48 * time.Hour)
		report, err := s.Sweep(ctx, nil)
		op, ok := errors.AsType[*advcache.OpError](err)
		if !ok || op.Op != "sweep" || op.Backend != "s3" || !strings.Contains(err.Error(), "s3:DeleteObject") || report.Deleted != 0 {
			t.Errorf("Sweep without a right = %v, %v", report, err)
		}
		server.Rate(fakes3.OpHeadObject, fakes3.Hang, 1)
		ended, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		began := time.Now()
		if _, err := s.Sweep(ended, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 1100*time.Millisecond {
			t.Errorf("Sweep with a deadline = %v after %v", err, time.Since(began))
		}
		defer func() {
			if said := recover(); said == nil || !strings.Contains(said.(string), "Rate") {
				t.Errorf("a negative rate: %v", said)
			}
		}()
		_, _ = s.Sweep(ctx, &s3store.SweepOptions{Rate: -1})
	})
}
