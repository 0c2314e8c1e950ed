package s3store_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/codec"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

var raceSeed = flag.Uint64("race.seed", 0, "the one schedule that TestRace… run, as a failure names it")

// shortLife ends within a schedule, and not within an act, which has 5 seconds.
const shortLife = 10 * time.Second

// race is a schedule: what the key holds, who does what, and how the way to the
// server is, all of one seed.
type race struct {
	seed   uint64
	chance *rand.Rand

	bodies, start string
	equal         bool // all write one value
	faults        bool
	options       store.Options
	world         world
	began         time.Time
}

var (
	bodyKinds  = []string{"raw", "gzip", "zstd", "encrypted"}
	startKinds = []string{"nothing", "dead", "dead, other", "stale", "foreign", "damaged", "negative"}
)

func newRace(seed uint64) *race {
	chance := rand.New(rand.NewPCG(seed, 0))
	r := &race{
		seed: seed, chance: chance, bodies: bodyKinds[chance.IntN(len(bodyKinds))], start: startKinds[chance.IntN(len(startKinds))],
		equal: chance.IntN(2) == 0, faults: chance.IntN(2) == 0,
	}
	r.options = store.Options{Dedupe: chance.IntN(2) == 0, Compression: codec.Gzip(1), Observer: &advcache.Observer{BackendError: func(advcache.Event) {}}}
	switch r.bodies {
	case "zstd":
		r.options.Compression = codec.Zstd(1)
	case "encrypted":
		ring, err := codec.NewKeyRing("a", map[string][]byte{"a": make([]byte, 32)})
		if err != nil {
			panic(err)
		}
		r.options.Encryption = ring
	}
	r.world.server = fakes3.New(&fakes3.Options{Buckets: []string{bucket}, Seed: seed})
	return r
}

func (r *race) String() string {
	return fmt.Sprintf("-race.seed=%d: %s bodies over %s, equal %v, dedupe %v, faults %v", r.seed, r.bodies, r.start, r.equal, r.options.Dedupe, r.faults)
}

// value returns what the nth writer writes.
func (r *race) value(n int) string {
	if r.equal {
		n = 0
	}
	v := fmt.Sprintf("value %d ", n)
	if r.bodies == "gzip" || r.bodies == "zstd" {
		v = strings.Repeat(v, 100)
	}
	return v
}

// prepare has the key hold what it holds at the beginning.
func (r *race) prepare(t *testing.T) {
	s := s3store.New(newClient(r.world.server), bucket, nil)
	c := store.New[string](s, &r.options)
	now := time.Now()
	e := advcache.Entry[string]{Value: r.value(0), CreatedAt: now, FreshUntil: now.Add(time.Minute)}
	var err error
	switch r.start {
	case "nothing":
	case "dead, other":
		e.Value = r.value(0) + "other"
		err = c.SetEntry(t.Context(), "k", e)
	case "stale":
		e.StaleUntil = now.Add(time.Hour)
		err = c.SetEntry(t.Context(), "k", e)
	case "foreign":
		r.world.server.Plant(bucket, "k", fakes3.Object{Body: []byte(e.Value)})
	case "negative":
		e.Absent, e.FreshUntil = true, now.Add(time.Hour)
		err = c.SetEntry(t.Context(), "k", e)
	default:
		err = c.SetEntry(t.Context(), "k", e)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.start == "damaged" {
		r.world.server.Edit(bucket, "k", func(obj *fakes3.Object) { obj.Metadata["ac-fresh"] = "never" })
	}
	time.Sleep(time.Minute)
	r.world.look(nil, fakes3.OpOther)
	if start := &r.world.states[0]; start.there && !start.meta.Absent {
		start.value = e.Value
	}
	if r.faults {
		for _, fault := range []fakes3.Fault{fakes3.Fail, fakes3.SlowDown, fakes3.TooManyRequests, fakes3.Conflict, fakes3.Reset} {
			r.world.server.Rate(fakes3.AnyOp, fault, 0.03)
		}
		r.world.server.Rate(fakes3.AnyOp, fakes3.LostAnswer, 0.08)
	}
	r.began = time.Now()
}

// run has some processes do what next says, each one after the other.
func (r *race) run(t *testing.T, processes, acts int, next func(chance *rand.Rand, who int) (*act, time.Duration)) (done []*act) {
	r.prepare(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	for who := range processes {
		chance := rand.New(rand.NewPCG(r.seed, 1+uint64(who)))
		c := store.New[string](r.world.process(chance, &s3store.Options{Freshness: s3store.Freshness(r.seed % 2)}), &r.options)
		group.Go(func() {
			for range acts {
				a, ttl := next(chance, who)
				pause := time.Duration(chance.IntN(int(20 * time.Millisecond)))
				if chance.IntN(4*acts) > 4 { // never before the first of one
					pause += shortLife - time.Duration(chance.IntN(int(400*time.Millisecond)))
				}
				time.Sleep(pause)
				mu.Lock()
				done = append(done, a)
				mu.Unlock()
				a.run(c, ttl)
			}
		})
	}
	group.Wait()
	return done
}

// eachRace has n seeds tried, each in a bubble of its own. Test returns what is
// wrong.
func eachRace(t *testing.T, n uint64, test func(t *testing.T, r *race) (wrong string)) {
	t.Parallel()
	first := uint64(1)
	if *raceSeed != 0 {
		first, n = *raceSeed, 1
	}
	for seed := range n {
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = test(t, newRace(first+seed)) })
		if wrong != "" {
			t.Error(wrong)
		}
	}
}

// report returns what is wrong with the acts of a schedule.
func (r *race) report(acts []*act) string {
	for _, a := range acts {
		if wrong := r.world.wrong(a, r.bodies == "raw"); wrong != "" {
			return fmt.Sprintf("%v: %v: %s%s", r, a, wrong, r.world.history(r.began, acts))
		}
	}
	return ""
}

// TestRaceOfSetIfAbsent is law 3 between processes: of those who race for a key
// that holds nothing fresh, exactly one wins.
func TestRaceOfSetIfAbsent(t *testing.T) {
	eachRace(t, 1500, func(t *testing.T, r *race) string {
		acts := r.run(t, 2+int(r.seed%3), 1, func(_ *rand.Rand, who int) (*act, time.Duration) {
			return &act{who: who, verb: "SetIfAbsent", value: r.value(who)}, time.Hour
		})
		wins, errs := 0, 0
		for _, a := range acts {
			if a.ok {
				wins++
			}
			if a.err != nil {
				errs++
			}
		}
		if wins > 1 || wins == 0 && errs == 0 {
			return fmt.Sprintf("%v: %d wins%s", r, wins, r.world.history(r.began, acts))
		}
		return r.report(acts)
	})
}

// TestRaceWithDelete has one delete what others race for: two of them may win
// then, but not over one another.
func TestRaceWithDelete(t *testing.T) {
	eachRace(t, 600, func(t *testing.T, r *race) string {
		return r.report(r.run(t, 4, 1, func(_ *rand.Rand, who int) (*act, time.Duration) {
			verb := "SetIfAbsent"
			if who == 0 {
				verb = "Delete"
			}
			return &act{who: who, verb: verb, value: r.value(who % 2)}, time.Hour
		}))
	})
}

// TestRaceOfAll has processes do anything at the same time, with lives that end
// meanwhile. See [world.wrong] for what is right.
func TestRaceOfAll(t *testing.T) {
	verbs := []string{"SetIfAbsent", "SetIfAbsent", "SetEntryIf", "SetEntryIf", "Set", "Set", "Delete", "Get"}
	eachRace(t, 1000, func(t *testing.T, r *race) string {
		return r.report(r.run(t, 2+int(r.seed%3), 3, func(chance *rand.Rand, who int) (*act, time.Duration) {
			a := &act{who: who, verb: verbs[chance.IntN(len(verbs))], value: r.value(who)}
			return a, []time.Duration{shortLife, time.Minute, time.Hour}[chance.IntN(3)]
		}))
	})
}
