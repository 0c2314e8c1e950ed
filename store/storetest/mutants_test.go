package storetest

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/advcache/advcache/internal/trial"
	"github.com/advcache/advcache/store"
)

// mutant is a Memory with one bug.
type mutant struct {
	name string
	// breaks is how one of the messages must begin by which the suite refuses
	// the mutant: the law that it breaks, and its words.
	breaks string
	bug    func(m *Memory, w *wrapper)
	// without is what its harness says that the mutant lacks.
	without []string
	// still is for a harness that lets no time pass.
	still bool
	// requests says that its harness counts requests.
	requests bool
	// races is for bugs that show where calls are made at the same time; the
	// others need not be safe then.
	races bool
	// keep is MemoryOptions.Keep.
	keep bool
	// corrupt is what damage does to an object. Nil: to its body.
	corrupt func(obj *store.Object, damage func(data []byte) []byte)
}

func (m mutant) harness() Harness {
	h := inBubble(&MemoryOptions{Keep: m.keep}, func(right *Memory) store.Store {
		wrong := wrap(right)
		m.bug(right, wrong)
		return wrong
	})
	h.Without = m.without
	if m.still {
		h.Advance = func(time.Duration) {}
	}
	if m.requests {
		h.Requests = func(_ *testing.T, s store.Store) int { return s.(*wrapper).requests() }
	}
	corrupt := m.corrupt
	if corrupt == nil {
		corrupt = damageAll
	}
	h.Corrupt = func(_ *testing.T, s store.Store, key string, damage func(data []byte) []byte) {
		s.(*wrapper).m.Edit(key, func(obj *store.Object) { corrupt(obj, damage) }) // if it is there
	}
	return h
}

// names reports whether the mutant says that c refuses it.
func (m mutant) names(c check) bool {
	words := c.law + ": " + c.says
	return strings.HasPrefix(words, m.breaks) || strings.HasPrefix(m.breaks, words)
}

// refusals returns what c says about the mutant.
func (m mutant) refusals(t *testing.T, topic string, c check) []string {
	h := m.harness().complete()
	if !c.concerns(h) || topic == "Race" && !m.races {
		return nil
	}
	said := record(t, h, c)
	for _, message := range said {
		if !strings.HasPrefix(message, c.law+": "+c.says+": ") && !strings.HasPrefix(message, lawHarness) {
			t.Errorf("%s/%s does not quote its law: %s", topic, c.name, message)
		}
	}
	return said
}

// TestMutants shows that the suite refuses each mutant for the right reason,
// and that each of its checks is able to refuse something. Of the checks only
// those are run that the mutant names: all for each take a hundred times as long.
func TestMutants(t *testing.T) {
	all := slices.Concat(basicMutants, metaMutants, lifeMutants, condMutants, touchMutants, manyMutants, clearMutants, keyMutants,
		foreignMutants, ownershipMutants, contextMutants, raceMutants)
	var mu sync.Mutex
	refuses := make(map[string]bool) // checks that refused some mutant
	t.Run("Refused", func(t *testing.T) {
		for _, m := range all {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				var all []string
				for _, topic := range topics {
					for _, c := range topic.checks {
						if !m.names(c) && !strings.HasPrefix(m.breaks, lawHarness) {
							continue
						}
						said := m.refusals(t, topic.name, c)
						if len(said) > 0 {
							mu.Lock()
							refuses[topic.name+"/"+c.name] = true
							mu.Unlock()
						}
						all = append(all, said...)
					}
				}
				if !slices.ContainsFunc(all, func(message string) bool { return strings.HasPrefix(message, m.breaks) }) {
					t.Errorf("no message begins with %q; the suite said:\n%s", m.breaks, strings.Join(all, "\n"))
				}
			})
		}
	})
	for _, topic := range topics {
		for _, c := range topic.checks {
			name := topic.name + "/" + c.name
			if !refuses[name] && !slices.ContainsFunc(all, func(m mutant) bool { return len(m.refusals(t, topic.name, c)) > 0 }) {
				t.Errorf("%s passes for every mutant; add one that it must refuse", name)
			}
		}
	}
}

// record runs a check over a store that may be wrong, and returns what it says.
func record(t *testing.T, h Harness, c check) (said []string) {
	h.Around(t, func(t *testing.T) {
		said = trial.Record(t.Context(), func(tb trial.TB) { c.exec(t, tb, h) })
	})
	return said
}
