package fakegcs

import "fmt"

// Op is an operation of GCS.
type Op uint8

// The operations. The method of the JSON API stands beside each.
const (
	AnyOp             Op = iota // whatever comes
	OpGetBucket                 // buckets.get
	OpTestPermissions           // buckets.testIamPermissions
	OpListObjects               // objects.list
	OpGetObject                 // objects.get, and HEAD of the XML API: the metadata
	OpReadObject                // objects.get with alt=media, and GET of the XML API: the body
	OpInsertObject              // objects.insert in one request: multipart and media
	OpStartUpload               // objects.insert, the first request of a resumable upload
	OpUploadChunk               // objects.insert, the other requests, and questions how far it is
	OpCancelUpload              // objects.insert, given up
	OpPatchObject               // objects.patch
	OpUpdateObject              // objects.update
	OpRewriteObject             // objects.rewrite
	OpCopyObject                // objects.copy
	OpDeleteObject              // objects.delete
	OpOther                     // what the server does not have

	ops
)

var opNames = [ops]string{
	"AnyOp", "GetBucket", "TestPermissions", "ListObjects", "GetObject", "ReadObject", "InsertObject", "StartUpload", "UploadChunk",
	"CancelUpload", "PatchObject", "UpdateObject", "RewriteObject", "CopyObject", "DeleteObject", "Other",
}

// String returns the name of the operation.
func (op Op) String() string {
	if op < ops {
		return opNames[op]
	}
	return fmt.Sprintf("Op(%d)", uint8(op))
}

// Class is a class of requests, by what GCS takes for them.
type Class uint8

// The classes, by the names of the GCS bill.
const (
	Free   Class = iota // deletes, and the later requests of a resumable upload
	ClassA              // writes, changes of metadata, listings: 12.5 times the price of ClassB
	ClassB              // reads, of bodies or metadata, a 304 answer too
)

// Class returns the class of the operation.
func (op Op) Class() Class {
	switch op {
	case OpListObjects, OpInsertObject, OpStartUpload, OpPatchObject, OpUpdateObject, OpRewriteObject, OpCopyObject:
		return ClassA
	case OpGetBucket, OpTestPermissions, OpGetObject, OpReadObject:
		return ClassB
	default:
		return Free
	}
}

// reads reports whether the operation only looks: a condition that something has
// changed is answered 304, not 412.
func (op Op) reads() bool { return op.Class() == ClassB }
