package objects

import (
	"fmt"
	"strings"

	"github.com/advcache/advcache/store"
)

// Field returns one of the metadata of an object, whose names are in any case.
func Field(metadata map[string]string, name string) string {
	for n, value := range metadata {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// CheckMetadata returns an error that wraps [store.ErrTooLarge] if metadata have
// more bytes, in their names and values, than a service takes.
func CheckMetadata(metadata map[string]string, most int) error {
	size := 0
	for name, value := range metadata {
		size += len(name) + len(value)
	}
	if size <= most {
		return nil
	}
	return fmt.Errorf("%w: its metadata take %d bytes, %d of them its tags, whose characters but for ASCII letters and digits take more than one; %d are allowed",
		store.ErrTooLarge, size, len(metadata[store.MetadataTags]), most)
}
