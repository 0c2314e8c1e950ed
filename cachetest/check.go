package cachetest

import (
	"slices"
	"testing"

	"github.com/advcache/advcache/internal/trial"
)

// The laws that checks quote: those of the library's design by their number,
// and the parts of the contract that have none by the name of the method.
const (
	lawLife         = "law 1 (life)"
	lawCopy         = "law 2 (no copy lives longer than its original)"
	lawInvalidation = "law 3 (an invalidation wins)"
	lawCallers      = "law 5 (callers are independent)"
	lawKeys         = "law 9 (keys are injective)"
	lawReadBack     = "law 10 (what is read back is what was written)"

	lawHarness     = trial.Harness
	lawMiss        = "contract (miss)"
	lawSet         = "contract (Set)"
	lawSetEntry    = "contract (SetEntry)"
	lawDelete      = "contract (Delete)"
	lawExists      = "contract (Exists)"
	lawNegative    = "contract (negative entries)"
	lawSetIfAbsent = "contract (SetIfAbsent)"
	lawSetEntryIf  = "contract (SetEntryIf)"
	lawVersion     = "contract (Version)"
	lawGetMany     = "contract (GetMany)"
	lawSetMany     = "contract (SetMany)"
	lawGetEntries  = "contract (GetEntries)"
	lawSetEntries  = "contract (SetEntries)"
	lawHeadEntry   = "contract (HeadEntry)"
	lawClear       = "contract (Clear)"
	lawRevalidate  = "contract (Revalidate)"
	lawContext     = "contract (context)"
)

// check is one rule, with the code that tries to break it.
type check struct {
	name string
	law  string // which law, or which part of the contract
	says string // the rule, in words; a failure quotes it

	needs needs  // the capabilities without which there is nothing to check
	lacks string // the capability that must be missing; empty: none

	run func(e *env)
}

type needs []string

// concerns reports whether the check is for the caches of h.
func (c check) concerns(h Harness) bool {
	return !slices.ContainsFunc(c.needs, h.lacks) && (c.lacks == "" || h.lacks(c.lacks))
}

// exec runs the check over caches that h makes for t, and reports to tb, which
// is t but in the tests of this package.
func (c check) exec(t *testing.T, tb trial.TB, h Harness) {
	tb.Helper()
	rule := trial.Rule{Suite: suite, Name: c.name, Law: c.law, Says: c.says}
	trial.Run(tb, rule, h.timing(), func(tr *trial.Trial) { c.run(newEnv(tr, t, h)) })
}
