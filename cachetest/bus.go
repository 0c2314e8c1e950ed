package cachetest

import (
	"slices"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/trial"
)

// BusHarness tells the suite how to make a bus. Only New is needed.
type BusHarness struct {
	// New returns a function that makes buses which hear each other, and none of
	// those of another call: each as another process would, on a channel or an
	// object of their own. It is called once in each check. A bus that is an
	// io.Closer is closed by the suite.
	New func(t *testing.T) (join func(t *testing.T) advcache.Bus)

	// Around runs one check, as a subtest of its own. Nil: calls test(t). For
	// a bus in memory it is synctest.Test.
	Around func(t *testing.T, test func(t *testing.T))

	// Patience is how long a check waits for what must happen. 0: a minute. It
	// takes as long only where a law is broken.
	Patience time.Duration

	// Quiet is how long a check waits to see that nothing happens: longer than a
	// message takes. 0: 100 ms.
	Quiet time.Duration

	// Goroutine reports whether a stack is that of a goroutine of the bus, of
	// which none may be left. Nil: they are not looked for, as in a bubble of
	// synctest, which does so by itself. Otherwise no two checks may run at the
	// same time.
	Goroutine func(stack string) bool

	// Except says of checks, such as "Stop/NothingAfter", or of topics, such as
	// "Stop", why the bus does not pass them: they are not run, and the reason is
	// logged.
	Except map[string]string
}

// RunBus checks the buses that h makes, each rule in a subtest. It panics if h
// makes no sense.
func RunBus(t *testing.T, h BusHarness) {
	t.Helper()
	h = h.complete()
	for _, topic := range busTopics {
		t.Run(topic.name, func(t *testing.T) {
			for _, c := range topic.checks {
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

// busTopics is the suite, in the order in which it is run.
var busTopics = []struct {
	name   string
	checks []busCheck
}{
	{"Connected", busConnectedChecks},
	{"Message", busMessageChecks},
	{"Stop", busStopChecks},
	{"Panic", busPanicChecks},
	{"Context", busContextChecks},
	{"Close", busCloseChecks},
}

func (h BusHarness) complete() BusHarness {
	if h.New == nil {
		panic("cachetest: BusHarness.New is nil; it must return a function that makes buses")
	}
	if h.Around == nil {
		h.Around = func(t *testing.T, test func(t *testing.T)) { test(t) }
	}
	if h.Patience == 0 {
		h.Patience = time.Minute
	}
	if h.Quiet == 0 {
		h.Quiet = 100 * time.Millisecond
	}
	if h.Patience < h.Quiet || h.Quiet < 0 {
		panic("cachetest: BusHarness.Quiet must be between 0 and BusHarness.Patience")
	}
	trial.CheckExcept(suite, h.Except, func(yield func(topic, check string)) {
		for _, topic := range busTopics {
			for _, c := range topic.checks {
				yield(topic.name, c.name)
			}
		}
	})
	return h
}

// busCheck is one rule, with the code that tries to break it.
type busCheck struct {
	name string
	law  string // which law, or which part of the contract
	says string // the rule, in words; a failure quotes it
	run  func(e *busEnv)
}

// exec runs the check over buses that h makes for t, and reports to tb, which is
// t but in the tests of this package.
func (c busCheck) exec(t *testing.T, tb trial.TB, h BusHarness) {
	tb.Helper()
	rule := trial.Rule{Suite: suite, Name: c.name, Law: c.law, Says: c.says}
	timing := trial.Timing{}.Complete(suite)
	trial.Run(tb, rule, timing, func(tr *trial.Trial) {
		e := &busEnv{Trial: tr, t: t, h: h, join: h.New(t)}
		defer e.close()
		c.run(e)
	})
}

const (
	lawBusConnected = "contract (BusSubscriber.Connected)"
	lawBusReceive   = "contract (BusSubscriber.Receive)"
	lawBusStop      = "contract (Bus.Subscribe)"
	lawBusPublish   = "contract (Bus.Publish)"
	lawBusPanic     = "law 6 (a panic or Goexit in user code)"
	lawBusClose     = "law 13 (nothing is left behind)"
)

// sameInvalidation reports whether two messages say the same.
func sameInvalidation(a, b advcache.Invalidation) bool {
	return a.Cache == b.Cache && a.Origin == b.Origin && a.At.Equal(b.At) && a.All == b.All && a.Prefix == b.Prefix &&
		slices.Equal(a.Keys, b.Keys) && slices.Equal(a.Tags, b.Tags)
}
