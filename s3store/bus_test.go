package s3store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// TestBus is law 12 for a bus in a bucket, whatever the freshness: an idle poll is a
// HEAD, and a Publish a HEAD and a PUT.
func TestBus(t *testing.T) {
	for name, o := range map[string]*s3store.Options{"HeadFirst": nil, "OneRequest": &one} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(o, &fakes3.Options{Latency: 30 * time.Millisecond})
				asks := func(what, want string) {
					t.Helper()
					if got := server.Requests().String(); got != want {
						t.Errorf("law 12: %s took %s; want %s", what, got, want)
					}
					server.Reset()
				}
				a, b := store.NewBus(s, "!bus", nil), store.NewBus(s, "!bus", nil)
				defer a.Close()
				defer b.Close()
				told := make(chan string, 100)
				stop, err := a.Subscribe(advcache.BusSubscriber{
					Receive: func(m advcache.Invalidation) { told <- m.Keys[0] },
					Connected: func(is bool) {
						if !is {
							t.Error("it was not connected")
						}
						told <- "connected"
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				hears := func(want string) {
					t.Helper()
					if got := <-told; got != want {
						t.Errorf("it was told %.20q; want %.20q", got, want)
					}
				}
				hears("connected")
				server.Reset()
				time.Sleep(1000 * time.Second)
				requests := server.Requests()
				if n := requests.Of(fakes3.OpHeadObject); n < 990 || n > 1010 || n != requests.Total() || server.Counts().Out != 0 {
					t.Errorf("law 12: 1,000 idle Intervals took %v and %d bytes; want as many HEAD", requests, server.Counts().Out)
				}
				publish := func(on *store.Bus, key string) {
					t.Helper()
					if err := on.Publish(context.Background(), advcache.Invalidation{Keys: []string{key}}); err != nil {
						t.Error(err)
					}
				}
				large := strings.Repeat("k", 40<<10) // of which no bytes are moved for nothing
				publish(b, large)
				hears(large)
				publish(b, "1")
				hears("1")
				stop()
				server.Reset()
				publish(b, "2")
				asks("a Publish", "1 HeadObject, 1 PutObject")
				publish(a, "3")
				asks("a Publish after that of another", "3 HeadObject, 1 GetObject, 1 PutObject")
			})
		})
	}
}

// TestBusOfAFleet: what a fleet publishes at once stands in a line, and nothing is
// lost.
func TestBusOfAFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const processes, each = 6, 20
		server := fakes3.New(&fakes3.Options{Buckets: []string{bucket}, Latency: 30 * time.Millisecond})
		told := make(map[string]int)
		var buses []*store.Bus
		for range processes {
			b := store.NewBus(s3store.New(newClient(server), bucket, nil), "!bus", nil)
			defer b.Close()
			buses = append(buses, b)
		}
		connected := make(chan bool, 100)
		if _, err := buses[0].Subscribe(advcache.BusSubscriber{
			Receive:   func(m advcache.Invalidation) { told[m.Keys[0]]++ },
			Connected: func(is bool) { connected <- is },
		}); err != nil {
			t.Fatal(err)
		}
		<-connected
		began := time.Now()
		var group sync.WaitGroup
		for p, b := range buses {
			for i := range each { // of one process, all at once
				group.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					if err := b.Publish(ctx, advcache.Invalidation{Keys: []string{fmt.Sprint(p, " ", i)}}); err != nil {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		t.Logf("%d messages of %d processes took %v", processes*each, processes, time.Since(began))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for key, n := range told {
			if n != 1 {
				t.Errorf("%s was told %d times", key, n)
			}
		}
		if len(told) != processes*each || len(connected) > 0 {
			t.Errorf("%d of %d messages were told, and %d gaps", len(told), processes*each, len(connected))
		}
	})
}
