package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/advcache/advcache"
)

const (
	// busFailures is how often in a row a write may fail. One that others came
	// before has not failed.
	busFailures = 5

	firstBusPause = 20 * time.Millisecond
	mostBusPause  = time.Second
)

// Publish implements [advcache.Bus]. It returns when m stands in the object, and
// is with the subscribers of this process. It keeps nothing of m.
//
// Where others write at the same time it tries again until ctx is done, and after
// failures five times in all, with a growing pause, at random, between them. So give
// ctx a deadline. An error is an [*advcache.OpError]. After one, m may be published
// all the same: always where an answer was lost, or where others of this process had
// theirs written with it.
func (b *Bus) Publish(ctx context.Context, m advcache.Invalidation) error {
	b.mustBeMade()
	if err := ctx.Err(); err != nil {
		return b.opError("publish", err)
	}
	e := newMessage(&m)
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return b.opError("publish", advcache.ErrClosed)
	}
	if b.waiting == nil {
		b.waiting = b.newBatch(ctx)
	}
	mine := b.waiting
	mine.entries = append(mine.entries, e)
	mine.publishers++
	if b.underWay == nil {
		b.underWay = mine // until writeAll has it
		b.group.Go(b.writeAll)
	}
	b.mu.Unlock()
	select {
	case <-mine.done:
		if mine.err != nil {
			return b.opError("publish", mine.err)
		}
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if mine.publishers--; mine.publishers == 0 {
		mine.cancel(ctx.Err())
		if b.waiting == mine {
			b.waiting = nil
		}
	}
	return b.opError("publish", because(ctx.Err(), mine.failed))
}

// because returns an error that ended something, with the one that kept it from
// ending before, if there is one.
func because(err, why error) error {
	if why == nil {
		return err
	}
	return fmt.Errorf("%w, after: %w", err, why)
}

// batch is what is written at once. The mu of its Bus guards it until it is under
// way, and publishers and failed until it is done.
type batch struct {
	entries    []message
	publishers int                // how many wait for it
	cancel     func(cause error)  // when there are none, or by Close
	write      func() (err error) // writes it
	done       chan struct{}
	err        error // once it is done
	failed     error // of the last try
}

// newBatch returns a batch that is written with what the first publisher has in its
// context, but not with its end: others may wait for longer.
func (b *Bus) newBatch(ctx context.Context) *batch {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	mine := &batch{cancel: cancel, done: make(chan struct{})}
	mine.write = func() error {
		defer cancel(nil)
		return b.write(ctx, mine)
	}
	return mine
}

// writeAll writes what waits, until nothing does.
func (b *Bus) writeAll() {
	for {
		b.mu.Lock()
		mine := b.waiting
		b.waiting, b.underWay = nil, mine
		b.mu.Unlock()
		if mine == nil {
			return
		}
		mine.err = mine.write()
		close(mine.done)
	}
}

// write writes a batch.
func (b *Bus) write(ctx context.Context, mine *batch) error {
	pause := firstBusPause
	for failures, look := 0, false; ; look = true {
		done, err := b.try(ctx, mine, look)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case done:
			return nil
		case err != nil:
			if failures++; failures == busFailures || forGood(err) {
				return err
			}
			b.mu.Lock()
			mine.failed = err
			b.mu.Unlock()
		}
		timer := time.NewTimer(rand.N(pause)) //nolint:gosec // jitter
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		pause = min(2*pause, mostBusPause)
	}
}

// forGood reports whether another try would give the same error.
func forGood(err error) bool {
	return slices.ContainsFunc([]error{errors.ErrUnsupported, ErrTooLarge, ErrForeign, ErrMismatch}, func(other error) bool {
		return errors.Is(err, other)
	})
}

// try tries to write a batch over what the key held when it was last looked at: a
// look before would cost a request, and most often tell nothing new. It reports
// whether the batch is written.
func (b *Bus) try(ctx context.Context, mine *batch, look bool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, b.opt.Timeout)
	defer cancel()
	b.mu.Lock()
	seen, news := b.view, b.news
	b.mu.Unlock()
	if seen == nil || look {
		began := time.Now()
		found, err := b.look(ctx, seen)
		if err != nil {
			return false, err
		}
		b.mu.Lock()
		seen = b.learn(found, news, began)
		b.unlock()
	}
	held := seen.ring
	switch {
	case held == nil:
		held = newRing()
	case look && held.has(mine.entries[len(mine.entries)-1].id): // by a try whose answer was lost
		return true, nil
	}
	began := time.Now()
	made, err := b.put(ctx, seen, held.with(mine.entries, b.opt.MaxSize))
	if err != nil || made == nil {
		return false, err
	}
	b.mu.Lock()
	defer b.unlock()
	if b.view == seen { // else somebody has looked since then, or will
		b.hear(made, began)
	}
	return true, nil
}
