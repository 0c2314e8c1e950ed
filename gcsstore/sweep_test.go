package gcsstore_test

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
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestSweep deletes what has been dead for a day, and nothing else.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server := newStore(&gcsstore.Options{Prefix: "cache/"}, nil)
		var stay []string
		long := strings.Repeat("long/", 250)
		for i := range 1200 {
			key := fmt.Sprintf("dead/%04d", i)
			put(t, s, key, object([]byte("12345"), time.Hour))
		}
		for key, life := range map[string]time.Duration{"new": 24 * time.Hour, "dead just now": 12 * time.Hour, "lives": 100 * time.Hour, long: time.Hour} {
			put(t, s, key, object([]byte("1"), life))
			if key != long {
				stay = append(stay, s.Name(key))
			}
		}
		forever := object([]byte("1"), 0)
		forever.Meta.FreshUntil = time.Time{}
		put(t, s, "for ever", forever)
		server.Plant(bucket, "cache/foreign", fakegcs.Object{Body: []byte("x")})
		server.Plant(bucket, "cache/later", fakegcs.Object{Metadata: map[string]string{"ac-format": "9"}})
		server.Plant(bucket, "elsewhere", fakegcs.Object{Metadata: map[string]string{"ac-format": "1", "ac-created": "1", "ac-fresh": "1"}})
		stay = append(stay, "cache/for ever", "cache/foreign", "cache/later", "elsewhere")
		time.Sleep(30 * time.Hour)

		server.Reset()
		before := s.Usage()
		reports := 0
		began := time.Now()
		report, err := s.Sweep(ctx, &gcsstore.SweepOptions{Rate: 100, Progress: func(gcsstore.SweepReport) { reports++ }})
		if err != nil {
			t.Fatal(err)
		}
		if report.Listed != 1207 || report.Asked != 0 || report.Deleted != 1201 || report.Bytes != 6001 || report.Foreign != 2 || reports != 2 {
			t.Errorf("Sweep = %v, in %d reports", report, reports)
		}
		if took := time.Since(began); took < 12*time.Second || took > 13*time.Second {
			t.Errorf("1,203 requests at 100 a second took %v", took)
		}
		if asked := server.Requests().String(); asked != "2 ListObjects, 1201 DeleteObject" {
			t.Errorf("law 12: Sweep took %s", asked)
		}
		if cost := s.Usage().Since(before).Cost(gcsstore.ListPrices()); cost != 0.00001 {
			t.Errorf("Sweep cost %v", cost)
		}
		slices.Sort(stay)
		if keys := server.Keys(bucket); !slices.Equal(keys, stay) {
			t.Errorf("after Sweep there are %q; want %q", keys, stay)
		}
	})
}

// TestSweepLeavesWhatChanged is about what is written, renewed or deleted between
// the listing and the delete.
func TestSweepLeavesWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server := newStore(nil, &fakegcs.Options{Latency: time.Second})
		for _, key := range []string{"a/written", "a/renewed", "a/deleted", "b"} {
			put(t, s, key, object([]byte("1"), time.Hour))
		}
		long := strings.Repeat("c/", 600)
		put(t, s, long, object([]byte("1"), time.Hour))
		time.Sleep(48 * time.Hour)
		go func() {
			time.Sleep(1100 * time.Millisecond) // the listing is there
			server.Edit(bucket, "a/written", func(obj *fakegcs.Object) { obj.Generation++ })
			server.Edit(bucket, "a/renewed", func(obj *fakegcs.Object) { obj.Metageneration++ })
			server.Remove(bucket, "a/deleted")
		}()
		report, err := s.Sweep(ctx, &gcsstore.SweepOptions{Prefix: "a/"})
		if err != nil || report.Listed != 3 || report.Deleted != 0 {
			t.Errorf("Sweep = %v, %v", report, err)
		}
		if keys := server.Keys(bucket); len(keys) != 4 {
			t.Errorf("after Sweep there are %q", keys)
		}
		// The key of a shortened name stands in its metadata.
		for prefix, want := range map[string]int{long[:1100] + "x": 0, long[:1100]: 1} {
			if report, err = s.Sweep(ctx, &gcsstore.SweepOptions{Prefix: prefix}); err != nil || report.Deleted != want {
				t.Errorf("Sweep of a long prefix = %v, %v; want %d deleted", report, err, want)
			}
		}
	})
}

// TestSweepEnds is about errors, and a context that is done.
func TestSweepEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := newStore(nil, &fakegcs.Options{Authorize: fakegcs.Without(fakegcs.PermObjectsDelete)})
		for i := range 100 {
			put(t, s, fmt.Sprint(i), object([]byte("1"), time.Hour))
		}
		time.Sleep(48 * time.Hour)
		report, err := s.Sweep(context.Background(), nil)
		op, ok := errors.AsType[*advcache.OpError](err)
		if !ok || op.Op != "sweep" || report.Listed != 100 || report.Deleted != 0 || !strings.Contains(err.Error(), "storage.objects.delete") {
			t.Errorf("Sweep = %v, %v; want to read what right is lacking", report, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		server.Rate(fakegcs.OpDeleteObject, fakegcs.Hang, 1)
		if _, err := s.Sweep(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sweep = %v; want a deadline exceeded", err)
		}
	})
}

// TestCost is about prices.
func TestCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newStore(nil, nil)
		put(t, s, "k", object(make([]byte, 1<<20), time.Hour))
		if _, _, err := s.Head(context.Background(), "k"); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(context.Background(), "k"); err != nil {
			t.Fatal(err)
		}
		if got, want := s.Usage().String(), "1 class A, 1 class B, 1 free; 1048576 bytes sent, 0 received"; got != want {
			t.Errorf("Usage = %s; want %s", got, want)
		}
		if cost := s.Cost(nil); cost != (0.005+0.0004)/1000 {
			t.Errorf("Cost = %v", cost)
		}
		if cost := s.Cost(&gcsstore.Prices{ClassA: 1, Sent: 1024}); cost != 1.001 {
			t.Errorf("Cost = %v", cost)
		}
	})
}
