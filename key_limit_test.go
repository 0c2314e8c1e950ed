package advcache_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestKeyLimit(t *testing.T) {
	kt := parseKey[string](t, "user:{}")
	limited := kt.Limit(80)
	for _, test := range []struct {
		name, id, prefix string
	}{
		{"longest key that stays", strings.Repeat("a", 75), ""},
		{"one byte more", strings.Repeat("a", 76), "user:aaaaaaaaa"},
		{"cut after an escape", "aaaaaa/" + strings.Repeat("a", 80), "user:aaaaaa%2F"},
		{"cut in an escape", "aaaaaaa/" + strings.Repeat("a", 80), "user:aaaaaaa"},
		{"cut in an escape after '%'", "aaaaaaaa/" + strings.Repeat("a", 80), "user:aaaaaaaa"},
		{"cut before an escape", "aaaaaaaaa/" + strings.Repeat("a", 80), "user:aaaaaaaaa"},
		{"other bytes", strings.Repeat("é", 80), "user:%C3%A9%C3"},
	} {
		whole, err := kt.Key(test.id)
		if err != nil {
			t.Fatal(err)
		}
		want := whole
		if test.prefix != "" {
			sum := sha256.Sum256([]byte(whole))
			want = test.prefix + "%#" + hex.EncodeToString(sum[:])
		}
		dst, err := limited.Append([]byte("before "), test.id)
		if got := strings.TrimPrefix(string(dst), "before "); err != nil || got != want {
			t.Errorf("%s: key %q, %v; want %q", test.name, got, err, want)
		}
	}
	if got := keyOf(t, "user:{}", strings.Repeat("a", 100)); len(got) != 105 {
		t.Errorf("Limit changed the template that it was called on: %q", got)
	}
	if got, err := limited.Limit(0).Key(strings.Repeat("a", 100)); err != nil || len(got) != 105 {
		t.Errorf("Limit(0) gives %q, %v; want the whole key", got, err)
	}
	if limited.String() != "user:{}" {
		t.Errorf("String() = %q, want the template", limited.String())
	}
}

// The template's text may have characters of several bytes, and the empty value
// an escape of two.
func TestKeyLimitCut(t *testing.T) {
	for _, template := range []string{"ää{A}öööööööö{B}", "日本{A}日本日本日本日本{B}", "{A}/~{B}", "x{A}::::::::::::{B}"} {
		for n := range 24 {
			kt := parseKey[keyStrings](t, template).Limit(80 + n)
			for _, a := range []string{"", "a", "/", "..", "aaa/%"} {
				key, err := kt.Key(keyStrings{a, strings.Repeat("/", 60)})
				if err != nil {
					t.Fatal(err)
				}
				prefix, _, hashed := strings.Cut(key, "%#")
				if !hashed || len(key) > 80+n || len(key) < 80+n-2 {
					t.Errorf("%q, limit %d: key %q of %d bytes, want a hashed one as long as can be", template, 80+n, key, len(key))
				}
				if !utf8.ValidString(key) {
					t.Errorf("%q, limit %d: key %q splits a character", template, 80+n, key)
				}
				if _, err := unescapeKey(prefix); err != nil {
					t.Errorf("%q, limit %d: key %q splits an escape: %v", template, 80+n, key, err)
				}
			}
		}
	}
}

// The escape of the empty value is whole, and stays.
func TestKeyLimitCutAfterEmpty(t *testing.T) {
	key := mustKey(t, parseKey[keyStrings](t, "abcdefghijkl{A}:{B}").Limit(80), keyStrings{"", strings.Repeat("b", 80)})
	if !strings.HasPrefix(key, "abcdefghijkl%~%#") {
		t.Errorf("key %q, want one that begins with abcdefghijkl%%~%%#", key)
	}
}

func TestKeyLimitOfMarshalText(t *testing.T) {
	kt := parseKey[struct {
		A string
		U keyUUID
	}](t, "{A}/{U}").Limit(80)
	key, err := kt.Key(struct {
		A string
		U keyUUID
	}{A: strings.Repeat("b", 90)})
	if err != nil || len(key) != 80 || !strings.HasPrefix(key, "bbbbbbbbbbbbbb%#") {
		t.Errorf("key %q, %v; want a hashed one of 80 bytes", key, err)
	}
}

func TestKeyLimitPanics(t *testing.T) {
	kt := parseKey[string](t, "user:{}")
	for _, n := range []int{-1, 1, 79} {
		func() {
			defer func() {
				want := fmt.Sprintf(`advcache: key template "user:{}": Limit(%d): a limit is at least 80 bytes, or 0 for none`, n)
				if got := recover(); got != want {
					t.Errorf("Limit(%d) panics with %v, want %s", n, got, want)
				}
			}()
			kt.Limit(n)
		}()
	}
}
