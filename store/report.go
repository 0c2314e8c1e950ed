package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/internal/ratelog"
)

var errEmptyKey error = refusal{errors.New("the key is empty; a key has one byte or more")}

// reporter tells an Observer what a cache did.
type reporter struct {
	name     string
	observer *advcache.Observer // may be nil
	log      *ratelog.Logger
}

func newReporter(o *Options) reporter {
	return reporter{name: o.Name, observer: o.Observer, log: ratelog.New(o.Logger)}
}

func (r *reporter) set(key string, began time.Time) {
	if r.observer != nil && r.observer.Set != nil {
		r.tell(r.observer.Set, advcache.Event{Cache: r.name, Key: key, Duration: time.Since(began)})
	}
}

func (r *reporter) deleted(keys []string, began time.Time) {
	if r.observer == nil || r.observer.Delete == nil {
		return
	}
	for _, key := range keys {
		r.tell(r.observer.Delete, advcache.Event{Cache: r.name, Key: key, Duration: time.Since(began)})
	}
}

// trouble tells of what no caller is told.
func (r *reporter) trouble(key string, err error) {
	if r.observer != nil && r.observer.BackendError != nil {
		r.tell(r.observer.BackendError, advcache.Event{Cache: r.name, Key: key, Err: err})
		return
	}
	r.log.Warn(slog.String("what", "an object was not served"), slog.String("cache", r.name), ratelog.Key(key), slog.Any("err", err))
}

// tell calls a hook. What it does must not seem to undo what was done.
func (r *reporter) tell(hook func(advcache.Event), e advcache.Event) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Warn(slog.String("what", "a hook of the Observer panicked"), slog.String("cache", r.name), ratelog.Key(e.Key), slog.Any("panic", p))
		}
	}()
	hook(e)
}

// bad reports an object that makes no sense. A damaged one is removed, unless it
// has been replaced by now: with Dedupe, a write of the same content would leave
// it there for ever. It has no Version then: who saw it has seen nothing that is
// held, and may store what it loads as after any other miss.
func (c *Cache[V]) bad(ctx context.Context, key string, m *Meta, why error) {
	c.report.trouble(key, c.opError("get", key, why))
	if !errors.Is(why, ErrCorrupt) || m.Version.IsZero() {
		return
	}
	ctx, cancel := c.limited(ctx)
	defer cancel()
	_, removed, err := c.store.Put(ctx, key, Object{Meta: goneMeta()}, Cond{Kind: IfVersion, Version: m.Version})
	if err != nil && ctx.Err() == nil {
		c.report.trouble(key, c.opError("delete", key, fmt.Errorf("the damaged object stays: %w", err)))
	}
	if removed && err == nil {
		m.Version = Version{}
	}
}

// goneMeta is that of an object which removes what it replaces.
func goneMeta() Meta { return Meta{CreatedAt: FromMillis(1), FreshUntil: FromMillis(1), Absent: true} }

func (c *Cache[V]) opError(op, key string, err error) error {
	if _, already := errors.AsType[*advcache.OpError](err); already {
		return err
	}
	return &advcache.OpError{Op: op, Backend: c.opt.Name, Key: key, Err: err}
}
