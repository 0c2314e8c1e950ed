package objects

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNames has names that are readable where they can be.
func TestNames(t *testing.T) {
	for key, want := range map[string]string{
		"user:123":                     "user:123",
		"users/123/it's":               "users/123/it's",
		"a b+c=d%2F~日本":                "a b+c=d%2F~日本",
		"/a":                           "!2Fa",
		"a/":                           "a!2F",
		"a//b":                         "a/!2Fb",
		"///":                          "!2F!2F!2F",
		".":                            "!2E",
		"..":                           ".!2E",
		"...":                          "...",
		"a/../b":                       "a/.!2E/b",
		"a/./b":                        "a/!2E/b",
		".a/..b/c..":                   ".a/..b/c..",
		"a!b":                          "a!21b",
		".well-known/acme-challenge/a": "!2Ewell-known/acme-challenge/a",
		"a\x00\n\x7f\xffb":             "a!00!0A!7F!FFb",
		"\u0085\ufffe":                 "!C2!85!EF!BF!BE",
	} {
		if got := escape(key); got != want {
			t.Errorf("escape(%q) = %q; want %q", key, got, want)
		}
	}
}

// FuzzNames is law 9: a key can be told from its name; a name is one that S3
// takes; and Clear finds it by each beginning of the key.
func FuzzNames(f *testing.F) {
	for _, key := range []string{"user:1", "a//b/../c/.", "!", "\xff\xc3", strings.Repeat("long/", 300), strings.Repeat("!", 400), strings.Repeat("é.", 500)} {
		f.Add(key, 3)
	}
	f.Fuzz(func(t *testing.T, key string, cut int) {
		if key == "" {
			return
		}
		name := escape(key)
		if back, err := unescape(name); err != nil || back != key {
			t.Fatalf("unescape(escape(%q)) = %q, %v", key, back, err)
		}
		names := Names{Prefix: "cache/"}
		full := names.Of(key)
		if len(full) > MaxName || !utf8.ValidString(full) || strings.Contains(full, "//") || strings.ContainsAny(full, "\x00\r\n") {
			t.Fatalf("the name of %q is %q", key, full)
		}
		for segment := range strings.SplitSeq(full, "/") {
			if segment == "." || segment == ".." {
				t.Fatalf("the name of %q is %q", key, full)
			}
		}
		prefix := key[:uint(cut)%uint(len(key)+1)]
		if !strings.HasPrefix(full, "cache/"+settled(prefix)) {
			t.Fatalf("a list by %q does not find %q", settled(prefix), full)
		}
		kept, whole, ok := names.key(full)
		if !ok || whole != !IsShortened(full) || whole && kept != key || !strings.HasPrefix(key, kept) || !whole && len(kept) < alwaysKept {
			t.Fatalf("of %q the name keeps %q, %v, %v", key, kept, whole, ok)
		}
		if match := names.Match(full, prefix); match == Other || whole && match != Belongs {
			t.Fatalf("Match(%q, %q) = %v", full, prefix, match)
		}
		spread := Names{Prefix: "cache/", Shards: 7}
		if match := spread.Match(spread.Of(key), prefix); match == Other {
			t.Fatalf("Match(%q, %q) = %v", spread.Of(key), prefix, match)
		}
	})
}
