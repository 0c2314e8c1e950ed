package fakegcs

import (
	"strings"
	"unicode/utf8"
)

const maxName = 1024

// checkName returns the error for a name that an object cannot have. Slashes at
// its beginning, at its end and side by side are nothing special.
func checkName(name string) error {
	switch {
	case name == "":
		return errRequired.saying("Required parameter: name").about("parameter", "name")
	case len(name) > maxName:
		return errInvalid.saying("The maximum object length is %d characters, but got a name with %d characters: ''%.32s...''", maxName, len(name), name)
	case !utf8.ValidString(name), strings.ContainsAny(name, "\r\n"), name == ".", name == "..",
		strings.HasPrefix(name, ".well-known/acme-challenge/"):
		return errInvalid.saying("Disallowed object name: %q", name)
	}
	return nil
}
