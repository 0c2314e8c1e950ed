package s3store

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

const (
	// maxMetadata is how many bytes S3 takes, without the mark of a pad.
	maxMetadata = 2<<10 - len(metadataPad) - len(padded)

	// maxMetadataKey is how many of them the key of a shortened name may take.
	maxMetadataKey = 1200
)

// held is what is known of an object.
type held struct {
	meta store.Meta
	etag string
	size int64 // of all that is stored
	pad  string
}

// newHeld makes a held of the headers of an answer.
func newHeld(metadata map[string]string, etag *string, size int64, modified *time.Time) held {
	h := held{etag: aws.ToString(etag), size: size, pad: objects.Field(metadata, metadataPad)}
	h.meta, _, _ = store.ParseMetadata(metadata) // what is wrong with it stands in the Meta
	h.meta.Size = size
	switch {
	case h.pad == "" || h.meta.Foreign || h.meta.Damaged || h.meta.Encoding == store.LaterFormat:
	case h.pad == padded && size >= padSize:
		h.meta.Size -= padSize
	default:
		h.meta = store.Meta{Damaged: true, Size: size}
	}
	version := objects.Field(metadata, objects.MetadataVersion)
	if version == "" { // of whomever it is
		version = "@" + aws.ToTime(modified).UTC().Format(time.RFC3339)
	}
	h.meta.Version = versionOf(h.etag, version)
	return h
}

// versionOf is the Version of an object, of which the ETag is a part.
func versionOf(etag, version string) store.Version { return store.TextVersion(etag + " " + version) }

func etagOf(m *store.Meta) string {
	etag, _, _ := strings.Cut(m.Version.Text(), " ")
	return etag
}
