package advcache

import (
	"slices"
	"time"
)

// chainSeen is what a reader of a chain was shown, the token of its Version.
type chainSeen struct {
	found   bool
	own     bool  // what was found is what the last level showed
	created int64 // in Unix milliseconds, which all levels keep
	first   levelSeen
}

// levelSeen is what one level showed. It is comparable.
type levelSeen struct {
	version Version // zero: it was not asked, or not believed
	next    any     // the levelSeen of the next level; nil: no further level was asked
}

// versionOf returns the Version of an answer, given what the levels from the first
// to the one asked last have shown, and how the changes of the key had been
// counted before they were asked.
func versionOf[V any](e *Entry[V], found, own bool, shown []Version, count uint64) Version {
	s := chainSeen{found: found, own: found && own}
	if found {
		s.created = millis(e.CreatedAt)
	}
	for i, v := range slices.Backward(shown) {
		next := any(nil)
		if i < len(shown)-1 {
			next = s.first
		}
		s.first = levelSeen{v, next}
	}
	return NewVersion(s, count+1)
}

// seenByChain is the inverse of versionOf.
func seenByChain(v Version) (s chainSeen, count uint64, ok bool) {
	token, seq := v.Parts()
	s, ok = token.(chainSeen)
	return s, seq - 1, ok
}

// of returns what the level of that index showed, zero where it was not asked.
func (s *chainSeen) of(level int) Version {
	at := s.first
	for ; level > 0; level-- {
		next, ok := at.next.(levelSeen)
		if !ok {
			return Version{}
		}
		at = next
	}
	return at.version
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
