package fakes3

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for want, o := range map[string]Options{
		"Latency is -1s":         {Latency: -time.Second},
		"FaultLatency -1s":       {FaultLatency: -time.Second},
		"Bandwidth is -1":        {Bandwidth: -1},
		"MinPartSize -1":         {MinPartSize: -1},
		"RequestRate is NaN":     {RequestRate: math.NaN()},
		"there is no Feature":    {Ignores: []Feature{99}},
		"there is no Feature(98": {Refuses: []Feature{98}},
		`"A" cannot be the name`: {Buckets: []string{"A"}},
	} {
		mustPanic(t, want, func() { New(&o) })
	}
}

func TestOptionsAreCopied(t *testing.T) {
	o := Options{Buckets: []string{"my-bucket"}}
	s := New(&o)
	o.RequestRate = 1e-9
	for range 3 {
		wantStatus(t, ask(t, s, "HEAD", testURL, ""), 200)
	}
}

// TestEverythingAtOnce is for the race detector, and holds that what is counted
// is what was asked.
func TestEverythingAtOnce(t *testing.T) {
	const workers, each = 8, 60
	s := newTestServer(&Options{MinPartSize: 1})
	s.Rate(AnyOp, Fail, 0.05)
	s.Rate(AnyOp, LostAnswer, 0.05)
	s.Rate(OpGetObject, Truncate, 0.1)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			chance := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range each {
				url := fmt.Sprint(testURL, chance.IntN(3))
				switch chance.IntN(8) {
				case 0:
					_, _ = tryAsk(t, s, "PUT", url, fmt.Sprint(w, i), "If-None-Match: *")
				case 1:
					_, _ = tryAsk(t, s, "PUT", url, fmt.Sprint(w, i), "X-Amz-Meta-W: 1")
				case 2:
					_, _ = tryAsk(t, s, "DELETE", url, "")
				case 3:
					_, _ = tryAsk(t, s, "GET", testURL+"?list-type=2", "")
				case 4:
					_, _ = tryAsk(t, s, "PUT", url, "", "X-Amz-Copy-Source: my-bucket/0", "X-Amz-Metadata-Directive: REPLACE")
				case 5:
					_, _ = tryAsk(t, s, "POST", url+"?uploads", "")
					s.OpenUploads()
				case 6:
					s.Plant("my-bucket", "0", Object{Body: []byte("planted")})
					s.Edit("my-bucket", "0", func(obj *Object) { obj.Body[0]++ })
					s.Keys("my-bucket")
					_, _ = tryAsk(t, s, "HEAD", url, "")
				default:
					_, _ = tryAsk(t, s, "GET", url, "")
				}
			}
		})
	}
	all.Wait()
	c := s.Counts()
	if c.Requests.Total() != workers*each || c.Requests.Other != 0 || s.OpenBodies() != 0 || c.Peak < 1 || c.Peak > workers {
		t.Errorf("got %v, peak %d, %d open", c, c.Peak, s.OpenBodies())
	}
}

// BenchmarkGet is what the server costs a test.
func BenchmarkGet(b *testing.B) {
	s := newTestServer(nil)
	s.Plant("my-bucket", "k", Object{Body: make([]byte, 1024)})
	b.ReportAllocs()
	for b.Loop() {
		wantStatus(b, ask(b, s, "GET", testURL+"k", ""), 200)
	}
}
