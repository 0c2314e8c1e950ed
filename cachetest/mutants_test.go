package cachetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/trial"
)

// mutant is a mapCache with one bug.
type mutant struct {
	name string
	// breaks is how one of the messages must begin by which the suite refuses
	// the mutant: the law that it breaks, and its words.
	breaks string
	bug    func(m *mapCache, w *wrapper)
	// without is what its harness says that the mutant lacks.
	without []string
	// still is for a harness that lets no time pass.
	still bool
}

func (m mutant) harness() Harness {
	h := inBubble(func() advcache.Cache[string] {
		right := newMapCache()
		wrong := wrap(right)
		m.bug(right, wrong)
		return wrong
	})
	h.Without = m.without
	if m.still {
		h.Advance = func(time.Duration) {}
	}
	return h
}

// TestMutants shows that the suite refuses each mutant for the right reason,
// and that each of its checks is able to refuse something.
func TestMutants(t *testing.T) {
	refuses := make(map[string]bool) // checks that refused some mutant
	for _, m := range slices.Concat(lifeMutants, copyMutants, writeMutants, deleteMutants, negativeMutants,
		capabilityMutants, manyMutants, getEntriesMutants, setEntriesMutants, headEntryMutants, versionMutants, keyMutants, contextMutants, raceMutants) {
		t.Run(m.name, func(t *testing.T) {
			h := m.harness().complete()
			var all []string
			for _, topic := range topics {
				for _, c := range topic.checks {
					if !c.concerns(h) {
						continue
					}
					said := record(t, h, c)
					if len(said) > 0 {
						refuses[topic.name+"/"+c.name] = true
					}
					for _, message := range said {
						if !strings.HasPrefix(message, c.law+": "+c.says+": ") && !strings.HasPrefix(message, lawHarness) {
							t.Errorf("%s/%s does not quote its law: %s", topic.name, c.name, message)
						}
					}
					all = append(all, said...)
				}
			}
			if !slices.ContainsFunc(all, func(message string) bool { return strings.HasPrefix(message, m.breaks) }) {
				t.Errorf("no message begins with %q; the suite said:\n%s", m.breaks, strings.Join(all, "\n"))
			}
		})
	}
	if t.Failed() {
		return
	}
	for _, topic := range topics {
		for _, c := range topic.checks {
			if name := topic.name + "/" + c.name; !refuses[name] {
				t.Errorf("%s passes for every mutant; add one that it must refuse", name)
			}
		}
	}
}

// record runs a check over a cache that may be wrong, and returns what it says.
func record(t *testing.T, h Harness, c check) (said []string) {
	h.Around(t, func(t *testing.T) {
		said = trial.Record(t.Context(), func(tb trial.TB) { c.exec(t, tb, h) })
	})
	return said
}
