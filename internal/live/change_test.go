package live

import "testing"

func TestChanges(t *testing.T) {
	const law = "law 3: what is old does not come back once a change is in effect"
	ps := NewPendings()
	before := ps.Begin("k")
	if !ps.Store("k", before) {
		t.Errorf("%s: without a change, a load may not store", law)
	}
	looks, other := ps.Begin("k"), ps.Begin("other")
	if ps.Changing("k") {
		t.Errorf("%s: a change before there is one", law)
	}
	ps.Change("k")
	amid := ps.Begin("k")
	switch {
	case !before.Barred() || ps.Store("k", before) || ps.Store("k", looks):
		t.Errorf("%s: loads that began before it may store", law)
	case !amid.Amid() || amid.Barred() || ps.Store("k", amid):
		t.Errorf("%s: loads that began amid it may store, or are barred", law)
	case before.Amid() || other.Amid() || other.Barred() || !ps.Store("other", other):
		t.Errorf("%s: other loads may not store", law)
	case !ps.Changing("k") || ps.Changing("other"):
		t.Errorf("%s: Changing is wrong", law)
	}
	if !ps.Overtake("k") || ps.Overtake("none") {
		t.Errorf("%s: Overtake does not tell whether there are loads", law)
	}
	if !ps.Again("k", looks) || ps.Again("k", looks) || !looks.Amid() {
		t.Errorf("%s: a load that looked before another one stored is not overtaken, once", law)
	}
	if ps.Again("k", before) {
		t.Errorf("%s: a load is overtaken by what it stored itself", law)
	}
	ps.Change("k")
	ps.Changed("k")
	if !amid.Barred() || !ps.Changing("k") {
		t.Errorf("%s: the first of two changes has ended, and does not bar, or ends both", law)
	}
	// What one change has stored is what the next one overtakes.
	ps.Overtake("k")
	if !ps.Again("k", amid) {
		t.Errorf("%s: a load that looked before a change stored is not overtaken by the next", law)
	}
	// So is what a load had stored that has ended.
	stores := ps.Begin("other")
	looks2 := ps.Begin("other")
	ps.Store("other", stores)
	ps.End("other", stores)
	ps.Change("other")
	ps.Overtake("other")
	if !ps.Again("other", looks2) {
		t.Errorf("%s: a load that looked before another one stored, and ended, is not overtaken", law)
	}
	ps.Changed("k")
	ps.Changed("other")
	for _, p := range []*Pending{before, looks, amid} {
		ps.End("k", p)
	}
	for _, p := range []*Pending{other, looks2} {
		ps.End("other", p)
	}
	for i := range ps.shards {
		if s := &ps.shards[i]; len(s.byKey) != 0 || s.count.Load() != 0 || len(s.changing) != 0 || s.changes.Load() != 0 {
			t.Errorf("law 13: %d keys and %d changes are left", len(s.byKey), len(s.changing))
		}
	}
}
