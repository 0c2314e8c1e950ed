package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache/internal/trial"
	"github.com/advcache/advcache/store"
)

// Harness tells the suite how to make a store and how time passes for it. Only
// New is needed.
type Harness struct {
	// New returns an empty store, which shares nothing with those returned
	// before: over a server, under a prefix of its own. It is called once or
	// more in each check, and cleans up by t.Cleanup.
	New func(t *testing.T) store.Store

	// Around runs one check, as a subtest of its own. Nil: calls test(t). For
	// a store in memory it is synctest.Test. For one over a server it may call
	// t.Parallel first, so that the waits of the checks overlap.
	Around func(t *testing.T, test func(t *testing.T))

	// Advance lets d pass: afterwards, time.Now is at least d later, for the
	// backend too. Nil: time.Sleep, which takes no real time in a bubble. A
	// server with a clock of its own is moved here as well.
	Advance func(d time.Duration)

	// Unit is the life that checks give to objects which are to die, between
	// 10 ms and an hour. 0: 200 ms. Outside a bubble it must be long against
	// the few requests that a check makes within half of it; a check that
	// comes too late is run again with twice the Unit, and fails only after
	// several attempts.
	Unit time.Duration

	// Resolution is by how much the backend may be late or early at the end of
	// a life, at most 100 ms and a quarter of Unit. 0: it is exact, as one that
	// asks Want.Useful is.
	Resolution time.Duration

	// Without lists what the store lacks on purpose: the capabilities "Touch",
	// "GetMany", "PutMany" and "Clear"; "NotModified", where the body is moved
	// to a reader that has it; "Size", where Head gives a Size of -1;
	// "TouchVersion", where a Put with IfVersion, between its look and its
	// write, misses a renewal: S3 has no condition on metadata. A store
	// that lacks anything else fails, and so does one that has what is listed
	// here. A method that gives errors.ErrUnsupported counts as lacking.
	Without []string

	// Except says of checks, such as "Race/Delete", or of topics, such as "Race",
	// why the backend does not pass them: they are not run, and the reason is
	// logged. It is for servers that emulate another, whose failings are known.
	Except map[string]string

	// Raw writes data under a key of s as a stranger would: without metadata of
	// ours. Nil: nothing is known about foreign objects.
	Raw func(t *testing.T, s store.Store, key string, data []byte)

	// Corrupt replaces the bytes that the backend holds for a key of s, header
	// and all where there is one, by what damage makes of them. Nil: nothing is
	// known about damaged objects.
	Corrupt func(t *testing.T, s store.Store, key string, damage func(data []byte) []byte)

	// Requests returns how many requests the server has had from s, or how many
	// times s waited for one. Nil: nothing is known about it.
	Requests func(t *testing.T, s store.Store) int
}

// Run checks the stores that h makes, each law in a subtest. It panics if h
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
	{"Put", putChecks},
	{"Meta", metaChecks},
	{"Body", bodyChecks},
	{"Delete", deleteChecks},
	{"Negative", negativeChecks},
	{"Life", lifeChecks},
	{"Cond", condChecks},
	{"Version", versionChecks},
	{"NotModified", notModifiedChecks},
	{"Touch", touchChecks},
	{"GetMany", getManyChecks},
	{"PutMany", putManyChecks},
	{"Clear", clearChecks},
	{"Keys", keyChecks},
	{"Foreign", foreignChecks},
	{"Corrupt", corruptChecks},
	{"Memory", ownershipChecks},
	{"Context", contextChecks},
	{"Race", raceChecks},
}

const suite = "storetest" // for messages

func (h Harness) timing() trial.Timing {
	return trial.Timing{Advance: h.Advance, Resolution: h.Resolution, Unit: h.Unit}
}

// complete returns h with its defaults filled in.
func (h Harness) complete() Harness {
	if h.New == nil {
		panic("storetest: Harness.New is nil; it must return an empty store")
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
		if !slices.Contains(canBeWithout, name) {
			panic(fmt.Sprintf("storetest: Harness.Without has %q; a store can be without %s", name, strings.Join(canBeWithout, ", ")))
		}
	}
	return h
}

// What a store can be without, beside its capabilities, and what a harness can
// be without.
const (
	capNotModified  = "NotModified"
	capSize         = "Size"
	capTouchVersion = "TouchVersion"

	withRaw      = "Raw"
	withCorrupt  = "Corrupt"
	withRequests = "Requests"
)

var canBeWithout = append(slices.Clone(optional), capNotModified, capSize, capTouchVersion)

// lacks reports whether the store is without something on purpose, or the
// harness without a function.
func (h Harness) lacks(name string) bool {
	switch name {
	case withRaw:
		return h.Raw == nil
	case withCorrupt:
		return h.Corrupt == nil
	case withRequests:
		return h.Requests == nil
	default:
		return slices.Contains(h.Without, name)
	}
}
