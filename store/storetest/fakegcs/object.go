package fakegcs

import (
	"bytes"
	"crypto/md5" //nolint:gosec // what md5Hash is
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"time"
)

// Object is an object, as the server holds it.
type Object struct {
	Body []byte

	Generation     int64 // says which body it is; grows with each write, over all objects
	Metageneration int64 // begins at 1 with each write, and grows with each change of metadata

	Created time.Time // of this generation
	Updated time.Time // its metadata

	ContentType        string
	ContentEncoding    string
	ContentLanguage    string
	ContentDisposition string
	CacheControl       string
	StorageClass       string // "": STANDARD
	CustomTime         time.Time
	Metadata           map[string]string

	CRC32C string // of the body as it was written, in base64
	MD5    string
}

// bucket is what a bucket holds. Objects that are held do not change.
type bucket struct {
	objects map[string]*Object
	names   []string // in order; nil: to be sorted
	created time.Time
}

func newBucket() *bucket { return &bucket{objects: make(map[string]*Object), created: time.Now()} }

// put holds obj from now on.
func (b *bucket) put(name string, obj *Object) {
	if _, ok := b.objects[name]; !ok {
		b.names = nil
	}
	b.objects[name] = obj
}

func (b *bucket) remove(name string) {
	if _, ok := b.objects[name]; ok {
		delete(b.objects, name)
		b.names = nil
	}
}

// sorted returns the names in the order of their bytes.
func (b *bucket) sorted() []string {
	if b.names == nil {
		b.names = slices.Sorted(maps.Keys(b.objects))
	}
	return b.names
}

// clone returns a copy that shares no memory with obj.
func (obj *Object) clone() Object {
	own := obj.renewed()
	own.Body = bytes.Clone(obj.Body)
	return own
}

// renewed returns a copy whose metadata may change: bodies that are held do not.
func (obj *Object) renewed() Object {
	own := *obj
	own.Metadata = maps.Clone(obj.Metadata)
	return own
}

// class returns the storage class by its name.
func (obj *Object) class() string {
	if obj.StorageClass == "" {
		return standard
	}
	return obj.StorageClass
}

// etag is the ETag of the JSON API: it changes with the metadata too. As GCS has
// it, it is a protocol buffer of both generations.
func (obj *Object) etag() string {
	b := binary.AppendUvarint([]byte{1 << 3}, uint64(obj.Generation))     //nolint:gosec // positive
	b = binary.AppendUvarint(append(b, 2<<3), uint64(obj.Metageneration)) //nolint:gosec // positive
	return base64.StdEncoding.EncodeToString(b)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// crc32cOf returns the checksum of a body as GCS writes it: big-endian, in base64.
func crc32cOf(body []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(body, castagnoli)))
}

func md5Of(body []byte) string {
	sum := md5.Sum(body) //nolint:gosec // what md5Hash is
	return base64.StdEncoding.EncodeToString(sum[:])
}

// isBucketName reports whether GCS takes the name: 3 to 63 lower-case letters,
// digits, dots, hyphens and underscores; with dots, up to 222.
func isBucketName(name string) bool {
	if len(name) < 3 || len(name) > 222 {
		return false
	}
	label := 0
	for i := range len(name) {
		c := name[i]
		switch ends := i == 0 || i == len(name)-1; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			label++
		case ends:
			return false
		case c == '-', c == '_':
			label++
		case c == '.':
			label = 0
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return true
}
