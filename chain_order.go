package advcache

import (
	"time"

	"github.com/advcache/advcache/internal/live"
)

// Changes and reads of one key are ordered here as if each happened at once, though
// a change goes from level to level and reads pass it on their way down: once a
// read has seen what is new, no later one sees what was before. Three things could
// bring that back.
//
//   - A read that found it in a lower level, and copies it upward: reads that began
//     before the change takes effect everywhere do not promote.
//   - A read that found an upper level empty before somebody filled it, and so comes
//     upon the new below while others still hit the old above: it reads again.
//   - A read that found it, has not yet returned, and is shared by a later caller:
//     it is not, once somebody who may have seen the new has returned.
//
// None of them waits for a change, which may hang in a level that is down.

// overtake notes that a change of key, which Pendings.Change was told of, begins to
// take effect. The key is locked.
func (c *Chain[V]) overtake(key string) {
	if !c.pendings.Overtake(key) {
		return
	}
	for _, t := range c.tiers {
		if t.live != nil {
			t.live.Bar(key) // a promotion that was not barred may be about to be committed
		}
	}
}

// changed notes that a change of keys has ended. They are still locked, if they
// could be.
func (c *Chain[V]) changed(keys []string) {
	for _, key := range keys {
		c.stripe(key).Add(1)
		c.pendings.Changed(key)
	}
}

// changing notes that there may be a change of key, which is locked, until the
// function that it returns is called. It is not counted.
func (c *Chain[V]) changing(key string) (ended func()) {
	c.pendings.Change(key)
	c.overtake(key)
	return func() { c.pendings.Changed(key) }
}

// surfacing is called before a change comes to the first level, whose hits are not
// counted: from then on, anybody may have seen what is new.
func (c *Chain[V]) surfacing(keys ...string) {
	for _, key := range keys {
		c.reads.withdraw(key)
	}
}

// returning is called before a read returns that has gone beyond the hits of level
// 1 in memory: it may be the first that has seen what is new.
func (c *Chain[V]) returning(key string) {
	if c.pendings.Changing(key) {
		c.reads.withdraw(key)
	}
}

// again reports whether a read is to begin again, since it was overtaken.
func (c *Chain[V]) again(key string, p *live.Pending, f *found[V]) bool {
	if f.Err != nil || f.level == 0 && f.Entry.IsFresh(time.Now()) { // no level is above that
		return false
	}
	return c.pendings.Again(key, p)
}

// maxAgain is how often a read that is overtaken reads again. It takes two changes of
// its key, and a read or a third change between them, to overtake it once.
const maxAgain = 8
