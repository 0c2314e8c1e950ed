package fakegcs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
)

// opFaults is what is to go wrong with requests of an operation.
type opFaults struct {
	chance *rand.Rand
	rates  [faults]float64
	script []Fault
}

// Rate has requests of an operation meet a fault with a probability, from now
// on; with [AnyOp], those of all operations that it can happen to. 0: no longer.
// For one Options.Seed, the nth request of an operation always meets the same
// fault. Rate panics where the fault cannot happen to the operation, or where
// the probabilities of an operation are more than 1 together.
func (s *Server) Rate(op Op, fault Fault, probability float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mustBefall(op, fault)
	if !(probability >= 0 && probability <= 1) {
		panic(fmt.Sprintf("fakegcs: the probability of %v is %v; it must be between 0 and 1", fault, probability))
	}
	for kind := AnyOp + 1; kind < ops; kind++ {
		if op != kind && op != AnyOp || !fault.befalls(kind) {
			continue
		}
		rates := &s.faults[kind].rates
		rates[fault] = probability
		total := 0.0
		for _, rate := range rates {
			total += rate
		}
		if total > 1+1e-9 {
			panic(fmt.Sprintf("fakegcs: the probabilities of faults of %v are %v together; they must be 1 at most", kind, total))
		}
	}
}

// Script has the next requests of an operation meet these faults, one after the
// other, after those of former scripts; [None] lets one through, so that
// None, None, Fail is for the third. It comes before Rate. With [AnyOp], the
// script is for requests of operations that have no script of their own, and
// what cannot happen to one of them lets it through. Each try of a client that
// retries is a request. Script panics where a fault cannot happen to the
// operation.
func (s *Server) Script(op Op, next ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range next {
		mustBefall(op, fault)
	}
	s.faults[op].script = append(s.faults[op].script, next...)
}

// Heal ends all faults: rates are 0 and scripts are over.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for op := range s.faults {
		s.faults[op].rates = [faults]float64{}
		s.faults[op].script = nil
	}
}

// Met returns how many requests met a fault.
func (s *Server) Met(fault Fault) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault >= faults {
		return 0
	}
	return s.met[fault]
}

func mustBefall(op Op, fault Fault) {
	if op >= ops || fault >= faults || op != AnyOp && !fault.befalls(op) {
		panic(fmt.Sprintf("fakegcs: %v cannot happen to %v", fault, op))
	}
}

func (s *Server) seedFaults() {
	for op := range s.faults {
		s.faults[op].chance = rand.New(rand.NewPCG(s.o.Seed, uint64(op))) //nolint:gosec // chance that is the same in each run
	}
}

// turn returns what happens to a request: its fault, and the chance that decides
// the rest. The caller holds mu.
func (s *Server) turn(op Op) (Fault, *rand.Rand) {
	kind := &s.faults[op]
	// Each request draws both, so that the next ones do not depend on it.
	at := kind.chance.Float64()
	rest := rand.New(rand.NewPCG(kind.chance.Uint64(), 0)) //nolint:gosec // chance that is the same in each run
	fault := None
	switch {
	case len(kind.script) > 0:
		fault, kind.script = kind.script[0], kind.script[1:]
	case len(s.faults[AnyOp].script) > 0:
		script := &s.faults[AnyOp].script
		fault, *script = (*script)[0], (*script)[1:]
		if !fault.befalls(op) {
			fault = None
		}
	default:
		for i, rate := range kind.rates {
			if at < rate {
				fault = Fault(i) //nolint:gosec // fewer than 256
				break
			}
			at -= rate
		}
	}
	if fault != None {
		s.met[fault]++
	}
	return fault, rest
}

// before does what a fault does before the request takes effect. It returns an
// error if that is all.
func (s *Server) before(ctx context.Context, fault Fault) error {
	switch fault {
	case Fail:
		return errInternal
	case Unavailable:
		return errBackend
	case TooManyRequests:
		return errTooManyRequests
	case Unauthorized:
		return errAuth
	case AccessDenied:
		return errForbidden
	case Reset:
		return errReset()
	case Hang:
		<-ctx.Done()
		return context.Cause(ctx)
	case Late:
		return wait(ctx, s.o.FaultLatency)
	default:
		return nil
	}
}

// errReset is what the transport of net/http returns when the server resets the
// connection.
func errReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}
