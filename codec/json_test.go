package codec_test

import (
	"encoding/json"
	"testing"

	"github.com/advcache/advcache/codec"
)

// TestJSONRefusesWhatIsNotUTF8 holds law 10: encoding/json would give back
// another string.
func TestJSONRefusesWhatIsNotUTF8(t *testing.T) {
	for _, bad := range []any{"\xff", `\` + "\xff", map[string]int{"a\xc3": 1}, []string{"good", "\xed\xa0\x80"}, json.RawMessage(`"\ufffd"`)} {
		if got, err := codec.JSON.Append([]byte("before"), &bad); err == nil || string(got) != "before" {
			t.Errorf("law 10: %q is encoded as %q, %v; want an error", bad, got, err)
		}
	}
	for _, good := range []string{"\uFFFD", `\ufffd`, `\\ufffd`, `\\\ufffd`, `"\ufffd`, "ufffd", ""} {
		data, err := codec.JSON.Append(nil, &good)
		if err != nil {
			t.Errorf("%q: %v", good, err)
			continue
		}
		var got string
		if err := codec.JSON.Decode(data, &got); err != nil || got != good {
			t.Errorf("law 10: %q came back as %q, %v", good, got, err)
		}
	}
}
