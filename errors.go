package advcache

import (
	"errors"
	"fmt"

	"github.com/advcache/advcache/internal/ratelog"
)

var (
	// ErrNotFound is the origin's word that there is no value for a key. A
	// loader returns it, possibly wrapped; with TTLOptions.NegativeTTL the
	// cache remembers it, and read-through functions return it. A cache never
	// uses it for its own misses.
	ErrNotFound = errors.New("advcache: not found")

	// ErrUnchanged is a loader's word that the entry it saw through [Previous]
	// still holds. The entry is renewed with its present value.
	ErrUnchanged = errors.New("advcache: unchanged")

	// ErrInvalidTTL is returned for a negative ttl.
	ErrInvalidTTL = errors.New("advcache: negative ttl; use 0 for no expiry")

	// ErrClosed is returned where work would have to be started after Close.
	ErrClosed = errors.New("advcache: closed")
)

// isNotFound reports whether err is the origin's word that there is no value. A
// panic is not, whatever it was called with.
func isNotFound(err error) bool {
	_, panicked := errors.AsType[*PanicError](err)
	return !panicked && errors.Is(err, ErrNotFound)
}

// OpError says which operation of which backend failed for which key.
type OpError struct {
	Op      string // what was tried: "get", "set", "delete", "load", …
	Backend string // the name of the cache or store
	Key     string // the key concerned; empty where there is no single one
	Err     error  // why
}

// Error implements error. The key stands in it quoted, and is cut after 128 bytes
// at the most; Key has all of it.
func (e *OpError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("advcache: %s %s: %v", e.Backend, e.Op, e.Err)
	}
	key, more := ratelog.Short(e.Key)
	return fmt.Sprintf("advcache: %s %s %q%s: %v", e.Backend, e.Op, key, more, e.Err)
}

// Unwrap returns the underlying error.
func (e *OpError) Unwrap() error { return e.Err }

// opError adds the details once.
func opError(op, backend, key string, err error) error {
	if _, already := errors.AsType[*OpError](err); already {
		return err
	}
	return &OpError{Op: op, Backend: backend, Key: key, Err: err}
}

// PanicError is what callers get when code of the user's, such as a loader,
// panics or calls runtime.Goexit.
type PanicError struct {
	Value any    // what panic was called with; [ErrGoexit] for runtime.Goexit
	Stack []byte // the stack of the goroutine that panicked
}

// ErrGoexit is the Value of a [PanicError] made by runtime.Goexit, which
// testing.T.FailNow calls, among others.
var ErrGoexit = errors.New("advcache: runtime.Goexit called")

// Error implements error. It does not include the stack, which is not for
// everybody's eyes.
func (e *PanicError) Error() string { return fmt.Sprintf("advcache: panic: %v", e.Value) }

// Unwrap returns Value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
