package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/ratelog"
)

// Bus carries invalidations between processes by one object of a byte store, in
// which the latest messages stand: for those who have a bucket or a folder in
// common, and no Redis. It implements [advcache.Bus]. Create it with [NewBus]. It
// is safe for concurrent use.
//
// # What arrives
//
// While it has subscribers, a Bus polls the object each Interval, once for all of
// them, and delivers what is new: as many messages as there may be, in the order
// in which they were written, each of them about an Interval after its Publish at
// the latest. Messages of its own process arrive with their Publish.
//
// A message may arrive twice. None is lost without a word: subscribers are told of
// a gap by Connected(false) and Connected(true) where more was published from one
// poll to the next than the object holds (1,024 messages, [BusOptions.MaxSize]
// bytes), where a message alone is too large for it, where the object was deleted,
// damaged or put back from a copy, where they themselves are 4,096 messages late,
// and where their Receive has panicked. Each has a goroutine of its own, so that
// one that is slow does not keep the others.
//
// Subscribers are told Connected(false) where no poll has been answered for three
// Intervals (a second at the least), after a stop of the process too, and
// Connected(true) by the next answer, behind the messages that came meanwhile.
// With Close, they are told Connected(false) for the last time.
//
// # The object
//
// It lives under a key that must not be one of a cache on the store, nor begin with
// what a cache clears: Clear deletes it as any other, which costs a gap. Best give it
// a store with a prefix, or a folder, of its own. A cache that is asked for the key
// gives a miss. What else stands there, foreign or a value of a
// cache, is left alone: Publish is an error then, and nobody is connected. The
// object never expires. The first subscriber, or Publish, makes it; a subscriber that
// may not write does without, and is told of a gap when it appears.
//
// Messages can be read and forged by those who can read and write the object; they
// have the names of caches, keys and tags in them.
//
// # Costs
//
// In requests to the backend (law 12):
//
//	no subscriber                       none
//	poll, unchanged                     1 Get that moves no body: on S3 a HEAD, on
//	                                    GCS one of class B
//	poll, changed                       1 Get: on S3 HEAD and GET, on GCS two of class B
//	first poll, where there is no object  1 Get, 1 Put
//	Publish, of all that waits          1 Put on a condition: on S3 HEAD and PUT, on
//	                                    GCS one insert
//	  by a Bus that has seen nothing    1 Get before
//	  where others were faster          1 Put that is refused (on S3 a HEAD), 1 Get
//	                                    and 1 Put, again and again
//
// Publishes that wait for one that is under way go together by the next, so that
// one process writes at most once at a time. All writes of a fleet stand in a line:
// on S3 some ten a second, on GCS one a second, which is what it takes for an
// object. So this is a bus for changes that are rare.
//
// It needs conditional writes of its store: Publish gives errors.ErrUnsupported
// where that has none.
type Bus struct {
	store Store
	key   string
	info  Info
	opt   BusOptions
	log   *ratelog.Logger
	group sync.WaitGroup // all goroutines but those of subscribers

	mu          sync.Mutex // guards what follows; held while nobody is waited for
	closed      bool
	subscribers map[*subscriber]struct{}
	view        *view  // what the key held when it was last looked at; nil: unknown
	news        uint64 // how often view was replaced
	ear         ear
	waiting     *batch        // of messages that go with the next write; nil: none
	underWay    *batch        // of those that are being written
	troubles    [][]slog.Attr // to be logged
}

var _ advcache.Bus = (*Bus)(nil)

// NewBus returns a Bus on the object of a key. It sends nothing. The Bus is the
// caller's to Close; s stays the caller's as well, and must be open until then. It
// panics where s is nil, key is empty or too long for s, or options make no sense.
func NewBus(s Store, key string, o *BusOptions) *Bus {
	opt := o.complete(s, key)
	return &Bus{
		store: s, key: key, info: s.Info(), opt: opt, log: ratelog.New(opt.Logger),
		subscribers: make(map[*subscriber]struct{}),
	}
}

func (b *Bus) mustBeMade() {
	if b.store == nil {
		panic("store: the zero Bus has no backend; make one by store.NewBus")
	}
}

// Subscribe implements [advcache.Bus]. It does not wait for an answer: the
// subscriber is connected with the first one. Functions of s may be nil. After
// Close it gives [advcache.ErrClosed].
//
// Stop may be called more than once, and by s itself only in a goroutine of its
// own: else it would wait for itself.
func (b *Bus) Subscribe(s advcache.BusSubscriber) (stop func(), err error) {
	b.mustBeMade()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, b.opError("subscribe", advcache.ErrClosed)
	}
	sub := newSubscriber(s, b.panicked)
	b.subscribers[sub] = struct{}{}
	if len(b.subscribers) == 1 {
		b.listen()
	}
	if b.ear.connected {
		sub.push(event{connected: true})
	}
	go sub.run()
	return func() { b.unsubscribe(sub) }, nil
}

func (b *Bus) unsubscribe(sub *subscriber) {
	b.mu.Lock()
	if _, there := b.subscribers[sub]; there {
		delete(b.subscribers, sub)
		if len(b.subscribers) == 0 {
			b.deafen()
		}
	}
	b.mu.Unlock()
	sub.end()
	<-sub.done
}

// Close ends the Bus, and waits for the calls of subscribers and the requests
// that are under way. Subscribers are told Connected(false), and nothing more.
// What waits to be published, and all that comes later, gets [advcache.ErrClosed].
// It may be called more than once, gives no error, and must not be called by a
// subscriber.
func (b *Bus) Close() error {
	b.mustBeMade()
	b.mu.Lock()
	b.closed = true
	b.deafen()
	for _, batch := range []*batch{b.waiting, b.underWay} {
		if batch != nil {
			batch.cancel(advcache.ErrClosed)
		}
	}
	subscribers := b.subscribers
	for sub := range subscribers {
		sub.push(event{})
		sub.last()
	}
	b.mu.Unlock()
	for sub := range subscribers {
		<-sub.done
	}
	b.group.Wait()
	return nil
}

// panicked is told of what a subscriber did.
func (b *Bus) panicked(what any) {
	b.log.Warn(append(b.trouble("a subscriber of the bus panicked", nil), slog.Any("panic", what))...)
}

func (b *Bus) opError(op string, err error) error {
	if _, already := errors.AsType[*advcache.OpError](err); already {
		return err
	}
	return &advcache.OpError{Op: op, Backend: b.info.Name, Key: b.key, Err: err}
}

// view is what the key of a bus held at some time. It is not changed once it is
// made.
type view struct {
	ring    *ring   // nil: nothing that can be read
	version Version // zero: nothing is held
	hash    Hash
	why     error // of a ring that cannot be read
}

// aLargeSize is what a Bus says of the size of its copy, so that backends ask for
// the metadata first whatever their options: else those that read by one request
// would move the whole body each Interval.
const aLargeSize = 1 << 40

// look asks what the key holds. Where that is what was seen, seen is returned. What
// cannot be read is asked for twice, since it may have been damaged on its way.
func (b *Bus) look(ctx context.Context, seen *view) (*view, error) {
	found, err := b.lookOnce(ctx, seen)
	if err == nil && found.why != nil && found != seen {
		return b.lookOnce(ctx, found)
	}
	return found, err
}

func (b *Bus) lookOnce(ctx context.Context, seen *view) (*view, error) {
	want := Want{Now: time.Now(), Stale: true, Size: aLargeSize, MaxBody: mostBusSize}
	if seen != nil {
		want.Hash = seen.hash
	}
	obj, ok, err := b.store.Get(ctx, b.key, want)
	m := &obj.Meta
	switch {
	case err != nil:
		return nil, err
	case !ok && seen != nil && seen.version.IsZero():
		return seen, nil
	case !ok:
		return new(view), nil
	case m.Foreign:
		return nil, fmt.Errorf("%w: the bus needs a key of its own", ErrForeign)
	case !m.Damaged && m.Encoding != busEncoding:
		return nil, fmt.Errorf("%w: it is no bus but %q: the bus needs a key of its own", ErrMismatch, shorten(m.Encoding))
	case obj.NotModified && seen.version == m.Version:
		return seen, nil
	case obj.NotModified:
		return &view{ring: seen.ring, version: m.Version, hash: m.Hash}, nil
	}
	r, err := parseRing(obj.Body)
	switch {
	case m.Damaged, !m.Hash.intact(b.key, obj.Body):
		err = errBusCut
	case errors.Is(err, errBusLater):
		return nil, fmt.Errorf("%w: %w", ErrMismatch, err)
	case err == nil:
		return &view{ring: r, version: m.Version, hash: m.Hash}, nil
	}
	if seen != nil && seen.why != nil && seen.version == m.Version {
		return seen, nil
	}
	return &view{version: m.Version, why: err}, nil
}

// put stores a ring over what was seen, and returns what the key holds then. It
// returns nil where the key holds something else by now.
func (b *Bus) put(ctx context.Context, seen *view, r *ring) (*view, error) {
	body := r.encode()
	hash := sum(b.key, body)
	cond := Cond{Kind: IfVersion, Version: seen.version}
	if seen.version.IsZero() {
		cond = Cond{Kind: IfGone, Now: time.Now(), Foreign: true}
	}
	meta := Meta{CreatedAt: time.Now(), Hash: hash, Encoding: busEncoding}
	version, ok, err := b.store.Put(ctx, b.key, Object{Meta: meta, Body: body}, cond)
	if err != nil || !ok {
		return nil, err
	}
	return &view{ring: r, version: version, hash: hash}, nil
}
