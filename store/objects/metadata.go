package objects

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/advcache/advcache/store"
)

// The names of what stores add to [store.Metadata].
const (
	MetadataVersion = "ac-version" // the random number of a change, by which whoever made it knows it
	MetadataKey     = "ac-key"     // of an object with a shortened name: the key, for Clear
)

// Metadata returns those of a change of the object for key, under its name. A key
// of a shortened name that takes more than maxKey bytes is left out.
func Metadata(key, name string, meta *store.Meta, version string, maxKey int) map[string]string {
	m := store.Metadata(meta)
	m[MetadataVersion] = version
	if IsShortened(name) {
		if escaped := url.QueryEscape(key); len(escaped) <= maxKey {
			m[MetadataKey] = escaped
		}
	}
	return m
}

// KeyOf returns the key of an object with a shortened name, "" where its metadata
// do not have it.
func KeyOf(metadata map[string]string) string {
	key, _ := url.QueryUnescape(Field(metadata, MetadataKey)) // what is none is as if there were none
	return key
}

// NewVersion returns a number that no other change has.
func NewVersion() string { return hex.EncodeToString(Nonce()) }

// Nonce returns 16 random bytes.
func Nonce() []byte {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // which never fails
	return b
}

// KeyTooLong is the format of the error of a Clear that cannot tell whether the
// object of a name is of a key with its prefix.
const KeyTooLong = "Clear cannot tell whether %q is of a key with the prefix: its key is too long, use a shorter prefix"

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
