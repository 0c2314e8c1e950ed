package storetest

import "fmt"

// Op is a kind of request.
type Op uint8

// The kinds of requests, by the methods and functions that make them.
const (
	AnyOp Op = iota // whatever comes
	OpGet
	OpHead
	OpPut
	OpDelete
	OpTouch
	OpGetMany
	OpPutMany
	OpClear

	ops
)

var opNames = [ops]string{"AnyOp", "Get", "Head", "Put", "Delete", capTouch, capGetMany, capPutMany, capClear}

// String returns the name of the kind.
func (op Op) String() string {
	if op < ops {
		return opNames[op]
	}
	return fmt.Sprintf("Op(%d)", uint8(op))
}

// Fault is something that goes wrong with a request to a [Faulty].
type Fault uint8

const (
	// None lets a request through: for scripts.
	None Fault = iota

	// Fail gives an error, and nothing is done.
	Fail

	// Hang waits until the context is done, returns its error, and does
	// nothing. Without an end of the context it waits for ever.
	Hang

	// Late waits for FaultyOptions.Latency, or until the context is done, and
	// then does what was asked.
	Late

	// LostAnswer does what was asked, and gives an error.
	LostAnswer

	// Half does what was asked for every second key in order, and gives an
	// error: for GetMany, PutMany and Delete.
	Half

	// Truncate cuts the end off a body: for Get and GetMany.
	Truncate

	// FlipBody turns one bit of a body around: for Get and GetMany.
	FlipBody

	// FlipHash turns one bit of the hash around: for Get, Head and GetMany, as
	// all that follows.
	FlipHash

	// FlipEncoding turns one bit of the encoding around.
	FlipEncoding

	// FlipSchema turns one bit of the schema around, or gives one that has none.
	FlipSchema

	// Outdated answers with what the key held before its last write through
	// the Faulty, as a replica does that lags behind.
	Outdated

	// Swapped answers with the object of another key that was written through
	// the Faulty, and as usual if there is none.
	Swapped

	// Foreign answers that somebody else wrote the object, where there is one.
	Foreign

	// Damaged answers that the object makes no sense, where there is one.
	Damaged

	faults
)

var faultNames = [faults]string{
	"None", "Fail", "Hang", "Late", "LostAnswer", "Half", "Truncate", "FlipBody", "FlipHash", "FlipEncoding", "FlipSchema",
	"Outdated", "Swapped", "Foreign", "Damaged",
}

// String returns the name of the fault.
func (f Fault) String() string {
	if f < faults {
		return faultNames[f]
	}
	return fmt.Sprintf("Fault(%d)", uint8(f))
}

// befalls reports whether the fault can happen to requests of a kind.
func (f Fault) befalls(op Op) bool {
	switch f {
	case None, Fail, Hang, Late, LostAnswer:
		return true
	case Half:
		return op == OpGetMany || op == OpPutMany || op == OpDelete
	case Truncate, FlipBody:
		return op == OpGet || op == OpGetMany
	default:
		return op == OpGet || op == OpGetMany || op == OpHead
	}
}
