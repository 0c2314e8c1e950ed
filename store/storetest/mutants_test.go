package storetest

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
		corrupt = damageBody
	}
	h.Corrupt = func(_ *testing.T, s store.Store, key string, damage func(data []byte) []byte) {
		s.(*wrapper).m.Edit(key, func(obj *store.Object) { corrupt(obj, damage) }) // if it is there
	}
	return h
}

// TestMutants shows that the suite refuses each mutant for the right reason,
// and that each of its checks is able to refuse something.
func TestMutants(t *testing.T) {
	var mu sync.Mutex
	refuses := make(map[string]bool) // checks that refused some mutant
	t.Run("Refused", func(t *testing.T) {
		for _, m := range slices.Concat(basicMutants, metaMutants, lifeMutants, condMutants, touchMutants, manyMutants, clearMutants, keyMutants,
			foreignMutants, ownershipMutants, contextMutants, raceMutants) {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				h := m.harness().complete()
				var all []string
				for _, topic := range topics {
					for _, c := range topic.checks {
						if !c.concerns(h) || topic.name == "Race" && !m.races {
							continue
						}
						said := record(t, h, c)
						if len(said) > 0 {
							mu.Lock()
							refuses[topic.name+"/"+c.name] = true
							mu.Unlock()
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
	})
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
