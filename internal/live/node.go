package live

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	// Never is the instant of what has no end, in Unix nanoseconds.
	Never = math.MaxInt64

	// closer marks a node that is no plain hit: a look at its life must decide.
	closer = 0
)

// Node is one entry of a cache in memory. All of it is fixed when it is made,
// but for the mark that ends it. A replaced entry is a new node.
//
// It is as small as it can be, since there may be millions: what most entries
// do not have is kept behind a pointer.
type Node[V any] struct {
	// until is the end of the time in which the node is a hit without further
	// thought, or closer. Once the node has left its cache, it is the
	// complement of that, which is negative. So one comparison tells life,
	// limit and end.
	//
	// It is odd where there are tags, and even where the rest of an extra is all
	// there is, since a life in an extra is exact.
	until   atomic.Int64
	created int64
	extra   atomic.Pointer[extra]
	Value   V
}

type extra struct {
	life    atomic.Pointer[Life] // nil: fresh until Node.until, and no more
	absent  bool
	suspect atomic.Bool
	checked atomic.Pointer[check]
	tags    []string
	kept    int64 // see Node.Keep
	origin  any   // the same
	holds   atomic.Pointer[Hold]
}

// check is what Node.Check was given.
type check struct {
	at      int64
	version any
}

// Life is the instants of an entry, in Unix nanoseconds.
type Life struct {
	Created int64
	Fresh   int64 // Never: never stale
	Stale   int64 // math.MinInt64: never served stale
	Held    int64 // Never: no limit
}

// NewNode makes a node. The zero instants mean what they mean in an Entry.
func NewNode[V any](value V, created, fresh, stale, held time.Time, absent bool, tags []string) *Node[V] {
	l := Life{
		Created: Nanos(created, 0),
		Fresh:   Nanos(fresh, Never),
		Stale:   Nanos(stale, math.MinInt64),
		Held:    Nanos(held, Never),
	}
	n := &Node[V]{created: l.Created, Value: value}
	until := min(l.Fresh, l.Held)
	if absent || len(tags) > 0 || l.Stale != math.MinInt64 || l.Held != Never || until < 0 {
		x := &extra{absent: absent, tags: tags}
		x.life.Store(&l)
		n.extra.Store(x)
	}
	switch x := n.extra.Load(); {
	case absent || until <= 0:
		until = closer
	case x != nil && len(tags) > 0:
		until = (until - 1) | 1
	case x != nil:
		until &^= 1
	}
	n.until.Store(until)
	return n
}

// FreshBeyond reports whether the node is a plain hit, and will be one at the
// instant given.
func (n *Node[V]) FreshBeyond(instant int64) bool { return n.until.Load() > instant }

// UntaggedBeyond is FreshBeyond of a node without tags.
func (n *Node[V]) UntaggedBeyond(instant int64) bool {
	until := n.until.Load()
	return until > instant && (until&1 == 0 || len(n.Tags()) == 0)
}

// Ended reports whether the node has left its cache.
func (n *Node[V]) Ended() bool { return n.until.Load() < 0 }

// Life returns the instants of the node, also when it has ended.
func (n *Node[V]) Life() Life {
	until := n.until.Load() // first: Suspect stores the life before it changes this
	if x := n.extra.Load(); x != nil {
		if l := x.life.Load(); l != nil {
			return *l
		}
	}
	if until < 0 {
		until = ^until
	}
	return Life{Created: n.created, Fresh: until, Stale: math.MinInt64, Held: Never}
}

// Absent reports whether the node is a negative entry.
func (n *Node[V]) Absent() bool {
	x := n.extra.Load()
	return x != nil && x.absent
}

// Tags returns the tags of the entry, which must not be changed.
func (n *Node[V]) Tags() []string {
	if x := n.extra.Load(); x != nil {
		return x.tags
	}
	return nil
}

// FreshAt reports whether the entry is fresh at now, and within its limit.
func (l Life) FreshAt(now int64) bool {
	return now < l.Fresh && now < l.Held || l.Fresh == Never && now < l.Held
}

// GoneAt reports whether the entry is dead at now, or past its limit.
func (l Life) GoneAt(now int64) bool { return now >= l.Gone() && l.Gone() != Never }

// Gone returns when the entry is dead or past its limit, whichever comes first.
func (l Life) Gone() int64 { return min(max(l.Fresh, l.Stale), l.Held) }

// Nanos returns t in Unix nanoseconds, or zero for the zero time. Instants that
// do not fit (before 1678, after 2262) become the first or the last that do.
func Nanos(t time.Time, zero int64) int64 {
	switch {
	case t.IsZero():
		return zero
	case t.Unix() >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64 - 1
	case t.Unix() <= math.MinInt64/int64(time.Second):
		return math.MinInt64 + 2
	}
	return t.UnixNano()
}

// Time is the inverse of Nanos.
func Time(nanos, zero int64) time.Time {
	if nanos == zero {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}

// End marks the node as gone from its cache: nobody serves it any more, and
// those who hold it let go. The cache calls it before the change is visible.
func (n *Node[V]) End() {
	if until := n.until.Load(); until >= 0 {
		n.until.Store(^until) // the cache ends its nodes under a lock
	}
	n.letGo()
}

func (n *Node[V]) letGo() {
	if x := n.extra.Load(); x != nil {
		for h := x.holds.Swap(nil); h != nil; h = h.next {
			h.of.Release()
		}
	}
}

// Keep has the node kept in its cache until an instant, in Unix nanoseconds, that
// may be past the end of what it is good for: who has the origin of the copy need
// not move its value again. It must be called before the node is in a cache.
func (n *Node[V]) Keep(until int64, origin any) {
	x := n.mustExtra()
	x.kept, x.origin = until, origin
}

// Kept returns what Keep was given, and 0 and nil where it was not called.
func (n *Node[V]) Kept() (until int64, origin any) {
	if x := n.extra.Load(); x != nil {
		return x.kept, x.origin
	}
	return 0, nil
}

// Suspect marks a node that may be out of date: it is no plain hit any more, and
// those who hold it let go.
func (n *Node[V]) Suspect() {
	until := n.until.Load()
	if until < 0 {
		return // it has ended
	}
	x := n.mustExtra()
	if x.life.Load() == nil {
		l := n.Life()
		x.life.CompareAndSwap(nil, &l)
	}
	x.suspect.Store(true)
	n.until.CompareAndSwap(until, closer) // or it has just ended
	n.letGo()
}

// Check notes that at an instant, in Unix nanoseconds, the originals of a stale copy
// were asked for, and nothing fresher was found; and the Version of that.
func (n *Node[V]) Check(now int64, version any) { n.mustExtra().checked.Store(&check{now, version}) }

// Checked returns what Check was given last, 0 and nil if it was not called.
func (n *Node[V]) Checked() (at int64, version any) {
	if x := n.extra.Load(); x != nil {
		if c := x.checked.Load(); c != nil {
			return c.at, c.version
		}
	}
	return 0, nil
}

// Suspected reports whether Suspect was called.
func (n *Node[V]) Suspected() bool {
	x := n.extra.Load()
	return x != nil && x.suspect.Load()
}

// Holder keeps a pointer to a node in a hot path.
type Holder interface {
	// Release drops the pointer. It runs under a lock of the cache, and must
	// not call it.
	Release()
}

// Hold ties a Holder to a node, so that it lets go when the node ends: a hot
// path must not keep the memory of what its cache has dropped.
type Hold struct {
	of   Holder
	next *Hold
}

// maxHolds bounds the holders of one node, where a program wraps the same
// function again and again.
const maxHolds = 8

// Hold adds h to the node's holders, unless there are too many. A node that had
// ended before does not tell: the holder must ask for Ended afterwards.
func (n *Node[V]) Hold(h *Hold, of Holder) bool {
	h.of = of
	x := n.mustExtra()
	for {
		head := x.holds.Load()
		count := 0
		for p := head; p != nil; p = p.next {
			count++
		}
		if count >= maxHolds {
			return false
		}
		h.next = head
		if x.holds.CompareAndSwap(head, h) {
			return true
		}
	}
}

func (n *Node[V]) mustExtra() *extra {
	for {
		if x := n.extra.Load(); x != nil {
			return x
		}
		n.extra.CompareAndSwap(nil, &extra{})
	}
}

// Holders calls yield with each holder of the node until it returns false.
func (n *Node[V]) Holders(yield func(Holder) bool) {
	if x := n.extra.Load(); x != nil {
		for h := x.holds.Load(); h != nil; h = h.next {
			if !yield(h.of) {
				return
			}
		}
	}
}
