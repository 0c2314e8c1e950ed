// Package faultplan decides which requests go wrong, for the fakes of storetest.
package faultplan

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

type kind interface {
	~uint8
	fmt.Stringer
}

// Plan is what is to go wrong with requests of each operation. Of both types the
// zero value is special: whatever operation comes, and no fault.
type Plan[Op, Fault kind] struct {
	owner   string // of panics
	befalls func(Fault, Op) bool

	mu  sync.Mutex // guards what follows
	ops []opPlan[Fault]
	met []int
}

type opPlan[Fault kind] struct {
	chance *rand.Rand
	rates  []float64
	script []Fault
}

// New returns a plan by which nothing goes wrong. There are operations below ops
// and faults below faults; befalls says which fault can happen to which.
func New[Op, Fault kind](owner string, seed uint64, ops Op, faults Fault, befalls func(Fault, Op) bool) *Plan[Op, Fault] {
	p := &Plan[Op, Fault]{owner: owner, befalls: befalls, ops: make([]opPlan[Fault], ops), met: make([]int, faults)}
	for op := range p.ops {
		p.ops[op].chance = rand.New(rand.NewPCG(seed, uint64(op))) //nolint:gosec // chance that is the same in each run
		p.ops[op].rates = make([]float64, faults)
	}
	return p
}

// Rate has requests of an operation meet a fault with a probability; with the
// zero Op, those of all operations that it can happen to.
func (p *Plan[Op, Fault]) Rate(op Op, fault Fault, probability float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mustBefall(op, fault)
	if !(probability >= 0 && probability <= 1) {
		panic(fmt.Sprintf("%s: the probability of %v is %v; it must be between 0 and 1", p.owner, fault, probability))
	}
	for kind := Op(1); int(kind) < len(p.ops); kind++ {
		if op != kind && op != 0 || !p.befalls(fault, kind) {
			continue
		}
		rates := p.ops[kind].rates
		rates[fault] = probability
		total := 0.0
		for _, rate := range rates {
			total += rate
		}
		if total > 1+1e-9 {
			panic(fmt.Sprintf("%s: the probabilities of faults of %v are %v together; they must be 1 at most", p.owner, kind, total))
		}
	}
}

// Script has the next requests of an operation meet these faults. It comes before
// Rate; the script of the zero Op is for operations that have none of their own.
func (p *Plan[Op, Fault]) Script(op Op, next ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, fault := range next {
		p.mustBefall(op, fault)
	}
	p.ops[op].script = append(p.ops[op].script, next...)
}

// Heal ends all faults: rates are 0 and scripts are over.
func (p *Plan[Op, Fault]) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for op := range p.ops {
		clear(p.ops[op].rates)
		p.ops[op].script = nil
	}
}

// Met returns how many requests met a fault.
func (p *Plan[Op, Fault]) Met(fault Fault) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if int(fault) >= len(p.met) {
		return 0
	}
	return p.met[fault]
}

func (p *Plan[Op, Fault]) mustBefall(op Op, fault Fault) {
	if int(op) >= len(p.ops) || int(fault) >= len(p.met) || op != 0 && !p.befalls(fault, op) {
		panic(fmt.Sprintf("%s: %v cannot happen to %v", p.owner, fault, op))
	}
}

// Turn returns what happens to a request: its fault, and the chance that decides
// the rest.
func (p *Plan[Op, Fault]) Turn(op Op) (Fault, *rand.Rand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	plan := &p.ops[op]
	// Each request draws both, so that the next ones do not depend on it.
	at := plan.chance.Float64()
	rest := rand.New(rand.NewPCG(plan.chance.Uint64(), 0)) //nolint:gosec // chance that is the same in each run
	var fault Fault
	switch {
	case len(plan.script) > 0:
		fault, plan.script = plan.script[0], plan.script[1:]
	case len(p.ops[0].script) > 0:
		script := &p.ops[0].script
		fault, *script = (*script)[0], (*script)[1:]
		if !p.befalls(fault, op) {
			fault = 0
		}
	default:
		for i, rate := range plan.rates {
			if at < rate {
				fault = Fault(i) //nolint:gosec // fewer than 256
				break
			}
			at -= rate
		}
	}
	if fault != 0 {
		p.met[fault]++
	}
	return fault, rest
}
