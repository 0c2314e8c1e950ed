package lincheck

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// The operations on one key. Every value is unique: that of a load tells which
// load it was.
type op int

const (
	opGet         op = iota // through the wrapped function: loads what is not cached
	opPeek                  // what is cached, or none
	opSet                   // caches in.value
	opDelete                // nothing is cached afterwards
	opSetIfAbsent           // caches in.value if nothing is cached
	opRefresh               // loads, whatever is cached
	opLoad                  // a loader begins, which will return in.value
)

var opNames = []string{"get", "peek", "set", "delete", "set if absent", "refresh", "load begins"}

type input struct {
	op    op
	key   int
	value int
}

type output struct {
	value int
	ok    bool // there was a value; or, it was stored
	left  bool // the caller did not wait for the result
}

// state is what is known of one key at one time.
type state struct {
	cached int // 0: nothing
	// live is the loads that have begun since the last change of the key by a
	// user: what they give may be served, and cached. loose is those that began
	// while a value was cached that was not to be replaced: they may be served
	// to those who waited for them already, but not cached.
	live, loose set
}

// set is a set of values below 192.
type set [3]uint64

func (s set) has(v int) bool { return s[v/64]&(1<<(v%64)) != 0 }

func (s set) with(v int) set {
	s[v/64] |= 1 << (v % 64)
	return s
}

func (s set) all() (values []int) {
	for v := range 64 * len(s) {
		if s.has(v) {
			values = append(values, v)
		}
	}
	return values
}

// model is the specification: the register that a cached key is, and law 3. A
// load that began before a change by a user is seen by nobody who comes after.
// With lossy set, what is cached may go or be loaded anew at any time, for caches
// in which entries expire.
func model(lossy bool) porcupine.Model {
	spec := porcupine.NondeterministicModel{
		Init: func() []any { return []any{state{}} },
		Step: func(s, in, out any) []any {
			var next []any
			for _, after := range step(s.(state), in.(input), out.(output), lossy) {
				next = append(next, after)
				if lossy && after.cached != 0 {
					after.cached = 0
					next = append(next, after)
				}
			}
			return next
		},
		DescribeOperation: func(in, out any) string {
			i, o := in.(input), out.(output)
			return fmt.Sprintf("%s(%d) -> %d, %v, left %v", opNames[i.op], i.value, o.value, o.ok, o.left)
		},
	}
	return spec.ToModel()
}

func step(s state, in input, out output, lossy bool) []state {
	switch in.op {
	case opLoad:
		if s.cached == 0 || lossy {
			s.live = s.live.with(in.value)
		} else {
			s.loose = s.loose.with(in.value)
		}
		return []state{s}
	case opGet, opRefresh:
		switch {
		case out.left, out.value == s.cached, s.loose.has(out.value):
			return []state{s}
		case s.live.has(out.value):
			stored := s
			stored.cached = out.value
			return []state{s, stored}
		}
		return nil
	case opPeek:
		switch {
		case out.ok && s.live.has(out.value):
			s.cached = out.value // it has been stored before its callers had it
			return []state{s}
		case out.value == s.cached, lossy && !out.ok: // it may be held stale
			return []state{s}
		}
		return nil
	case opSet:
		return []state{{cached: in.value}}
	case opDelete:
		return []state{{}}
	case opSetIfAbsent:
		if out.ok && s.cached == 0 {
			return []state{{cached: in.value}}
		}
		if out.ok {
			return nil
		}
		var next []state
		if s.cached != 0 {
			next = append(next, s)
		}
		for _, v := range s.live.all() {
			s.cached = v
			next = append(next, s)
		}
		return next
	}
	panic("unknown operation")
}
