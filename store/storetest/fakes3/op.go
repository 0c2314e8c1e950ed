package fakes3

import "fmt"

// Op is an operation of S3.
type Op uint8

// The operations, by the names of S3.
const (
	AnyOp Op = iota // whatever comes
	OpHeadBucket
	OpCreateBucket
	OpHeadObject
	OpGetObject
	OpPutObject
	OpCopyObject
	OpDeleteObject
	OpDeleteObjects
	OpListObjectsV2
	OpCreateMultipartUpload
	OpUploadPart
	OpCompleteMultipartUpload
	OpAbortMultipartUpload
	OpListMultipartUploads
	OpListParts
	OpOther // what the server does not have

	ops
)

var opNames = [ops]string{
	"AnyOp", "HeadBucket", "CreateBucket", "HeadObject", "GetObject", "PutObject", "CopyObject", "DeleteObject", "DeleteObjects",
	"ListObjectsV2", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListMultipartUploads",
	"ListParts", "Other",
}

// String returns the name of the operation.
func (op Op) String() string {
	if op < ops {
		return opNames[op]
	}
	return fmt.Sprintf("Op(%d)", uint8(op))
}

// Tier is a class of requests, by what S3 takes for them.
type Tier uint8

// The tiers, by the names of the S3 bill.
const (
	Free  Tier = iota // DELETE, and the end of a multipart upload without an object
	Tier1             // PUT, COPY, POST, LIST: 12.5 times the price of Tier2
	Tier2             // GET, HEAD and all other requests, a 304 answer too
)

// Tier returns the class of the operation.
func (op Op) Tier() Tier {
	switch op {
	case OpDeleteObject, OpDeleteObjects, OpAbortMultipartUpload:
		return Free
	case OpCreateBucket, OpPutObject, OpCopyObject, OpListObjectsV2, OpCreateMultipartUpload, OpUploadPart,
		OpCompleteMultipartUpload, OpListMultipartUploads, OpListParts:
		return Tier1
	default:
		return Tier2
	}
}
