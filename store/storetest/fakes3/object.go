package fakes3

import (
	"bytes"
	"crypto/md5" //nolint:gosec // what an ETag is
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Object is an object, as the server holds it.
type Object struct {
	Body         []byte
	ETag         string    // without quotes
	LastModified time.Time // whole seconds

	// Header has Content-Type and what else S3 returns as it was written:
	// Cache-Control, Content-Disposition, Content-Encoding, Content-Language,
	// Expires.
	Header http.Header

	Metadata     map[string]string // user metadata; names are in lower case, without x-amz-meta-
	Tags         map[string]string
	StorageClass string // "": STANDARD

	Encryption string // x-amz-server-side-encryption: AES256, aws:kms, aws:kms:dsse
	KMSKey     string

	// Checksum is what was computed when the object was written, in base64,
	// with "-N" at its end if it is that of the checksums of N parts.
	Checksum          string
	ChecksumAlgorithm string // CRC32, CRC32C, CRC64NVME, SHA1, SHA256; "": none

	// PartSizes are the sizes of the parts of a multipart upload.
	PartSizes []int64
}

// bucket is what a bucket holds. Objects that are held do not change.
type bucket struct {
	objects map[string]*Object
	uploads map[string]*upload
	keys    []string // of objects, in order; nil: to be sorted
}

func newBucket() *bucket {
	return &bucket{objects: make(map[string]*Object), uploads: make(map[string]*upload)}
}

// put holds obj from now on.
func (b *bucket) put(key string, obj *Object) {
	if _, ok := b.objects[key]; !ok {
		b.keys = nil
	}
	b.objects[key] = obj
}

func (b *bucket) remove(key string) {
	if _, ok := b.objects[key]; ok {
		delete(b.objects, key)
		b.keys = nil
	}
}

// sorted returns the keys in the order of their bytes.
func (b *bucket) sorted() []string {
	if b.keys == nil {
		b.keys = slices.Sorted(maps.Keys(b.objects))
	}
	return b.keys
}

// clone returns a copy that shares no memory with obj.
func (obj *Object) clone() Object {
	own := *obj
	own.Body = bytes.Clone(obj.Body)
	own.Header = obj.Header.Clone()
	own.Metadata = maps.Clone(obj.Metadata)
	own.Tags = maps.Clone(obj.Tags)
	own.PartSizes = slices.Clone(obj.PartSizes)
	return own
}

// isMultipart reports whether the object was uploaded in parts.
func (obj *Object) isMultipart() bool { return len(obj.PartSizes) > 0 }

func md5Hex(data []byte) string {
	sum := md5.Sum(data) //nolint:gosec // what an ETag is
	return hex.EncodeToString(sum[:])
}

// setETag sets the ETag of an object in one piece. With a KMS key it says
// nothing about the body, as in S3.
func (obj *Object) setETag(unique string) {
	obj.ETag = md5Hex(obj.Body)
	if obj.Encryption != "" && obj.Encryption != encryptionS3 {
		obj.ETag = md5Hex([]byte(unique + obj.ETag))
	}
}

const bucketLetters = "abcdefghijklmnopqrstuvwxyz0123456789-."

// isBucketName reports whether S3 takes the name: 3 to 63 lower-case letters,
// digits, dots and hyphens.
func isBucketName(name string) bool {
	if len(name) < 3 || len(name) > 63 {
		return false
	}
	outer := name[:1] + name[len(name)-1:]
	return !strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(bucketLetters, r) }) && !strings.ContainsAny(outer, "-.") &&
		!strings.Contains(name, "..")
}
