package advcache_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/advcache/advcache"
)

type keyABC struct {
	A string
	B int32
	C string
}

// keyABCTemplates come with the way to read their keys back.
var keyABCTemplates = []struct {
	template string
	pattern  *regexp.Regexp
}{
	{"{A}:{B}:{C}", regexp.MustCompile(`^([^:]*):([^:]*):([^:]*)$`)},
	{"t/{A}/{C}/n{B}", regexp.MustCompile(`^t/(?P<A>[^/]*)/(?P<C>[^/]*)/n(?P<B>.*)$`)},
	{"{B}x{A} {C}", regexp.MustCompile(`^(?P<B>[-0-9]*)x(?P<A>[^ ]*) (?P<C>.*)$`)},
	{"--{C}-.:~{A}@~/{B}..", regexp.MustCompile(`^--(?P<C>[^:]*)-\.:~(?P<A>[^/]*)@~/(?P<B>.*)\.\.$`)},
	{"é{C}é{B}e-{A}#", regexp.MustCompile(`^é(?P<C>[^é]*)é(?P<B>[-0-9]*)e-(?P<A>.*)#$`)},
}

// readKeyABC is the proof of injectivity as a program: who can read a key back
// cannot have had two values for it.
func readKeyABC(key string, re *regexp.Regexp) (k keyABC, err error) {
	m := re.FindStringSubmatch(key)
	if m == nil {
		return k, fmt.Errorf("key %q does not match %s", key, re)
	}
	part := func(name string, at int) string {
		if i := re.SubexpIndex(name); i > 0 {
			at = i
		}
		return m[at]
	}
	var errA, errC error
	k.A, errA = unescapeKey(part("A", 1))
	k.C, errC = unescapeKey(part("C", 3))
	b, errB := strconv.ParseInt(part("B", 2), 10, 32)
	k.B = int32(b)
	return k, errors.Join(errA, errB, errC)
}

// unescapeKey reads a written value, or the beginning of a key, back.
func unescapeKey(s string) (string, error) {
	if s == "%~" {
		return "", nil
	}
	var value []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			value = append(value, s[i])
			continue
		}
		if strings.HasPrefix(s[i:], "%~") {
			i++
			continue
		}
		if len(s) < i+3 || s[i+1:i+3] != strings.ToUpper(s[i+1:i+3]) {
			return "", fmt.Errorf("bad escape at the end of %q", s[:min(i+3, len(s))])
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", err
		}
		value = append(value, byte(c))
		i += 2
	}
	return string(value), nil
}

func FuzzKeyInjective(f *testing.F) {
	f.Add("", int32(0), "", ".", int32(-1), "..")
	f.Add("a:b", int32(1), "c", "a", int32(1), "b:c")
	f.Add("%2E", int32(12), ".", "..", int32(2), "%2E%2E")
	f.Add("a", int32(1), "1", "a", int32(11), "")
	f.Add("%~", int32(-7), "%#", "", int32(7), "%")
	f.Add("é/x", int32(0), "\xff\x00", "e x", int32(0), "É")
	f.Add(strings.Repeat("/", 40), int32(0), "a", strings.Repeat("/", 40), int32(0), "b")
	f.Fuzz(func(t *testing.T, a1 string, b1 int32, c1, a2 string, b2 int32, c2 string) {
		written := keyOf(t, "{}", a1)
		ks := []keyABC{
			{a1, b1, c1},
			{a2, b2, c2},
			// Neighbours that a worse rule would confuse.
			{c1, b1, a1},
			{a1, b2, c1},
			{written, b1, c1},
			{a1 + c1, b1, ""},
			{"", b1, a1 + c1},
			{a1 + ":" + strconv.Itoa(int(b1)), b2, c1},
			{a1, b1, strings.Repeat(c1+"/", 9)},
			{a1, b1, strings.Repeat(c1+"/", 9) + "."},
		}
		for _, test := range keyABCTemplates {
			whole := parseKey[keyABC](t, test.template)
			for _, k := range ks {
				key := mustKey(t, whole, k)
				if strings.Contains(key, "%#") {
					t.Errorf("%q: key %q holds the mark of hashed keys; %s", test.template, key, keyLaw)
				}
				if !utf8.ValidString(key) {
					t.Errorf("%q: key %q is not valid UTF-8", test.template, key)
				}
				if back, err := readKeyABC(key, test.pattern); err != nil || back != k {
					t.Errorf("%q: key %q of %#v reads back as %#v, %v; %s", test.template, key, k, back, err, keyLaw)
				}
			}
			for _, limit := range []int{0, 80, 97} {
				checkKeysDiffer(t, whole.Limit(limit), limit, ks)
			}
		}
	})
}

func mustKey[K comparable](t *testing.T, kt *advcache.KeyTemplate[K], k K) string {
	t.Helper()
	key, err := kt.Key(k)
	if err != nil {
		t.Fatalf("%q: Key(%v): %v", kt, k, err)
	}
	return key
}

// checkKeysDiffer makes sure that those of ks that differ have different keys,
// none longer than limit.
func checkKeysDiffer[K comparable](t *testing.T, kt *advcache.KeyTemplate[K], limit int, ks []K) {
	t.Helper()
	seen := make(map[string]K, len(ks))
	for _, k := range ks {
		key := mustKey(t, kt, k)
		if other, ok := seen[key]; ok && other != k {
			t.Errorf("%q, limit %d: key %q is that of %#v and of %#v; %s", kt, limit, key, other, k, keyLaw)
		}
		seen[key] = k
		if key == "" || limit > 0 && len(key) > limit {
			t.Errorf("%q: key %q has %d bytes, want 1 to %d", kt, key, len(key), limit)
		}
	}
}

// Ordinary ids can be read in the key as they are.
func FuzzKeyReadable(f *testing.F) {
	for _, s := range []string{"123", "ann", "...", ".-", "-_.~@", "550e8400-e29b-41d4-a716-446655440000", "ann@example.com", "%41"} {
		f.Add(s, int64(len(s)))
	}
	f.Fuzz(func(t *testing.T, s string, n int64) {
		const ordinary = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~@"
		id := []byte(s)
		for i, c := range id {
			if strings.IndexByte(ordinary, c) < 0 {
				id[i] = ordinary[int(c)%len(ordinary)]
			}
		}
		if str := string(id); str == "" || str == "." || str == ".." {
			id = append(id, "x"...)
		}
		if got, want := keyOf(t, "users/{UserID}/profile", string(id)), "users/"+string(id)+"/profile"; got != want {
			t.Errorf("key of %q is %q, want %q", id, got, want)
		}
		if got, want := keyOf(t, "n:{}", n), "n:"+strconv.FormatInt(n, 10); got != want {
			t.Errorf("key of %d is %q, want %q", n, got, want)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	for _, s := range []string{
		"", "{}", "user:{}", "x", "{A}:{B}:{C}", "{A}{B}{C}", "{A}-{B}/{C}", "{B}x{A}:{C}", "{B}-{A}/{C}", "{On}/{Off}", "{On}rue{Off}",
		"{{}}", "{{{A}}}", "{", "}", "%", "\x00", "\xff", "{A}:{A}:{B}:{C}", "{B}é{C}é{A}", "{a}-{b}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, template string) {
		checkTemplate(t, template, []string{"", ".", "..", "a", "a:", "%", "%2E", "%~", "1", "-1", "é", "A/", "\xff"})
		checkTemplate(t, template, []int{-11, -1, 0, 1, 11, 111})
		checkTemplate(t, template, []bool{true, false})
		checkTemplate(t, template, []keyFlags{{}, {On: true}, {Off: true}, {On: true, Off: true}})
		checkTemplate(t, template, []struct{ a, b uint8 }{{0, 0}, {0, 1}, {1, 0}, {1, 11}, {11, 1}, {111, 1}, {1, 111}})
		checkTemplate(t, template, []keyABC{
			{},
			{"", 0, "0"},
			{"0", 0, ""},
			{"a", 1, "1"},
			{"a1", 1, ""},
			{"", 1, "1a"},
			{"a", 11, ""},
			{"a", -1, "1"},
			{"a-", 1, "1"},
			{":", 0, ":"},
			{"::", 0, ""},
			{"", 0, "::"},
			{"/", 1, ""},
			{"", 1, "/"},
			{".", 1, ".."},
			{"..", 1, "."},
			{"%2E", 1, ".."},
			{template, 0, ""},
			{"", 0, template},
			{template, 0, template},
		})
		checkTemplate(t, template, []struct{}{{}})
	})
}

// checkTemplate makes sure that a template that is accepted tells ks apart, and
// that one that is not says why.
func checkTemplate[K comparable](t *testing.T, template string, ks []K) {
	t.Helper()
	kt, err := advcache.ParseKey[K](template)
	if err != nil {
		if start := fmt.Sprintf("advcache: key template %q: ", template); !strings.HasPrefix(err.Error(), start) {
			t.Errorf("error %q does not begin with %q", err, start)
		}
		return
	}
	checkKeysDiffer(t, kt, 0, ks)
	checkKeysDiffer(t, kt.Limit(80), 80, ks)
}
