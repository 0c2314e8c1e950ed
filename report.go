package advcache

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/advcache/advcache/internal/ratelog"
)

// reporter tells an Observer what happens in one TTL. A hook that panics is
// logged: it must end neither a load nor the process.
type reporter struct {
	name     string
	observer *Observer // may be nil
	log      *ratelog.Logger
}

func (r *reporter) tell(hook func(Event), key string, took time.Duration, err error) {
	if hook == nil {
		return
	}
	defer r.catch("a hook of the Observer panicked", key)
	hook(Event{Cache: r.name, Key: key, Duration: took, Err: err})
}

func (r *reporter) catch(what, key string) {
	if p := recover(); p != nil {
		r.warn(what, key, fmt.Errorf("panic: %v", p))
	}
}

func (r *reporter) stale(key string, took time.Duration) {
	if r.observer != nil {
		r.tell(r.observer.Stale, key, took, nil)
	}
}

func (r *reporter) miss(key string, took time.Duration) {
	if r.observer != nil {
		r.tell(r.observer.Miss, key, took, nil)
	}
}

func (r *reporter) negative(key string, took time.Duration) {
	if r.observer != nil {
		r.tell(r.observer.Negative, key, took, nil)
	}
}

func (r *reporter) loaded(key string, took time.Duration, err error, background bool) {
	if r.observer == nil {
		return
	}
	if background {
		r.tell(r.observer.Refresh, key, took, err)
	} else {
		r.tell(r.observer.Load, key, took, err)
	}
}

// loadError tells of a failed load. Unattended says that no caller is told.
func (r *reporter) loadError(key string, took time.Duration, err error, unattended bool) {
	if r.observer != nil && r.observer.LoadError != nil {
		r.tell(r.observer.LoadError, key, took, err)
	} else if unattended {
		r.warn("a load in the background failed", key, err)
	}
}

func (r *reporter) set(key string, took time.Duration) {
	if r.observer != nil {
		r.tell(r.observer.Set, key, took, nil)
	}
}

func (r *reporter) deleted(key string, took time.Duration) {
	if r.observer != nil {
		r.tell(r.observer.Delete, key, took, nil)
	}
}

func (r *reporter) backendError(key string, err error) {
	if r.observer != nil && r.observer.BackendError != nil {
		r.tell(r.observer.BackendError, key, 0, err)
	} else {
		r.warn("the cache failed; the loader's value is served", key, err)
	}
}

// levelError tells of a failure of a level of a chain that is worked around.
func (r *reporter) levelError(key string, err error) {
	if r.observer != nil && r.observer.BackendError != nil {
		r.tell(r.observer.BackendError, key, 0, err)
	} else {
		r.warn("a level failed", key, err)
	}
}

// warn logs what could not be returned, at most once a second.
func (r *reporter) warn(what, key string, err error) {
	stack := ""
	if p, ok := errors.AsType[*PanicError](err); ok {
		stack = string(p.Stack)
	}
	r.log.Warn(slog.String("what", what), slog.String("cache", r.name),
		ratelog.Key(key), slog.Any("err", err), slog.String("stack", stack))
}

func (r *reporter) opError(op, key string, err error) error {
	return opError(op, r.name, key, err)
}
