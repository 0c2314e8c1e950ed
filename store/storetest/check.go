package storetest

import (
	"context"
	"slices"
	"testing"
)

// The laws that checks quote: those of the library's design by their number,
// and the parts of the contract that have none by the name of the method.
const (
	lawLife     = "law 1 (life)"
	lawCopy     = "law 2 (no copy lives longer than its original)"
	lawNoUndo   = "law 3 (an invalidation wins)"
	lawCallers  = "law 5 (callers are independent)"
	lawKeys     = "law 9 (keys are injective)"
	lawReadBack = "law 10 (what is read back is what was written)"
	lawRequests = "law 12 (requests are counted)"

	lawHarness     = "contract (harness)"
	lawInfo        = "contract (Info)"
	lawMiss        = "contract (miss)"
	lawHead        = "contract (Head)"
	lawPut         = "contract (Put)"
	lawCond        = "contract (Cond)"
	lawVersion     = "contract (Version)"
	lawDelete      = "contract (Delete)"
	lawNegative    = "contract (negative objects)"
	lawNotModified = "contract (NotModified)"
	lawTouch       = "contract (Touch)"
	lawGetMany     = "contract (GetMany)"
	lawPutMany     = "contract (PutMany)"
	lawClear       = "contract (Clear)"
	lawForeign     = "contract (foreign objects)"
	lawOwnership   = "contract (memory)"
	lawContext     = "contract (context)"
)

// check is one rule, with the code that tries to break it.
type check struct {
	name string
	law  string // which law, or which part of the contract
	says string // the rule, in words; a failure quotes it

	needs needs  // without which there is nothing to check
	lacks string // what must be missing; empty: nothing

	run func(e *env)
}

type needs []string

// concerns reports whether the check is for the stores of h.
func (c check) concerns(h Harness) bool {
	return !slices.ContainsFunc(c.needs, h.lacks) && (c.lacks == "" || h.lacks(c.lacks))
}

// tb is what checks need of a test: so small that the tests of this package can
// record what checks say about stores that are wrong.
type tb interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// attempts is how often a check is run that comes too late to find an object
// alive. A server, or a machine, that stops for a moment is no broken law.
const attempts = 4

// exec runs the check over stores that h makes for t, and reports to r, which
// is t but in the tests of this package.
func (c check) exec(t *testing.T, r tb, h Harness) {
	r.Helper()
	for n := range attempts {
		if e := newEnv(t, r, h, c, n); e.attempt() {
			return
		}
	}
	r.Fatalf("storetest: %s came too late %d times, at last with lives of %v: the requests take too long, set a larger Harness.Unit",
		c.name, attempts, h.Unit<<(attempts-2))
}
