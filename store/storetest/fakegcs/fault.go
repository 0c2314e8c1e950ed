package fakegcs

import "fmt"

// Fault is something that goes wrong with a request.
type Fault uint8

const (
	// None lets a request through: for scripts.
	None Fault = iota

	// Fail answers 500 internalError, and nothing is done.
	Fail

	// Unavailable answers 503 backendError, and nothing is done.
	Unavailable

	// TooManyRequests answers 429 rateLimitExceeded, and nothing is done.
	TooManyRequests

	// Unauthorized answers 401 authError, as with a token that has expired, and
	// nothing is done.
	Unauthorized

	// AccessDenied answers 403 forbidden, and nothing is done.
	AccessDenied

	// Reset resets the connection, and nothing is done.
	Reset

	// Hang waits until the context is done, returns its error, and does
	// nothing. Without an end of the context it waits for ever.
	Hang

	// Late waits for Options.FaultLatency, or until the context is done, and
	// then does what was asked.
	Late

	// LostAnswer does what was asked, and resets the connection.
	LostAnswer

	// FailAfter does what was asked, and answers 503 backendError, as a proxy
	// does that lost its backend.
	FailAfter

	// Truncate loses the connection within the body of the answer: for
	// ReadObject, GetObject and ListObjects.
	Truncate

	// HangBody sends a part of the body, and then nothing until the context is
	// done: for ReadObject, GetObject and ListObjects.
	HangBody

	// FlipBody turns one bit of the body around: for ReadObject.
	FlipBody

	faults
)

var faultNames = [faults]string{
	"None", "Fail", "Unavailable", "TooManyRequests", "Unauthorized", "AccessDenied", "Reset", "Hang", "Late", "LostAnswer", "FailAfter",
	"Truncate", "HangBody", "FlipBody",
}

// String returns the name of the fault.
func (f Fault) String() string {
	if f < faults {
		return faultNames[f]
	}
	return fmt.Sprintf("Fault(%d)", uint8(f))
}

// befalls reports whether the fault can happen to an operation.
func (f Fault) befalls(op Op) bool {
	switch f {
	case Truncate, HangBody:
		return op == OpReadObject || op == OpGetObject || op == OpListObjects
	case FlipBody:
		return op == OpReadObject
	default:
		return true
	}
}
