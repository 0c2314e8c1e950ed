package fakes3

import (
	"fmt"
	"strings"
)

// Requests says how many requests there were, by operation. Each try of a client
// is one, whatever its answer. They can be compared with ==.
type Requests struct {
	HeadBucket, CreateBucket               int
	HeadObject, GetObject                  int
	PutObject, CopyObject                  int
	DeleteObject, DeleteObjects            int
	ListObjectsV2                          int
	CreateMultipartUpload, UploadPart      int
	CompleteMultipartUpload                int
	AbortMultipartUpload                   int
	ListMultipartUploads, ListParts, Other int
}

// Counts is what a server counted.
type Counts struct {
	Requests Requests
	In       int64 // bytes of bodies that clients sent
	Out      int64 // bytes of bodies that clients read, those of errors and listings too

	// ClosedEarly is how many bodies were closed before their end, or had none:
	// on HTTP/1.1, a connection each.
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

// of returns the place of an operation.
func (r *Requests) of(op Op) *int {
	return [ops]*int{
		OpHeadBucket: &r.HeadBucket, OpCreateBucket: &r.CreateBucket, OpHeadObject: &r.HeadObject, OpGetObject: &r.GetObject,
		OpPutObject: &r.PutObject, OpCopyObject: &r.CopyObject, OpDeleteObject: &r.DeleteObject, OpDeleteObjects: &r.DeleteObjects,
		OpListObjectsV2: &r.ListObjectsV2, OpCreateMultipartUpload: &r.CreateMultipartUpload, OpUploadPart: &r.UploadPart,
		OpCompleteMultipartUpload: &r.CompleteMultipartUpload, OpAbortMultipartUpload: &r.AbortMultipartUpload,
		OpListMultipartUploads: &r.ListMultipartUploads, OpListParts: &r.ListParts, OpOther: &r.Other,
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

// In returns how many requests there were that are charged as a tier.
func (r Requests) In(tier Tier) int {
	n := 0
	for op := AnyOp + 1; op < ops; op++ {
		if op.Tier() == tier {
			n += *r.of(op)
		}
	}
	return n
}

// String returns the requests in words, such as "2 GetObject, 1 PutObject".
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
// "2 GetObject, 1 PutObject; 512 bytes in, 1024 bytes out".
func (c Counts) String() string {
	return fmt.Sprintf("%v; %d bytes in, %d bytes out", c.Requests, c.In, c.Out)
}
