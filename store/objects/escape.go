package objects

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// escape returns a name from which key can be told, and which no server, proxy or
// library on the way takes for another.
func escape(key string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	done := 0 // what comes before it is in b
	for i := 0; i < len(key); {
		r, size := utf8.DecodeRuneInString(key[i:])
		if bad(r, size) || risky(key, i) {
			b.WriteString(key[done:i])
			done = i + size
			for _, c := range []byte(key[i:done]) {
				b.Write([]byte{'!', digits[c>>4], digits[c&15]})
			}
		}
		i += size
	}
	if done == 0 { // as it is with most keys
		return key
	}
	b.WriteString(key[done:])
	return b.String()
}

// bad reports whether a character makes trouble wherever it stands: in XML, in
// headers, in names of files.
func bad(r rune, size int) bool {
	return r < ' ' || r == 0x7f || r == '!' || r == utf8.RuneError && size == 1 || r == 0xfffe || r == 0xffff || 0x80 <= r && r < 0xa0
}

// risky reports whether the character at i makes trouble where it stands.
func risky(key string, i int) bool {
	switch key[i] {
	case '/':
		return i == 0 || i == len(key)-1 || key[i-1] == '/'
	case '.': // the last one of a segment "." or "..", and a name that GCS keeps to itself
		if i == 0 && strings.HasPrefix(key, ".well-known/acme-challenge/") {
			return true
		}
		if i < len(key)-1 && key[i+1] != '/' {
			return false
		}
		segment := key[strings.LastIndexByte(key[:i], '/')+1 : i+1]
		return segment == "." || segment == ".."
	default:
		return false
	}
}

// unescape is the inverse of escape. What escape does not return is an error.
func unescape(name string) (key string, err error) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '!' {
			b.WriteByte(name[i])
			continue
		}
		if i+3 > len(name) {
			return "", fmt.Errorf("objects: %q ends within an escape", name)
		}
		c, err := hex.DecodeString(name[i+1 : i+3])
		if err != nil {
			return "", fmt.Errorf("objects: %q has no escape at %d: %w", name, i, err)
		}
		b.Write(c)
		i += 2
	}
	if key = b.String(); escape(key) != name {
		return "", fmt.Errorf("objects: %q is not the name of a key", name)
	}
	return key, nil
}

// endsWell reports whether an escaped name may be cut here: within neither an
// escape nor a character, and not behind what is escaped at an end.
func endsWell(name string) bool {
	if i := strings.LastIndexByte(name, '!'); i >= 0 && i > len(name)-3 {
		return false
	}
	if r, size := utf8.DecodeLastRuneInString(name); r == utf8.RuneError && size == 1 {
		return false
	}
	segment := name[strings.LastIndexByte(name, '/')+1:]
	return name == "" || segment != "" && segment != "." && segment != ".."
}
