package gcsstore

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/storage"

	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/objects"
)

// metadataVersion is the random number of a change, by which a writer whose answer
// was lost knows its own.
const metadataVersion = "ac-version"

// maxMetadata is how many bytes GCS takes.
const maxMetadata = 8 << 10

// metadataKey is the key of an object that has a shortened name, for Clear, where
// it is not too long for the 8 KiB of metadata that GCS takes.
const (
	metadataKey    = "ac-key"
	maxMetadataKey = 4096
)

// metadataOf returns the metadata of a change, under the name that key has.
func metadataOf(key, name string, meta *store.Meta, version string) map[string]string {
	m := store.Metadata(meta)
	m[metadataVersion] = version
	if objects.IsShortened(name) {
		if escaped := url.QueryEscape(key); len(escaped) <= maxMetadataKey {
			m[metadataKey] = escaped
		}
	}
	return m
}

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

// newVersion returns a number that no other change has.
func newVersion() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // which never fails
	return hex.EncodeToString(b)
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
	return meta, objects.Field(metadata, metadataVersion)
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
