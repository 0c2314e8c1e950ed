package lincheck

import (
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
)

var schedules = flag.Int("schedules", 0, "how many schedules of each chain are tried; 0: the default")

func runChain(t *testing.T, conf chainConfig, seed uint64) {
	w := &chainWorld{
		c:    conf.build(&levels{t: t, seed: seed, fails: conf.fails, falls: conf.falls, yields: conf.yields}),
		conf: conf, start: time.Now(),
	}
	w.value() // 0 is none
	var wg sync.WaitGroup
	for id := range chainClients {
		r := rand.New(rand.NewPCG(seed, uint64(id)<<32))
		wg.Go(func() { w.client(id, r) })
	}
	wg.Wait()
	if err := w.c.Close(context.Background()); w.failed(context.Background(), err) {
		t.Log(err)
	}
	byKey := map[int][]porcupine.Operation{}
	for _, o := range w.ops {
		key := o.Input.(chainInput).key
		byKey[key] = append(byKey[key], o)
	}
	m := chainModel(w.lives, conf.leave)
	for key, ops := range byKey {
		switch porcupine.CheckOperationsTimeout(m, ops, 20*time.Second) {
		case porcupine.Illegal:
			for _, o := range shortest(m, ops) {
				t.Logf("%3d-%3d client %2d: %s", o.Call, o.Return, o.ClientId, m.DescribeOperation(o.Input, o.Output))
			}
			t.Fatalf("law 3 (an invalidation wins) and law 7 (a level that missed a change is not read), with law 1 (life): seed %d: the history of key %d is none of a register", seed, key)
		case porcupine.Ok:
		case porcupine.Unknown:
			t.Errorf("seed %d: porcupine did not decide in 20 s", seed)
		}
	}
}

// shortest leaves out what can be left out of a wrong history: what came later, reads,
// and values that nobody has seen.
func shortest(m porcupine.Model, ops []porcupine.Operation) []porcupine.Operation {
	wrong := func(ops []porcupine.Operation) bool {
		return porcupine.CheckOperationsTimeout(m, ops, time.Second) == porcupine.Illegal
	}
	slices.SortFunc(ops, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	needed := func(i int) bool {
		in := ops[i].Input.(chainInput)
		for j, o := range ops {
			if in.op >= chainSet && (o.Output.(chainOutput).value == in.value || o.Input.(chainInput).seen == in.value) {
				return true
			}
			if (in.op == chainDelete || ops[i].Output.(chainOutput).ok) && j != i && o.Return > ops[i].Call {
				return true
			}
		}
		return false
	}
	for i := range slices.Backward(ops) {
		if needed(i) {
			continue
		}
		if less := slices.Delete(slices.Clone(ops), i, i+1); wrong(less) {
			ops = less
		}
	}
	return ops
}

// sleep lets the time of a bubble pass.
func sleep(d time.Duration) { time.Sleep(d) }

// count returns how many schedules are tried of each chain.
func count(short, usual int) int {
	switch {
	case *schedules > 0:
		return *schedules
	case testing.Short():
		return short
	}
	return usual
}

// TestChainSchedules replays thousands of schedules of chains, whose levels take
// effect at seeded times.
func TestChainSchedules(t *testing.T) {
	for name, conf := range chainConfigs {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(count(20, 150)) {
				synctest.Test(t, func(t *testing.T) { runChain(t, conf, seed) })
			}
		})
	}
}

// TestChainProcessors lets the processors decide who comes when: here the steps
// within a level interleave as well.
func TestChainProcessors(t *testing.T) {
	for name, conf := range chainConfigs {
		if conf.lives || conf.falls || conf.leave {
			continue // what takes time
		}
		conf.yields = true
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(count(10, 60)) {
				runChain(t, conf, seed)
			}
		})
	}
}

// TestTheChainModelFindsFaults makes sure that a history with a fault is refused.
func TestTheChainModelFindsFaults(t *testing.T) {
	const key, old, fresh = 0, 1, 2
	in := func(op chainOp, value int) chainInput { return chainInput{op: op, key: key, value: value} }
	found := func(v int) chainOutput { return chainOutput{value: v} }
	type event struct {
		call, back int64
		in         chainInput
		out        chainOutput
	}
	lives := []life{{}, {}, {}, {}}
	for i := range lives {
		lives[i].fresh, lives[i].dead = [2]time.Duration{forever, forever}, [2]time.Duration{forever, forever}
	}
	lives[3].fresh, lives[3].dead = [2]time.Duration{10, 10}, [2]time.Duration{20, 20}
	sets := event{1, 2, in(chainSet, old), chainOutput{}}
	for name, c := range map[string]struct {
		events []event
		right  bool
	}{
		"what is set is read": {[]event{sets, {3, 4, in(chainGet, 0), found(old)}}, true},
		"the old after the new, amid a Set": {[]event{
			sets, {3, 10, in(chainSet, fresh), chainOutput{}}, {4, 5, in(chainGet, 0), found(fresh)}, {6, 7, in(chainGet, 0), found(old)},
		}, false},
		"both amid a Set, in order": {[]event{
			sets, {3, 10, in(chainSet, fresh), chainOutput{}}, {4, 5, in(chainGet, 0), found(old)}, {6, 7, in(chainGet, 0), found(fresh)},
		}, true},
		"what was deleted": {[]event{sets, {3, 4, in(chainDelete, fresh), chainOutput{}}, {5, 6, in(chainGet, 0), found(old)}}, false},
		"what a failed Delete deleted": {[]event{
			sets, {3, 4, in(chainDelete, fresh), chainOutput{failed: true}}, {5, 6, in(chainGet, 0), found(old)},
		}, false},
		"what a failed Set replaced": {[]event{
			sets, {3, 4, in(chainSet, fresh), chainOutput{failed: true}}, {5, 6, in(chainGet, 0), found(old)},
		}, false},
		"what a failed Set set, now and then": {[]event{
			sets,
			{3, 4, in(chainSet, fresh), chainOutput{failed: true}},
			{5, 6, in(chainGet, 0), found(fresh)},
			{7, 8, in(chainGet, 0), found(0)},
			{9, 10, in(chainGetEntry, 0), found(fresh)},
		}, true},
		"a value lost":        {[]event{sets, {3, 4, in(chainExists, 0), chainOutput{}}}, false},
		"set if absent twice": {[]event{sets, {3, 4, in(chainSetIfAbsent, fresh), chainOutput{ok: true}}}, false},
		"set if seen, over a change": {[]event{
			sets, {3, 4, in(chainDelete, fresh), chainOutput{}}, {5, 6, chainInput{op: chainSetIf, value: 3, seen: old}, chainOutput{ok: true}},
		}, false},
		"a stale value": {[]event{
			{1, 2, in(chainSet, 3), chainOutput{}}, {3, 4, chainInput{op: chainGet, at: 11}, chainOutput{value: 3, at: 12}},
		}, false},
		"a stale entry": {[]event{
			{1, 2, in(chainSet, 3), chainOutput{}}, {3, 4, chainInput{op: chainGetEntry, at: 11}, chainOutput{value: 3, at: 12}},
		}, true},
		"a dead entry": {[]event{
			{1, 2, in(chainSet, 3), chainOutput{}}, {3, 4, chainInput{op: chainGetEntry, at: 21}, chainOutput{value: 3, at: 22}},
		}, false},
		"an entry lost before its end": {[]event{
			{1, 2, in(chainSet, 3), chainOutput{}}, {3, 4, chainInput{op: chainGetEntry, at: 11}, chainOutput{at: 12}},
		}, false},
	} {
		var ops []porcupine.Operation
		for i, e := range c.events {
			ops = append(ops, porcupine.Operation{ClientId: i, Input: e.in, Output: e.out, Call: e.call, Return: e.back})
		}
		if got := porcupine.CheckOperations(chainModel(lives, false), ops); got != c.right {
			t.Errorf("the model says %v of %s", got, name)
		}
	}
}
