package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// silence is how long a bus believes in its connection after it has sent the last
// heartbeat that came back.
func silence(heartbeat time.Duration) time.Duration { return heartbeat * 5 / 2 }

// session watches over one connection. A connection alone proves nothing: it may
// be open to a server that hangs, to one that was replaced, or through a network that
// swallows what it is given. So the session sends heartbeats the way that
// messages go, to a channel that it alone subscribes to, by the same connection.
// One that comes back shows that so does what was published before it. And as
// the server counts who gets it, the answer shows that this is the server that messages
// are sent to.
type session struct {
	link  *link
	node  *redis.Client // where the channel is subscribed to
	beats string        // the channel of the heartbeats: no other session has it

	heard   chan heard
	sent    chan sent
	sending sync.WaitGroup

	confirmed int       // channels that the server has confirmed
	number    uint64    // of the last heartbeat
	at        time.Time // when it was sent
	out       bool      // it has no answer yet
	answered  bool      // it has reached the server with this connection,
	back      bool      // and come back
	failed    error     // why the last could not be sent
	proof     time.Time // when the last one was sent that came back; at first: the beginning
	worked    bool      // one has come back
}

// heard is what came by the connection, but for the messages.
type heard struct {
	confirmed bool // a subscription
	beat      uint64
	err       error // the end
}

// sent is what became of a heartbeat.
type sent struct {
	receivers int64
	err       error
}

// elsewhereError says that the subscription is not where messages are sent to.
type elsewhereError struct{ what string }

func (e *elsewhereError) Error() string { return "redisstore: " + e.what }

// watch returns why the connection cannot be trusted any more.
func (s *session) watch(ctx context.Context) error {
	const ticks = 4 // how often a heartbeat the clocks are looked at
	ticker := time.NewTicker(s.link.bus.opt.Heartbeat / ticks)
	defer ticker.Stop()
	for tick := 0; ; {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case h := <-s.heard:
			err = s.hear(ctx, h)
		case a := <-s.sent:
			err = s.answer(a)
		case <-ticker.C:
			tick++
			err = s.late()
			if due := tick >= ticks || s.failed != nil; err == nil && due && s.confirmed == channels && !s.out {
				tick = 0
				s.beat(ctx)
			}
		}
		if err != nil {
			s.link.set(false) // at once: the rest of the end takes time
			return err
		}
	}
}

// channels is how many a session subscribes to.
const channels = 2

func (s *session) hear(ctx context.Context, h heard) error {
	// A process that was stopped, or a machine, looks at the clock before it
	// believes what had been on its way.
	if err := s.late(); err != nil {
		return err
	}
	switch {
	case h.err != nil:
		return h.err
	case h.confirmed:
		s.confirmed++
		if s.confirmed > channels { // the client has made a new connection
			return errors.New("the connection was another one for a while")
		}
		if s.confirmed == channels {
			s.beat(ctx)
		}
	case h.beat == s.number:
		s.back = true
		s.prove()
	}
	return nil
}

func (s *session) answer(a sent) error {
	if err := s.late(); err != nil {
		return err
	}
	s.out, s.failed = false, a.err // one that failed is sent again, until it is late
	if a.err == nil && a.receivers == 0 {
		return &elsewhereError{"the server that messages are sent to is another one"}
	}
	if elsewhere, ok := errors.AsType[*elsewhereError](a.err); ok {
		return elsewhere
	}
	s.answered = a.err == nil
	s.prove()
	return nil
}

// prove says that there is a connection, once a heartbeat has made its round.
func (s *session) prove() {
	if s.answered && s.back {
		s.proof, s.worked = s.at, true
		s.link.set(true)
	}
}

// late returns an error if no heartbeat has come back for too long: by the clock that
// stands still while the machine sleeps, or by that which is set.
func (s *session) late() error {
	now := time.Now()
	since := max(now.Sub(s.proof), now.Round(0).Sub(s.proof.Round(0)))
	if since <= silence(s.link.bus.opt.Heartbeat) {
		return nil
	}
	err := fmt.Errorf("no heartbeat has come back for %v", since.Round(time.Millisecond))
	if s.failed != nil {
		err = fmt.Errorf("%w: %w", err, s.failed)
	}
	return err
}

// beat sends a heartbeat.
func (s *session) beat(ctx context.Context) {
	s.number++
	s.at, s.out, s.answered, s.back = time.Now(), true, false, false
	number, first := s.number, !s.worked
	s.sending.Go(func() {
		a := sent{err: errGoexit}
		defer func() {
			if p := recover(); p != nil { // in a hook
				a.err = fmt.Errorf("redisstore: panic: %v", p)
			}
			s.sent <- a // there is room: one is out at a time
		}()
		b := s.link.bus
		ctx, cancel := context.WithTimeout(ctx, silence(b.opt.Heartbeat))
		defer cancel()
		if a.err = s.here(ctx, first); a.err == nil {
			a.receivers, a.err = b.publish(ctx, s.beats, number)
		}
	})
}

// here returns an error if messages go to another node than the one that is
// subscribed to, or if that is a replica. A replica takes subscriptions and messages
// too, and may then lose some that its master gets, without a sign of it. One that
// becomes a replica ends its subscriptions: so it is asked at first.
func (s *session) here(ctx context.Context, first bool) error {
	b := s.link.bus
	return b.via.guard(ctx, func() error {
		node, err := b.node(ctx)
		switch {
		case err != nil:
			return err
		case node != s.node:
			return &elsewhereError{"the channel belongs to another node now"}
		case !first:
			return nil
		}
		master, err := b.isMaster(ctx, node)
		if _, refused := errors.AsType[redis.Error](err); refused {
			return nil // this user may not ask
		}
		if err == nil && !master {
			err = &elsewhereError{"the server is a replica: messages that its master gets may be lost on the way"}
		}
		return err
	})
}

// listen reads from the connection until its end.
func (s *session) listen(ctx context.Context, pubsub *redis.PubSub) {
	for {
		h, ok := s.next(ctx, pubsub)
		if !ok {
			continue
		}
		select {
		case s.heard <- h:
		case <-ctx.Done():
			return
		}
		if h.err != nil {
			return
		}
	}
}

// over is a context that is done. With it, a client reads from the connection that
// it has, and makes no new one where that breaks, by which messages would
// be lost and nobody would know before it is there.
var over = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// next returns what came by the connection; ok is false if it was a message.
func (s *session) next(ctx context.Context, pubsub *redis.PubSub) (h heard, ok bool) {
	defer func() {
		if p := recover(); p != nil { // the client does not expect all that a server may send
			h, ok = heard{err: fmt.Errorf("redisstore: panic: %v", p)}, true
		}
	}()
	got, err := pubsub.Receive(over)                          //nolint:contextcheck // see there
	if errors.Is(err, context.Canceled) && ctx.Err() == nil { // a client that looks at it before it reads
		got, err = pubsub.Receive(ctx)
	}
	if err != nil {
		return heard{err: err}, true
	}
	switch got := got.(type) {
	case *redis.Subscription:
		if got.Kind != "subscribe" && got.Kind != "ssubscribe" {
			return heard{err: fmt.Errorf("the server has ended the subscription (%s)", got.Kind)}, true
		}
		return heard{confirmed: true}, true
	case *redis.Message:
		if got.Channel == s.beats {
			number, err := strconv.ParseUint(got.Payload, 10, 64)
			return heard{beat: number}, err == nil
		}
		s.link.receive(got.Payload)
	}
	return heard{}, false
}
