package redisstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// firstWait is the wait before a lost connection is made again, and doubles
	// up to lastWait. A connection that has worked for lastWait begins anew.
	firstWait = 50 * time.Millisecond
	lastWait  = 2 * time.Second
)

// link is the connection that the subscribers of a Bus have in common.
type link struct {
	bus    *Bus
	cancel context.CancelFunc
	done   chan struct{} // closed when its goroutines have ended

	mu   sync.Mutex
	subs map[*subscriber]struct{}
	up   bool // connected
}

func newLink(b *Bus) *link {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{bus: b, cancel: cancel, done: make(chan struct{}), subs: make(map[*subscriber]struct{})}
	go l.keep(ctx)
	return l
}

func (l *link) add(s *subscriber) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subs[s] = struct{}{}
	if l.up {
		s.connected(true)
	}
}

// remove reports whether s was the last one.
func (l *link) remove(s *subscriber) (last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.subs, s)
	return len(l.subs) == 0
}

func (l *link) all() []*subscriber {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*subscriber, 0, len(l.subs))
	for s := range l.subs {
		all = append(all, s)
	}
	return all
}

func (l *link) each(f func(s *subscriber)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.subs {
		f(s)
	}
}

// set says that there is a connection now, or none.
func (l *link) set(up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up == up {
		return
	}
	l.up = up
	for s := range l.subs {
		s.connected(up)
	}
}

// receive hands a message to all.
func (l *link) receive(payload string) {
	m, err := parse(payload)
	if err != nil {
		l.each((*subscriber).lost)
		l.warn("redisstore: a message on the channel of a bus makes no sense, and counts as lost", err)
		return
	}
	l.each(func(s *subscriber) { s.receive(message{m, len(payload)}) })
}

func (l *link) warn(what string, err error) {
	logSafely(func() {
		l.bus.opt.Logger.Warn(what, //nolint:sloglint // one of a few texts, and there is no context
			slog.String("bus", l.bus.opt.Name), slog.String("channel", l.bus.opt.Channel), slog.Any("error", err))
	})
}

// end ends the connection, and waits until all is over.
func (l *link) end() {
	l.cancel()
	<-l.done
}

// keep makes connections, one after the other, until ctx is done.
func (l *link) keep(ctx context.Context) {
	defer close(l.done)
	wait := firstWait
	outage := false
	for {
		began := time.Now()
		worked, err := l.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if worked || !outage {
			l.warn("redisstore: a bus is not connected; messages are lost until it is", err)
		}
		outage = true
		if worked && time.Since(began) > lastWait {
			wait = firstWait
		}
		timer := time.NewTimer(wait/2 + mathrand.N(wait/2)) //nolint:gosec // so that not all come at once
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		wait = min(2*wait, lastWait)
	}
}

// session is one connection, until it cannot be trusted any more, and why.
func (l *link) session(ctx context.Context) (worked bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &session{
		link: l, beats: "{" + l.bus.opt.Channel + "}:" + rand.Text(),
		heard: make(chan heard), sent: make(chan sent, 1),
	}
	var listening sync.WaitGroup
	defer listening.Wait()
	defer s.sending.Wait()
	defer l.set(false) // before the wait, if the session has not said so
	defer cancel()
	s.proof = time.Now()
	pubsub, err := s.open(ctx)
	if err != nil {
		l.lookAround(ctx)
		return false, fmt.Errorf("the channel cannot be subscribed to: %w", err)
	}
	defer pubsub.Close() //nolint:errcheck // it is thrown away
	listening.Go(func() { s.listen(ctx, pubsub) })
	err = s.watch(ctx)
	if ctx.Err() == nil {
		l.lookAround(ctx)
	}
	return s.worked, err
}

// lookAround lets the client of a Cluster look for the node that has the channel
// now: see Store.lookAround.
func (l *link) lookAround(ctx context.Context) {
	if c, ok := l.bus.client.(*redis.ClusterClient); ok {
		c.ReloadState(ctx)
	}
}
