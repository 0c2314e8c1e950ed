package fakes3

import "fmt"

// Fault is something that goes wrong with a request.
type Fault uint8

const (
	// None lets a request through: for scripts.
	None Fault = iota

	// Fail answers 500 InternalError, and nothing is done.
	Fail

	// SlowDown answers 503 SlowDown, and nothing is done.
	SlowDown

	// TooManyRequests answers 429, as S3-compatible servers do, and nothing is
	// done.
	TooManyRequests

	// AccessDenied answers 403, and nothing is done.
	AccessDenied

	// Conflict answers 409 ConditionalRequestConflict, as S3 does when another
	// write of the key is under way, and nothing is done: for PutObject,
	// CopyObject, CompleteMultipartUpload and DeleteObject.
	Conflict

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

	// FailInside does nothing, and answers 200 with an error in the body, as S3
	// does when a copy fails after it has begun to answer: for CopyObject and
	// CompleteMultipartUpload.
	FailInside

	// Half does what was asked for every second key in order, and answers
	// InternalError for the others: for DeleteObjects.
	Half

	// Truncate loses the connection within the body of the answer: for
	// GetObject and ListObjectsV2.
	Truncate

	// HangBody sends a part of the body, and then nothing until the context is
	// done: for GetObject and ListObjectsV2.
	HangBody

	// FlipBody turns one bit of the body around: for GetObject.
	FlipBody

	faults
)

var faultNames = [faults]string{
	"None", "Fail", "SlowDown", "TooManyRequests", "AccessDenied", "Conflict", "Reset", "Hang", "Late", "LostAnswer", "FailInside",
	"Half", "Truncate", "HangBody", "FlipBody",
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
	case Conflict:
		return op == OpPutObject || op == OpCopyObject || op == OpCompleteMultipartUpload || op == OpDeleteObject
	case FailInside:
		return op == OpCopyObject || op == OpCompleteMultipartUpload
	case Half:
		return op == OpDeleteObjects
	case Truncate, HangBody:
		return op == OpGetObject || op == OpListObjectsV2
	case FlipBody:
		return op == OpGetObject
	default:
		return true
	}
}
