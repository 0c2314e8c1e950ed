package advcache

import (
	"context"
	"math"
	"reflect"

	"github.com/advcache/advcache/internal/live"
)

// level is the cache under a TTL, as loads use it: it orders what loads store
// after the Deletes and Sets of this process (law 3). A failure to read is a
// miss that has been reported.
type level[V any] interface {
	// ask looks key up. Where the order of things hangs on it, the answer
	// holds a registered load, to be used by begin, or given back by release.
	ask(ctx context.Context, key string) answer[V]
	release(key string, a *answer[V])
	// askMany is ask for many keys of one batch.
	askMany(ctx context.Context, keys []string, batch *outage) []answer[V]
	// peek returns what is fresh.
	peek(ctx context.Context, key string) (V, bool, error)

	// begin registers a load, and may bring the answer up to date without
	// asking anybody: the key is locked.
	begin(key string, a *answer[V]) *live.Pending
	// again brings the answer up to date, if it may be out of date.
	again(ctx context.Context, key string, p *live.Pending, a *answer[V])
	// commit stores what was loaded, or removes what is held where entry is
	// nil, unless p is barred or the level no longer holds what was seen.
	commit(ctx context.Context, key string, p *live.Pending, seen *answer[V], entry *Entry[V]) error
	// end takes the load out again, any number of times.
	end(key string, p *live.Pending)

	set(ctx context.Context, key string, entry Entry[V]) error
	delete(ctx context.Context, keys []string) error
}

// isNil reports whether an option or an argument was left out, also as a nil pointer.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// levelOf returns c as a level.
func levelOf[V any](c Cache[V], observe *reporter) level[V] {
	if source := sourceOf(c); source != nil {
		return liveLevel[V]{source, c}
	}
	if chain, owner := chainOf(c); chain != nil && owner == any(c) {
		return chainLevel[V]{chain}
	}
	return newPlainLevel(c, observe)
}

// chainOf returns the chain that c is, or that it embeds, and then who is its owner;
// nil if there is none.
func chainOf[V any](c Cache[V]) (chain *Chain[V], owner any) {
	if s, ok := c.(interface{ chained() (*Chain[V], any) }); ok {
		return s.chained()
	}
	return nil, nil
}

// answer is what a level held. Where values are copied, this one is still the
// level's own.
type answer[V any] struct {
	entry   Entry[V]
	ok      bool
	unknown bool // the level could not say, or is not believed
	pending *live.Pending
	batch   *outage // of the batch that asks; else nil
}

// liveLevel is a cache in memory, used by its nodes.
type liveLevel[V any] struct {
	live.Source[V]

	cache Cache[V]
}

func (l liveLevel[V]) ask(_ context.Context, key string) answer[V] {
	return l.answerOf(l.Find(key))
}

func (l liveLevel[V]) askMany(ctx context.Context, keys []string, _ *outage) []answer[V] {
	answers := make([]answer[V], len(keys))
	for i, key := range keys {
		answers[i] = l.ask(ctx, key)
	}
	return answers
}

func (l liveLevel[V]) answerOf(n *live.Node[V]) (a answer[V]) {
	if n == nil {
		return a
	}
	life := n.Life()
	if life.GoneAt(l.Clock().Now()) {
		return a
	}
	a.ok = true
	a.entry = Entry[V]{
		Value:      n.Value,
		CreatedAt:  live.Time(life.Created, math.MinInt64),
		FreshUntil: live.Time(life.Fresh, live.Never),
		StaleUntil: live.Time(life.Stale, math.MinInt64),
		HeldUntil:  live.Time(life.Held, live.Never),
		Absent:     n.Absent(),
		Tags:       n.Tags(),
	}
	return a
}

func (l liveLevel[V]) release(string, *answer[V]) {}

func (l liveLevel[V]) begin(key string, a *answer[V]) *live.Pending {
	p, n := l.Begin(key)
	*a = l.answerOf(n)
	return p
}

func (l liveLevel[V]) again(context.Context, string, *live.Pending, *answer[V]) {}

func (l liveLevel[V]) commit(_ context.Context, key string, p *live.Pending, _ *answer[V], entry *Entry[V]) error {
	var n *live.Node[V]
	if entry != nil {
		n = live.NewNode(entry.Value, entry.CreatedAt, entry.FreshUntil, entry.StaleUntil, entry.HeldUntil, entry.Absent, entry.Tags)
	}
	_, err := l.Commit(key, p, n) // a barred load is no error: somebody knew better
	if err != nil {
		_, _ = l.Commit(key, p, nil) // it has missed a write: what it holds must not be read
	}
	return err
}

func (l liveLevel[V]) end(key string, p *live.Pending) { l.End(key, p) }

func (l liveLevel[V]) set(ctx context.Context, key string, entry Entry[V]) error {
	err := l.cache.SetEntry(ctx, key, entry)
	if err != nil {
		_ = l.cache.Delete(ctx, key) // as in commit
	}
	return err
}

func (l liveLevel[V]) peek(ctx context.Context, key string) (V, bool, error) {
	return l.cache.Get(ctx, key)
}

func (l liveLevel[V]) delete(ctx context.Context, keys []string) error {
	return l.cache.Delete(ctx, keys...)
}
