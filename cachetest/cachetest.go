package cachetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/trial"
)

// Harness tells the suite how to make a cache and how time passes for it. Only
// New is needed.
type Harness struct {
	// New returns an empty cache, which shares nothing with those returned
	// before: over a server, under a prefix of its own. It is called once or
	// more in each check, and cleans up by t.Cleanup.
	New func(t *testing.T) advcache.Cache[string]

	// Around runs one check, as a subtest of its own. Nil: calls test(t). For
	// a cache in memory it is synctest.Test. For a cache over a server it may
	// call t.Parallel first, so that the waits of the checks overlap.
	Around func(t *testing.T, test func(t *testing.T))

	// Advance lets d pass: afterwards, time.Now is at least d later, for the
	// cache too. Nil: time.Sleep, which takes no real time in a bubble. A
	// server with a clock of its own is moved here as well.
	Advance func(d time.Duration)

	// Unit is the life that checks give to entries which are to die, between
	// 10 ms and an hour. 0: 200 ms. Outside a bubble it must be long against
	// the few calls that a check makes within half of it; a check that comes
	// too late is run again with twice the Unit, and fails only after several
	// attempts.
	Unit time.Duration

	// Resolution is by how much the cache may be late or early at the end of
	// a life, at most 100 ms and a quarter of Unit. 0: it is exact, and an
	// entry is stale at the very instant FreshUntil. Instants that the cache
	// gives back may be off by Resolution, or by 1 ms if that is more; but
	// never later than they were set.
	Resolution time.Duration

	// Without lists the capabilities that the cache lacks on purpose, by the
	// names of their functions: "SetIfAbsent", "SetEntryIf", "GetMany",
	// "SetMany", "GetEntries", "SetEntries", "HeadEntry", "Clear",
	// "Revalidate". A cache that lacks another one fails, and so does one that
	// has a capability listed here. A method that gives errors.ErrUnsupported
	// counts as lacking.
	Without []string

	// Except says of checks, such as "Race/Delete", or of topics, such as "Race",
	// why the cache does not pass them: they are not run, and the reason is
	// logged. It is for servers that emulate another, whose failings are known.
	Except map[string]string
}

// Run checks the caches that h makes, each law in a subtest. It panics if h
// makes no sense.
func Run(t *testing.T, h Harness) {
	t.Helper()
	h = h.complete()
	for _, topic := range topics {
		t.Run(topic.name, func(t *testing.T) {
			for _, c := range topic.checks {
				if !c.concerns(h) {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					if why := trial.Excepted(h.Except, topic.name, c.name); why != "" {
						t.Log("not run: " + why)
						return
					}
					h.Around(t, func(t *testing.T) { c.exec(t, t, h) })
				})
			}
		})
	}
}

// topics is the suite, in the order in which it is run: first what the other
// checks rely on.
var topics = []struct {
	name   string
	checks []check
}{
	{"Harness", harnessChecks},
	{"Miss", missChecks},
	{"Write", writeChecks},
	{"Delete", deleteChecks},
	{"Negative", negativeChecks},
	{"Life", lifeChecks},
	{"Copy", copyChecks},
	{"Held", heldChecks},
	{"SetIfAbsent", setIfAbsentChecks},
	{"SetEntryIf", setEntryIfChecks},
	{"Version", versionChecks},
	{"GetMany", getManyChecks},
	{"SetMany", setManyChecks},
	{"GetEntries", getEntriesChecks},
	{"SetEntries", setEntriesChecks},
	{"HeadEntry", headEntryChecks},
	{"Clear", clearChecks},
	{"Revalidate", revalidateChecks},
	{"Values", valueChecks},
	{"Keys", keyChecks},
	{"Context", contextChecks},
	{"Race", raceChecks},
}

const suite = "cachetest" // for messages

func (h Harness) timing() trial.Timing {
	return trial.Timing{Advance: h.Advance, Resolution: h.Resolution, Unit: h.Unit}
}

// complete returns h with its defaults filled in.
func (h Harness) complete() Harness {
	if h.New == nil {
		panic("cachetest: Harness.New is nil; it must return an empty cache")
	}
	if h.Around == nil {
		h.Around = func(t *testing.T, test func(t *testing.T)) { test(t) }
	}
	timing := h.timing().Complete(suite)
	h.Advance, h.Unit = timing.Advance, timing.Unit
	trial.CheckExcept(suite, h.Except, func(yield func(topic, check string)) {
		for _, topic := range topics {
			for _, c := range topic.checks {
				yield(topic.name, c.name)
			}
		}
	})
	for _, name := range h.Without {
		if !slices.ContainsFunc(capabilities, func(c capability) bool { return c.name == name }) {
			panic(fmt.Sprintf("cachetest: Harness.Without has %q; capabilities are %s", name, capabilityNames()))
		}
	}
	return h
}

// lacks reports whether the cache is without a capability on purpose.
func (h Harness) lacks(name string) bool { return slices.Contains(h.Without, name) }

func capabilityNames() string {
	names := make([]string, 0, len(capabilities))
	for _, c := range capabilities {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}
