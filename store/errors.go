package store

import "errors"

// Why an object is a miss although the backend holds it: the Observer is told
// as a BackendError that wraps one of these. No call returns them.
var (
	// ErrCorrupt says that an object is not what was written: it was cut,
	// changed, or moved from another key; or it does not decode.
	ErrCorrupt = errors.New("advcache: damaged object")

	// ErrMismatch says that an object was written with another codec, Schema or
	// key, or by a later version of the library.
	ErrMismatch = errors.New("advcache: object of another kind")

	// ErrForeign says that an object has no metadata of ours.
	ErrForeign = errors.New("advcache: foreign object")
)

// ErrTooLarge says that a value is larger than Options allow, or the backend
// takes: Set and the like return it. What is found too large by a read is
// [ErrCorrupt], and wraps it as well.
var ErrTooLarge error = refusal{errors.New("advcache: too large")}

// refusal is an error about what was asked, which says nothing of the health of
// the backend: a chain does not count it as a failure of its level.
type refusal struct{ error }

// Refusal marks the error.
func (refusal) Refusal() bool { return true }

// Unwrap returns what is wrong.
func (r refusal) Unwrap() error { return r.error }
