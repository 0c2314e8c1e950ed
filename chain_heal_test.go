package advcache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/store/storetest"
)

// TestLevelIsTriedWhenTheBusIsBack is about level 2 and the Bus being cut together,
// as they are where both are Redis: when the Bus is back, level 2 is tried at once,
// however long it was to be left out.
func TestLevelIsTriedWhenTheBusIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, other := &loop{}, &loop{}
		ps := fleet(t, 2, func(i int) advcache.Bus { return []advcache.Bus{mine, other}[i] }, advcache.HybridOptions{
			L1TTL: time.Hour, Logger: quiet,
			L2: advcache.LevelOptions{Breaker: advcache.Breaker{Window: 24 * time.Hour}},
		})
		a, b := ps[0], ps[1]
		must(t, b.Set(t.Context(), "k", "old", 24*time.Hour))
		a.want(t, "law 2", "old")
		for range 2 { // in the second round, it fails again when it is tried
			mine.cut()
			a.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
			for range 2 * advcache.DefaultBreakerFailures {
				a.want(t, "law 7: without level 2, copies are served as long as they may be", "old")
			}
			if s := a.Levels()[1]; !s.LeftOut {
				t.Errorf("law 7: Levels says %+v; want the level left out", s)
			}
			mine.heal()
			a.counts.Reset()
			for range 3 {
				a.want(t, "law 7", "old")
			}
			if got := a.counts.Counts().Requests.Total(); got != 1 {
				t.Errorf("law 7: a level that is left out was asked %d times when the Bus was back; want to see it tried, once", got)
			}
		}
		mine.cut()
		must(t, b.Set(t.Context(), "k", "new", 24*time.Hour))
		a.l2.Heal()
		a.want(t, "law 7: it is left out", "old")
		mine.heal()
		a.want(t, "law 3: the Bus and level 2 are back", "new")
	})
}

// TestMissedChangeIsMadeGoodWhenTheBusIsBack is the same for what level 2 has missed
// meanwhile: it is deleted at once, and others are told.
func TestMissedChangeIsMadeGoodWhenTheBusIsBack(t *testing.T) {
	const law = "law 7: a change that level 2 missed does not bring the old value back"
	synctest.Test(t, func(t *testing.T) {
		mine, other := &loop{}, &loop{}
		ps := fleet(t, 2, func(i int) advcache.Bus {
			return []advcache.Bus{publisher{mine, other}, other}[i]
		}, advcache.HybridOptions{
			L1TTL: time.Hour, Logger: quiet,
			L2: advcache.LevelOptions{Breaker: advcache.Breaker{Window: 24 * time.Hour}},
		})
		a, b := ps[0], ps[1]
		must(t, a.Set(t.Context(), "k", "old", 24*time.Hour))
		b.want(t, "law 2", "old")
		mine.cut()
		a.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
		for range 2 * advcache.DefaultBreakerFailures {
			if err := a.Delete(t.Context(), "k"); err == nil {
				t.Error("law 7: a Delete that level 2 and the Bus have missed gives no error")
			}
		}
		time.Sleep(time.Minute) // in which the mender tries in vain
		b.want(t, "b has not been told", "old")
		a.l2.Heal()
		mine.heal()
		synctest.Wait()
		a.want(t, law, "")
		b.want(t, law, "")
	})
}

// TestMissedChangeIsMadeGoodWhenTheLevelAnswers is the same where there is no Bus to
// tell that level 2 is back: a read does.
func TestMissedChangeIsMadeGoodWhenTheLevelAnswers(t *testing.T) {
	const law = "law 7: a change that level 2 missed is made good within a second of its recovery"
	synctest.Test(t, func(t *testing.T) {
		const window = 10 * time.Second
		ps := fleet(t, 2, nil, advcache.HybridOptions{
			L1TTL: time.Hour, Logger: quiet,
			L2: advcache.LevelOptions{Breaker: advcache.Breaker{Window: window}},
		})
		a, b := ps[0], ps[1]
		must(t, a.Set(t.Context(), "k", "old", 24*time.Hour))
		a.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
		for range advcache.DefaultBreakerFailures {
			if err := a.Delete(t.Context(), "k"); err == nil {
				t.Error("law 7: Delete has no error while level 2 is down")
			}
		}
		time.Sleep(window + window/2) // the mender has tried, and waits for a window
		a.l2.Heal()
		if _, _, err := a.Get(t.Context(), "another"); err != nil {
			t.Errorf("law 7: a level that may be tried is not: %v", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		a.want(t, law, "")
		b.want(t, law, "")
	})
}

// TestOthersAreToldOfARepairByALoad is about a key that level 2 has missed a Delete
// of, and that a load writes there before the chain deletes it: others may have read
// the old value in between.
func TestOthersAreToldOfARepairByALoad(t *testing.T) {
	const law = "law 7: a change that level 2 missed does not bring the old value back"
	synctest.Test(t, func(t *testing.T) {
		mine, other := &loop{}, &loop{}
		ps := fleet(t, 2, func(i int) advcache.Bus {
			return []advcache.Bus{publisher{mine, other}, other}[i]
		}, advcache.HybridOptions{L1TTL: time.Hour, Logger: quiet})
		a, b := ps[0], ps[1]
		must(t, a.Set(t.Context(), "k", "old", 24*time.Hour))
		b.want(t, "law 2", "old")
		mine.cut()
		a.l2.Rate(storetest.AnyOp, storetest.Fail, 1)
		if err := a.Delete(t.Context(), "k"); err == nil {
			t.Error("law 7: a Delete that level 2 and the Bus have missed gives no error")
		}
		mine.heal() // the Bus alone is back
		synctest.Wait()
		b.want(t, "b has been told, and reads again what level 2 has still", "old")
		a.l2.Heal()
		fn := advcache.NewTTL[struct{}](a.Hybrid, time.Hour, nil).Func("k", func(context.Context, struct{}) (string, error) { return "loaded", nil })
		if got, err := fn.Get(t.Context(), struct{}{}); got != "loaded" || err != nil {
			t.Errorf("%s: the function gives %q, %v", law, got, err)
		}
		time.Sleep(2 * time.Second)
		b.want(t, law, "loaded")
		if got := len(other.sent); got > 3 { // of the Set, the Delete and the repair
			t.Errorf("law 12: %d messages: %v", got, other.sent)
		}
	})
}
