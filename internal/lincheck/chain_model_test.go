package lincheck

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// The operations of a chain on one key. Every value is unique.
type chainOp int

const (
	chainGet         chainOp = iota // what is fresh: Get, GetMany
	chainGetEntry                   // fresh or stale: GetEntry, GetEntries, Revalidate
	chainExists                     // whether something is fresh
	chainHead                       // whether there is an entry, fresh or stale
	chainSet                        // in.value: Set, SetEntry, SetMany
	chainDelete                     //
	chainSetIfAbsent                // in.value, if nothing is fresh
	chainSetIf                      // in.value, if the key still holds in.seen
)

var chainOpNames = []string{"get", "get entry", "exists", "head entry", "set", "delete", "set if absent", "set entry if"}

type chainInput struct {
	op    chainOp
	key   int
	value int
	seen  int           // of chainSetIf: what the caller has seen; 0: nothing; negative: a negative entry
	at    time.Duration // of the call
	step  changeStep
}

type chainOutput struct {
	value    int // 0: none
	ok       bool
	negative bool // there was a negative entry, whose value is not kept
	failed   bool // with an error
	at       time.Duration
}

// seen returns the out of a read as the seen of a chainInput.
func (out chainOutput) seen() int {
	if out.negative {
		return -1
	}
	return out.value
}

// life is when an entry changes: each time it is known as two instants between
// which it does, for stores keep milliseconds.
type life struct {
	fresh, dead [2]time.Duration
	negative    bool
}

func (l life) String() string {
	if l.fresh[1] == forever {
		return "for ever"
	}
	return fmt.Sprintf("fresh until %v, dead at %v, negative %v", l.fresh[1], l.dead[1], l.negative)
}

const forever = time.Duration(math.MaxInt64)

// changeStep is which half of a change an operation is, where a change is told as
// two: see chainModel.
type changeStep int

const (
	whole changeStep = iota
	first
	second
)

// chainState is what is known of one key at one time.
type chainState struct {
	held  int  // 0: nothing
	loose bool // a level may have missed the change: it may be gone, or come to be

	changing int // the value of the operation whose first half has been, 0: none
	next     int
	slack    bool
}

// chainModel is the specification: a key is a register, with lives. What has been
// set is read until its life is over, by the instants that are kept to 1 ms here.
//
// A failed Set or Delete has taken effect where it could, and what has missed it
// is not read (law 7): what it replaces is gone for good, but what it has set may
// go as well, and may be there again until then (the level that has it alone may
// fail to answer). A failed SetIfAbsent or SetEntryIf has taken effect or has not.
// A failed read tells nothing.
//
// With leave set, a failed Set or Delete may not have been made at all: its caller
// may have left while it waited for another change of the key.
//
// A change may be told as two operations, first and second. Between them, a read may
// give what was before or what comes, in any order: the register is regular, and not
// atomic, while it is being changed. That is for two cases, since a change goes from
// the last level upward. In a chain of three levels whose reads may fail, who cannot
// read a level between sees the change earlier than who can. And what is dead before
// its own Set is through may have been seen in the last level, while what it
// replaces is still held stale above.
func chainModel(lives []life, leave bool) porcupine.Model {
	m := chainSpec{lives, leave}
	spec := porcupine.NondeterministicModel{
		Init: func() []any { return []any{chainState{}} },
		Step: func(s, in, out any) []any {
			var next []any
			for _, after := range m.step(s.(chainState), in.(chainInput), out.(chainOutput)) {
				next = append(next, after)
			}
			return next
		},
		DescribeOperation: func(in, out any) string {
			i, o := in.(chainInput), out.(chainOutput)
			return fmt.Sprintf("%s(%d %v, seen %d) -> %d, %v, negative %v, failed %v, at %v to %v",
				chainOpNames[i.op], i.value, lives[i.value], i.seen, o.value, o.ok, o.negative, o.failed, i.at, o.at)
		},
	}
	return spec.ToModel()
}

type chainSpec struct {
	lives []life
	leave bool
}

func (m chainSpec) step(s chainState, in chainInput, out chainOutput) []chainState {
	switch {
	case in.op < chainSet:
		if out.failed || m.reads(s.held, s.loose, in, out) || s.changing != 0 && m.reads(s.next, s.slack, in, out) {
			return []chainState{s}
		}
		return nil
	case in.step == second:
		if s.changing != in.value {
			return nil
		}
		return []chainState{{held: s.next, loose: s.slack}}
	case s.changing != 0:
		return nil // changes exclude each other
	case in.step == whole:
		return m.changes(s, in, out)
	}
	var next []chainState
	for _, after := range m.changes(s, in, out) {
		next = append(next, chainState{held: s.held, loose: s.loose, changing: in.value, next: after.held, slack: after.loose})
	}
	return next
}

// reads reports whether a read may give what it gave while v is held.
func (m chainSpec) reads(v int, loose bool, in chainInput, out chainOutput) bool {
	l := &m.lives[v]
	switch in.op {
	case chainGet:
		if out.value != 0 {
			return out.value == v && in.at <= l.fresh[1]
		}
		return v == 0 || loose || l.negative || out.at >= l.fresh[0]
	case chainExists:
		if out.ok {
			return v != 0 && !l.negative && in.at <= l.fresh[1]
		}
		return v == 0 || loose || l.negative || out.at >= l.fresh[0]
	case chainHead:
		if out.ok {
			return v != 0 && in.at <= l.dead[1]
		}
		return v == 0 || loose || out.at >= l.dead[0]
	case chainGetEntry:
		switch {
		case out.negative:
			return l.negative && in.at <= l.dead[1]
		case out.value != 0:
			return out.value == v && in.at <= l.dead[1]
		}
		return v == 0 || loose || out.at >= l.dead[0]
	case chainSet, chainDelete, chainSetIfAbsent, chainSetIf:
	}
	panic("not a read")
}

func (m chainSpec) changes(s chainState, in chainInput, out chainOutput) []chainState {
	l := &m.lives[s.held]
	absent := s.held == 0 || s.loose || l.negative || out.at >= l.fresh[0]
	switch in.op {
	case chainSet, chainDelete:
		made := chainState{loose: out.failed}
		if in.op == chainSet {
			made.held = in.value
		}
		if out.failed && m.leave {
			s.loose = true
			return []chainState{made, s}
		}
		return []chainState{made}
	case chainSetIfAbsent:
		stored := chainState{held: in.value, loose: s.loose || out.failed}
		switch {
		case out.failed && !out.ok:
			if absent {
				return []chainState{s, stored}
			}
			return []chainState{s}
		case out.ok && absent:
			stored.loose = out.failed
			return []chainState{stored}
		case !out.ok && (s.loose || s.held != 0 && !l.negative && in.at <= l.fresh[1]):
			return []chainState{s}
		}
		return nil
	case chainSetIf:
		same := s.held == in.seen || in.seen < 0 && l.negative || s.loose && in.seen == 0 ||
			in.seen == 0 && out.at >= l.dead[0]
		stored := chainState{held: in.value, loose: out.failed}
		switch {
		case out.failed && !out.ok:
			s.loose = true
			if same {
				return []chainState{s, stored}
			}
			return []chainState{s}
		case !out.ok:
			return []chainState{s} // it may be careful: other keys count as well
		case same:
			return []chainState{stored}
		}
		return nil
	case chainGet, chainGetEntry, chainExists, chainHead:
	}
	panic("not a change")
}
