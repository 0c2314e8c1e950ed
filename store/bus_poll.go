package store

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/advcache/advcache/internal/ratelog"
)

// ear is what a Bus with subscribers hears. Its Bus guards it.
type ear struct {
	stop      func()    // what listens; nil: nothing does
	connected bool      // subscribers have been told so
	placed    bool      // at is known
	at        *place    // up to where messages were delivered; nil: there was no ring
	answered  time.Time // when the latest request began that was answered
	watch     *time.Timer
	trouble   error // of the last poll
}

// listen begins to poll. The caller holds mu.
func (b *Bus) listen() {
	ctx, cancel := context.WithCancel(context.Background())
	watch := time.AfterFunc(b.opt.deaf(), func() {
		b.mu.Lock()
		defer b.unlock()
		if ctx.Err() == nil {
			b.checkAge(time.Now())
		}
	})
	b.ear = ear{answered: time.Now(), watch: watch}
	b.ear.stop = func() {
		cancel()
		watch.Stop()
	}
	b.group.Go(func() { b.poll(ctx) })
}

// deafen ends to poll. The caller holds mu.
func (b *Bus) deafen() {
	if b.ear.stop != nil {
		b.ear.stop()
	}
	b.ear = ear{}
}

// poll polls until ctx is done.
func (b *Bus) poll(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	// The second poll comes at any time of an Interval: who starts together does
	// not ask together.
	for wait := b.opt.Interval/10 + rand.N(b.opt.Interval); ; wait = b.opt.Interval*9/10 + rand.N(b.opt.Interval/5+1) { //nolint:gosec // jitter
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		b.ask(ctx, began)
		timer.Reset(max(0, wait-time.Since(began)))
	}
}

// ask makes one poll.
func (b *Bus) ask(ctx context.Context, began time.Time) {
	b.mu.Lock()
	if ctx.Err() == nil {
		b.checkAge(began) // after a stop of the process, before what is heard next
	}
	seen, news := b.view, b.news
	b.unlock()
	limited, cancel := context.WithTimeout(ctx, min(b.opt.Timeout, b.opt.deaf()/2)) // so that there is time for another poll
	defer cancel()
	found, err := b.look(limited, seen)
	if err == nil && found.ring == nil && found != seen {
		found, err = b.makeRing(limited, found)
	}
	b.mu.Lock()
	defer b.unlock()
	if ctx.Err() != nil {
		return
	}
	if b.ear.trouble = err; err == nil {
		b.learn(found, news, began)
	}
}

// makeRing puts an empty ring where there is none that can be read, so that
// whatever is published from now on is known to be all. Who may not write does
// without: the next ring is a gap then.
func (b *Bus) makeRing(ctx context.Context, found *view) (*view, error) {
	made, err := b.put(ctx, found, newRing())
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		b.log.Warn(b.trouble("the bus has no object that can be read, and it could not be made", err)...)
		return b.look(ctx, found) // it may be made all the same
	case made == nil: // somebody else was faster
		return b.look(ctx, found)
	}
	return made, nil
}

// learn takes what a look found that began when news had a number: unless
// somebody has learned something else meanwhile, which may be newer. It returns
// what the key holds as far as is known. The caller holds mu.
func (b *Bus) learn(found *view, news uint64, began time.Time) *view {
	if news != b.news {
		return b.view
	}
	b.hear(found, began)
	return found
}

// hear replaces what is known by what is newer, and tells subscribers. The caller
// holds mu.
func (b *Bus) hear(found *view, began time.Time) {
	if found != b.view {
		b.view = found
		b.news++
	}
	e := &b.ear
	if e.stop == nil {
		return
	}
	events, lost := e.advance(found)
	if lost != "" {
		b.warn("the bus has lost messages for this process: "+lost, found.why)
		if e.connected {
			e.connected = false
			events = append(events, event{})
		}
	}
	now := time.Now()
	if began.After(e.answered) {
		e.answered = began
	}
	switch late := age(now, e.answered) >= b.opt.deaf(); {
	case late: // as good as none: it may be long ago that this was so
		b.checkAge(now)
	case !e.connected:
		e.connected = true
		events = append(events, event{connected: true})
	}
	e.watch.Reset(max(0, b.opt.deaf()-now.Sub(e.answered)))
	b.tell(events...)
}

// advance goes to the end of what was found, and returns the messages on the
// way, and why some are lost if so.
func (e *ear) advance(found *view) (events []event, lost string) {
	first, from := !e.placed, e.at
	e.placed, e.at = true, nil
	if found.ring != nil {
		end := found.ring.end()
		e.at = &end
	}
	switch {
	case first:
		return nil, ""
	case from == nil && e.at == nil:
		return nil, ""
	case from == nil:
		return nil, "its object appeared"
	case e.at == nil && found.version.IsZero():
		return nil, "its object is gone"
	case e.at == nil:
		return nil, "its object cannot be read"
	}
	entries, ok := found.ring.after(*from)
	switch {
	case ok:
	case found.ring.base.seq > from.seq:
		return nil, "there were more than its object holds"
	default:
		return nil, "its object is another one"
	}
	for i := range entries {
		events = append(events, event{m: &entries[i].m})
	}
	return events, ""
}

// checkAge tells subscribers when nothing was heard for too long. The caller holds
// mu.
func (b *Bus) checkAge(now time.Time) {
	if e := &b.ear; e.connected && age(now, e.answered) >= b.opt.deaf() {
		e.connected = false
		b.warn("the bus has had no answer for a while", e.trouble)
		b.tell(event{})
	}
}

// age is how long ago something was: by the clock of the wall too, since the other
// one may stand still while a machine sleeps.
func age(now, then time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// tell tells all subscribers. The caller holds mu, which keeps the order.
func (b *Bus) tell(events ...event) {
	if len(events) == 0 {
		return
	}
	for sub := range b.subscribers {
		sub.push(events...)
	}
}

// warn notes trouble for unlock. The caller holds mu.
func (b *Bus) warn(what string, err error) { b.troubles = append(b.troubles, b.trouble(what, err)) }

func (b *Bus) trouble(what string, err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("what", what), slog.String("bus", b.info.Name), ratelog.Key(b.key)}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	return attrs
}

// unlock unlocks mu, and logs what was noted meanwhile: a handler is the user's, and
// may take its time, or call the Bus.
func (b *Bus) unlock() {
	troubles := b.troubles
	b.troubles = nil
	b.mu.Unlock()
	for _, attrs := range troubles {
		b.log.Warn(attrs...)
	}
}
