package codec

import "errors"

// A Compression makes bytes fewer, and brings them back.
type Compression interface {
	// Name is stored beside what Compress wrote, so that it is read by the same.
	// It has lower-case letters, digits and '-', and never changes.
	Name() string

	// Compress appends the compressed form of src to dst, and returns the longer
	// slice; with an error, dst as it was.
	Compress(dst, src []byte) ([]byte, error)

	// Decompress appends what src is the compressed form of to dst, and returns
	// the longer slice; with an error, dst as it was. It appends no more than
	// limit bytes, none if it is negative, and needs no more memory than about
	// twice that: beyond it, the error wraps [ErrTooLarge]. What is damaged, ends
	// early or goes on after its end is an error, as far as its checksums can tell.
	Decompress(dst, src []byte, limit int64) ([]byte, error)
}

// ErrTooLarge says that something would decompress to more than is allowed.
var ErrTooLarge = errors.New("advcache: the decompressed data are more than is allowed")

// ByName returns the compression that has this name, of any level: for reading,
// whatever was configured for writing. It finds "gzip" and "zstd".
func ByName(name string) (Compression, bool) {
	switch name {
	case gzipName:
		return Gzip(0), true
	case zstdName:
		return Zstd(0), true
	}
	return nil, false
}
