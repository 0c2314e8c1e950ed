// Package trial runs the checks of the conformance suites: with lives that end
// while a check runs, on a machine that may stop at any moment, and with failures
// that quote the law.
package trial

import (
	"context"
	"fmt"
	"time"
)

// TB is what checks need of a test: so small that the tests of a suite can record
// what it says about things that are wrong.
type TB interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Rule is what a check is about.
type Rule struct {
	Suite string // its package
	Name  string
	Law   string // which law, or which part of the contract
	Says  string // the rule, in words
}

// Harness is the law that whoever runs a suite must keep.
const Harness = "contract (harness)"

// attempts is how often a check is run that comes too late to find something
// alive. A server, or a machine, that stops for a moment is no broken law.
const attempts = 4

// Run runs a check until it comes to its end, rather than too late to tell.
func Run(tb TB, rule Rule, timing Timing, check func(t *Trial)) {
	tb.Helper()
	for n := range attempts {
		if attempt(newTrial(tb, rule, timing, n), check) {
			return
		}
	}
	tb.Fatalf("%s: %s came too late %d times, at last with lives of %v: the calls take too long, set a larger Harness.Unit",
		rule.Suite, rule.Name, attempts, timing.Unit<<(attempts-2))
}

func attempt(t *Trial, check func(t *Trial)) (done bool) {
	t.Helper()
	defer func() {
		// Only the panic of Lost is caught: any other goes its way.
		if t.tooLate {
			_ = recover()
		}
	}()
	check(t)
	return true
}

// Trial is one attempt at a check. Failures quote its law.
type Trial struct {
	TB

	// Unit is a life that comes to its end while the check runs; Margin is how
	// long before the end of a life the check still asks.
	Unit, Margin time.Duration

	// Moment is where in a life, or in a table, the check is, for its messages.
	Moment string

	rule     Rule
	timing   Timing
	deadline time.Time // until when what was given can be expected to be found; zero: for ever
	tooLate  bool      // it had passed when something was not found
}

// newTrial returns the nth attempt. The first asks just before the end of a life,
// which a bubble makes exact; the later ones leave more and more time.
func newTrial(tb TB, rule Rule, timing Timing, n int) *Trial {
	t := &Trial{TB: tb, Unit: timing.Unit, Margin: timing.Resolution + 2*time.Millisecond, rule: rule, timing: timing}
	if n > 0 {
		t.Unit <<= n - 1
		t.Margin = t.Unit / 2
	}
	return t
}

// Errorf reports that the law is broken.
func (t *Trial) Errorf(format string, args ...any) {
	t.Helper()
	t.TB.Errorf("%s", t.broken(fmt.Sprintf(format, args...)))
}

// Fatalf reports that the law is broken, and ends the check.
func (t *Trial) Fatalf(format string, args ...any) {
	t.Helper()
	t.TB.Fatalf("%s", t.broken(fmt.Sprintf(format, args...)))
}

func (t *Trial) broken(what string) string {
	if t.Moment != "" {
		what += " (" + t.Moment + ")"
	}
	return t.rule.Law + ": " + t.rule.Says + ": " + what
}

// HarnessFatalf reports that not the law is broken, but what the harness must do.
func (t *Trial) HarnessFatalf(format string, args ...any) {
	t.Helper()
	t.TB.Fatalf("%s: %s", Harness, fmt.Sprintf(format, args...))
}

// Lost reports that something was not found that should have been, unless it was
// looked for too late.
func (t *Trial) Lost(format string, args ...any) {
	t.Helper()
	if !t.deadline.IsZero() && !time.Now().Before(t.deadline) {
		t.tooLate = true
		panic(t.rule.Suite + ": too late to tell")
	}
	t.Fatalf(format, args...)
}
