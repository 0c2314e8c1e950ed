package advcache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/advcache/advcache/internal/live"
)

// tier is a level at work in a chain: what it holds is asked for and changed here,
// within its time, unless it is left out, and what it missed is remembered.
type tier[V any] struct {
	cache   Cache[V]
	opt     LevelOptions
	limit   time.Duration
	timeout time.Duration  // what a request may take; 0: not known
	live    live.Source[V] // where the level is in memory; else nil
	inner   *Chain[V]      // the chain that the level is, or is wrapped around; else nil
	noIf    bool           // the cache has no SetEntryIf
	observe *reporter
	doubt   doubts
	breaker breaker
	queue   *writeQueue[V] // nil: writes go through
	mendAt  time.Time      // not before it is what was missed made good; the mender's
	missing func()         // is called when the level has missed a change
	landed  func(string)   // when a queued write of a key was made; nil: nobody asks
	mended  func(string)   // and when it has what it had missed of a key; nil: nobody asks
	trusted func() bool    // whether copies may be held up to the limit; nil: yes
}

func newTier[V any](l ChainLevel[V], number int, observe *reporter) *tier[V] {
	if l.cache == nil {
		panic("advcache: the zero ChainLevel has no cache; make one by Level(cache, limit)")
	}
	l.opt.complete(number)
	t := &tier[V]{cache: admitting(l.cache, &l.opt), opt: l.opt, limit: l.limit, timeout: l.opt.Timeout, observe: observe}
	t.breaker.policy = l.opt.Breaker
	t.inner, _ = chainOf(l.cache)
	if t.live = sourceOf(l.cache); t.live != nil && t.opt.Behind {
		panic(fmt.Sprintf("advcache: level %s: LevelOptions.Behind is set for a %T, which is in memory, so that nothing is gained; leave it out", t.opt.Name, l.cache))
	}
	if s, ok := l.cache.(interface{ Timeout() time.Duration }); ok && t.timeout == 0 {
		t.timeout = s.Timeout()
	}
	_, conditional := l.cache.(EntryIfSetter[V])
	t.noIf = !conditional
	return t
}

// local reports whether the level belongs to this process alone.
func (t *tier[V]) local() bool { return t.live != nil || t.opt.Local }

// request asks the level, unless it is left out and force is not set. What is
// forced is not what tries a level that is left out: deletes may fail where all
// else works.
func (t *tier[V]) request(ctx context.Context, force bool, fn func(context.Context) error) error {
	var probe bool
	var err error
	if !force {
		if probe, err = t.breaker.enter(); err != nil {
			return err
		}
	}
	began := time.Now()
	limited, cancel := t.limited(ctx)
	defer cancel()
	returned := false
	defer func() {
		if !returned {
			err = &PanicError{Value: ErrGoexit}
		}
		t.breaker.leave(probe, t.outcome(ctx, err, began), err)
	}()
	err = guard(func() error { return fn(limited) })
	returned = true
	return err
}

func (t *tier[V]) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.opt.Timeout == 0 {
		return ctx, func() {}
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= t.opt.Timeout {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, t.opt.Timeout)
}

// outcome tells what an error says of the health of the level. Where the caller's
// time was over first, the level counts as failing if it had half of its own.
func (t *tier[V]) outcome(ctx context.Context, err error, began time.Time) outcome {
	switch {
	case err == nil:
		return healthy
	case isRefusal(err): // mostly without the level being asked
		return unsure
	case ctx.Err() == nil:
		return failing
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && t.timeout > 0 && time.Since(began) >= t.timeout/2:
		return failing
	default:
		return unsure
	}
}

// isRefusal reports whether err is about what was asked, and says nothing of the
// health of the level.
func isRefusal(err error) bool {
	r, ok := errors.AsType[interface {
		error
		Refusal() bool
	}](err)
	return ok && r.Refusal() || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, ErrInvalidTTL)
}

// copied is a copy of an entry that the level gave before.
type copied[V any] struct {
	value   V
	version Version // of the level
}

// look returns what the level holds for key. What it is not believed is a miss
// without a Version. With a copy, the value need not be moved again.
func (t *tier[V]) look(ctx context.Context, key string, had *copied[V]) (l Lookup[V]) {
	if l, known := t.queue.waiting(key); known {
		return l
	}
	if t.doubt.of(key) {
		return l
	}
	l.Err = t.request(ctx, false, func(ctx context.Context) (err error) {
		switch {
		case t.opt.Hedge > 0:
			l.Entry, l.OK, err = t.hedged(ctx, key, had)
		default:
			l.Entry, l.OK, err = t.ask(ctx, key, had)
		}
		return err
	})
	return t.believed(l)
}

func (t *tier[V]) ask(ctx context.Context, key string, had *copied[V]) (Entry[V], bool, error) {
	if had == nil {
		return t.cache.GetEntry(ctx, key)
	}
	return Revalidate(ctx, t.cache, key, Entry[V]{Value: had.value, Version: had.version})
}

// lookMany is look for many keys.
func (t *tier[V]) lookMany(ctx context.Context, keys []string) []Lookup[V] {
	found := make([]Lookup[V], len(keys))
	ask := make([]string, 0, len(keys))
	at := make([]int, 0, len(keys))
	for i, key := range keys {
		if l, known := t.queue.waiting(key); known {
			found[i] = l
		} else if !t.doubt.of(key) {
			ask, at = append(ask, key), append(at, i)
		}
	}
	if len(ask) == 0 {
		return found
	}
	var answers []Lookup[V]
	err := t.request(ctx, false, func(ctx context.Context) error {
		answers = GetEntries(ctx, t.cache, ask)
		return healthOf(answers)
	})
	for j, i := range at {
		if j < len(answers) {
			found[i] = t.believed(answers[j])
		} else {
			found[i].Err = err
		}
	}
	return found
}

// healthOf returns the error by which the health of a level is judged: nil if it
// has answered for any key and failed for none.
func healthOf[V any](answers []Lookup[V]) (err error) {
	answered := false
	for i := range answers {
		switch e := answers[i].Err; {
		case e == nil:
			answered = true
		case !isRefusal(e):
			return e
		default:
			err = e
		}
	}
	if answered {
		return nil
	}
	return err
}

func (t *tier[V]) believed(l Lookup[V]) Lookup[V] {
	switch {
	case l.Err != nil:
		return Lookup[V]{Err: l.Err}
	case l.OK && t.doubt.older(l.Entry.CreatedAt):
		return Lookup[V]{}
	}
	return l
}

// head is look without the value. Where the level can only say whether it has a
// fresh value, that will do, unless all of the entry is asked for.
func (t *tier[V]) head(ctx context.Context, key string, all bool) (l Lookup[V]) {
	if l, known := t.queue.waiting(key); known {
		return l
	}
	if t.doubt.of(key) {
		return l
	}
	l.Err = t.request(ctx, false, func(ctx context.Context) (err error) {
		if _, can := t.cache.(EntryHeader[V]); can || all || t.doubt.aged() {
			l.Entry, l.OK, err = HeadEntry(ctx, t.cache, key)
		} else {
			l.OK, err = t.cache.Exists(ctx, key)
		}
		return err
	})
	return t.believed(l)
}

// write stores an entry, or removes what the key holds if it is dead. The key is
// locked in the chain, here and in what follows.
func (t *tier[V]) write(ctx context.Context, key string, entry *Entry[V]) error {
	if !entry.IsDead(time.Now()) {
		if queued, err := t.queue.put(key, entry); queued {
			return err
		}
	}
	release, err := t.queue.halt(ctx, key)
	defer release() // once it is noted how the write ended
	if err == nil {
		err = t.request(ctx, false, func(ctx context.Context) error { return t.cache.SetEntry(ctx, key, *entry) })
	}
	t.wrote(ctx, key, err)
	return t.opError("set", key, err)
}

// worstOf returns the part of the error of a batch by which the health of a level
// is judged: one that is no refusal, if there is any.
func worstOf(err error) error {
	for _, e := range missingOf(err).keys {
		if !isRefusal(e) {
			return e
		}
	}
	return err
}

// writeMany is write for many keys.
func (t *tier[V]) writeMany(ctx context.Context, entries map[string]Entry[V]) error {
	if t.queue != nil {
		var errs []error
		for key, entry := range entries {
			errs = append(errs, t.write(ctx, key, &entry))
		}
		return errors.Join(errs...)
	}
	var err error
	if asked := t.request(ctx, false, func(ctx context.Context) error {
		err = SetEntries(ctx, t.cache, entries)
		return worstOf(err)
	}); err == nil {
		err = asked
	}
	failed := missingOf(err)
	for key := range entries {
		if failed.has(key) {
			t.wrote(ctx, key, err)
		} else {
			t.wrote(ctx, key, nil)
		}
	}
	return t.opError("set", "", err)
}

// flush makes the write of key that is queued.
func (t *tier[V]) flush(ctx context.Context, key string) error {
	return t.opError("set", key, t.queue.flush(ctx, key))
}

// writeIf stores an entry if the level still holds what was seen, and reports
// whether it did.
func (t *tier[V]) writeIf(ctx context.Context, key string, entry *Entry[V], seen Version) (stored bool, err error) {
	release, err := t.queue.halt(ctx, key)
	defer release()
	if err == nil {
		err = t.request(ctx, false, func(ctx context.Context) (err error) {
			stored, err = SetEntryIf(ctx, t.cache, key, *entry, seen)
			return err
		})
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) || stored {
		t.wrote(ctx, key, err)
	}
	return stored, t.opError("set", key, err)
}

// add is SetIfAbsent of the level. One that fails has replaced nothing, so that
// whatever the key holds may be read: it must not be deleted because of it.
func (t *tier[V]) add(ctx context.Context, key string, value V, ttl time.Duration) (stored bool, err error) {
	err = t.request(ctx, false, func(ctx context.Context) (err error) {
		stored, err = SetIfAbsent(ctx, t.cache, key, value, ttl)
		return err
	})
	if stored {
		t.wrote(ctx, key, err)
	}
	return stored, t.opError("set", key, err)
}

// remove deletes keys, even if the level is left out.
func (t *tier[V]) remove(ctx context.Context, keys []string) error {
	release, err := t.queue.halt(ctx, keys...)
	defer release()
	if err == nil {
		err = t.request(ctx, true, func(ctx context.Context) error { return t.cache.Delete(ctx, keys...) })
	}
	failed := missingOf(err)
	for _, key := range keys {
		missed := err
		if !failed.has(key) || isRefusal(failed.why(key)) { // a key that is refused holds nothing
			missed = nil
		}
		t.note(key, missed)
	}
	if err != nil {
		t.missing()
	}
	return t.opError("delete", keyOf(keys), err)
}

// clear deletes the keys that begin with prefix.
func (t *tier[V]) clear(ctx context.Context, prefix string) error {
	release, err := t.queue.hold(ctx, prefix)
	if err == nil {
		err = t.request(ctx, true, func(ctx context.Context) error { return Clear(ctx, t.cache, prefix) })
	}
	release(!errors.Is(err, errors.ErrUnsupported)) // which changes nothing
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.doubt.all()
	}
	return t.opError("clear", prefix, err)
}

// wrote notes how a write of key ended. Memory that has missed one is emptied of
// the key at once.
func (t *tier[V]) wrote(ctx context.Context, key string, err error) {
	if err != nil && t.live != nil {
		err = t.cache.Delete(ctx, key)
	}
	t.note(key, err)
	if err != nil {
		t.missing()
	}
}

// missed notes that the level was not asked to change keys, though it should have
// been.
func (t *tier[V]) missed(ctx context.Context, keys []string, why error) {
	for _, key := range keys {
		t.wrote(ctx, key, why)
		t.queue.drop(key)
	}
}

func (t *tier[V]) opError(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return opError(op, t.observe.name+"/"+t.opt.Name, key, err)
}
