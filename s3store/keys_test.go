package s3store_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/advcache/advcache"
	"github.com/advcache/advcache/s3store"
	"github.com/advcache/advcache/store"
	"github.com/advcache/advcache/store/storetest/fakes3"
)

// hostileKeys returns keys that are made to be taken for one another, and for
// names that S3, proxies and file systems have a meaning for. Those that are too
// long have the names that name gives them.
func hostileKeys(name func(key string) string) []string {
	keys := []string{
		// Folders, and ways out of them.
		"a", "a/", "a//", "a/b", "a//b", "/", "//", "///", "/a", "//a", ".", "..", "...", "./a", "../a", "../../../etc/passwd", "a/.", "a/..", "a/../a", "a/./a",
		"..%2fa", "%2e%2e/a", "..\\a", "cache/a", "00/a", "01/a", "03/", "/00/a",
		// Escapes of names, and halves of them.
		"!", "!!", "!2", "!2F", "!2f", "a!2F", "a!2Fb", "!21", "!212F", "!2E", ".!2E", "!~", "!!~", "a!~", "%21", "!00",
		// What does not stand in XML, in headers, or in UTF-8.
		"\x00", "a\x00b", "\x01", "\t", "a\r\nx: y", "\x1f", "\x7f", "\u0085", "\ufffe", "\uffff", "\ufffd", "\xff", "a\xff", "\xc3", "\xc3\xa9", "e\u0301", "\xed\xa0\x80", "<&>\"'",
		// Letters that fold, spaces, pluses and signs of URLs.
		"A", "A/B", " ", "  ", "a b", "a+b", "a%20b", "a?b", "a#b", "?versionId=1", "日本語", "\U0001f642",
		strings.Repeat("s", 300), strings.Repeat("s", 300) + "/" + strings.Repeat("t", 300), strings.Repeat("s/", 150) + "s",
	}
	// At the limit and beyond: one byte more or less, one byte other, anywhere.
	for _, unit := range []string{"x", "é", "日", "\U0001f642", "!", "x/", ".", "../", "\xff"} {
		for _, n := range []int{300, 958, 1023, 1024, 5000} {
			keys = append(keys, strings.Repeat(unit, n/len(unit)))
		}
		long := strings.Repeat(unit, 5000/len(unit))
		keys = append(keys, long+"a", long+"b", long[:4000]+"a"+long[4001:], "y"+long[1:], long[:100]+"y"+long[101:])
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for _, key := range keys {
		if len(key) > 1000 { // as if it were a key
			shortened := name(key)
			keys = append(keys, shortened, shortened[:len(shortened)-1], shortened+"0")
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// withKeys runs a test over a bucket that holds each hostile key, with and without
// shards, and objects of others beside and around the prefix.
func withKeys(t *testing.T, test func(t *testing.T, c *store.Cache[string], s *s3store.Store, server *fakes3.Server, keys []string)) {
	for _, o := range []s3store.Options{{}, {Prefix: "cache/"}, {Prefix: "cache/", KeyShards: 4}, {KeyShards: 16}} {
		t.Run(fmt.Sprintf("Prefix=%q,KeyShards=%d", o.Prefix, o.KeyShards), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, server := newStore(&o, nil)
				c := store.New[string](s, nil)
				keys := hostileKeys(func(key string) string { return strings.TrimPrefix(s.Name(key), o.Prefix) })
				for _, key := range keys {
					if err := c.Set(t.Context(), key, "value of "+key, time.Hour); err != nil {
						t.Fatal(err)
					}
				}
				test(t, c, s, server, keys)
			})
		})
	}
}

// TestHostileKeys is law 9: keys are kept apart, and none leaves its place.
func TestHostileKeys(t *testing.T) {
	withKeys(t, func(t *testing.T, c *store.Cache[string], s *s3store.Store, server *fakes3.Server, keys []string) {
		names := make(map[string]string)
		for _, key := range keys {
			name := s.Name(key)
			if other, taken := names[name]; taken {
				t.Errorf("law 9: %.80q and %.80q are both named %.80q", key, other, name)
			}
			names[name] = key
			if bad := badName(name); bad != "" {
				t.Errorf("the name of %.80q is %.80q…: %s", key, name, bad)
			}
			if got, ok, err := c.Get(t.Context(), key); got != "value of "+key || !ok || err != nil {
				t.Errorf("law 9: Get(%.80q) = %.80q, %v, %v", key, got, ok, err)
			}
		}
		if n := len(server.Keys(bucket)); n != len(keys) {
			t.Errorf("law 9: %d keys have %d objects", len(keys), n)
		}
		for i, key := range keys {
			if i%7 != 0 {
				continue
			}
			if err := c.Delete(t.Context(), key); err != nil {
				t.Errorf("Delete(%.80q) = %v", key, err)
			}
			_, there := server.Object(bucket, s.Name(key))
			if n := len(server.Keys(bucket)); n != len(keys)-i/7-1 || there {
				t.Fatalf("law 9: after Delete(%.80q) there are %d objects, itself %v", key, n, there)
			}
		}
	})
}

// badName says why a name is none for S3, or one that is resolved on the way.
func badName(name string) string {
	switch {
	case len(name) > 1024:
		return fmt.Sprintf("it has %d bytes", len(name))
	case !utf8.ValidString(name):
		return "it is not UTF-8"
	case strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return "it has an empty segment"
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff }):
		return "XML does not have all of it"
	case slices.ContainsFunc(strings.Split(name, "/"), func(segment string) bool { return segment == "." || segment == ".." }):
		return "it leaves its folder"
	default:
		return ""
	}
}

// TestClearOfHostileKeys is law 9 for Clear: it removes the keys with the prefix,
// and no others, those of other programs in the bucket neither. Of keys that are
// too long to be noted beside their object it says that it cannot tell.
func TestClearOfHostileKeys(t *testing.T) {
	withKeys(t, func(t *testing.T, c *store.Cache[string], s *s3store.Store, server *fakes3.Server, keys []string) {
		for _, name := range []string{"cache", "cache-2/a", "cach/e", "other", "zz/a", "cache/!zz", "cache/a/!2", "!~"} {
			if !slices.Contains(server.Keys(bucket), name) {
				server.Plant(bucket, name, fakes3.Object{Body: []byte("of another program")})
			}
		}
		names := make(map[string]string, len(keys))
		for _, key := range keys {
			names[key] = s.Name(key)
		}
		all := make(map[string]fakes3.Object)
		for _, name := range server.Keys(bucket) {
			all[name], _ = server.Object(bucket, name)
		}
		prefixes := []string{"a", "a/", "a//", "/", "//", ".", "..", "../", "!", "!2", "!2F", "s", "x", "\xff", "\xc3", "é", "\xe6", "é\xc3", "zz", "cache/", "00/", "!~", "\x00", "a\r"}
		for i := 0; i < len(keys); i += 23 {
			key := keys[i]
			prefixes = append(prefixes, key, key[:(len(key)+1)/2], key[:len(key)-len(key)/50], key+"x")
		}
		for _, prefix := range prefixes {
			if prefix == "" {
				continue
			}
			err := advcache.Clear(t.Context(), c, prefix)
			left, told := server.Keys(bucket), fmt.Sprint(err)
			for key, name := range names {
				_, stays := slices.BinarySearch(left, name)
				unsure := stays && strings.HasPrefix(key, prefix) && len(url.QueryEscape(key)) > 1200 && len(prefix) > 128 && strings.Contains(told, fmt.Sprintf("%q", name))
				if stays == strings.HasPrefix(key, prefix) && !unsure {
					t.Errorf("law 9: after Clear(%.80q, of %d bytes) = %.200v, %.80q, of %d bytes, is there: %v", prefix, len(prefix), err, key, len(key), stays)
				}
			}
			for name := range all {
				if !strings.Contains(string(all[name].Body), "another program") {
					continue
				}
				if !slices.Contains(left, name) && !strings.HasPrefix(name, prefix) {
					t.Errorf("law 9: Clear(%.80q) removed %q of another program", prefix, name)
				}
			}
			for name, obj := range all {
				server.Plant(bucket, name, obj)
			}
		}
	})
}
