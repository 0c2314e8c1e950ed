package gcsstore

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

const (
	// maxMetadata is how many bytes GCS takes.
	maxMetadata = 8 << 10

	// maxMetadataKey is how many of them the key of a shortened name may take.
	maxMetadataKey = 4096
)

// isPlain reports whether a text comes back from metadata as it is: a read has
// them in headers. Other values than that of an encoding are escaped.
func isPlain(text string) bool {
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return strings.Trim(text, " ") == text
}

// revision says which state an object is in. It is what a [store.Version] is made
// of, and a condition.
type revision struct{ generation, metageneration int64 }

func (r revision) version() store.Version {
	return store.TextVersion(fmt.Sprintf("%d/%d", r.generation, r.metageneration))
}

// revisionOf is the inverse of version. ok is false for what is no version of ours.
func revisionOf(v store.Version) (r revision, ok bool) {
	generation, metageneration, _ := strings.Cut(v.Text(), "/")
	g, err := strconv.ParseInt(generation, 10, 64)
	if err != nil || g <= 0 {
		return revision{}, false
	}
	m, err := strconv.ParseInt(metageneration, 10, 64)
	if err != nil || m <= 0 {
		return revision{}, false
	}
	r = revision{g, m}
	return r, r.version() == v
}

// is is the condition that an object is in the state.
func (r revision) is() *storage.Conditions {
	return &storage.Conditions{GenerationMatch: r.generation, MetagenerationMatch: r.metageneration}
}

// held is what is known of an object.
type held struct {
	meta   store.Meta
	at     revision
	mark   string    // the ac-version
	custom time.Time // zero: none
	crc    uint32    // 0: unknown, or 0
	coded  bool      // it has a Content-Encoding, so that bodies may not be what is stored
}

// metaFrom reads metadata. Empty ones are those that a patch has removed: it
// cannot do more over the client.
func metaFrom(metadata map[string]string, size int64, at revision) (meta store.Meta, mark string) {
	for name, value := range metadata {
		if value == "" {
			delete(metadata, name)
		}
	}
	meta, _, _ = store.ParseMetadata(metadata) // what is wrong with it stands in the Meta
	meta.Size, meta.Version = size, at.version()
	return meta, objects.Field(metadata, objects.MetadataVersion)
}

func heldFrom(attrs *storage.ObjectAttrs) held {
	h := held{
		at: revision{attrs.Generation, attrs.Metageneration}, custom: attrs.CustomTime,
		crc: attrs.CRC32C, coded: attrs.ContentEncoding != "",
	}
	h.meta, h.mark = metaFrom(attrs.Metadata, attrs.Size, h.at)
	return h
}

// customTime is the custom time of what is written with a Meta; zero: none.
func (s *Store) customTime(meta *store.Meta) time.Time {
	if s.opt.NoCustomTime {
		return time.Time{}
	}
	return customTimeOf(meta)
}

func customTimeOf(meta *store.Meta) time.Time {
	goes := meta.GoesAt()
	if goes.IsZero() {
		return time.Time{}
	}
	return goes.Add(time.Second - 1).Truncate(time.Second)
}
