package cachetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

// short quotes a value, or what there is to say about a long one.
func short(value string) string {
	const most = 60
	if len(value) <= most {
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprintf("%q… (%d bytes)", value[:most], len(value))
}

// describe is an entry in a message.
func describe(entry advcache.Entry[string]) string {
	var b strings.Builder
	b.WriteByte('{')
	if entry.Absent {
		b.WriteString("Absent ")
	}
	b.WriteString(short(entry.Value))
	for _, part := range []struct {
		name string
		at   time.Time
	}{
		{"CreatedAt", entry.CreatedAt},
		{"FreshUntil", entry.FreshUntil},
		{"StaleUntil", entry.StaleUntil},
		{"HeldUntil", entry.HeldUntil},
	} {
		if !part.at.IsZero() {
			fmt.Fprintf(&b, " %s: %s", part.name, instant(part.at))
		}
	}
	if len(entry.Tags) > 0 {
		fmt.Fprintf(&b, " Tags: %q", entry.Tags)
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
