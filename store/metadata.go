package store

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The names of a [Meta] in the metadata of an object store.
const (
	MetadataFormat   = "ac-format"
	MetadataCreated  = "ac-created"
	MetadataFresh    = "ac-fresh"
	MetadataStale    = "ac-stale"
	MetadataHeld     = "ac-held"
	MetadataHash     = "ac-hash"
	MetadataEncoding = "ac-encoding"
	MetadataSchema   = "ac-schema"
	MetadataAbsent   = "ac-absent"
	MetadataTags     = "ac-tags"

	metadataFormat = "1"
)

// Metadata returns meta as the metadata of an object store: names in lower case,
// values of printable ASCII, instants in Unix milliseconds. What is zero is left
// out. Size and Version are the backend's own.
func Metadata(meta *Meta) map[string]string {
	m := map[string]string{MetadataFormat: metadataFormat}
	set := func(name, value string) {
		if value != "" {
			m[name] = value
		}
	}
	instant := func(name string, t time.Time) {
		if !t.IsZero() {
			m[name] = strconv.FormatInt(Millis(t), 10)
		}
	}
	instant(MetadataCreated, meta.CreatedAt)
	instant(MetadataFresh, meta.FreshUntil)
	instant(MetadataStale, meta.StaleUntil)
	instant(MetadataHeld, meta.HeldUntil)
	if !meta.Hash.IsZero() {
		m[MetadataHash] = meta.Hash.String()
	}
	set(MetadataEncoding, meta.Encoding)
	set(MetadataSchema, url.QueryEscape(meta.Schema))
	if meta.Absent {
		m[MetadataAbsent] = "1"
	}
	var tags strings.Builder
	for _, tag := range meta.Tags {
		tags.WriteString(url.QueryEscape(tag) + ",") // after each, so that an empty one shows
	}
	set(MetadataTags, tags.String())
	return m
}

// ParseMetadata is the inverse of [Metadata]. Names may be in any case, as some
// servers change it. ok is false where there is no metadata of ours: then meta
// is Foreign. It is false, too, with an error, which says what is wrong with
// metadata that is ours: meta is Damaged where that makes no sense, or of
// [LaterFormat].
func ParseMetadata(m map[string]string) (meta Meta, ok bool, err error) {
	names := make(map[string]string, len(m))
	for name, value := range m {
		if name = strings.ToLower(name); strings.HasPrefix(name, "ac-") {
			names[name] = value
		}
	}
	switch format := names[MetadataFormat]; format {
	case metadataFormat:
	case "":
		return Meta{Foreign: true}, false, nil
	default:
		return Meta{Encoding: LaterFormat}, false, fmt.Errorf("advcache: metadata of format %q: it is %s that can be read here", shorten(format), metadataFormat)
	}
	p := metadataParser{names: names}
	meta = Meta{
		CreatedAt:  p.instant(MetadataCreated),
		FreshUntil: p.instant(MetadataFresh),
		StaleUntil: p.instant(MetadataStale),
		HeldUntil:  p.instant(MetadataHeld),
		Hash:       p.hash(MetadataHash),
		Encoding:   names[MetadataEncoding],
		Schema:     p.text(names[MetadataSchema], MetadataSchema),
		Absent:     p.flag(MetadataAbsent),
	}
	for tags := names[MetadataTags]; tags != ""; {
		var tag string
		tag, tags, _ = strings.Cut(tags, ",")
		meta.Tags = append(meta.Tags, p.text(tag, MetadataTags))
	}
	if p.err != nil {
		return Meta{Damaged: true}, false, p.err
	}
	return meta, true, nil
}

// metadataParser keeps the first error.
type metadataParser struct {
	names map[string]string
	err   error
}

func (p *metadataParser) fail(name string, err error) {
	if p.err == nil {
		p.err = fmt.Errorf("advcache: metadata %s = %q: %w", name, shorten(p.names[name]), err)
	}
}

func (p *metadataParser) instant(name string) time.Time {
	value, there := p.names[name]
	if !there {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	if err == nil && ms <= 0 {
		err = errors.New("it must be positive, in milliseconds since 1970")
	}
	if err != nil {
		p.fail(name, err)
	}
	return FromMillis(ms)
}

func (p *metadataParser) hash(name string) (h Hash) {
	if value, there := p.names[name]; there {
		var err error
		if h, err = ParseHash(value); err != nil {
			p.fail(name, err)
		}
	}
	return h
}

func (p *metadataParser) text(value, name string) string {
	s, err := url.QueryUnescape(value)
	if err != nil {
		p.fail(name, err)
	}
	return s
}

func (p *metadataParser) flag(name string) bool {
	switch value := p.names[name]; value {
	case "":
		return false
	case "1":
		return true
	default:
		p.fail(name, errors.New("it must be 1, or left out"))
		return false
	}
}
