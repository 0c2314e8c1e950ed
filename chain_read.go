package advcache

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// GetEntry implements [Cache].
func (c *Chain[V]) GetEntry(ctx context.Context, key string) (Entry[V], bool, error) {
	began := time.Now()
	f := c.look(ctx, key)
	c.tell(key, &f, began)
	return f.Entry, f.OK, f.Err
}

// StaleFor is how long a stale copy in memory is served before the other levels are
// asked again whether they have a fresh one.
const StaleFor = time.Second

// look is find, but for what level 1 has in memory.
func (c *Chain[V]) look(ctx context.Context, key string) found[V] {
	n, fresh := c.inFront(key)
	if l, ok := c.checked(ctx, key, n); !fresh && ok {
		return found[V]{Lookup: l}
	}
	if fresh {
		count := c.stripe(key).Load()
		l := c.tiers[0].look(ctx, key, nil)
		if l.OK && l.Entry.IsFresh(time.Now()) {
			l.Entry.Version = versionOf(&l.Entry, true, len(c.tiers) == 1, []Version{l.Entry.Version}, count)
			c.tags.unmark(&l.Entry)
			return found[V]{Lookup: l}
		}
	}
	f := c.find(ctx, key)
	if t := c.tiers[0]; t.live != nil && f.OK && !f.Entry.IsFresh(time.Now()) {
		if n := t.live.Find(key); n != nil {
			n.Check(time.Now().UnixNano(), f.Entry.Version)
		}
	}
	return f
}

// checked returns the stale entry of a node, if no other level had a fresh one a
// short while ago.
func (c *Chain[V]) checked(ctx context.Context, key string, n *live.Node[V]) (l Lookup[V], ok bool) {
	if n == nil || n.Suspected() || !c.outlives(n) || c.pendings.Changing(key) {
		return l, false
	}
	at, version := n.Checked()
	if at == 0 || time.Now().UnixNano()-at >= int64(StaleFor) {
		return l, false
	}
	l = c.tiers[0].look(ctx, key, nil)
	if token, _ := l.Entry.Version.Parts(); !l.OK || token != any(n) {
		return l, false
	}
	l.Entry.Version, ok = version.(Version)
	c.tags.unmark(&l.Entry)
	return l, ok
}

// Revalidate implements [Revalidator]: a level that gave the copy before moves no
// value if its content is the same.
func (c *Chain[V]) Revalidate(ctx context.Context, key string, entry Entry[V]) (Entry[V], bool, error) {
	seen, _, ok := seenByChain(entry.Version)
	if !ok {
		return c.GetEntry(ctx, key)
	}
	began := time.Now()
	p := c.pendings.Begin(key)
	defer c.pendings.End(key, p)
	f := c.read(ctx, key, p, func(level int) *copied[V] {
		if v := seen.of(level); !v.IsZero() {
			return &copied[V]{entry.Value, v}
		}
		return nil
	})
	c.tell(key, &f, began)
	return f.Entry, f.OK, f.Err
}

// Exists implements [Cache]: it moves no value, and promotes none.
func (c *Chain[V]) Exists(ctx context.Context, key string) (bool, error) {
	e, ok, err := c.head(ctx, key, c.tags.inUse())
	return ok && !e.Absent && e.IsFresh(time.Now()), err
}

// HeadEntry implements [EntryHeader].
func (c *Chain[V]) HeadEntry(ctx context.Context, key string) (Entry[V], bool, error) {
	return c.head(ctx, key, true)
}

func (c *Chain[V]) head(ctx context.Context, key string, all bool) (best Entry[V], ok bool, err error) {
	p := c.pendings.Begin(key)
	defer c.pendings.End(key, p)
	for tries := maxAgain; ; tries-- {
		var level int
		best, ok, level, err = c.headOnce(ctx, key, all)
		if err != nil || level == 0 || tries == 0 || !c.pendings.Again(key, p) {
			break
		}
	}
	c.returning(key)
	return best, ok, err
}

// headOnce asks the levels once. The level is that which had a fresh entry, or -1.
func (c *Chain[V]) headOnce(ctx context.Context, key string, all bool) (best Entry[V], ok bool, level int, err error) {
	count := c.stripe(key).Load()
	var room [8]Version
	shown := room[:0]
	had := -1
	defer func() {
		if err == nil {
			var none V
			best.Value = none // of a write that waits, or of a level without HeadEntry
			best.Version = versionOf(&best, ok, had == len(c.tiers)-1, shown, count)
			c.tags.unmark(&best)
		}
	}()
	for i, t := range c.tiers {
		l := c.judge(ctx, key, t.head(ctx, key, all))
		shown = append(shown, l.Entry.Version)
		now := time.Now()
		if err = l.Err; err != nil {
			if ctx.Err() != nil {
				return Entry[V]{}, false, -1, err
			}
			c.failed(t, "get", key, err)
			continue
		}
		if !l.OK || l.Entry.IsDead(now) {
			continue
		}
		fresh := l.Entry.IsFresh(now)
		if fresh || !ok || l.Entry.fresherThan(&best) {
			best, ok, had = l.Entry, true, i
		}
		if fresh {
			return best, true, i, nil
		}
	}
	if ok {
		err = nil
	}
	return best, ok, -1, err
}

// fresherThan reports whether e is fresh longer than other. Many levels cut
// instants to milliseconds: what is left of that is no difference between copies.
func (e *Entry[V]) fresherThan(other *Entry[V]) bool {
	switch {
	case other.FreshUntil.IsZero():
		return false
	case e.FreshUntil.IsZero():
		return true
	}
	return e.FreshUntil.UnixMilli() > other.FreshUntil.UnixMilli()
}

// found is what a chain has for a key: an error only where nothing was found, and
// the last level could not say.
type found[V any] struct {
	Lookup[V]

	level   int  // that had it
	unknown bool // some level could not say, or is not believed
}

// bury makes a miss of an entry that has died since it was found (law 1): levels take
// their time, and callers come while a read that they share is under way. The Version
// is that of what was found.
func (f *found[V]) bury() {
	if f.OK && f.Entry.IsDead(time.Now()) {
		f.Lookup = Lookup[V]{Entry: Entry[V]{Version: f.Entry.Version}}
	}
}

// trail is what a read of one key has left behind on its way down.
type trail[V any] struct {
	shown  []Version       // by level
	begun  []*live.Pending // by level; nil where it is not in memory
	had    *live.Node[V]   // a copy in memory that is not to be served as it is; nil: none
	origin *copyOrigin     // of that copy
	spare  found[V]        // the copy as an answer, if no level below can say
}

// copyOrigin says where a copy in memory came from.
type copyOrigin struct {
	level   int
	version Version
}

// read asks one level after the other, and copies what it finds to those before;
// and once more where a change has overtaken it. The load p was registered before.
func (c *Chain[V]) read(ctx context.Context, key string, p *live.Pending, copyOf func(level int) *copied[V]) found[V] {
	f := c.descend(ctx, key, p, copyOf)
	for tries := maxAgain; tries > 0 && c.again(key, p, &f); tries-- {
		f = c.descend(ctx, key, p, copyOf)
	}
	c.returning(key)
	f.bury()
	return f
}

// descend is read, once.
func (c *Chain[V]) descend(ctx context.Context, key string, p *live.Pending, copyOf func(level int) *copied[V]) found[V] {
	count := c.stripe(key).Load()
	var versions [8]Version
	var pendings [8]*live.Pending
	tr := trail[V]{shown: versions[:0], begun: pendings[:0]}
	defer func() { c.endTrail(key, &tr) }()
	best := found[V]{level: -1}
	for i := range c.tiers {
		l := c.step(ctx, key, i, &tr, copyOf)
		if l.Err != nil && ctx.Err() != nil {
			return found[V]{Lookup: Lookup[V]{Err: l.Err}, unknown: true}
		}
		if c.take(key, i, &l, &best) {
			break
		}
	}
	c.conclude(ctx, key, p, &tr, &best, count)
	return best
}

// take compares the answer of a level with the best so far, and reports whether no
// further level need be asked.
func (c *Chain[V]) take(key string, i int, l *Lookup[V], best *found[V]) (fresh bool) {
	if best.Err = l.Err; l.Err != nil {
		best.unknown = true
		c.failed(c.tiers[i], "get", key, l.Err)
		return false
	}
	best.unknown = best.unknown || !l.OK && l.Entry.Version.IsZero()
	now := time.Now()
	if !l.OK || l.Entry.IsDead(now) {
		return false
	}
	fresh = l.Entry.IsFresh(now)
	if fresh || best.level < 0 || l.Entry.fresherThan(&best.Entry) {
		best.Entry, best.OK, best.level = l.Entry, true, i
	}
	return fresh
}

// step asks one level.
func (c *Chain[V]) step(ctx context.Context, key string, i int, tr *trail[V], copyOf func(int) *copied[V]) Lookup[V] {
	t := c.tiers[i]
	var begun *live.Pending
	var node *live.Node[V]
	if t.live != nil {
		begun, node = t.live.Begin(key)
	}
	tr.begun = append(tr.begun, begun)
	var copied *copied[V]
	if copyOf != nil {
		copied = copyOf(i)
	} else {
		copied = c.copyFrom(i, tr)
	}
	l := c.judge(ctx, key, t.look(ctx, key, copied))
	if node != nil && !node.Ended() && tr.had == nil && i < len(c.tiers)-1 {
		_, from := node.Kept()
		o, _ := from.(*copyOrigin)
		if suspect := node.Suspected(); suspect || !l.OK {
			tr.had, tr.origin = node, o
			if suspect && l.OK {
				tr.spare = found[V]{Lookup: l, level: i}
				l = Lookup[V]{Entry: Entry[V]{Version: l.Entry.Version}}
			}
		}
	}
	tr.shown = append(tr.shown, l.Entry.Version)
	return l
}

// judge makes a miss of an entry that has outlived one of its tags. Its Version is
// that of what the level holds.
func (c *Chain[V]) judge(ctx context.Context, key string, l Lookup[V]) Lookup[V] {
	if !l.OK {
		return l
	}
	c.tags.mark(key, &l.Entry) // who wrote it may not have known of the namespace
	if len(l.Entry.Tags) > 0 && !c.tags.alive(ctx, l.Entry.Tags, l.Entry.CreatedAt) {
		return Lookup[V]{Entry: Entry[V]{Version: l.Entry.Version}}
	}
	return l
}

// copyFrom returns the copy that memory has kept of what this level held.
func (c *Chain[V]) copyFrom(i int, tr *trail[V]) *copied[V] {
	if tr.had == nil || tr.origin == nil || tr.origin.level != i {
		return nil
	}
	value := tr.had.Value
	if c.copy != nil {
		value = c.copy(value)
	}
	return &copied[V]{value, tr.origin.version}
}

// endTrail gives back what a read has registered.
func (c *Chain[V]) endTrail(key string, tr *trail[V]) {
	for i, begun := range tr.begun {
		if begun != nil {
			c.tiers[i].live.End(key, begun)
		}
	}
}

// conclude promotes what was found, or takes a suspect copy for it where the
// levels below cannot say.
func (c *Chain[V]) conclude(ctx context.Context, key string, p *live.Pending, tr *trail[V], best *found[V], count uint64) {
	switch spare := &tr.spare; {
	case !spare.OK:
	case best.Err != nil && (!best.OK || spare.Entry.fresherThan(&best.Entry)):
		best.Lookup, best.level = spare.Lookup, spare.level // it stays suspect
	case !best.OK: // the original is gone
		_, _ = c.tiers[spare.level].live.Commit(key, tr.begun[spare.level], nil)
	}
	if best.OK {
		best.Err = nil
		if best.level > 0 && (!tr.spare.OK || best.level != tr.spare.level) {
			c.promote(ctx, key, p, tr, best)
		}
	}
	if best.Err == nil {
		best.Entry.Version = versionOf(&best.Entry, best.OK, best.level == len(c.tiers)-1, tr.shown, count)
		c.tags.unmark(&best.Entry)
	}
}

// tell tells the Observer what a read has found.
func (c *Chain[V]) tell(key string, f *found[V], began time.Time) {
	switch {
	case f.Err != nil:
	case !f.OK:
		c.observe.miss(key, time.Since(began))
	case !f.Entry.IsFresh(time.Now()):
		c.observe.stale(key, time.Since(began))
	case f.Entry.Absent:
		c.observe.negative(key, time.Since(began))
	default:
		c.hits[f.level].add()
	}
}

// failed reports a failure of a level that is worked around.
func (c *Chain[V]) failed(t *tier[V], op, key string, err error) {
	if errors.Is(err, errLeftOut) || key == "" && isRefusal(err) {
		return // that it fails has been told; there is no empty key
	}
	c.observe.levelError(key, t.opError(op, key, err))
}
