package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/advcache/advcache/store"
)

// short quotes a key or a body, or both ends of a long one.
func short[T string | []byte](text T) string {
	const most, head, tail = 80, 50, 20
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…%q (%d bytes)", text[:head], text[len(text)-tail:], len(text))
}

// list quotes keys, or says how many there are.
func list(keys []string) string {
	const most = 8
	if len(keys) <= most {
		return fmt.Sprintf("%q", keys)
	}
	return fmt.Sprintf("%d keys", len(keys))
}

// describe is an object in a message.
func describe(obj store.Object) string {
	said := describeMeta(&obj.Meta)
	if obj.NotModified {
		return "{NotModified " + said + "}"
	}
	return "{" + short(obj.Body) + " " + said + "}"
}

// describeMeta is a Meta in a message: what is zero is left out.
func describeMeta(m *store.Meta) string {
	var b strings.Builder
	b.WriteByte('{')
	for _, flag := range []struct {
		name string
		set  bool
	}{{"Absent ", m.Absent}, {"Foreign ", m.Foreign}, {"Damaged ", m.Damaged}} {
		if flag.set {
			b.WriteString(flag.name)
		}
	}
	fmt.Fprintf(&b, "Size: %d", m.Size)
	for _, part := range instants(m) {
		if !part.at.IsZero() {
			fmt.Fprintf(&b, " %s: %s", part.name, instant(*part.at))
		}
	}
	for _, part := range []struct{ name, text string }{{"Encoding", m.Encoding}, {"Schema", m.Schema}} {
		if part.text != "" {
			fmt.Fprintf(&b, " %s: %s", part.name, short(part.text))
		}
	}
	if !m.Hash.IsZero() {
		fmt.Fprintf(&b, " Hash: %.8s…", m.Hash)
	}
	if len(m.Tags) > 0 {
		fmt.Fprintf(&b, " Tags: %s", list(m.Tags))
	}
	b.WriteByte('}')
	return b.String()
}

// instant is a time in a message.
func instant(t time.Time) string {
	if t.IsZero() {
		return "zero"
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999999Z")
}

type namedInstant struct {
	name string
	at   *time.Time
}

// instants returns where the instants of m are.
func instants(m *store.Meta) []namedInstant {
	return []namedInstant{
		{"CreatedAt", &m.CreatedAt},
		{"FreshUntil", &m.FreshUntil},
		{"StaleUntil", &m.StaleUntil},
		{"HeldUntil", &m.HeldUntil},
	}
}

// differs says what differs between a Meta that a backend gave and the one that
// was put, beside Size and Version; empty if nothing does.
func differs(got, want *store.Meta) string {
	ends := instants(want)
	for i, part := range instants(got) {
		put := *ends[i].at
		if kept := store.FromMillis(store.Millis(put)); !part.at.Equal(kept) {
			return fmt.Sprintf("%s = %s; want %s, which is %s to the millisecond", part.name, instant(*part.at), instant(kept), instant(put))
		}
	}
	switch {
	case got.Foreign != want.Foreign:
		return fmt.Sprintf("Foreign = %v", got.Foreign)
	case got.Damaged != want.Damaged:
		return fmt.Sprintf("Damaged = %v", got.Damaged)
	case got.Absent != want.Absent:
		return fmt.Sprintf("Absent = %v", got.Absent)
	case got.Hash != want.Hash:
		return fmt.Sprintf("Hash = %v; want %v", got.Hash, want.Hash)
	case got.Encoding != want.Encoding:
		return fmt.Sprintf("Encoding = %s; want %s", short(got.Encoding), short(want.Encoding))
	case got.Schema != want.Schema:
		return fmt.Sprintf("Schema = %s; want %s", short(got.Schema), short(want.Schema))
	case !slices.Equal(got.Tags, want.Tags):
		return fmt.Sprintf("Tags = %s; want %s", list(got.Tags), list(want.Tags))
	}
	return ""
}

// sameObject says what differs between an object and the one that was put.
func sameObject(got, want *store.Object) string {
	if !bytes.Equal(got.Body, want.Body) {
		return fmt.Sprintf("Body = %s; want %s", short(got.Body), short(want.Body))
	}
	return differs(&got.Meta, &want.Meta)
}
