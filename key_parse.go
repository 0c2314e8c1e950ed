package advcache

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyErrorf says what is wrong with template.
func keyErrorf(template, format string, args ...any) error {
	return fmt.Errorf("advcache: key template %q: %s", template, fmt.Sprintf(format, args...))
}

// splitKeyTemplate splits template into the names of its placeholders and the
// texts around them, of which there is one more.
func splitKeyTemplate(template string) (literals, names []string, err error) {
	if err := checkKeyCharacters(template); err != nil {
		return nil, nil, err
	}
	var literal strings.Builder
	for i := 0; i < len(template); {
		rest := template[i:]
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			literal.WriteByte(rest[0])
			i += 2
		case rest[0] == '{':
			name, _, ok := strings.Cut(rest[1:], "}")
			if !ok || strings.Contains(name, "{") {
				return nil, nil, keyErrorf(template,
					"the '{' at byte %d has no '}'; close the placeholder, or write {{ for a brace", i)
			}
			literals = append(literals, literal.String())
			names = append(names, name)
			literal.Reset()
			i += len(name) + len("{}")
		case rest[0] == '}':
			return nil, nil, keyErrorf(template,
				"the '}' at byte %d has no '{'; open the placeholder, or write }} for a brace", i)
		case rest[0] == '%':
			return nil, nil, keyErrorf(template,
				"'%%' at byte %d: it is the escape character of keys; write another character", i)
		default:
			literal.WriteByte(rest[0])
			i++
		}
	}
	return append(literals, literal.String()), names, nil
}

func checkKeyCharacters(template string) error {
	if template == "" {
		return keyErrorf(template, `it is empty; say what the keys are of, as in "user:{}"`)
	}
	if !utf8.ValidString(template) {
		return keyErrorf(template, "it is not valid UTF-8; some stores take no other keys")
	}
	for i, r := range template {
		if unicode.IsControl(r) {
			return keyErrorf(template, "control character %U at byte %d; write a printable one", r, i)
		}
	}
	return nil
}
