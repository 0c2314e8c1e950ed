package fakegcs

import (
	"fmt"
	"net/http"
	"strings"
)

// Requests says how many requests there were, by operation. Each try of a client
// is one, whatever its answer. They can be compared with ==.
type Requests struct {
	GetBucket, TestPermissions             int
	ListObjects                            int
	GetObject, ReadObject                  int
	InsertObject                           int
	StartUpload, UploadChunk, CancelUpload int
	PatchObject, UpdateObject              int
	RewriteObject, CopyObject              int
	DeleteObject, Other                    int
}

// Counts is what a server counted.
type Counts struct {
	Requests Requests
	In       int64 // bytes of bodies that clients sent, with the frames of multipart uploads
	Out      int64 // bytes of bodies that clients read, those of metadata, listings and errors too

	// BilledA and BilledB are how many requests of ClassA and ClassB GCS would
	// charge: it says that it takes nothing for answers of 4xx and 5xx, so that a
	// miss is free, and so is a condition that does not hold.
	BilledA, BilledB int

	// ClosedEarly is how many bodies were closed before their end: on HTTP/1.1,
	// a connection each.
	ClosedEarly int

	// Peak is the most requests that waited for the first byte at once.
	Peak int
}

// Requests returns how many requests there were since the last Reset. One that
// has not returned yet is counted.
func (s *Server) Requests() Requests { return s.Counts().Requests }

// Counts returns what was counted since the last Reset.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Reset begins to count at zero. Objects and faults stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = Counts{Peak: s.waiting}
}

// OpenBodies returns how many bodies of answers have not been closed yet.
func (s *Server) OpenBodies() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wire.Open
}

// bill counts what GCS would charge for a request that is answered so.
func (s *Server) bill(op Op, status int) {
	if status >= http.StatusBadRequest {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch op.Class() {
	case ClassA:
		s.counts.BilledA++
	case ClassB:
		s.counts.BilledB++
	case Free:
	}
}

// of returns the place of an operation.
func (r *Requests) of(op Op) *int {
	return [ops]*int{
		OpGetBucket: &r.GetBucket, OpTestPermissions: &r.TestPermissions, OpListObjects: &r.ListObjects, OpGetObject: &r.GetObject,
		OpReadObject: &r.ReadObject, OpInsertObject: &r.InsertObject, OpStartUpload: &r.StartUpload, OpUploadChunk: &r.UploadChunk,
		OpCancelUpload: &r.CancelUpload, OpPatchObject: &r.PatchObject, OpUpdateObject: &r.UpdateObject,
		OpRewriteObject: &r.RewriteObject, OpCopyObject: &r.CopyObject, OpDeleteObject: &r.DeleteObject, OpOther: &r.Other,
	}[op]
}

// Of returns how many requests there were of an operation; of [AnyOp], of all.
func (r Requests) Of(op Op) int {
	if op == AnyOp {
		return r.Total()
	}
	return *r.of(op)
}

// Total returns how many requests there were of all operations.
func (r Requests) Total() int {
	n := 0
	for op := AnyOp + 1; op < ops; op++ {
		n += *r.of(op)
	}
	return n
}

// In returns how many requests there were of a class, whatever their answers.
func (r Requests) In(class Class) int {
	n := 0
	for op := AnyOp + 1; op < ops; op++ {
		if op.Class() == class {
			n += *r.of(op)
		}
	}
	return n
}

// String returns the requests in words, such as "2 ReadObject, 1 InsertObject".
func (r Requests) String() string {
	var said []string
	for op := AnyOp + 1; op < ops; op++ {
		if n := *r.of(op); n != 0 {
			said = append(said, fmt.Sprintf("%d %v", n, op))
		}
	}
	if len(said) == 0 {
		return "no request"
	}
	return strings.Join(said, ", ")
}

// String returns the counts in words, such as
// "2 ReadObject, 1 InsertObject; 512 bytes in, 1024 bytes out".
func (c Counts) String() string {
	return fmt.Sprintf("%v; %d bytes in, %d bytes out", c.Requests, c.In, c.Out)
}
