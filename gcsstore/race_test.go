package gcsstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/gcsstore"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakegcs"
)

// TestRacingSetIfAbsent has processes race for a key, in hundreds of schedules,
// over nothing, over what is dead and over what is absent, while requests and
// answers get lost: one wins, and what it stored is there.
func TestRacingSetIfAbsent(t *testing.T) {
	const schedules, racers = 300, 5
	for seed := range uint64(schedules) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a schedule
			ctx := context.Background()
			_, server := newStore(nil, &fakegcs.Options{Seed: seed, Latency: 10 * time.Millisecond, FaultLatency: 7 * time.Millisecond})
			newCache := func() *store.Cache[string] {
				s := gcsstore.New(newClient(server), bucket, nil)
				return store.New[string](s, &store.Options{Timeout: -1})
			}
			switch seed % 3 {
			case 1:
				if err := newCache().Set(ctx, "k", "old", time.Minute); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
			case 2:
				err := newCache().SetEntry(ctx, "k", advcache.Entry[string]{Absent: true, FreshUntil: time.Now().Add(time.Hour)})
				if err != nil {
					t.Fatal(err)
				}
			}
			if seed%2 == 1 {
				server.Rate(fakegcs.OpInsertObject, fakegcs.LostAnswer, 0.2)
				server.Rate(fakegcs.OpInsertObject, fakegcs.FailAfter, 0.1)
				server.Rate(fakegcs.OpInsertObject, fakegcs.Late, 0.2)
				server.Rate(fakegcs.OpGetObject, fakegcs.Unavailable, 0.1)
			}
			var mu sync.Mutex
			var winners []string
			failed := 0
			var group sync.WaitGroup
			for i := range racers {
				delay := time.Duration(random.IntN(25)) * time.Millisecond
				group.Go(func() {
					time.Sleep(delay)
					value := fmt.Sprint("value ", i)
					ok, err := newCache().SetIfAbsent(ctx, "k", value, time.Hour)
					mu.Lock()
					defer mu.Unlock()
					if ok {
						winners = append(winners, value)
					}
					if err != nil {
						failed++
					}
				})
			}
			group.Wait()
			server.Heal()
			got, ok, err := newCache().Get(ctx, "k")
			if err != nil || len(winners) > 1 || failed == 0 && len(winners) != 1 || len(winners) == 1 && (!ok || got != winners[0]) {
				t.Errorf("schedule %d: %q won, %d gave an error; Get = %q, %v, %v", seed, winners, failed, got, ok, err)
			}
		})
	}
}
