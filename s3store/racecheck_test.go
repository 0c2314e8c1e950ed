package s3store_test

import (
	"fmt"
	"time"

	"github.com/advcache/advcache/store/storetest/fakes3"
)

// The argument: requests take effect one after the other, so the effect of an act
// is the point at which it happens, and the whole schedule is right if each act,
// by itself, is right at its point:
//
//   - what was written under a condition was written over a state for which the
//     condition holds. So of two wins, the second was over a state that the first
//     had left by an end of its life, or that another act had made;
//   - who is told true has written, and has not taken it back;
//   - who is told false has not written, and the key held, at some instant of the
//     act, what refuses it: somebody wins;
//   - what a reader sees was held at some instant of the act, and so was what a
//     Set or a Delete that reports success is about.
//
// Two things are left out, since S3 cannot tell them apart, or nobody can:
//
//   - an ETag is that of a body. A renewal keeps it, and so does a write of an
//     equal uncompressed body, but for one by SetIfAbsent: whoever has seen what was
//     there before may write over it;
//   - an act whose answer was lost, and of which nothing is left when it asks what
//     became of it: a write that others replaced, and a removal. It is told false.

// wrong says what is wrong with an act; nothing if it is right.
func (w *world) wrong(a *act, raw bool) string {
	wrote := 0
	for i := range w.states {
		s := &w.states[i]
		if s.by != a {
			continue
		}
		switch {
		case s.request == fakes3.OpCopyObject && w.states[i-1].value != a.value:
			return "it renewed another content"
		case s.value != "" && s.request == fakes3.OpPutObject:
			wrote = i
			if !w.excusable(a, i, raw) {
				return fmt.Sprintf("it wrote over what refuses it, at state %d", i)
			}
		case a.verb == "SetIfAbsent" && wrote > 0:
			return "it took back what it had written"
		}
	}
	if a.err != nil {
		return ""
	}
	if a.verb == "SetIfAbsent" || a.verb == "SetEntryIf" {
		return w.wrongAnswer(a, wrote)
	}
	return w.wrongOutcome(a)
}

// wrongAnswer is wrong for what is told of a condition.
func (w *world) wrongAnswer(a *act, wrote int) string {
	others := func(s *state) bool {
		return s.by != nil && (s.by != a || s.request == fakes3.OpDeleteObject) && !s.at.Before(a.began)
	}
	switch {
	case a.ok && wrote == 0 && !w.held(a, func(s *state, _, _ time.Time) bool {
		return s.by == a && s.request == fakes3.OpCopyObject || s.value == a.value
	}):
		return "it was told true, and did not write"
	case a.ok, wrote == 0 && a.verb == "SetIfAbsent" && w.held(a, func(s *state, from, _ time.Time) bool { return !s.vacant(from) }):
		return ""
	case wrote == 0 && a.verb == "SetIfAbsent":
		return "it was told false, and nothing stood in its way"
	case !w.held(a, func(s *state, _, _ time.Time) bool { return others(s) }):
		return "it was told false, and nobody else did anything"
	case wrote > 0 && (wrote == len(w.states)-1 || w.states[wrote+1].at.After(a.ended)):
		return "it was told false, and what it wrote is held"
	default:
		return ""
	}
}

// wrongOutcome is wrong for what is not under a condition.
func (w *world) wrongOutcome(a *act) string {
	var right bool
	switch {
	case a.verb == "Delete":
		right = w.held(a, func(s *state, _, _ time.Time) bool { return !s.there })
	case a.verb == "Get" && !a.ok:
		right = w.held(a, func(s *state, _, to time.Time) bool { return s.vacant(to) })
	case a.verb == "Get":
		right = w.held(a, func(s *state, from, _ time.Time) bool { return s.value == a.value && !s.vacant(from) })
	default:
		right = w.held(a, func(s *state, _, _ time.Time) bool { return s.value == a.value })
	}
	if !right {
		return "what it was told was so at no instant"
	}
	return ""
}

// held reports whether there is such a state among those of the time of an act,
// given with the part of that time in which the key held it.
func (w *world) held(a *act, such func(s *state, from, to time.Time) bool) bool {
	for i := range w.states {
		s, from, to := &w.states[i], a.began, a.ended
		if s.at.After(from) {
			from = s.at
		}
		if i < len(w.states)-1 && w.states[i+1].at.Before(to) {
			to = w.states[i+1].at
		}
		if !from.After(to) && such(s, from, to) {
			return true
		}
	}
	return false
}

// excusable reports whether the ith state, which an act wrote, is over one that it
// may write over, or over one that has the ETag of such a one.
func (w *world) excusable(a *act, i int, raw bool) bool {
	over := &w.states[i-1]
	if w.may(a, i-1, w.states[i].at) {
		return true
	}
	plain := raw && over.by != nil && over.by.verb != "SetIfAbsent"
	if !plain && over.request != fakes3.OpCopyObject {
		return false
	}
	for j := range i - 1 {
		ends := w.states[j+1].at
		if w.states[j].etag == over.etag && !ends.Before(a.began) && w.may(a, j, ends) {
			return true
		}
	}
	return false
}

// may reports whether the condition of an act holds of the ith state.
func (w *world) may(a *act, i int, now time.Time) bool {
	s := &w.states[i]
	switch a.verb {
	case "SetIfAbsent":
		return s.vacant(now)
	case "SetEntryIf":
		if a.hit {
			return !s.at.After(a.read) || s.by == a // again, after a lost answer
		}
		return !s.there || s.meta.Foreign || s.meta.Damaged || s.meta.GoneAt(now)
	default:
		return true
	}
}
