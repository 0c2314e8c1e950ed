package redisstore

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/advcache/advcache"
)

var wireMessages = map[string]advcache.Invalidation{
	"zero": {},
	"keys": {
		Cache: "users", Origin: "7f3a", At: time.Unix(1_700_000_000, 123_456_789),
		Keys: []string{"user:1", "", "user:\xff"},
	},
	"prefix": {Cache: "users", All: true, Prefix: "user:", At: time.Unix(-1, 1)},
	"tags":   {Cache: "users", Tags: []string{"tenant 1", strings.Repeat("t", 300)}},
}

func sameMessage(a, b advcache.Invalidation) bool {
	return a.Cache == b.Cache && a.Origin == b.Origin && a.At.Equal(b.At) && a.All == b.All && a.Prefix == b.Prefix &&
		slices.Equal(a.Keys, b.Keys) && slices.Equal(a.Tags, b.Tags)
}

// TestWireGolden holds that messages of format 1 are read for ever: processes of
// several versions share a channel.
func TestWireGolden(t *testing.T) {
	for name, m := range wireMessages {
		file := filepath.Join("testdata", "bus", name+".hex")
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		message, err := hex.DecodeString(strings.TrimSpace(string(golden)))
		if err != nil {
			t.Fatal(err)
		}
		if written := encode(m); string(written) != string(message) {
			t.Errorf("%s: it is written as\n%x\nthe golden file is\n%x", name, written, message)
		}
		if got, err := parse(string(message)); err != nil || !sameMessage(got, m) {
			t.Errorf("%s: it is read as %+v, %v; want %+v", name, got, err, m)
		}
	}
}

// TestWireDamage reads messages that are cut off, too long or of another kind: all of
// them are refused.
func TestWireDamage(t *testing.T) {
	for name, m := range wireMessages {
		whole := string(encode(m))
		for n := range len(whole) {
			if got, err := parse(whole[:n]); err == nil {
				t.Errorf("%s: %d bytes of %d are read as %+v", name, n, len(whole), got)
			}
		}
	}
	whole := string(encode(wireMessages["keys"]))
	for want, message := range map[string]string{
		"shorter than any message":                  "",
		"not one of ours":                           "advc" + whole[4:],
		"format 2, of which nothing is known here":  "advb\x02" + whole[5:],
		"flags 0x2, of which nothing is known here": "advb\x01\x02" + whole[6:],
		"1 bytes too many":                          whole + "\x00",
		"no such instant":                           whole[:14] + "\xff\xff\xff\xff" + whole[18:],
		"4194305 bytes, of at most 4194304":         whole + strings.Repeat("x", maxMessage+1-len(whole)),
		"cut off":                                   whole[:18] + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" + whole[18:],
		"66618 bytes for more than one key":         string(encode(advcache.Invalidation{Keys: []string{"a", strings.Repeat("k", 66_590)}})),
	} {
		if _, err := parse(message); err == nil || err.Error() != want {
			t.Errorf("the error is %v; want %q", err, want)
		}
	}
}

// TestWireParts holds that long lists are cut into messages of 64 KiB at the most,
// which together say what the whole did.
func TestWireParts(t *testing.T) {
	long := strings.Repeat("long", partSize/4)
	var keys, tags []string
	for i := range 20_000 {
		keys = append(keys, strings.Repeat("k", i%50))
		tags = append(tags, strings.Repeat("t", i%20))
	}
	for name, m := range map[string]advcache.Invalidation{
		"nothing":     {},
		"keys":        {Keys: keys},
		"tags":        {Tags: tags},
		"both":        {Cache: "c", Origin: "o", At: time.Unix(1, 2), All: true, Prefix: "p", Keys: keys, Tags: tags},
		"long ones":   {Keys: []string{long, "short", long, long}, Tags: []string{long, "short"}},
		"long prefix": {All: true, Prefix: long, Keys: keys},
		"long name":   {Cache: long, Keys: keys[:50]},
	} {
		var got advcache.Invalidation
		n := 0
		for part := range parts(m) {
			p, err := parse(string(part))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(part) > partSize && len(p.Keys)+len(p.Tags) > 1 {
				t.Errorf("%s: %d bytes for %d keys", name, len(part), len(p.Keys)+len(p.Tags))
			}
			if n == 0 {
				got = p
			} else {
				if p.Cache != m.Cache || p.Origin != m.Origin || !p.At.Equal(m.At) || p.All || p.Prefix != "" {
					t.Errorf("%s: part %d is %.100v", name, n, p)
				}
				got.Keys, got.Tags = append(got.Keys, p.Keys...), append(got.Tags, p.Tags...)
			}
			n++
		}
		if !sameMessage(got, m) {
			t.Errorf("%s: %d parts do not say what the whole did", name, n)
		}
		if name == "both" && n > 20 {
			t.Errorf("%s: %d parts", name, n)
		}
	}
	for range parts(advcache.Invalidation{Keys: keys}) {
		break // which must be possible
	}
}

// FuzzParse reads anything: it never panics, and what it makes of a message is
// written and read as the same.
func FuzzParse(f *testing.F) {
	for _, m := range wireMessages {
		f.Add(string(encode(m)))
	}
	f.Add("")
	f.Add("advb\x02")
	f.Fuzz(func(t *testing.T, message string) {
		m, err := parse(message)
		if err != nil {
			return
		}
		again, err := parse(string(encode(m)))
		if err != nil || !sameMessage(again, m) {
			t.Errorf("%+v is read again as %+v, %v", m, again, err)
		}
	})
}
