package filestore

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestHostileKeys holds law 9: keys are kept apart, whatever they contain, and
// none leaves the folder.
func TestHostileKeys(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "cache"), nil)
	keys := []string{
		".", "..", "../../escape", "/", "/etc/passwd", `\`, `..\..\escape`, "C:" + `\x`, "C:", "~", "a/b", "a//b", "a/./b", "a\\b",
		"CON", "con", "NUL", "nul.txt", "COM1", "lock", "tmp-", marker, "key", "KEY", "Key", "key ", "key.", " key", "\x00", "key\x00",
		"\n", "*?<>|:\"", "\xff\xfe", "é", "e\u0301", "ß", "SS", "\u202e", strings.Repeat("k", 300), strings.Repeat("k", 301),
		strings.Repeat("k", 5000), strings.Repeat("é", maxKey/2), strings.Repeat("k", maxKey),
	}
	for i, key := range keys {
		put(t, s, key, object("value of "+itoa(i), 0))
	}
	for i, key := range keys {
		mustHave(t, s, key, "value of "+itoa(i))
	}
	safe := regexp.MustCompile(`^cache/[0-9a-f]{2}/[0-9a-f]{32}$`)
	files := filesIn(t, dir)
	for _, file := range files {
		below, err := filepath.Rel(dir, file)
		noError(t, err)
		if !safe.MatchString(filepath.ToSlash(below)) {
			t.Errorf("a file has the name %q", below)
		}
	}
	if len(files) != len(keys) {
		t.Errorf("%d keys have %d files", len(keys), len(files))
	}
	for _, key := range []string{"", strings.Repeat("k", maxKey+1)} {
		if _, _, err := s.Head(t.Context(), key); err == nil || !strings.Contains(err.Error(), "1 to 65535 bytes") {
			t.Errorf("a key of %d bytes: %v", len(key), err)
		}
	}
}

func TestTempNamesAreOurs(t *testing.T) {
	for range 10_000 {
		if name := tempName(); !isTempName(name) {
			t.Fatalf("%q is not seen as a temporary file", name)
		}
	}
}
