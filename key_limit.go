package advcache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"
)

const (
	// minKeyLimit leaves room for a prefix that people can recognize.
	minKeyLimit = 80

	keyHashMark = "%#"
	keyHashLen  = len(keyHashMark) + 2*sha256.Size
)

// Limit returns a copy of t whose keys have at most n bytes: a longer one is cut
// and ends in "%#" and the SHA-256 of the whole key in hex, which take 66 bytes.
// The keys of different values stay different, as far as SHA-256 goes. An n of
// 0 means no limit. Limit panics if n is negative or between 1 and 79.
func (t *KeyTemplate[K]) Limit(n int) *KeyTemplate[K] {
	if n < 0 || n > 0 && n < minKeyLimit {
		panic(fmt.Sprintf("advcache: key template %q: Limit(%d): a limit is at least %d bytes, or 0 for none",
			t.template, n, minKeyLimit))
	}
	limited := *t
	limited.limit = n
	return &limited
}

// shortenKey replaces dst[start:], a key longer than limit, by its short form.
func shortenKey(dst []byte, start, limit int) []byte {
	key := dst[start:]
	sum := sha256.Sum256(key)
	dst = append(dst[:start+keyCut(key, limit-keyHashLen)], keyHashMark...)
	return hex.AppendEncode(dst, sum[:])
}

// keyCut returns the greatest length up to n, which is below len(key), at which
// key can be cut without splitting an escape or a character of the template's
// text: some stores take only valid UTF-8.
func keyCut(key []byte, n int) int {
	for n > 0 && !utf8.RuneStart(key[n]) {
		n--
	}
	switch {
	case n >= 1 && key[n-1] == '%':
		return n - 1
	case n >= 2 && key[n-2] == '%' && key[n-1] != '~':
		return n - 2
	}
	return n
}
