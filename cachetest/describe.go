package cachetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/advcache/advcache"
)

// short quotes a key or a value, or both ends of a long one.
func short(text string) string {
	const most, head, tail = 80, 50, 20
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…%q (%d bytes)", text[:head], text[len(text)-tail:], len(text))
}

// valueOf returns a value that is another one for each key, and UTF-8 for all.
func valueOf(key string) string { return fmt.Sprintf("value of %q", key) }

// list quotes keys, or says how many there are.
func list(keys []string) string {
	const most = 8
	if len(keys) <= most {
		return fmt.Sprintf("%q", keys)
	}
	return fmt.Sprintf("%d keys", len(keys))
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
