package advcache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/advcache/advcache/internal/live"
)

// TagInvalidator is implemented by caches that can end all entries with a tag.
type TagInvalidator interface {
	InvalidateTag(ctx context.Context, tags ...string) error
}

// InvalidateTag ends all entries that have one of the tags, and were made before
// now, on all levels: see [Chain.InvalidateTag]. A cache that cannot do that gives
// errors.ErrUnsupported; a [Chain] of one level can.
func InvalidateTag[V any](ctx context.Context, c Cache[V], tags ...string) error {
	if t, ok := c.(TagInvalidator); ok {
		return t.InvalidateTag(ctx, tags...)
	}
	return fmt.Errorf("%w; NewChain(Level(c, 0)) has one", unsupported(c, "InvalidateTag"))
}

const (
	// StampsRead is for how long what is known of a tag is used without a Bus:
	// then its stamp is read again, by the next read of an entry with the tag.
	StampsRead = time.Second

	// reserved begins the keys under which stamps lie in the last level, and the
	// tags that stand for namespaces.
	reserved     = "\x00"
	stampKey     = reserved + "tag\x00"
	namespaceTag = reserved + "ns\x00"
)

// tagStamps is what is known of the tags that are in use: an entry which was made
// before the stamp of one of its tags is dead. The stamps lie in the last level,
// as negative entries that were made at the time of the stamp.
type tagStamps[V any] struct {
	chain      *Chain[V]
	namespaces []string // prefixes of keys, of which each is a tag
	used       atomic.Bool
	gap        atomic.Int64 // how often all was forgotten

	mu     sync.RWMutex
	tags   map[string]*tagStamp[V] // guarded by mu
	untold map[string]int64        // stamps of which others may not know, in Unix milliseconds; guarded by mu
}

type tagStamp[V any] struct {
	tag  string
	at   atomic.Int64 // in Unix milliseconds: what was made before is dead. It only grows
	good atomic.Int64 // until when this is known, in Unix nanoseconds

	reading sync.Mutex // held by the one that reads it
	unsaved bool       // the last level may not have it; guarded by reading

	mu      sync.Mutex
	watched []weak.Pointer[live.Node[V]] // that hot paths hold; guarded by mu
	prune   int                          // how many it takes to look for dead ones; guarded by mu
}

func newTagStamps[V any](c *Chain[V], namespaces []string) tagStamps[V] {
	for i, ns := range namespaces {
		if ns == "" {
			panic("advcache: ChainOptions.Namespaces has an empty one; name the prefix of its keys, such as \"user:\"")
		}
		for _, other := range namespaces[:i] {
			if strings.HasPrefix(ns, other) || strings.HasPrefix(other, ns) {
				panic(fmt.Sprintf("advcache: ChainOptions.Namespaces: %q and %q begin one another; a key can be in one only", other, ns))
			}
		}
	}
	return tagStamps[V]{chain: c, namespaces: namespaces, tags: make(map[string]*tagStamp[V]), untold: make(map[string]int64)}
}

// inUse reports whether entries may have tags.
func (ts *tagStamps[V]) inUse() bool { return ts.used.Load() || len(ts.namespaces) > 0 }

// of returns what is known of a tag.
func (ts *tagStamps[V]) of(tag string) *tagStamp[V] {
	ts.mu.RLock()
	s := ts.tags[tag]
	ts.mu.RUnlock()
	if s != nil {
		return s
	}
	ts.used.Store(true)
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if s = ts.tags[tag]; s == nil {
		s = &tagStamp[V]{tag: tag}
		ts.tags[tag] = s
	}
	return s
}

// alive reports whether an entry that was made at created has outlived none of its
// tags. It reads the stamps that are not known.
func (ts *tagStamps[V]) alive(ctx context.Context, tags []string, created time.Time) bool {
	for _, tag := range tags {
		s := ts.of(tag)
		if time.Now().UnixNano() >= s.good.Load() {
			ts.read(ctx, s)
		}
		if s.kills(created.UnixMilli()) {
			return false
		}
	}
	return true
}

// sure is alive without reading, for an instant in Unix nanoseconds at which an
// entry was made; it returns until when that is known. 0: it is not, or the entry
// is dead.
func (ts *tagStamps[V]) sure(tags []string, created int64) (until int64) {
	until = math.MaxInt64
	for _, tag := range tags {
		s := ts.of(tag)
		until = min(until, s.good.Load())
		if s.kills(floorMillis(created)) {
			return 0
		}
	}
	return until
}

// kills reports whether an entry that was made at created, in Unix milliseconds, is
// dead. Some levels do not know when.
func (s *tagStamp[V]) kills(created int64) bool {
	at := s.at.Load()
	return at != 0 && created < at
}

func floorMillis(nanos int64) int64 { return time.Unix(0, nanos).UnixMilli() }

// read asks the last level for a stamp. What is known is used while somebody else
// asks.
func (ts *tagStamps[V]) read(ctx context.Context, s *tagStamp[V]) {
	if s.good.Load() == 0 {
		s.reading.Lock()
	} else if !s.reading.TryLock() {
		return
	}
	defer s.reading.Unlock()
	if time.Now().UnixNano() < s.good.Load() {
		return // by another one
	}
	last := ts.chain.last()
	gap := ts.gap.Load()
	l := last.look(ctx, stampKey+s.tag, nil)
	until := time.Now().Add(StampsRead).UnixNano()
	switch {
	case l.Err != nil && ctx.Err() != nil:
		return // the caller has gone
	case l.Err != nil:
		ts.chain.failed(last, "get", stampKey+s.tag, l.Err)
	case l.OK && l.Entry.Absent:
		s.raise(l.Entry.CreatedAt.UnixMilli())
		fallthrough
	default:
		if s.unsaved && (!l.OK || l.Entry.CreatedAt.UnixMilli() < s.at.Load()) {
			_ = ts.save(ctx, s) // reported when it failed first; the next read tries again
		}
		if ts.chain.link != nil && ts.chain.link.trusted() {
			until = math.MaxInt64
		}
	}
	s.good.Store(until)
	if ts.gap.Load() != gap {
		s.good.Store(1) // a message may have been lost while it was read
	}
}

// raise moves the stamp, and ends what hot paths hold.
func (s *tagStamp[V]) raise(at int64) {
	for {
		old := s.at.Load()
		if at <= old {
			return
		}
		if s.at.CompareAndSwap(old, at) {
			break
		}
	}
	s.mu.Lock()
	watched := s.watched
	s.watched = nil
	s.mu.Unlock()
	for _, w := range watched {
		if n := w.Value(); n != nil {
			n.Suspect()
		}
	}
}

// save stores the stamp in the last level, also where that is left out. The caller
// holds reading.
func (ts *tagStamps[V]) save(ctx context.Context, s *tagStamp[V]) error {
	last := ts.chain.last()
	e := Entry[V]{CreatedAt: time.UnixMilli(s.at.Load()), Absent: true}
	if last.limit > 0 {
		e.FreshUntil = e.CreatedAt.Add(last.limit + stampSlack) // nothing older is held then
	}
	err := last.request(ctx, true, func(ctx context.Context) error { return last.cache.SetEntry(ctx, stampKey+s.tag, e) })
	s.unsaved = err != nil
	return last.opError("set", stampKey+s.tag, err)
}

// stampSlack is how much longer a stamp is kept than any entry, for clocks that
// differ.
const stampSlack = time.Hour

// stamp moves the stamps of tags to now, and tells the last level and the Bus. When
// it returns, time has passed the stamp: what is made from then on is not dead.
func (ts *tagStamps[V]) stamp(ctx context.Context, tags []string) error {
	at := time.Now().UnixMilli() + 1
	var errs []error
	var untold []string
	for _, tag := range tags {
		s := ts.of(tag)
		if time.Now().UnixNano() >= s.good.Load() {
			ts.read(ctx, s) // another process may be ahead
		}
		s.reading.Lock()
		s.raise(at)
		if err := ts.save(ctx, s); err != nil {
			errs = append(errs, err)
			untold = append(untold, tag)
		}
		s.reading.Unlock()
	}
	if err := ts.chain.link.tellTags(ctx, tags, time.UnixMilli(at)); err != nil {
		errs = append(errs, err)
		untold = tags
	}
	ts.remember(untold, at)
	if wait := time.Until(time.UnixMilli(at)); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		<-timer.C
	}
	return errors.Join(errs...)
}

// stamped is told by the Bus of the stamps of another process.
func (ts *tagStamps[V]) stamped(tags []string, at time.Time) {
	for _, tag := range tags {
		ts.mu.RLock()
		s := ts.tags[tag]
		ts.mu.RUnlock()
		if s != nil { // else it is read when it is used
			s.raise(at.UnixMilli())
		}
		if ns, ok := strings.CutPrefix(tag, namespaceTag); ok {
			ts.chain.clearLocal(context.Background(), ns)
		}
	}
}

// forget has all stamps read again.
func (ts *tagStamps[V]) forget() {
	ts.gap.Add(1)
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	for _, s := range ts.tags {
		if s.good.Load() > 1 {
			s.good.Store(1)
		}
	}
}

// watch has n let go of by hot paths when one of its tags is stamped, and returns
// until when it can be served without a look at them.
func (ts *tagStamps[V]) watch(n *live.Node[V]) (until int64) {
	for _, tag := range n.Tags() {
		s := ts.of(tag)
		s.mu.Lock()
		s.watched = append(s.watched, weak.Make(n))
		if len(s.watched) > max(s.prune, 64) {
			kept := s.watched[:0]
			for _, w := range s.watched {
				if node := w.Value(); node != nil && !node.Ended() {
					kept = append(kept, w)
				}
			}
			s.watched = kept
			s.prune = 2 * len(kept)
		}
		s.mu.Unlock()
	}
	return ts.sure(n.Tags(), n.Life().Created) // last: a stamp that comes now finds it
}

// mark gives an entry the tag of the namespace of its key, if it has not got it.
func (ts *tagStamps[V]) mark(key string, e *Entry[V]) {
	for _, ns := range ts.namespaces {
		if strings.HasPrefix(key, ns) {
			if n := len(e.Tags); n > 0 && e.Tags[n-1] == namespaceTag+ns {
				return
			}
			tags := make([]string, 0, len(e.Tags)+1)
			e.Tags = append(append(tags, e.Tags...), namespaceTag+ns)
			return
		}
	}
}

// unmark is the inverse of mark.
func (ts *tagStamps[V]) unmark(e *Entry[V]) {
	if n := len(e.Tags); n > 0 && strings.HasPrefix(e.Tags[n-1], namespaceTag) {
		e.Tags = e.Tags[: n-1 : n-1]
		if n == 1 {
			e.Tags = nil
		}
	}
}

// namespace reports whether prefix is that of a namespace.
func (ts *tagStamps[V]) namespace(prefix string) bool {
	return slices.Contains(ts.namespaces, prefix)
}

// InvalidateTag implements [TagInvalidator]: entries with one of the tags, which
// were made before now, are dead on all levels, whatever their number. It costs a
// request or two of the last level for each tag, which holds the stamps, and a
// message of the Bus. Other processes learn of it by the Bus, or without one
// within [StampsRead]. Whether an entry was made before is told by the clocks of
// those who made it and of the caller: one whose clock is ahead may keep an entry
// alive for as long.
//
// An error says that other processes do not know of it yet; in this one, the entries
// are dead in any case, and the chain goes on trying to store and tell it until it
// is closed. A stamp is kept as long as the last level's limit, and for
// ever where it has none.
func (c *Chain[V]) InvalidateTag(ctx context.Context, tags ...string) error {
	for _, tag := range tags {
		if tag == "" || strings.HasPrefix(tag, reserved) {
			return c.opError("invalidate", tag, fmt.Errorf("a tag %q is empty or begins with a zero byte; use a name", tag))
		}
	}
	return c.tags.stamp(ctx, tags)
}
