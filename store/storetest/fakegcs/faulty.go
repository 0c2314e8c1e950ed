package fakegcs

import (
	"context"

	"github.com/advcache/advcache/store/storetest/internal/fakehttp"
)

// Rate has requests of an operation meet a fault with a probability, from now
// on; with [AnyOp], those of all operations that it can happen to. 0: no longer.
// For one Options.Seed, the nth request of an operation always meets the same
// fault. Rate panics where the fault cannot happen to the operation, or where
// the probabilities of an operation are more than 1 together.
func (s *Server) Rate(op Op, fault Fault, probability float64) {
	s.faults.Rate(op, fault, probability)
}

// Script has the next requests of an operation meet these faults, one after the
// other, after those of former scripts; [None] lets one through, so that
// None, None, Fail is for the third. It comes before Rate. With [AnyOp], the
// script is for requests of operations that have no script of their own, and
// what cannot happen to one of them lets it through. Each try of a client that
// retries is a request. Script panics where a fault cannot happen to the
// operation.
func (s *Server) Script(op Op, next ...Fault) { s.faults.Script(op, next...) }

// Heal ends all faults: rates are 0 and scripts are over.
func (s *Server) Heal() { s.faults.Heal() }

// Met returns how many requests met a fault.
func (s *Server) Met(fault Fault) int { return s.faults.Met(fault) }

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
		return fakehttp.ConnReset()
	case Hang:
		<-ctx.Done()
		return context.Cause(ctx)
	case Late:
		return fakehttp.Wait(ctx, s.o.FaultLatency)
	default:
		return nil
	}
}

// harms are the faults of the bodies of answers.
var harms = map[Fault]fakehttp.Harm{Truncate: fakehttp.Cut, HangBody: fakehttp.Stuck, FlipBody: fakehttp.Flipped}
