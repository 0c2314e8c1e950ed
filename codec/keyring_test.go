package codec_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/advcache/advcache/codec"
)

// keyOf is a key for tests: one byte, 32 times.
func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func ringOf(t testing.TB, current string, keys map[string][]byte) *codec.KeyRing {
	t.Helper()
	ring, err := codec.NewKeyRing(current, keys)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestKeyRing(t *testing.T) {
	older := ringOf(t, "2025", map[string][]byte{"2025": keyOf(1)})
	ring := ringOf(t, "2026", map[string][]byte{"2025": keyOf(1), "2026": keyOf(2)})
	if ring.Current() != "2026" {
		t.Errorf("Current = %q", ring.Current())
	}
	for _, plaintext := range []string{"", "x", strings.Repeat("long ", 10_000)} {
		for _, r := range []*codec.KeyRing{older, ring} {
			for _, room := range []int{0, 1 << 20} {
				dst := append(make([]byte, 0, room+1), 'p')
				sealed, err := r.Seal(dst, []byte(plaintext), []byte("place"))
				if err != nil || len(sealed) != 1+12+len(plaintext)+16 || sealed[0] != 'p' {
					t.Fatalf("Seal = %d bytes, %v", len(sealed), err)
				}
				sealed = bytes.Clone(sealed[1:])
				got, err := ring.Open(dst, sealed, r.Current(), []byte("place"))
				if err != nil || string(got) != "p"+plaintext {
					t.Errorf("Open = %.20q, %v", got, err)
				}
			}
		}
	}
}

func TestKeyRingRefuses(t *testing.T) {
	ring := ringOf(t, "b", map[string][]byte{"a": keyOf(1), "b": keyOf(2)})
	sealed, err := ring.Seal(nil, []byte("secret"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	open := func(what string, sealed []byte, id, additional, want string) {
		t.Helper()
		got, err := ring.Open([]byte("p"), sealed, id, []byte(additional))
		if err == nil || string(got) != "p" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: Open = %q, %v", what, got, err)
		}
	}
	open("another key", sealed, "a", "place", `does not open with key "a"`)
	open("another place", sealed, "b", "elsewhere", `does not open with key "b"`)
	open("no such key", sealed, "c", "place", `there is no key "c"; there are: "a", "b"`)
	for n := range sealed {
		open("cut", sealed[:n], "b", "place", "does not open")
		wrong := bytes.Clone(sealed)
		wrong[n] ^= 1
		open("one bit", wrong, "b", "place", "does not open")
	}
	open("longer", append(bytes.Clone(sealed), 0), "b", "place", "does not open")

	again, err := ring.Seal(nil, []byte("secret"), []byte("place"))
	if err != nil || bytes.Equal(sealed, again) {
		t.Errorf("sealing twice gave the same bytes: the nonce is not random (%v)", err)
	}
	var zero codec.KeyRing
	if _, err := zero.Seal(nil, nil, nil); err == nil {
		t.Error("a ring without keys seals")
	}
	if _, err := zero.Open(nil, sealed, "b", nil); err == nil {
		t.Error("a ring without keys opens")
	}
}

func TestNewKeyRingRefuses(t *testing.T) {
	secret := []byte("do not print me")
	for want, args := range map[string]struct {
		current string
		keys    map[string][]byte
	}{
		`there is no key "a"; there are: none`:                         {"a", nil},
		`there is no key "b"; there are: "a"; the current key must be`: {"b", map[string][]byte{"a": keyOf(1)}},
		`key "a" has 15 bytes; a key of AES-256 has 32`:                {"a", map[string][]byte{"a": secret}},
		`key "old" has 0 bytes`:                                        {"a", map[string][]byte{"a": keyOf(1), "old": nil}},
		`key id "": an id has 1 to 32`:                                 {"", map[string][]byte{"": keyOf(1)}},
		`key id "a.b": an id has 1 to 32`:                              {"a.b", map[string][]byte{"a.b": keyOf(1)}},
		`key id "ä"`:                                                   {"ä", map[string][]byte{"ä": keyOf(1)}},
		`key id "` + strings.Repeat("x", 33) + `"`:                     {"a", map[string][]byte{"a": keyOf(1), strings.Repeat("x", 33): keyOf(2)}},
	} {
		ring, err := codec.NewKeyRing(args.current, args.keys)
		if err == nil || !strings.Contains(err.Error(), want) || ring != nil {
			t.Errorf("NewKeyRing(%q) = %v, want an error with %q", args.current, err, want)
		}
		if err != nil && strings.Contains(err.Error(), string(secret)) {
			t.Errorf("the error prints the key: %v", err)
		}
	}
	keys := map[string][]byte{strings.Repeat("x", 32): keyOf(1), "AZaz09_-": keyOf(2)}
	ring := ringOf(t, "AZaz09_-", keys)
	sealed, _ := ring.Seal(nil, []byte("x"), nil)
	clear(keys["AZaz09_-"])
	if _, err := ring.Open(nil, sealed, "AZaz09_-", nil); err != nil {
		t.Errorf("the ring lost its key with the caller's: %v", err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s"} {
		if said := fmt.Sprintf(verb+verb, ring, *ring); said != "codec.KeyRingcodec.KeyRing" {
			t.Errorf("printing a ring by %s prints more than its name: %s", verb, said)
		}
	}
}

func TestMAC(t *testing.T) {
	ring := ringOf(t, "a", map[string][]byte{"a": keyOf(1), "b": keyOf(2)})
	mac := func(id string, parts ...string) [32]byte {
		var all [][]byte
		for _, p := range parts {
			all = append(all, []byte(p))
		}
		m, err := ring.MAC(id, all...)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if again := mac("a", "x", "y"); again != mac("a", "x", "y") {
		t.Error("the same parts have two MACs")
	}
	seen := map[[32]byte]string{}
	for name, m := range map[string][32]byte{
		"none": mac("a"), "empty": mac("a", ""), "two empty": mac("a", "", ""), "xy": mac("a", "xy"), "x, y": mac("a", "x", "y"),
		"xy, empty": mac("a", "xy", ""), "empty, xy": mac("a", "", "xy"), "other key": mac("b", "xy"),
	} {
		if other, ok := seen[m]; ok {
			t.Errorf("%s and %s have the same MAC", name, other)
		}
		seen[m] = name
	}
	if _, err := ring.MAC("c"); err == nil || !strings.Contains(err.Error(), `"a", "b"`) {
		t.Errorf("MAC with an unknown key: %v", err)
	}
	// What was stored must be found by every later version.
	const want = "2c4cffe12de305ce035a4dd579ca41327462ecc7f97a7ab032d3e89bca09a814"
	if got := fmt.Sprintf("%x", mac("a", "key", "content")); got != want {
		t.Errorf("the MAC is now %s, and was %s", got, want)
	}
}

func TestAdditionalData(t *testing.T) {
	seen := map[string]string{}
	for _, parts := range [][3]string{
		{"", "", ""},
		{"ab", "c", "d"},
		{"a", "bc", "d"},
		{"a", "b", "cd"},
		{"abcd", "", ""},
		{"", "abcd", ""},
		{"", "", "abcd"},
		{"a\x00", "", ""},
		{"a", "\x00", ""},
	} {
		data := string(codec.AdditionalData(parts[0], []byte(parts[1]), parts[2]))
		if other, ok := seen[data]; ok {
			t.Errorf("%q has the same additional data as %s", parts, other)
		}
		seen[data] = fmt.Sprintf("%q", parts)
	}
}

func ExampleKeyRing() {
	keys := map[string][]byte{
		"2025": bytes.Repeat([]byte{1}, 32), // random ones, from where secrets are kept
		"2026": bytes.Repeat([]byte{2}, 32),
	}
	ring, err := codec.NewKeyRing("2026", keys)
	if err != nil {
		panic(err)
	}
	place := codec.AdditionalData("user:42", nil, "json+aesgcm.2026")
	sealed, err := ring.Seal(nil, []byte("secret"), place)
	if err != nil {
		panic(err)
	}
	opened, err := ring.Open(nil, sealed, ring.Current(), place)
	fmt.Printf("%s %v\n", opened, err)

	elsewhere := codec.AdditionalData("user:43", nil, "json+aesgcm.2026")
	_, err = ring.Open(nil, sealed, ring.Current(), elsewhere)
	fmt.Println(err)
	// Output:
	// secret <nil>
	// advcache: what was sealed does not open with key "2026" and these additional data: cipher: message authentication failed
}
