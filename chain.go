package advcache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/advcache/advcache/internal/keylock"
	"github.com/advcache/advcache/internal/live"
	"github.com/advcache/advcache/internal/ratelog"
)

// Chain is several caches as one, from the fastest to the one that lasts. It
// implements [Cache] and all optional capabilities, as far as its levels do, so
// chains nest. All methods are safe for concurrent use.
//
// A read asks level after level until one has a fresh entry, negative ones
// included, and copies it to all levels before that one; if none has, it is
// answered with the stale entry that was fresh last, and while that is in memory
// the other levels are asked once in [StaleFor]. Callers of one key that is
// not in level 1 share one such read. A copy keeps the instants of its original,
// and is held no longer than the limit of its level, or of the next one where that
// is less.
//
// A write goes to all levels, from the last to the first; the last one decides
// what is conditional. A promotion that began before a Set or a Delete of its key
// does not undo it. In one process, whose levels do not fail, each operation on a
// key is as if it happened at one instant between its call and its return: once a
// read has seen what is set, no later one sees what was before. Set and Delete
// return the errors of all levels, joined; the other levels have been changed all
// the same. A level that missed a change of a key is not read for that key until it
// is changed there.
//
// A level whose read fails is told to the Observer, and the next one is asked. Get
// returns an error only where the last level could not say, and no other had an
// answer.
type Chain[V any] struct {
	name     string
	tiers    []*tier[V]
	observe  *reporter
	hits     []*hitCounter // by level; nil: nobody asks
	pendings *live.Pendings
	locks    keylock.Locks
	reads    sharedReads[V]
	front    live.Front[V] // level 1, where it is found in memory; else nil
	clock    *live.Clock   // that of front
	tags     tagStamps[V]
	link     *busLink[V] // nil: no Bus
	mend     *mender[V]
	copy     func(V) V // that of level 1

	// writes counts the changes of keys, by stripe: a part of each Version.
	writes [1024]atomic.Uint64
}

// ChainOptions of [NewChainWith]. The zero value is the documented default.
type ChainOptions struct {
	// Name is the name in events and errors, and that by which chains of several
	// processes know each other on a Bus. Empty: "chain".
	Name string

	// Bus tells the other processes of what is set and deleted here, and this one
	// of what others change: copies in memory are dropped. The chain subscribes
	// to it until [Chain.Close]. Nil: copies are served up to their limit.
	Bus Bus

	// Namespaces are prefixes of keys that Clear empties by one write, whatever
	// the number of keys: what was made before is dead, as with a tag, and lies
	// there until its life is over. They must not begin one another.
	Namespaces []string

	// Observer is told what happens. Hits are told by level, as those of
	// "chain/L1", or what the names are; those of a function that [TTL] wraps are
	// the TTL's to tell, if level 1 is in memory. Nil costs nothing.
	Observer *Observer

	// Logger gets failures of levels that no Observer is told of, at most one
	// line a second. Nil: slog.Default().
	Logger *slog.Logger
}

// NewChain returns the levels as one cache: the first is asked first. They stay
// the caller's to close. It panics if there is none, or one comes twice.
func NewChain[V any](levels ...ChainLevel[V]) *Chain[V] { return NewChainWith(nil, levels...) }

// NewChainWith is [NewChain] with options.
func NewChainWith[V any](o *ChainOptions, levels ...ChainLevel[V]) *Chain[V] {
	if o == nil {
		o = &ChainOptions{}
	}
	if len(levels) == 0 {
		panic("advcache: NewChain without levels; hand in one or more, such as Level(memory, time.Minute)")
	}
	name, logger := o.Name, o.Logger
	if name == "" {
		name = "chain"
	}
	if logger == nil {
		logger = slog.Default()
	}
	c := &Chain[V]{
		name:     name,
		observe:  &reporter{name: name, observer: o.Observer, log: ratelog.New(logger)},
		pendings: live.NewPendings(),
	}
	c.mend = newMender(c)
	c.tags = newTagStamps(c, slices.Clone(o.Namespaces))
	names := make(map[string]bool)
	for i, l := range levels {
		for _, other := range levels[:i] {
			if same(l.cache, other.cache) {
				panic(fmt.Sprintf("advcache: NewChain: a %T comes twice, and can be one level only", l.cache))
			}
		}
		t := newTier(l, i+1, c.observe)
		t.missing = c.mend.wake
		if names[t.opt.Name] {
			panic(fmt.Sprintf("advcache: NewChain: two levels have the name %q; give each its own", t.opt.Name))
		}
		names[t.opt.Name] = true
		if t.opt.Behind {
			t.queue = newWriteQueue(t)
		}
		c.tiers = append(c.tiers, t)
		c.hits = append(c.hits, newHitCounter(&reporter{name: name + "/" + t.opt.Name, observer: o.Observer, log: c.observe.log}))
	}
	if c.tiers[0].queue == nil { // else what waits is newer than what memory has
		c.front = frontOf(c.tiers[0].cache)
	}
	if c.front != nil {
		c.clock, c.copy = c.front.Clock(), c.front.Copier()
	}
	c.link = newBusLink(c, o.Bus)
	for _, t := range c.tiers {
		if t.queue != nil {
			t.queue.copy = c.copy
		}
		if t.local() {
			t.trusted = c.link.trusted
		} else if c.link != nil {
			t.landed, t.mended = c.link.landed, c.link.mended
		}
	}
	c.link.join()
	return c
}

// same reports whether two caches are one.
func same[V any](a, b Cache[V]) bool {
	defer func() { _ = recover() }() // of types that cannot be compared
	return a == b
}

// last is the level that holds the originals.
func (c *Chain[V]) last() *tier[V] { return c.tiers[len(c.tiers)-1] }

// Close writes what is queued for levels that are written behind, once, and waits
// for it; what fails, or is not written when ctx is done, is lost, and the error
// says how much. A level that ignores its context is waited for until then. Close
// leaves the Bus, and ends the work in the background. The levels and the Bus are
// not closed, and the chain can still be used: but writes behind are then made at
// once, copies in memory are served for [DistrustedFor] where there was a Bus, and
// what a level misses is not made good. Close may be called again.
func (c *Chain[V]) Close(ctx context.Context) error {
	var errs []error
	for i, t := range c.tiers {
		errs = append(errs, t.queue.close(ctx))
		c.hits[i].close()
	}
	errs = append(errs, c.mend.close(ctx))
	if c.link.behind() { // of what was written just now
		if err := c.link.catchUp(ctx); err != nil {
			c.observe.levelError("", err)
		}
	}
	c.link.leave()
	return errors.Join(errs...)
}

// LevelState is how a level of a [Chain] does: see [Chain.Levels].
type LevelState struct {
	// Name is that of the level.
	Name string
	// LeftOut says that the level kept failing, and is not asked for a while: until
	// a request after that has been answered.
	LeftOut bool
	// Err is the newest failure, nil where the newest request was answered.
	Err error
	// Doubted is of how many keys the level has missed a change, 10,000 at the
	// most: it is not read for them.
	Doubted int
	// Queued is how many writes wait, where the level is written behind, and
	// Dropped how many have been given up, or found no room.
	Queued  int
	Dropped int64
}

// Levels tells how each level does, the first first.
func (c *Chain[V]) Levels() []LevelState {
	states := make([]LevelState, len(c.tiers))
	for i, t := range c.tiers {
		s := LevelState{Name: t.opt.Name, Doubted: int(t.doubt.count.Load())}
		s.LeftOut, s.Err = t.breaker.state()
		s.Queued, s.Dropped = t.queue.state()
		states[i] = s
	}
	return states
}

// BusConnected reports whether messages of other processes arrive; true without a
// Bus, and false once the chain is closed. While they do not, copies in memory are
// served for [DistrustedFor] at the most before the next level is asked.
func (c *Chain[V]) BusConnected() bool { return c.link.trusted() }

var chainSeed = maphash.MakeSeed()

// stripe returns the counter of changes that key belongs to.
func (c *Chain[V]) stripe(key string) *atomic.Uint64 {
	return &c.writes[maphash.String(chainSeed, key)%uint64(len(c.writes))]
}

// interrupt bars the promotions and loads of key that have begun.
func (c *Chain[V]) interrupt(key string) {
	c.stripe(key).Add(1)
	c.pendings.Interrupt(key)
}

// interruptPrefix bars those of all keys that begin with prefix.
func (c *Chain[V]) interruptPrefix(prefix string) {
	for i := range c.writes {
		c.writes[i].Add(1)
	}
	c.pendings.InterruptPrefix(prefix)
}

func (c *Chain[V]) opError(op, key string, err error) error { return opError(op, c.name, key, err) }
