package ratelog

import (
	"fmt"
	"log/slog"
	"unicode/utf8"
)

// MostOfKey is how many bytes of a key stand in errors and logs: a key may have a
// megabyte, and one line for each failure would then be one too.
const MostOfKey = 128

// Short returns the beginning of key that is to be shown, up to the end of a
// character, and what says that there is more; both together are the key where it
// is short.
func Short(key string) (head, more string) {
	if len(key) <= MostOfKey {
		return key, ""
	}
	end := MostOfKey
	for i := range utf8.UTFMax { // what is not UTF-8 is cut anywhere
		if utf8.RuneStart(key[MostOfKey-i]) {
			end -= i
			break
		}
	}
	return key[:end], fmt.Sprintf("… (%d bytes)", len(key))
}

// Key returns the attribute of a key.
func Key(key string) slog.Attr {
	head, more := Short(key)
	return slog.String("key", head+more)
}
