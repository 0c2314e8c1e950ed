package s3store_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestCost holds that the sum of the bill is that of the server: by class, and by
// bytes, tries of the SDK too.
func TestCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s, server := newStore(&s3store.Options{PartSize: 5 * mib}, nil)
		for _, size := range []int{100, 12 * mib} {
			if _, _, err := s.Put(ctx, "k", object(randomBytes(size), time.Hour), store.Cond{}); err != nil {
				t.Fatal(err)
			}
			server.Script(fakes3.OpGetObject, fakes3.Fail, fakes3.Truncate)
			if _, ok, err := s.Get(ctx, "k", store.Want{}); !ok || err != nil {
				t.Fatalf("Get = %v, %v", ok, err)
			}
		}
		if err := s.Delete(ctx, "k"); err != nil {
			t.Fatal(err)
		}
		used, asked := s.Usage(), server.Requests()
		want := s3store.Usage{
			ClassA: int64(asked.In(fakes3.Tier1)), ClassB: int64(asked.In(fakes3.Tier2)), Free: int64(asked.In(fakes3.Free)),
			Sent: 100 + 12*mib, Received: 100 + 12*mib,
		}
		if used != want || asked.GetObject < 7 {
			t.Errorf("the store counted %v; the server %v, want %v", used, asked, want)
		}
		if cost, want := s.Cost(nil), float64(want.ClassA)*5e-6+float64(want.ClassB)*4e-7; math.Abs(cost-want) > 1e-12 {
			t.Errorf("Cost(nil) = %v; want %v", cost, want)
		}
		if cost := s.Cost(&s3store.Prices{Sent: 1024}); math.Abs(cost-float64(want.Sent)/mib) > 1e-9 {
			t.Errorf("Cost of 1,024 dollars a GiB sent = %v", cost)
		}
	})
}

// TestThrottled holds that all requests of a store are held back once the service
// has too many: none is lost, and few are refused.
func TestThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, keys = 100, 1000
		s, server := newStore(&s3store.Options{Freshness: s3store.OneRequest}, &fakes3.Options{RequestRate: rate, Latency: 10 * time.Millisecond})
		began := time.Now()
		errs := make(chan error)
		for range 50 {
			go func() {
				var failed error
				for range keys / 50 {
					if _, _, err := s.Get(context.Background(), "k", store.Want{}); err != nil {
						failed = errors.Join(failed, err)
					}
				}
				errs <- failed
			}()
		}
		for range 50 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		took := time.Since(began)
		refused := server.Requests().Total() - keys
		t.Logf("%d reads at %d a second: %v, %d refused", keys, rate, took, refused)
		if took > 30*time.Second || refused > keys/2 {
			t.Errorf("%d reads at %d a second took %v, and %d were refused", keys, rate, took, refused)
		}
	})
}

// TestFewRefusals holds that a server which refuses a request now and then does
// not hold back the others.
func TestFewRefusals(t *testing.T) {
	reads := func(rate float64) (n int64) {
		synctest.Test(t, func(t *testing.T) {
			s, server := newStore(&s3store.Options{Freshness: s3store.OneRequest}, &fakes3.Options{Latency: 10 * time.Millisecond})
			server.Rate(fakes3.AnyOp, fakes3.SlowDown, rate)
			var done atomic.Int64
			var group sync.WaitGroup
			for range 16 {
				group.Go(func() {
					for began := time.Now(); time.Since(began) < 2*time.Second; {
						if _, _, err := s.Get(context.Background(), "k", store.Want{}); err != nil {
							t.Error(err)
						}
						done.Add(1)
					}
				})
			}
			group.Wait()
			n = done.Load()
		})
		return n
	}
	all := reads(0)
	if few := reads(0.01); few < all/2 {
		t.Errorf("of %d reads, %d are done where one in a hundred requests is refused", all, few)
	}
}
