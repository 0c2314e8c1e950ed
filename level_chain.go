package advcache

import (
	"context"
	"errors"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// chained returns the chain that does the work of owner: itself.
func (c *Chain[V]) chained() (chain *Chain[V], owner any) { return c, c }

// chainLevel is a chain as the level of a TTL: it reports the failures of its
// levels itself, and remembers what each has missed.
type chainLevel[V any] struct{ chain *Chain[V] }

func (l chainLevel[V]) ask(ctx context.Context, key string) answer[V] {
	a := answer[V]{pending: l.chain.pendings.Begin(key)}
	l.read(ctx, key, &a)
	return a
}

func (l chainLevel[V]) read(ctx context.Context, key string, a *answer[V]) {
	began := time.Now()
	f := l.chain.look(ctx, key)
	l.chain.tell(key, &f, began)
	a.entry, a.ok, a.unknown = f.Entry, f.OK, f.unknown
}

func (l chainLevel[V]) askMany(ctx context.Context, keys []string, _ *outage) []answer[V] {
	answers := make([]answer[V], len(keys))
	for i, key := range keys {
		answers[i].pending = l.chain.pendings.Begin(key)
	}
	for i, f := range l.chain.lookMany(ctx, keys) {
		answers[i].entry, answers[i].ok, answers[i].unknown = f.Entry, f.OK, f.unknown
	}
	return answers
}

func (l chainLevel[V]) peek(ctx context.Context, key string) (V, bool, error) {
	return l.chain.Get(ctx, key)
}

func (l chainLevel[V]) release(key string, a *answer[V]) {
	if a.pending != nil {
		l.chain.pendings.End(key, a.pending)
		a.pending = nil
	}
}

func (l chainLevel[V]) begin(key string, a *answer[V]) *live.Pending {
	if a.pending == nil {
		return l.chain.pendings.Begin(key)
	}
	return a.pending
}

func (l chainLevel[V]) again(ctx context.Context, key string, p *live.Pending, a *answer[V]) {
	if p.Touched() {
		l.read(ctx, key, a)
	}
}

func (l chainLevel[V]) end(key string, p *live.Pending) { l.chain.pendings.End(key, p) }

func (l chainLevel[V]) commit(ctx context.Context, key string, p *live.Pending, seen *answer[V], entry *Entry[V]) error {
	c := l.chain
	unlock, err := c.locks.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	if !c.pendings.Store(key, p) {
		return nil
	}
	if entry == nil {
		entry = &Entry[V]{CreatedAt: time.Unix(0, 0), FreshUntil: time.Unix(0, 0)} // setting it removes
	}
	begun := c.link.begin(key)
	defer func() { c.link.settle(ctx, begun, key) }()
	s, _, known := seenByChain(seen.entry.Version)
	if !c.commitLast(ctx, key, *entry, &s, known) {
		return nil
	}
	c.stripe(key).Add(1)
	if err := c.writeFrom(ctx, len(c.tiers)-2, key, *entry); err != nil {
		c.observe.levelError(key, err)
	}
	c.stripe(key).Add(1)
	c.pendings.Touch(key)
	return nil
}

// commitLast stores a loaded entry in the last level, and reports whether the
// levels before it are to have it too. They are not where somebody has stored or
// deleted something since the load began.
func (c *Chain[V]) commitLast(ctx context.Context, key string, e Entry[V], s *chainSeen, known bool) bool {
	last := c.last()
	c.tags.mark(key, &e)
	last.shorten(&e, time.Now())
	var err error
	stored := true
	if !known || last.noIf || last.queue != nil {
		err = last.write(ctx, key, &e)
	} else {
		var seen Version
		seen, stored, err = c.seenLast(ctx, key, s)
		switch {
		case err != nil || !stored:
		case seen.IsZero():
			err = last.write(ctx, key, &e)
		default:
			stored, err = last.writeIf(ctx, key, &e, seen)
			if errors.Is(err, errors.ErrUnsupported) {
				stored, err = true, last.write(ctx, key, &e)
			}
		}
	}
	if err != nil {
		c.failed(last, "set", key, err)
		last.wrote(ctx, key, err) // whatever it holds is older
		return true
	}
	if !stored {
		if err := c.removeAbove(ctx, key); err != nil {
			c.observe.levelError(key, err)
		}
	}
	return stored
}

func (l chainLevel[V]) set(ctx context.Context, key string, entry Entry[V]) error {
	return l.chain.SetEntry(ctx, key, entry)
}

func (l chainLevel[V]) delete(ctx context.Context, keys []string) error {
	return l.chain.Delete(ctx, keys...)
}
