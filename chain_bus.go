package advcache

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// DistrustedFor bounds how long a copy of this process is served without asking
// the levels that are shared, while the Bus does not deliver.
const DistrustedFor = time.Second

// busLink ties a chain to a Bus: what it changes, others are told, and what they
// change, its own copies are dropped of. Nil is the link of a chain without a Bus.
type busLink[V any] struct {
	chain     *Chain[V]
	bus       Bus
	origin    string
	stop      func()
	connected atomic.Bool
	writes    *live.Pendings // those of this chain that are under way

	muted atomic.Int64 // until when messages are only remembered, in Unix nanoseconds

	mu     sync.Mutex
	untold map[string]uint64 // keys of messages that the bus did not take, by when they came; guarded by mu
	came   uint64            // counts them; guarded by mu
	all    bool              // they are too many to be remembered; guarded by mu
}

// PublishTimeout is how long a chain waits for its Bus to take a message. While it
// does not, messages are remembered at once, and tried again in the background, a
// second after each attempt.
const PublishTimeout = 2 * time.Second

// maxUntold is how many keys are remembered that others could not be told of.
const maxUntold = 10_000

func newBusLink[V any](c *Chain[V], bus Bus) *busLink[V] {
	if bus == nil {
		return nil
	}
	if isNil(bus) {
		panic(fmt.Sprintf("advcache: ChainOptions.Bus is a nil %T; leave the option out where there is no bus", bus))
	}
	return &busLink[V]{chain: c, bus: bus, origin: rand.Text(), writes: live.NewPendings()}
}

// join subscribes the chain, which must be complete. If that fails, it stays
// unconnected.
func (l *busLink[V]) join() {
	if l == nil {
		return
	}
	stop, err := l.bus.Subscribe(BusSubscriber{Receive: l.receive, Connected: l.connect})
	if err != nil {
		l.chain.observe.levelError("", l.chain.opError("subscribe", "", err))
		return
	}
	l.stop = stop
}

func (l *busLink[V]) leave() {
	if l == nil || l.stop == nil {
		return
	}
	l.stop()
	if l.connected.Load() {
		l.connect(false)
	}
}

// trusted reports whether copies may be served for as long as their level allows.
func (l *busLink[V]) trusted() bool { return l == nil || l.connected.Load() }

// receive drops what another process has changed.
func (l *busLink[V]) receive(m Invalidation) {
	if m.Origin == l.origin || m.Cache != l.chain.name {
		return
	}
	ctx := context.Background()
	c := l.chain
	if len(m.Keys) > 0 {
		for _, key := range m.Keys {
			l.writes.Interrupt(key)
		}
		c.dropLocal(ctx, m.Keys)
	}
	if m.All {
		l.writes.InterruptPrefix(m.Prefix)
		c.clearLocal(ctx, m.Prefix)
	}
	if len(m.Tags) > 0 {
		c.tags.stamped(m.Tags, m.At)
	}
}

// connect is told whether messages arrive. What was copied while they might be lost
// is looked at again before it is served. Where they do again, so may levels that are
// left out: they are tried at once, or old copies would be served for the rest of
// their time.
func (l *busLink[V]) connect(connected bool) {
	l.connected.Store(connected)
	l.muted.Store(0)
	c := l.chain
	if connected {
		for _, t := range c.tiers {
			t.breaker.hurry()
		}
	}
	c.suspectLocal()
	if connected {
		c.mend.hurry()
	}
}

// suspectLocal has the copies of this process looked at again before they are
// served, and what is being copied not kept. Chains below come first: what they hold
// is what copies here are compared with.
func (c *Chain[V]) suspectLocal() {
	c.pendings.InterruptPrefix("")
	if c.link != nil {
		c.link.writes.InterruptPrefix("")
	}
	c.tags.forget()
	for _, t := range slices.Backward(c.tiers) {
		switch {
		case t.inner != nil:
			t.inner.suspectLocal()
		case t.live != nil:
			t.live.Suspect()
		case t.opt.Local:
			c.dropError(t, "clear", "", t.clear(context.Background(), ""))
		}
	}
}

// begin registers a write of keys, before the last level has it.
func (l *busLink[V]) begin(keys ...string) []*live.Pending {
	if l == nil {
		return nil
	}
	begun := make([]*live.Pending, len(keys))
	for i, key := range keys {
		begun[i] = l.writes.Begin(key)
	}
	return begun
}

// settle ends a write that begin has registered, when its copies are made. If there
// was a gap meanwhile, or a message of another change of a key, that change may be the
// newer one: it has come between the levels, and its message before the copies,
// which are dropped.
func (l *busLink[V]) settle(ctx context.Context, begun []*live.Pending, keys ...string) {
	var overtaken []string
	for i, p := range begun {
		if p.Barred() {
			overtaken = append(overtaken, keys[i])
		}
		l.writes.End(keys[i], p)
	}
	if len(overtaken) > 0 {
		l.chain.dropCopies(context.WithoutCancel(ctx), overtaken)
	}
}

// dropCopies removes all copies: those of this process, and those that it shares
// with others but for the originals.
func (c *Chain[V]) dropCopies(ctx context.Context, keys []string) {
	for _, t := range slices.Backward(c.tiers[:len(c.tiers)-1]) {
		if !t.local() {
			c.dropError(t, "delete", keyOf(keys), t.remove(ctx, keys))
		}
	}
	c.dropLocal(ctx, keys)
}

// dropLocal removes the copies of this process.
func (c *Chain[V]) dropLocal(ctx context.Context, keys []string) {
	for _, key := range keys {
		c.interrupt(key)
	}
	for _, t := range slices.Backward(c.tiers) {
		switch {
		case t.local():
			c.dropError(t, "delete", keyOf(keys), t.remove(ctx, keys))
		case t.inner != nil: // whose own message may come later
			t.inner.dropLocal(ctx, keys)
		}
	}
	for _, key := range keys {
		c.interrupt(key)
	}
}

func (c *Chain[V]) clearLocal(ctx context.Context, prefix string) {
	c.interruptPrefix(prefix)
	defer c.interruptPrefix(prefix)
	for _, t := range slices.Backward(c.tiers) {
		switch {
		case t.local():
			c.dropError(t, "clear", prefix, t.clear(ctx, prefix))
		case t.inner != nil:
			t.inner.clearLocal(ctx, prefix)
		}
	}
}

func (c *Chain[V]) dropError(t *tier[V], op, key string, err error) {
	if err != nil {
		c.failed(t, op, key, err)
	}
}

// tellKeys tells the other processes that keys have changed.
func (l *busLink[V]) tellKeys(ctx context.Context, keys []string) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	came := l.came
	l.mu.Unlock()
	err := l.publish(ctx, Invalidation{Keys: keys})
	if err != nil {
		l.remember(keys)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		if len(l.untold) == 0 {
			break
		}
		if l.untold[key] <= came { // else it was remembered after the message
			delete(l.untold, key)
		}
	}
	return nil
}

// landed has others told of a key whose write was queued: they may have read there
// what the level had before, since they were told of the change.
func (l *busLink[V]) landed(key string) {
	l.remember([]string{key})
	l.chain.mend.hurry()
}

// mended has others told of a key that a shared level had missed a change of, and
// holds no longer as it was: they may have read it there since they were told of the
// change.
func (l *busLink[V]) mended(key string) { l.remember([]string{key}) }

// tellAll tells the other processes that all keys with a prefix are deleted.
func (l *busLink[V]) tellAll(ctx context.Context, prefix string) error {
	if l == nil {
		return nil
	}
	err := l.publish(ctx, Invalidation{All: true, Prefix: prefix})
	if err != nil {
		l.remember(nil)
	}
	return err
}

func (l *busLink[V]) tellTags(ctx context.Context, tags []string, at time.Time) error {
	if l == nil {
		return nil
	}
	return l.publish(ctx, Invalidation{Tags: tags, At: at})
}

func (l *busLink[V]) publish(ctx context.Context, m Invalidation) error {
	m.Cache, m.Origin = l.chain.name, l.origin
	if m.At.IsZero() {
		m.At = time.Now()
	}
	if err := l.try(ctx, m); err != nil {
		return l.chain.opError("publish", keyOf(m.Keys), fmt.Errorf("other processes may serve their copies until they are told: %w", err))
	}
	return nil
}

var errMuted = errors.New("the bus does not answer, and is tried again in a moment")

// try has the bus publish a message, unless it just failed to answer.
func (l *busLink[V]) try(ctx context.Context, m Invalidation) error {
	if time.Now().UnixNano() < l.muted.Load() && ctx.Value(mending{}) == nil {
		return errMuted
	}
	limited, cancel := context.WithTimeout(ctx, PublishTimeout)
	defer cancel()
	err := guard(func() error { return l.bus.Publish(limited, m) })
	if err != nil && ctx.Err() == nil && (limited.Err() != nil || !l.connected.Load()) {
		l.muted.Store(time.Now().Add(mendEvery + PublishTimeout).UnixNano()) // the mender tries meanwhile
	}
	if err == nil {
		l.muted.Store(0)
	}
	return err
}

// remember keeps keys to be told of later; nil are all.
func (l *busLink[V]) remember(keys []string) {
	l.mu.Lock()
	if l.untold == nil {
		l.untold = make(map[string]uint64)
	}
	l.came++
	for _, key := range keys {
		l.untold[key] = l.came
	}
	if keys == nil || len(l.untold) > maxUntold {
		l.all, l.untold = true, nil
	}
	l.mu.Unlock()
	l.chain.mend.wake()
}

// behind reports whether others have yet to be told of something.
func (l *busLink[V]) behind() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all || len(l.untold) > 0
}

// catchUp tells of what could not be told before.
func (l *busLink[V]) catchUp(ctx context.Context) error {
	l.mu.Lock()
	all := l.all
	keys := make([]string, 0, len(l.untold))
	for key := range l.untold {
		keys = append(keys, key)
	}
	l.all, l.untold = false, nil
	l.mu.Unlock()
	switch {
	case all:
		return l.tellAll(ctx, "")
	case len(keys) > 0:
		return l.tellKeys(ctx, keys)
	}
	return nil
}
