package storetest

import "fmt"

// short quotes a key or a body, or both ends of a long one.
func short[T string | []byte](text T) string {
	const most, head, tail = 80, 50, 20
	if len(text) <= most {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q…%q (%d bytes)", text[:head], text[len(text)-tail:], len(text))
}
